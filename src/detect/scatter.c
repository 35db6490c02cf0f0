// Mean second difference of a short window against its own history.
#include "detect/scatter.h"

#include <math.h>

static const float follow = 1.0f / 4000;
static const float jump_most = 8;
static const double factor_min = 2, deviations_min = 6, release = 0.5;

bool scatter_push(struct scatter *s, double value, double sensitivity, double *ratio)
{
    float x = (float)value, d = fabsf(x - 2 * s->last + s->before);
    // Switching on and off is no scatter of what is on.
    bool rests = x == 0 || s->last == 0 || s->before == 0;
    *ratio = 1;
    s->before = s->last;
    s->last = x;
    if (!isfinite(d) || s->readings < 2) {
        s->readings++;
        return s->outside;
    }
    if (rests)
        return s->outside = false;
    // One jump is no scatter: it counts for at most jump_most usual differences.
    if (s->readings >= SCATTER_LEARN_READINGS)
        d = fminf(d, jump_most * expf(s->mean));
    uint32_t slot = s->at++ % SCATTER_WINDOW;
    s->sum += d - s->ring[slot];
    s->ring[slot] = d;
    if (slot == 0) { // so that rounding never builds up
        s->sum = 0;
        for (int i = 0; i < SCATTER_WINDOW; i++)
            s->sum += s->ring[i];
    }
    if (s->at < SCATTER_WINDOW)
        return false;
    // A floor of a thousandth of the value: a flat line that begins to live is no noise burst of
    // infinite size.
    float level = logf(s->sum / SCATTER_WINDOW + 1e-3f * fabsf(x) / SCATTER_WINDOW + 1e-12f);
    if (s->readings < SCATTER_LEARN_READINGS) {
        float rate = 1.0f / (float)(s->readings - 1), off = level - s->mean;
        s->mean += off * rate;
        s->deviation += (fabsf(off) - s->deviation) * rate;
        s->readings++;
        return false;
    }
    double above = (double)(level - s->mean), needed = deviations_min * (double)s->deviation * 1.25;
    if (needed < log(factor_min))
        needed = log(factor_min);
    needed /= sensitivity;
    *ratio = exp(above);
    bool wild = above > needed * (s->outside ? release : 1);
    s->wild = wild ? s->wild + 1 : 0;
    s->outside = wild && (s->outside || s->wild >= SCATTER_WINDOW / 2);
    if (!wild) {
        float off = level - s->mean, most = 4 * s->deviation + 0.05f;
        if (off < -most) // hardly any scatter is a fault, too: a stuck sensor teaches nothing
            return s->outside;
        off = off > most ? most : off;
        s->mean += off * follow;
        s->deviation += (fabsf(off) - s->deviation) * follow;
    }
    return s->outside;
}
