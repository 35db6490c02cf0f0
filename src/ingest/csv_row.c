// One row of CSV into readings.
#include <stdio.h>

#include "ingest/csv_private.h"

static bool value_of(const struct csv_replay *r, struct str cell, double *out)
{
    if (str_to_double(cell, out) || str_to_reading(cell, out))
        return true;
    // Where commas do not part the cells, one may stand for the decimal point.
    char text[64];
    cell = str_trim(cell);
    if (r->csv.delimiter == ',' || !str_copy(text, sizeof text, cell))
        return false;
    char *comma = strchr(text, ',');
    if (!comma)
        return false;
    *comma = '.';
    return str_to_double((struct str){text, cell.n}, out);
}

static bool time_of(struct csv_replay *r, int64_t *time_us)
{
    const struct csv_replay_options *o = r->options;
    if (r->columns.time == CSV_NO_COLUMN) {
        int64_t interval = o->interval_us ? o->interval_us : US_PER_SECOND;
        return !__builtin_mul_overflow((int64_t)r->rows - 1, interval, time_us) &&
               !__builtin_add_overflow(*time_us, o->origin_us, time_us);
    }
    struct str cell = str_trim(r->csv.fields[r->columns.time]);
    if (r->columns.date == CSV_NO_COLUMN)
        return time_from_any(cell, time_us);
    char text[64];
    struct str date = str_trim(r->csv.fields[r->columns.date]);
    int n = snprintf(text, sizeof text, "%.*s %.*s", date.n < 30 ? (int)date.n : 30, date.p,
                     cell.n < 30 ? (int)cell.n : 30, cell.p);
    return time_from_text((struct str){text, (size_t)n}, time_us);
}

static void refuse_cell(struct csv_replay *r, const char *name, struct str cell, const char *what)
{
    ingest_emit_refuse(&r->e, r->csv.line, "column \"%.80s\": \"%.*s\" is %s", name,
                       cell.n < 60 ? (int)cell.n : 60, cell.p, what);
}

static struct str cell_at(const struct csv_replay *r, size_t at)
{
    return at == CSV_NO_COLUMN ? (struct str){"", 0} : str_trim(r->csv.fields[at]);
}

static bool quality_of(struct str cell, enum reading_quality *out)
{
    *out = QUALITY_GOOD;
    for (int q = QUALITY_GOOD; q <= QUALITY_SUSPECT; q++) {
        if (str_eq_nocase(cell, str_of(reading_quality_name((enum reading_quality)q)))) {
            *out = (enum reading_quality)q;
            return true;
        }
    }
    return cell.n == 0;
}

static void take_long_row(struct csv_replay *r, int64_t time_us)
{
    const struct csv_columns *c = &r->columns;
    struct str sensor = cell_at(r, c->sensor), asset = cell_at(r, c->asset),
               parameter = cell_at(r, c->parameter);
    // Which part the sensor's column is follows from what else there is.
    if (sensor.n && memchr(sensor.p, '/', sensor.n) && !asset.n && !parameter.n)
        asset = sensor;
    else if (!parameter.n && sensor.n)
        parameter = sensor;
    else if (!asset.n)
        asset = sensor;
    if (!asset.n)
        asset = str_of(r->asset);
    double v;
    uint32_t id;
    enum reading_quality quality;
    if (!parameter.n && !memchr(asset.p, '/', asset.n))
        ingest_emit_refuse(&r->e, r->csv.line, "the sensor's name is missing");
    else if (!value_of(r, r->csv.fields[c->value], &v))
        refuse_cell(r, "value", r->csv.fields[c->value], "not a number");
    else if (!quality_of(cell_at(r, c->quality), &quality))
        refuse_cell(r, "quality", cell_at(r, c->quality), "not one of good, missing, suspect");
    else if (ingest_emit_sensor(&r->e, r->csv.line, asset, parameter, cell_at(r, c->unit), &id))
        ingest_emit_reading(&r->e, r->csv.line, id, time_us, v, quality);
}

static void take_wide_row(struct csv_replay *r, int64_t time_us)
{
    for (size_t i = 0; i < r->columns.sensor_count && r->e.code == ERR_OK; i++) {
        struct str cell = r->csv.fields[r->columns.sensors[i].at];
        double v;
        if (value_of(r, cell, &v))
            ingest_emit_reading(&r->e, r->csv.line, r->columns.sensors[i].sensor, time_us, v,
                                QUALITY_GOOD);
        else
            refuse_cell(r, r->columns.sensors[i].name, cell, "not a number");
    }
}

// Cells beyond the header's are no harm while they are empty.
static bool has_right_width(struct csv_replay *r)
{
    size_t n = r->csv.count, want = r->columns.count;
    while (n > want && str_trim(r->csv.fields[n - 1]).n == 0)
        n--;
    if (n == want)
        return true;
    if (n < want && r->csv.unfinished)
        ingest_emit_refuse(&r->e, r->csv.line,
                           "the file ends in the middle of this row: %zu of %zu cells", n, want);
    else
        ingest_emit_refuse(&r->e, r->csv.line, "%zu cells where %zu are expected", n, want);
    return false;
}

static bool wait_for(struct csv_replay *r, int64_t *time_us)
{
    struct pace *pace = r->options->pace;
    if (!pace)
        return true;
    if (pace_due_us(pace, *time_us) > 0 && !ingest_emit_flush(&r->e))
        return false;
    if (!pace_wait(pace, *time_us)) {
        r->e.code = err_set(r->e.err, ERR_CANCELLED, "%s: cancelled", r->source);
        return false;
    }
    *time_us = pace_shifted(pace, *time_us);
    return true;
}

void csv_take_row(struct csv_replay *r)
{
    int64_t time_us;
    r->rows++;
    if (!has_right_width(r))
        return;
    if (!time_of(r, &time_us)) {
        refuse_cell(r, "time", cell_at(r, r->columns.time),
                    "no time (RFC 3339, \"2026-11-21 09:15:00\", or a number since 1970 expected)");
        return;
    }
    if ((r->options->from_us && time_us < r->options->from_us) ||
        (r->options->to_us && time_us >= r->options->to_us) || !wait_for(r, &time_us))
        return;
    if (r->columns.is_long)
        take_long_row(r, time_us);
    else
        take_wide_row(r, time_us);
}
