// The streaming left matrix profile with a bounded history.
#include "detect/left_profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REFRESH_EVERY = 4096 }; // one more direct dot product a reading for that much history

struct left_profile {
    int window, history;
    float floors[LEFT_PROFILE_FLOORS];
    int cap; // of the arrays below, which slide: the newest reading is at `at`
    int at;  // and everything is moved to the front when the end is reached
    long seen;
    double last_mean;
    unsigned refresh;
    float *x, *df, *dg;                 // readings; differences that the recurrence needs
    float *factor[LEFT_PROFILE_FLOORS]; // of the window that ends here
    float *norm[LEFT_PROFILE_FLOORS];   // its squared norm after scaling
    float *c;                           // by lag: c[history - lag]
};

struct left_profile *left_profile_open(int window, int history,
                                       const float floors[LEFT_PROFILE_FLOORS])
{
    struct left_profile *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->window = window;
    p->history = history;
    memcpy(p->floors, floors, sizeof p->floors);
    p->cap = 2 * (history + window) + 64;
    p->at = -1;
    size_t n = (size_t)p->cap;
    p->x = calloc(n, sizeof *p->x);
    p->df = calloc(n, sizeof *p->df);
    p->dg = calloc(n, sizeof *p->dg);
    p->c = calloc((size_t)history + 1, sizeof *p->c);
    int ok = p->x && p->df && p->dg && p->c;
    for (int f = 0; f < LEFT_PROFILE_FLOORS; f++) {
        p->factor[f] = calloc(n, sizeof *p->factor[f]);
        p->norm[f] = calloc(n, sizeof *p->norm[f]);
        ok = ok && p->factor[f] && p->norm[f];
    }
    if (!ok)
        left_profile_close(&p);
    return p;
}

void left_profile_close(struct left_profile **at)
{
    struct left_profile *p = *at;
    if (!p)
        return;
    free(p->x);
    free(p->df);
    free(p->dg);
    free(p->c);
    for (int f = 0; f < LEFT_PROFILE_FLOORS; f++) {
        free(p->factor[f]);
        free(p->norm[f]);
    }
    free(p);
    *at = NULL;
}

size_t left_profile_bytes(const struct left_profile *p)
{
    size_t arrays = 3 + 2 * LEFT_PROFILE_FLOORS;
    return sizeof *p + ((size_t)p->cap * arrays + (size_t)p->history + 1) * sizeof(float);
}

static void slide(struct left_profile *p)
{
    int keep = p->history + p->window + 2, from = p->cap - keep;
    float *arrays[3 + 2 * LEFT_PROFILE_FLOORS] = {p->x, p->df, p->dg};
    for (int f = 0; f < LEFT_PROFILE_FLOORS; f++) {
        arrays[3 + 2 * f] = p->factor[f];
        arrays[4 + 2 * f] = p->norm[f];
    }
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        memmove(arrays[i], arrays[i] + from, (size_t)keep * sizeof *arrays[i]);
    p->at = keep - 1;
}

// Centred dot product of the windows that end at i and j.
static float dot_product(const float *x, int window, int i, int j)
{
    const float *a = x + i - window + 1, *b = x + j - window + 1;
    double mean_a = 0, mean_b = 0, sum = 0;
    for (int k = 0; k < window; k++) {
        mean_a += a[k];
        mean_b += b[k];
    }
    mean_a /= window;
    mean_b /= window;
    for (int k = 0; k < window; k++)
        sum += (a[k] - mean_a) * (b[k] - mean_b);
    return (float)sum;
}

// What c must hold before the sweep so that it holds the true product after it.
static void set_directly(struct left_profile *p, int lag)
{
    int i = p->at, j = i - lag;
    p->c[p->history - lag] =
        dot_product(p->x, p->window, i, j) - p->df[i] * p->dg[j] - p->dg[i] * p->df[j];
}

// Mean, variance and what follows from them for the window that ends at the newest reading.
static void describe_window(struct left_profile *p)
{
    int i = p->at, w = p->window;
    double mean = 0, variance = 0;
    for (int k = 0; k < w; k++)
        mean += p->x[i - k];
    mean /= w;
    for (int k = 0; k < w; k++)
        variance += (p->x[i - k] - mean) * (p->x[i - k] - mean);
    variance /= w;
    p->df[i] = p->dg[i] = 0;
    if (p->seen > w) {
        p->df[i] = 0.5f * (p->x[i] - p->x[i - w]);
        p->dg[i] = (float)((p->x[i] - mean) + (p->x[i - w] - p->last_mean));
    }
    p->last_mean = mean;
    for (int f = 0; f < LEFT_PROFILE_FLOORS; f++) {
        double scale2 = p->floors[f] < 0 ? 1 : variance + p->floors[f] + 1e-12;
        p->factor[f][i] = (float)(1 / sqrt(scale2));
        p->norm[f][i] = (float)(variance / scale2 * w);
    }
}

void left_profile_push(struct left_profile *p, float value, float distance[LEFT_PROFILE_FLOORS])
{
    for (int f = 0; f < LEFT_PROFILE_FLOORS; f++)
        distance[f] = -1;
    if (p->at + 1 == p->cap)
        slide(p);
    int i = ++p->at, w = p->window;
    p->x[i] = value;
    p->seen++;
    if (p->seen < w)
        return;
    describe_window(p);
    long complete = p->seen - w, before = complete - 1;
    int farthest = (int)(complete < p->history ? complete : p->history);
    if (farthest < w)
        return;
    int n = farthest - w + 1, first = p->history - farthest, start = i - farthest;
    if (farthest > before) // a lag that was not there before
        set_directly(p, farthest);
    // A few lags are computed anew each time, so that rounding never builds up.
    for (int r = 0; r <= p->history / REFRESH_EVERY; r++)
        set_directly(p, w + (int)(p->refresh++ % (unsigned)n));
    struct lag_scaling scaling[LEFT_PROFILE_FLOORS];
    float best[LEFT_PROFILE_FLOORS];
    for (int f = 0; f < LEFT_PROFILE_FLOORS; f++)
        scaling[f] =
            (struct lag_scaling){p->factor[f] + start, p->norm[f] + start, 2 * p->factor[f][i]};
    lag_sweep(p->c + first, p->df + start, p->dg + start, n, p->df[i], p->dg[i], scaling, best);
    for (int f = 0; f < LEFT_PROFILE_FLOORS; f++) {
        float square = (p->norm[f][i] - best[f]) / (float)w;
        distance[f] = square > 0 ? sqrtf(square) : 0;
    }
}
