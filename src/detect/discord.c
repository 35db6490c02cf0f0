// Runs the profiles side by side and adds up what each finds new.
#include "detect/discord.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/left_profile.h"
#include "detect/period.h"

enum {
    SCALES = 5,
    FLOORS = LEFT_PROFILE_FLOORS,
    WINDOW_SAMPLES = 48, // longer windows are thinned to about that many
    WINDOW_MIN = 8,
    PERIOD_UNKNOWN = 100,
    TRAIN_MIN = 64,
};

static const double lengths[SCALES] = {0.125, 0.25, 0.5, 1, 2};
static const float floors[FLOORS] = {0, 0.01f, 0.1f, -1};

// One window length. Distances of thinned windows are laid to the readings at the windows' centres,
// smoothed over a window, and thus come out in the order of readings.
struct scale {
    int window;          // readings
    int thinning;        // readings averaged to one sample
    int samples;         // a window
    int filled;          // readings in the sample under way
    double sum;          // of them
    long sample_count;   // samples so far
    long laid;           // readings that have a distance
    float *ring[FLOORS]; // the last `window` of them
    double ring_sum[FLOORS];
    double unit[FLOORS];   // 1 / what is usual
    float *learnt[FLOORS]; // smoothed distances by reading, while training
    struct left_profile *profile;
};

struct discord {
    int period;
    double centre, spread;
    double last;
    bool trained;
    size_t train_count;
    long pushed;
    struct scale scales[SCALES];
    float *total; // ring of sums by reading
    size_t total_cap;
    long done; // readings whose sum is complete
};

static bool open_scale(struct scale *s, double length, int period, int history, size_t train)
{
    s->window = (int)(length * period);
    if (s->window < WINDOW_MIN)
        s->window = WINDOW_MIN;
    s->thinning = s->window / WINDOW_SAMPLES > 1 ? s->window / WINDOW_SAMPLES : 1;
    s->samples = s->window / s->thinning;
    s->profile = left_profile_open(s->samples, history, floors);
    bool ok = s->profile != NULL;
    for (int f = 0; f < FLOORS; f++) {
        s->ring[f] = calloc((size_t)s->window, sizeof *s->ring[f]);
        s->learnt[f] = calloc(train, sizeof *s->learnt[f]);
        ok = ok && s->ring[f] && s->learnt[f];
    }
    return ok;
}

static void close_scale(struct scale *s)
{
    left_profile_close(&s->profile);
    for (int f = 0; f < FLOORS; f++) {
        free(s->ring[f]);
        free(s->learnt[f]);
    }
}

// The smoothed distances of reading `at` of this scale are known.
static void take_smoothed(struct discord *d, struct scale *s, long at)
{
    if (at < 0)
        return;
    for (int f = 0; f < FLOORS; f++) {
        double mean = s->ring_sum[f] / s->window;
        if (!d->trained) {
            if ((size_t)at < d->train_count)
                s->learnt[f][at] = (float)mean;
            continue;
        }
        double above = mean * s->unit[f] - 1;
        if (above > 0)
            d->total[(size_t)at % d->total_cap] += (float)above;
    }
}

// Lays a distance to the next reading.
static void lay(struct discord *d, struct scale *s, const float distance[FLOORS])
{
    size_t slot = (size_t)(s->laid % s->window);
    for (int f = 0; f < FLOORS; f++) {
        float v = distance[f] > 0 ? distance[f] : 0;
        s->ring_sum[f] += (double)v - (double)s->ring[f][slot];
        s->ring[f][slot] = v;
    }
    take_smoothed(d, s, s->laid - s->window / 2);
    s->laid++;
}

static void push_scale(struct discord *d, struct scale *s, double value)
{
    static const float none[FLOORS];
    s->sum += value;
    if (++s->filled < s->thinning)
        return;
    float distance[FLOORS];
    left_profile_push(s->profile, (float)(s->sum / s->thinning), distance);
    s->sum = 0;
    s->filled = 0;
    // The first windows have hardly any likeness to be near to.
    if (s->sample_count < 2 * s->samples + 8)
        memset(distance, 0, sizeof distance);
    s->sample_count++;
    long centre = s->sample_count * s->thinning - s->samples * s->thinning / 2;
    while (s->laid < centre)
        lay(d, s, none);
    while (s->laid < centre + s->thinning)
        lay(d, s, distance);
}

