// A lively sensor for tests of the statistical detectors: coloured noise around a level.
#ifndef FETTLE_TESTS_DETECT_LIVELY_H
#define FETTLE_TESTS_DETECT_LIVELY_H

#include "scene.h"

#include "base/rng.h"

struct lively {
    struct rng rng;
    double colour;
};

static inline void lively_open(struct lively *l, uint64_t seed)
{
    *l = (struct lively){0};
    rng_seed(&l->rng, seed);
}

// About +-0.35 around 0, in steps of 0.001.
static inline double lively_next(struct lively *l)
{
    l->colour = 0.9 * l->colour + 0.05 * rng_normal(&l->rng);
    return round(l->colour * 1000) / 1000;
}

// Temperatures around `level` each second from `from` to `to` - 1.
static inline void live(struct scene *sc, struct lively *l, int from, int to, double level)
{
    for (int t = from; t < to; t++)
        put(sc, SCENE_TEMPERATURE, t, level + lively_next(l));
}

static inline size_t opened_in_all(const struct scene *sc)
{
    size_t n = 0;
    for (int k = 0; k < ANOMALY_KIND_COUNT; k++)
        n += sc->opened[k];
    return n;
}

#endif
