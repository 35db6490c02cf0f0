// Score floors, found by sensor, detector and kind.
#include "detect/patterns.h"

#include <stdlib.h>

void patterns_free(struct patterns *p)
{
    free(p->items);
    *p = (struct patterns){0};
}

static struct pattern *find(const struct patterns *p, uint32_t sensor, size_t detector,
                            enum anomaly_kind kind)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->items[i].sensor == sensor && p->items[i].detector == detector &&
            p->items[i].kind == kind)
            return &p->items[i];
    return NULL;
}

bool patterns_set(struct patterns *p, uint32_t sensor, size_t detector, enum anomaly_kind kind,
                  double floor)
{
    struct pattern *at = find(p, sensor, detector, kind);
    if (floor <= 0) {
        if (at)
            *at = p->items[--p->n];
        return true;
    }
    if (!at && p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 16;
        struct pattern *items = realloc(p->items, cap * sizeof *items);
        if (!items)
            return false;
        p->items = items;
        p->cap = cap;
    }
    if (!at)
        at = &p->items[p->n++];
    *at = (struct pattern){sensor, (uint16_t)detector, (uint16_t)kind, floor};
    return true;
}

double patterns_floor(const struct patterns *p, uint32_t sensor, size_t detector,
                      enum anomaly_kind kind)
{
    const struct pattern *at = find(p, sensor, detector, kind);
    return at ? at->floor : 0;
}
