// Remembers the shapes that a series usually has, and tells how far the newest one is from them.
//
// A shape is the recent past seen at SHAPE_SCALES scales: the means over the last reading, the one
// before, the 2 before that, then 4, 8, 16, 31 and 1, in mean absolute deviations from the level.
#ifndef FETTLE_DETECT_SHAPES_H
#define FETTLE_DETECT_SHAPES_H

#include <stdint.h>

enum { SHAPES_KEPT = 24, SHAPE_SCALES = 8, SHAPE_READINGS = 64 };

// Zero-initialise to start.
struct shapes {
    float recent[SHAPE_READINGS]; // a ring
    float centre[SHAPE_SCALES][SHAPES_KEPT];
    float use[SHAPES_KEPT]; // how often each was met
    uint32_t readings;
    uint32_t count;
};

// The next value, given the series' level and spread; the distance of the shape that ends with it
// to the nearest remembered one, which learns from it. 0 for the first SHAPE_READINGS - 1 readings.
float shapes_push(struct shapes *s, float value, float level, float spread);

#endif
