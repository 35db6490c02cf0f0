// Statistics over the last few values.
#include "eval/rolling.h"

#include <math.h>

void rolling_open(struct rolling *r, size_t width)
{
    *r = (struct rolling){.width = width};
}

void rolling_push(struct rolling *r, double value)
{
    r->last[r->taken++ % r->width] = value;
}

double rolling_median(const struct rolling *r)
{
    double sorted[ROLLING_MAX];
    if (r->taken < r->width)
        return NAN;
    for (size_t i = 0; i < r->width; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > r->last[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = r->last[i];
    }
    return (sorted[(r->width - 1) / 2] + sorted[r->width / 2]) / 2;
}

double rolling_max(const struct rolling *r)
{
    double most = -INFINITY;
    if (r->taken < r->width)
        return NAN;
    for (size_t i = 0; i < r->width; i++)
        most = r->last[i] > most ? r->last[i] : most;
    return most;
}

bool label_change_push(struct label_change *c, bool label)
{
    bool changed = c->begun ? label != c->last : label;
    c->begun = true;
    c->last = label;
    return changed;
}
