// Finds a sensor whose readings scatter much more than they used to.
//
// The second difference |x[t] - 2 x[t-1] + x[t-2]| does not see levels or drifts. Its mean over the
// last 32 readings, as a logarithm, is compared with its own usual mean and deviation.
#ifndef FETTLE_DETECT_SCATTER_H
#define FETTLE_DETECT_SCATTER_H

#include <stdbool.h>
#include <stdint.h>

enum { SCATTER_WINDOW = 32, SCATTER_LEARN_READINGS = 400 };

// Zero-initialise to start.
struct scatter {
    float last, before; // the two readings before
    float ring[SCATTER_WINDOW], sum;
    float mean, deviation; // of the logarithm
    uint32_t readings;     // seen, up to SCATTER_LEARN_READINGS
    uint32_t at;
    uint32_t wild; // readings in a row that scatter too much
    bool outside;
};

// The next reading (finite). True while it scatters too much: the window's mean is at least
// 2 / sensitivity times and 6 / sensitivity deviations above what is usual, for half a window.
// `*ratio` tells how many times the usual scatter there is.
bool scatter_push(struct scatter *s, double value, double sensitivity, double *ratio);

#endif
