// Groups the anomalies of a window, ranks the groups, writes them.
#include "diagnose/summary_facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void summary_facts_begin(struct summary_facts *f, int64_t from_us, int64_t to_us)
{
    *f = (struct summary_facts){.from_us = from_us,
                                .to_us = to_us,
                                .sensors = SUMMARY_UNKNOWN,
                                .assets = SUMMARY_UNKNOWN,
                                .readings = SUMMARY_UNKNOWN,
                                .late = SUMMARY_UNKNOWN,
                                .missing = SUMMARY_UNKNOWN,
                                .incidents_opened = SUMMARY_UNKNOWN,
                                .incidents_closed = SUMMARY_UNKNOWN,
                                .incidents_active = SUMMARY_UNKNOWN};
}

// ---- grouping ----

static int64_t lasted_us(const struct summary_facts *f, int64_t start_us, int64_t end_us)
{
    return (end_us == TIME_NONE ? f->to_us : end_us) - start_us;
}

static struct summary_line *line_of(struct summary_facts *f, const struct sensor *s,
                                    const struct anomaly *a)
{
    for (size_t i = 0; i < f->line_count; i++) {
        struct summary_line *l = &f->lines[i];
        if (l->sensor == s && l->kind == a->kind && l->side == a->side)
            return l;
    }
    if (f->line_count == SUMMARY_LINES_MAX)
        return NULL;
    struct summary_line *l = &f->lines[f->line_count++];
    *l = (struct summary_line){.sensor = s,
                               .kind = a->kind,
                               .side = a->side,
                               .value = NAN,
                               .limit = NAN,
                               .low = NAN,
                               .high = NAN,
                               .start_us = INT64_MAX,
                               .end_us = INT64_MIN + 1};
    return l;
}

// The value of `a` is farther out than that of the line.
static bool is_worse(const struct summary_line *l, const struct anomaly *a)
{
    if (l->count == 0)
        return true;
    if (isnan(l->value) || isnan(a->peak))
        return isnan(l->value) && !isnan(a->peak);
    if (a->side == SIDE_NONE)
        return a->score > l->score;
    return a->side == SIDE_LOW ? a->peak < l->value : a->peak > l->value;
}

void summary_facts_add(struct summary_facts *f, const struct sensor *s, const struct anomaly *a)
{
    bool open = a->end_us == TIME_NONE, begun = a->start_us >= f->from_us;
    f->anomalies++;
    f->open += open;
    f->ended += !open;
    f->begun += begun;
    struct summary_line *l = line_of(f, s, a);
    if (!l)
        return;
    int64_t lasted = lasted_us(f, a->start_us, a->end_us);
    if (is_worse(l, a)) {
        l->value = a->peak;
        l->limit = a->limit;
        l->low = a->expected_low;
        l->high = a->expected_high;
    }
    l->count++;
    l->severity = a->severity > l->severity ? a->severity : l->severity;
    l->score = a->score > l->score ? a->score : l->score;
    l->silent_us = lasted > l->silent_us ? lasted : l->silent_us;
    l->start_us = a->start_us < l->start_us ? a->start_us : l->start_us;
    if (open)
        l->end_us = TIME_NONE;
    else if (l->end_us != TIME_NONE && a->end_us > l->end_us)
        l->end_us = a->end_us;
    l->is_new = l->start_us >= f->from_us;
}

static int compare(double a, double b)
{
    return (a > b) - (a < b);
}

static int by_gravity(const void *a, const void *b)
{
    const struct summary_line *x = a, *y = b;
    bool x_open = x->end_us == TIME_NONE, y_open = y->end_us == TIME_NONE;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x_open != y_open)
        return x_open ? -1 : 1;
    int order = compare(y->score, x->score);
    if (order == 0)
        order = (y->silent_us > x->silent_us) - (y->silent_us < x->silent_us);
    if (order == 0)
        order = (x->start_us > y->start_us) - (x->start_us < y->start_us);
    if (order == 0)
        order = (x->sensor->id > y->sensor->id) - (x->sensor->id < y->sensor->id);
    return order ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

void summary_facts_rank(struct summary_facts *f)
{
    qsort(f->lines, f->line_count, sizeof *f->lines, by_gravity);
}

size_t summary_facts_shown(const struct summary_facts *f)
{
    return f->line_count < SUMMARY_SHOWN_MAX ? f->line_count : SUMMARY_SHOWN_MAX;
}

