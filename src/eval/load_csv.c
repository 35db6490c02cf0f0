// Reads a CSV with a header and a column of times into a series.
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/file.h"
#include "eval/load.h"

enum { SAMPLE_BYTES = 4096 };

// What a column is; sensors count from 0.
enum { COLUMN_ANOMALY = -1, COLUMN_CHANGE = -2 };

struct loading {
    const char *path;
    struct csv csv;
    int columns[EVAL_SENSORS_MAX + 2];
    size_t column_count; // without the times
    bool has_anomaly, has_change;
    struct eval_series series;
    struct err *err;
};

static enum err_code read_header(struct loading *l, size_t rows_max)
{
    size_t sensors = 0;
    char names[EVAL_SENSORS_MAX][EVAL_SENSOR_NAME_BYTES];
    if (csv_next(&l->csv) != CSV_RECORD)
        return err_set(l->err, ERR_INPUT, "%s: line 1: a header is expected", l->path);
    for (size_t i = 1; i < l->csv.count; i++) {
        struct str name = str_trim(l->csv.fields[i]);
        int *column = &l->columns[l->column_count++];
        if (str_is(name, "anomaly") && !l->has_anomaly) {
            *column = COLUMN_ANOMALY;
            l->has_anomaly = true;
        } else if (str_is(name, "changepoint") && !l->has_change) {
            *column = COLUMN_CHANGE;
            l->has_change = true;
        } else if (sensors < EVAL_SENSORS_MAX) {
            str_copy(names[sensors], sizeof names[0], name);
            *column = (int)sensors++;
        } else {
            return err_set(l->err, ERR_LIMIT, "%s: line 1: %d sensors at most", l->path,
                           EVAL_SENSORS_MAX);
        }
    }
    if (!sensors)
        return err_set(l->err, ERR_INPUT,
                       "%s: line 1: a column of times and then one of values at least are expected",
                       l->path);
    enum err_code code = eval_series_open(&l->series, rows_max, sensors, l->err);
    if (code == ERR_OK)
        memcpy(l->series.sensor_names, names, sensors * sizeof names[0]);
    l->series.rows = 0;
    return code;
}

static enum err_code read_row(struct loading *l)
{
    struct eval_series *s = &l->series;
    const struct csv *c = &l->csv;
    if (c->count != l->column_count + 1)
        return err_set(l->err, ERR_INPUT, "%s: line %llu: %zu fields, but the header has %zu",
                       l->path, (unsigned long long)c->line, c->count, l->column_count + 1);
    if (!time_from_any(str_trim(c->fields[0]), &s->times_us[s->rows]))
        return err_set(l->err, ERR_INPUT, "%s: line %llu: \"%.*s\" is no time", l->path,
                       (unsigned long long)c->line, STR_ARG(c->fields[0]));
    for (size_t i = 0; i < l->column_count; i++) {
        struct str field = str_trim(c->fields[i + 1]);
        int column = l->columns[i];
        double v;
        if (!str_to_reading(field, &v))
            return err_set(l->err, ERR_INPUT, "%s: line %llu, column %zu: \"%.*s\" is no number",
                           l->path, (unsigned long long)c->line, i + 2, STR_ARG(field));
        if (column >= 0) {
            s->values[s->rows * s->sensors + (size_t)column] = v;
            continue;
        }
        if (v != 0 && v != 1)
            return err_set(l->err, ERR_INPUT,
                           "%s: line %llu, column %zu: a label is 0 or 1, not \"%.*s\"", l->path,
                           (unsigned long long)c->line, i + 2, STR_ARG(field));
        (column == COLUMN_ANOMALY ? s->anomaly : s->change)[s->rows] = v == 1;
    }
    s->rows++;
    return ERR_OK;
}

static enum err_code read_all(struct loading *l, size_t rows_max)
{
    enum err_code code = read_header(l, rows_max);
    while (code == ERR_OK) {
        switch (csv_next(&l->csv)) {
        case CSV_RECORD:
            code = read_row(l);
            break;
        case CSV_BROKEN:
            code = err_set(l->err, ERR_INPUT, "%s: line %llu: %s", l->path,
                           (unsigned long long)l->csv.line, l->csv.why);
            break;
        case CSV_NO_MEMORY:
            code = err_set(l->err, ERR_NO_MEMORY, "%s: out of memory", l->path);
            break;
        case CSV_MORE:
        case CSV_END:
            return ERR_OK;
        }
    }
    return code;
}

// As many as there are line ends, and a last row without one.
static size_t count_rows(struct str text)
{
    size_t feeds = 1, returns = 1;
    for (size_t i = 0; i < text.n; i++) {
        feeds += text.p[i] == '\n';
        returns += text.p[i] == '\r';
    }
    return feeds > returns ? feeds : returns;
}

enum err_code load_csv(const char *path, bool labelled, struct eval_series *out, struct err *err)
{
    struct loading l = {.path = path, .err = err};
    struct file_map map = {0};
    *out = (struct eval_series){0};
    enum err_code code = file_map_open(path, &map, err);
    if (code != ERR_OK)
        return code;
    struct str text = {(const char *)map.p, map.n};
    struct str sample = {text.p, text.n < SAMPLE_BYTES ? text.n : SAMPLE_BYTES};
    csv_open(&l.csv, csv_find_delimiter(sample));
    csv_feed(&l.csv, text, true);
    size_t rows_max = count_rows(text);
    if (rows_max > LOAD_ROWS_MAX)
        code = err_set(err, ERR_LIMIT, "%s: more than %d rows", path, LOAD_ROWS_MAX);
    else
        code = read_all(&l, rows_max);
    if (code == ERR_OK && labelled && !(l.has_anomaly && l.has_change))
        code = err_set(err, ERR_INPUT,
                       "%s: line 1: the columns anomaly and changepoint are missing", path);
    csv_close(&l.csv);
    file_map_close(&map);
    if (code == ERR_OK)
        *out = l.series;
    else
        eval_series_close(&l.series);
    return code;
}