static void push_all(struct discord *d, double value)
{
    for (int i = 0; i < SCALES; i++)
        push_scale(d, &d->scales[i], (value - d->centre) / d->spread);
    d->pushed++;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// The unit of each profile: its 0.99 quantile over the second half of the training span.
static void calibrate(struct discord *d)
{
    for (int i = 0; i < SCALES; i++) {
        struct scale *s = &d->scales[i];
        size_t from = d->train_count / 2;
        long known = s->laid - s->window / 2;
        size_t to = known > 0 && (size_t)known < d->train_count ? (size_t)known : d->train_count;
        for (int f = 0; f < FLOORS; f++) {
            double usual = 0;
            if (to > from) {
                qsort(s->learnt[f] + from, to - from, sizeof *s->learnt[f], by_value);
                usual = s->learnt[f][from + (size_t)(0.99 * (double)(to - from - 1))];
            }
            s->unit[f] = 1 / (usual + 1e-3);
            free(s->learnt[f]);
            s->learnt[f] = NULL;
        }
    }
    d->trained = true;
}

enum err_code discord_open(const double *train, size_t count, int history, struct discord **out,
                           struct err *err)
{
    if (count < TRAIN_MIN)
        return err_set(err, ERR_INPUT, "%zu readings to learn from: at least %d expected", count,
                       TRAIN_MIN);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(train[i]))
            return err_set(err, ERR_INPUT, "reading %zu to learn from has no value", i + 1);
        sum += train[i];
    }
    struct discord *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the pattern detector");
    d->centre = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (train[i] - d->centre) * (train[i] - d->centre);
    d->spread = squares > 0 ? sqrt(squares / (double)count) : 1;
    d->train_count = count;
    d->period = period_find(train, count);
    if (!d->period)
        d->period = PERIOD_UNKNOWN;
    bool ok = true;
    for (int i = 0; i < SCALES; i++)
        ok = open_scale(&d->scales[i], lengths[i], d->period, history, count) && ok;
    // A reading's sum waits at most for the longest window, its smoothing and a thinned sample.
    const struct scale *longest = &d->scales[SCALES - 1];
    d->total_cap = 2 * (size_t)longest->window + 2 * (size_t)longest->thinning + 2;
    d->total = calloc(d->total_cap, sizeof *d->total);
    if (!ok || !d->total) {
        discord_close(&d);
        return err_set(err, ERR_NO_MEMORY, "out of memory for the pattern detector");
    }
    for (size_t i = 0; i < count; i++)
        push_all(d, train[i]);
    d->last = train[count - 1];
    calibrate(d);
    d->done = (long)count;
    *out = d;
    return ERR_OK;
}

void discord_close(struct discord **d)
{
    if (!*d)
        return;
    for (int i = 0; i < SCALES; i++)
        close_scale(&(*d)->scales[i]);
    free((*d)->total);
    free(*d);
    *d = NULL;
}

bool discord_push(struct discord *d, double value, double *score, size_t *behind)
{
    if (isfinite(value))
        d->last = value;
    push_all(d, d->last);
    long complete = d->pushed;
    for (int i = 0; i < SCALES; i++) {
        long known = d->scales[i].laid - d->scales[i].window / 2;
        complete = known < complete ? known : complete;
    }
    if (d->done >= complete)
        return false;
    size_t slot = (size_t)d->done % d->total_cap;
    *score = d->total[slot];
    *behind = (size_t)(d->pushed - 1 - d->done);
    d->total[slot] = 0;
    d->done++;
    return true;
}

int discord_period(const struct discord *d)
{
    return d->period;
}

size_t discord_bytes(const struct discord *d)
{
    size_t bytes = sizeof *d + d->total_cap * sizeof *d->total;
    for (int i = 0; i < SCALES; i++)
        bytes += left_profile_bytes(d->scales[i].profile) +
                 FLOORS * (size_t)d->scales[i].window * sizeof(float);
    return bytes;
}