size_t summary_facts_quiet_assets(const struct summary_facts *f)
{
    size_t troubled = 0;
    for (size_t i = 0; i < f->line_count; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = f->lines[k].sensor->asset != f->lines[i].sensor->asset;
        troubled += first;
    }
    return f->assets > (int64_t)troubled ? (size_t)f->assets - troubled : 0;
}

// ---- phrases ----

void summary_value_text(double value, double other, const char *unit,
                        char out[SUMMARY_PHRASE_BYTES])
{
    char beside[SUMMARY_PHRASE_BYTES];
    out[0] = '\0';
    if (isnan(value))
        return;
    for (int digits = 4; digits <= 17; digits++) {
        // No exponent for values that people write without.
        int whole = fabs(value) >= 1e4 && fabs(value) < 1e9 ? (int)log10(fabs(value)) + 1 : 0;
        int used = whole > digits ? whole : digits;
        snprintf(out, SUMMARY_PHRASE_BYTES, "%.*g", used, value);
        snprintf(beside, sizeof beside, "%.*g", used, other);
        if (isnan(other) || value == other || strcmp(out, beside) != 0)
            break;
    }
    size_t n = strlen(out);
    snprintf(out + n, SUMMARY_PHRASE_BYTES - n, "%s%s", unit[0] ? " " : "", unit);
}

void summary_band_text(double low, double high, const char *unit, char out[SUMMARY_PHRASE_BYTES])
{
    char from[SUMMARY_PHRASE_BYTES], to[SUMMARY_PHRASE_BYTES];
    summary_value_text(low, NAN, "", from);
    summary_value_text(high, NAN, unit, to);
    snprintf(out, SUMMARY_PHRASE_BYTES, "%.40s to %.60s", from, to);
}

void summary_time_text(int64_t time_us, int64_t near_us, char out[SUMMARY_PHRASE_BYTES])
{
    char text[TIME_TEXT_BYTES], other[TIME_TEXT_BYTES];
    time_to_text(time_us, text);
    time_to_text(near_us, other);
    bool same_day = strncmp(text, other, 10) == 0;
    snprintf(out, SUMMARY_PHRASE_BYTES, "%.*s%s%.8s", same_day ? 0 : 10, text, same_day ? "" : " ",
             text[0] ? text + 11 : "");
}

void summary_duration_text(int64_t us, char out[SUMMARY_PHRASE_BYTES])
{
    long long s = us / US_PER_SECOND;
    if (s < 120)
        snprintf(out, SUMMARY_PHRASE_BYTES, "%lld s", s);
    else if (s < 7200)
        snprintf(out, SUMMARY_PHRASE_BYTES, "%lld min", s / 60);
    else if (s < 2 * 86400)
        snprintf(out, SUMMARY_PHRASE_BYTES, s / 60 % 60 ? "%lld h %lld min" : "%lld h", s / 3600,
                 s / 60 % 60);
    else
        snprintf(out, SUMMARY_PHRASE_BYTES, s / 3600 % 24 ? "%lld d %lld h" : "%lld d", s / 86400,
                 s / 3600 % 24);
}

double summary_line_edge(const struct summary_line *l)
{
    return !isnan(l->limit) ? l->limit : l->side == SIDE_LOW ? l->low : l->high;
}

static const char *kind_text(enum anomaly_kind kind)
{
    return kind == ANOMALY_LEVEL_SHIFT ? "level shift" : anomaly_kind_name(kind);
}

// ---- writing ----

// ", 12 late" when there are any; the first of a line comes without the comma.
static void add_count(struct buf *to, const char **gap, int64_t count, const char *what)
{
    if (count <= 0)
        return;
    buf_printf(to, "%s%lld%s", *gap, (long long)count, what);
    *gap = ", ";
}

static void write_value(const struct summary_line *l, struct buf *to)
{
    char text[SUMMARY_PHRASE_BYTES];
    const char *unit = l->sensor->unit;
    double edge = summary_line_edge(l);
    if (l->kind == ANOMALY_DROPOUT) {
        summary_duration_text(l->silent_us, text);
        buf_printf(to, ", no data for %s", text);
        if (!isnan(l->limit))
            buf_printf(to, ", limit %.4g s", l->limit);
        return;
    }
    if (isnan(l->value))
        return;
    summary_value_text(l->value, edge, unit, text);
    buf_printf(to, ", %s", text);
    if (!isnan(l->limit)) {
        summary_value_text(l->limit, l->value, unit, text);
        buf_printf(to, ", %s limit %s", l->value < l->limit ? "below" : "above", text);
    } else if (!isnan(l->low) && !isnan(l->high)) {
        const char *place = l->value < l->low ? "below " : l->value > l->high ? "above " : "";
        summary_band_text(l->low, l->high, unit, text);
        buf_printf(to, ", %sexpected %s", place, text);
    }
}

