// Memory of one benchmark file.
#include "eval/series.h"

#include <stdlib.h>

enum err_code eval_series_open(struct eval_series *s, size_t rows, size_t sensors, struct err *err)
{
    *s = (struct eval_series){.rows = rows, .sensors = sensors};
    s->sensor_names = calloc(sensors + 1, sizeof *s->sensor_names);
    s->times_us = calloc(rows + 1, sizeof *s->times_us);
    s->values = calloc(rows * sensors + 1, sizeof *s->values);
    s->anomaly = calloc(rows + 1, 1);
    s->change = calloc(rows + 1, 1);
    if (s->sensor_names && s->times_us && s->values && s->anomaly && s->change)
        return ERR_OK;
    eval_series_close(s);
    return err_set(err, ERR_NO_MEMORY, "out of memory for %zu rows of %zu values", rows, sensors);
}

void eval_series_close(struct eval_series *s)
{
    free(s->sensor_names);
    free(s->times_us);
    free(s->values);
    free(s->anomaly);
    free(s->change);
    *s = (struct eval_series){0};
}
