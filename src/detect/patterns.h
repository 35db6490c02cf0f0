// Score floors of patterns: how grave a finding of one kind, by one detector, on one sensor must be
// to be told.
#ifndef FETTLE_DETECT_PATTERNS_H
#define FETTLE_DETECT_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plant/plant.h"

struct pattern {
    uint32_t sensor;
    uint16_t detector; // its place in the registry
    uint16_t kind;     // enum anomaly_kind
    double floor;      // above 0: findings up to this score are kept back
};

// Few, as people make them; zero-initialise to start.
struct patterns {
    struct pattern *items;
    size_t n, cap;
};

void patterns_free(struct patterns *p);

// Sets the floor of a pattern; 0 forgets it. False when memory is out.
bool patterns_set(struct patterns *p, uint32_t sensor, size_t detector, enum anomaly_kind kind,
                  double floor);

// 0 where none is set.
double patterns_floor(const struct patterns *p, uint32_t sensor, size_t detector,
                      enum anomaly_kind kind);

#endif
