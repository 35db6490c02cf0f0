// One file of a benchmark in memory: rows of values over time, with labels.
#ifndef FETTLE_EVAL_SERIES_H
#define FETTLE_EVAL_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { EVAL_SENSORS_MAX = 64, EVAL_SENSOR_NAME_BYTES = 64 };

struct eval_series {
    size_t rows, sensors;
    char (*sensor_names)[EVAL_SENSOR_NAME_BYTES];
    int64_t *times_us;
    double *values;         // rows x sensors; NaN: missing
    unsigned char *anomaly; // 0 or 1 a row
    unsigned char *change;  // 0 or 1 a row: a change point
};

// All of it zeroed; nothing to free on failure.
enum err_code eval_series_open(struct eval_series *s, size_t rows, size_t sensors, struct err *err);
void eval_series_close(struct eval_series *s); // zeroes; safe on a zeroed one

#endif
