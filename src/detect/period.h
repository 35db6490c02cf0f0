// The usual period of a series, by its autocorrelation.
#ifndef FETTLE_DETECT_PERIOD_H
#define FETTLE_DETECT_PERIOD_H

#include <stddef.h>

// In readings (8 to 2,500, at most a third of `count`); 0 when there is none, or no memory. Looks
// at the last 20,000 values. The smallest lag whose peak reaches 90 % of the best peak, so that the
// period itself is found and not a multiple of it.
int period_find(const double *values, size_t count);

#endif