static void write_time(const struct summary_facts *f, const struct summary_line *l, struct buf *to)
{
    char at[SUMMARY_PHRASE_BYTES], lasted[SUMMARY_PHRASE_BYTES];
    bool open = l->end_us == TIME_NONE, dropout = l->kind == ANOMALY_DROPOUT;
    int64_t us = lasted_us(f, l->start_us, l->end_us);
    summary_time_text(open ? l->start_us : l->end_us, f->to_us, at);
    summary_duration_text(us, lasted);
    if (!open && us < US_PER_SECOND)
        buf_printf(to, ", at %s", at);
    else if (dropout)
        buf_printf(to, open ? ", open since %s" : ", ended %s", at);
    else
        buf_printf(to, open ? ", open since %s for %s" : ", ended %s after %s", at, lasted);
}

static void write_line(const struct summary_facts *f, const struct summary_line *l, struct buf *to)
{
    buf_printf(to, "- %s %s: %s", l->sensor->asset_name, l->sensor->parameter, kind_text(l->kind));
    if (l->count > 1)
        buf_printf(to, " %zu times", l->count);
    write_value(l, to);
    write_time(f, l, to);
    buf_printf(to, "%s, %s\n", l->is_new ? ", new" : "", severity_name(l->severity));
}

static void write_watched(const struct summary_facts *f, struct buf *to)
{
    if (f->sensors == SUMMARY_UNKNOWN || f->assets == SUMMARY_UNKNOWN)
        return;
    buf_printf(to, "- watched: %lld sensor%s on %lld asset%s", (long long)f->sensors,
               f->sensors == 1 ? "" : "s", (long long)f->assets, f->assets == 1 ? "" : "s");
    if (f->readings != SUMMARY_UNKNOWN)
        buf_printf(to, ", %lld readings", (long long)f->readings);
    buf_add_char(to, '\n');
}

static void write_data(const struct summary_facts *f, struct buf *to)
{
    const char *gap = "- data: ";
    add_count(to, &gap, f->late, f->late == 1 ? " reading late" : " readings late");
    add_count(to, &gap, f->missing,
              f->missing == 1 ? " reading without a value" : " readings without a value");
    if (gap[0] == ',')
        buf_add_char(to, '\n');
}

void summary_facts_write(const struct summary_facts *f, struct buf *to)
{
    char from[SUMMARY_PHRASE_BYTES], until[SUMMARY_PHRASE_BYTES], lasted[SUMMARY_PHRASE_BYTES];
    size_t shown = summary_facts_shown(f), counted = 0, quiet = summary_facts_quiet_assets(f);
    const char *gap = ", ";
    summary_time_text(f->from_us, f->to_us, from);
    summary_time_text(f->to_us, f->to_us, until);
    summary_duration_text(f->to_us - f->from_us, lasted);
    buf_printf(to, "- window: %s to %s (%s)\n", from, until, lasted);
    write_watched(f, to);
    write_data(f, to);
    if (f->anomalies == 0) {
        buf_add_z(to, "- anomalies: none\n");
    } else {
        buf_printf(to, "- anomalies: %zu%s", f->anomalies, f->more ? " or more" : "");
        add_count(to, &gap, (int64_t)f->open, " open");
        add_count(to, &gap, (int64_t)f->begun, " new");
        add_count(to, &gap, (int64_t)f->ended, " ended");
        buf_add_char(to, '\n');
    }
    for (size_t i = 0; i < shown; i++) {
        write_line(f, &f->lines[i], to);
        counted += f->lines[i].count;
    }
    if (f->anomalies > counted)
        buf_printf(to, "- and %zu more\n", f->anomalies - counted);
    gap = "- incidents: ";
    add_count(to, &gap, f->incidents_opened, " opened");
    add_count(to, &gap, f->incidents_closed, " closed");
    add_count(to, &gap, f->incidents_active, " active");
    if (gap[0] == ',')
        buf_add_char(to, '\n');
    if (quiet && f->anomalies)
        buf_printf(to, "- quiet: %zu of %lld assets\n", quiet, (long long)f->assets);
}
