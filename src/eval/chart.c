// Reduces a judged series to what a screen can show.
#include "eval/chart.h"

#include <math.h>

#include "base/clock.h"
#include "base/json_out.h"

enum { MARK_ANOMALY = 1, MARK_ALARM = 2, MARK_CHANGE = 4, MARK_FOUND = 8 };

static size_t columns_of(const struct chart *c)
{
    return c->series->rows < CHART_COLUMNS ? c->series->rows : CHART_COLUMNS;
}

// The first row of a column; of the one behind the last: all rows.
static size_t first_row(const struct chart *c, size_t column)
{
    return column * c->series->rows / columns_of(c);
}

static int level(double v, double low, double high)
{
    if (!isfinite(v))
        return -1;
    if (!(high > low))
        return CHART_LEVELS / 2;
    // Halves, because the whole range may be more than a double can hold.
    return (int)((v / 2 - low / 2) / (high / 2 - low / 2) * CHART_LEVELS + 0.5);
}

static void extremes(const struct chart *c, size_t sensor, size_t from, size_t to, double *low,
                     double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = from; i < to; i++) {
        double v = c->series->values[i * c->series->sensors + sensor];
        *low = v < *low ? v : *low;
        *high = v > *high ? v : *high;
    }
}

static void write_line(const struct chart *c, size_t sensor, struct json_out *j)
{
    double low, high;
    extremes(c, sensor, 0, c->series->rows, &low, &high);
    json_object(j);
    json_key_text(j, "name", c->series->sensor_names[sensor]);
    json_key_real(j, "low", low);
    json_key_real(j, "high", high);
    json_key(j, "v");
    json_array(j);
    for (size_t k = 0; k < columns_of(c); k++) {
        double least, most;
        extremes(c, sensor, first_row(c, k), first_row(c, k + 1), &least, &most);
        json_int(j, level(least, low, high));
        json_int(j, level(most, low, high));
    }
    json_end(j);
    json_end(j);
}

static double largest_score(const struct chart *c, size_t from, size_t to)
{
    double most = 0;
    for (size_t i = from; i < to; i++)
        most = c->marks->scores[i] > most ? c->marks->scores[i] : most;
    return most;
}

static void write_scores(const struct chart *c, struct json_out *j)
{
    size_t train = c->train_rows < c->series->rows ? c->train_rows : c->series->rows;
    double top = c->unit_scores ? 1 : largest_score(c, train, c->series->rows);
    json_key(j, "score");
    json_array(j);
    for (size_t k = 0; k < columns_of(c); k++) {
        size_t from = first_row(c, k), to = first_row(c, k + 1);
        int v = to > train ? level(largest_score(c, from > train ? from : train, to), 0, top) : -1;
        json_int(j, v > CHART_LEVELS ? CHART_LEVELS : v);
    }
    json_end(j);
    json_key_real(j, "top", top);
    json_key_real(j, "threshold", c->threshold);
}

// One hexadecimal digit a column.
static void write_marks(const struct chart *c, struct json_out *j)
{
    char text[CHART_COLUMNS + 1];
    size_t k = 0;
    for (; k < columns_of(c); k++) {
        int marks = 0;
        for (size_t i = first_row(c, k); i < first_row(c, k + 1); i++) {
            bool judged = i >= c->train_rows;
            marks |= (c->series->anomaly[i] ? MARK_ANOMALY : 0) |
                     (c->series->change[i] ? MARK_CHANGE : 0) |
                     (judged && c->marks->alarms[i] ? MARK_ALARM : 0) |
                     (judged && c->marks->changes[i] ? MARK_FOUND : 0);
        }
        text[k] = "0123456789abcdef"[marks];
    }
    text[k] = '\0';
    json_key_text(j, "marks", text);
}

static void write_times(const struct chart *c, struct json_out *j)
{
    int64_t last = 0;
    json_key(j, "seconds"); // each less the one before
    json_array(j);
    for (size_t k = 0; k < columns_of(c); k++) {
        int64_t seconds = c->series->times_us[first_row(c, k)] / US_PER_SECOND;
        json_int(j, seconds - last);
        last = seconds;
    }
    json_end(j);
}

void chart_write(const struct chart *c, struct buf *to)
{
    struct json_out j;
    struct buf text = {0};
    json_open(&j, &text);
    json_object(&j);
    json_key_text(&j, "name", c->name);
    json_key_text(&j, "note", c->note);
    json_key_real(&j, "merit", c->merit);
    json_key_int(&j, "rows", (int64_t)c->series->rows);
    json_key_int(&j, "train", (int64_t)c->train_rows);
    json_key(&j, "lines");
    json_array(&j);
    for (size_t k = 0; k < c->series->sensors; k++)
        write_line(c, k, &j);
    json_end(&j);
    write_scores(c, &j);
    write_marks(c, &j);
    if (!c->numbered)
        write_times(c, &j);
    json_end(&j);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '<')
            buf_add_z(to, "\\u003c");
        else
            buf_add_char(to, text.p[i]);
    }
    to->failed |= text.failed;
    buf_free(&text);
}
