// Turning the anomalies of an asset into events: grouped, the gravest first, a line each.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/event_words.h"
#include "diagnose/join.h"
#include "diagnose/summary_facts.h"
#include "diagnose/units.h"

// Silences that begin so close together are one.
static const int64_t together_us = 30 * US_PER_SECOND;

struct event {
    const struct join_anomaly *worst; // of those of a sensor, a kind and a side
    size_t count, silent;             // anomalies; of silences together, sensors
    int64_t start_us, end_us;         // TIME_NONE while one is open
};

// ---- grouping ----

static bool is_worse(const struct anomaly *a, const struct anomaly *than)
{
    if (isnan(a->peak) || isnan(than->peak))
        return isnan(than->peak) && !isnan(a->peak);
    if (a->side == SIDE_NONE)
        return a->score > than->score;
    return a->side == SIDE_LOW ? a->peak < than->peak : a->peak > than->peak;
}

static bool belongs(const struct event *e, const struct join_anomaly *a)
{
    const struct anomaly *x = &e->worst->anomaly, *y = &a->anomaly;
    if (x->kind != y->kind || x->side != y->side)
        return false;
    if (strcmp(e->worst->sensor, a->sensor) == 0)
        return true;
    return x->kind == ANOMALY_DROPOUT && llabs(e->start_us - y->start_us) <= together_us;
}

static void add_anomaly(struct event *events, size_t *count, const struct join_anomaly *a)
{
    const struct anomaly *an = &a->anomaly;
    size_t i = 0;
    while (i < *count && !belongs(&events[i], a))
        i++;
    struct event *e = &events[i];
    if (i == *count) {
        *e = (struct event){a, 1, 1, an->start_us, an->end_us};
        ++*count;
        return;
    }
    bool other = strcmp(e->worst->sensor, a->sensor) != 0;
    e->silent += other;
    e->count += !other;
    e->worst = is_worse(an, &e->worst->anomaly) ? a : e->worst;
    e->start_us = an->start_us < e->start_us ? an->start_us : e->start_us;
    if (an->end_us == TIME_NONE || e->end_us == TIME_NONE)
        e->end_us = TIME_NONE;
    else
        e->end_us = an->end_us > e->end_us ? an->end_us : e->end_us;
}

// By severity, then limits broken, then time. A mismatch or a pattern tells less than the rest.
static int by_gravity(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    const struct anomaly *p = &x->worst->anomaly, *q = &y->worst->anomaly;
    int vague_p = p->kind == ANOMALY_MULTIVARIATE || p->kind == ANOMALY_PATTERN;
    int vague_q = q->kind == ANOMALY_MULTIVARIATE || q->kind == ANOMALY_PATTERN;
    if (vague_p != vague_q)
        return vague_p - vague_q;
    if (p->severity != q->severity)
        return p->severity > q->severity ? -1 : 1;
    if (isnan(p->limit) != isnan(q->limit))
        return isnan(p->limit) ? 1 : -1;
    if (x->start_us != y->start_us)
        return x->start_us > y->start_us ? 1 : -1;
    return strcmp(x->worst->sensor, y->worst->sensor);
}

// ---- writing ----

static void add_value(const struct join_anomaly *a, struct buf *to)
{
    const struct anomaly *an = &a->anomaly;
    const struct unit *known = unit_find(str_of(a->unit));
    const char *unit = known ? known->symbol : a->unit;
    double edge = !isnan(an->limit)      ? an->limit
                  : an->side == SIDE_LOW ? an->expected_low
                                         : an->expected_high;
    char value[SUMMARY_PHRASE_BYTES], low[SUMMARY_PHRASE_BYTES], high[SUMMARY_PHRASE_BYTES];
    if (!event_has_value(an->kind) || isnan(an->peak))
        return;
    summary_value_text(an->peak, edge, unit, value);
    buf_printf(to, " %s", value);
    if (an->kind == ANOMALY_STUCK || an->side == SIDE_NONE)
        return;
    const char *side = an->side == SIDE_LOW ? "below" : "above";
    if (!isnan(an->limit)) {
        summary_value_text(an->limit, an->peak, unit, high);
        buf_printf(to, ", %s limit %s", side, high);
    } else if (!isnan(an->expected_low) && !isnan(an->expected_high)) {
        summary_value_text(an->expected_low, an->expected_high, "", low);
        summary_value_text(an->expected_high, an->expected_low, unit, high);
        buf_printf(to, ", %s expected %s-%s", side, low, high);
    }
}

static void add_time(const struct event *e, int64_t near_us, struct buf *to)
{
    char start[SUMMARY_PHRASE_BYTES], end[SUMMARY_PHRASE_BYTES];
    summary_time_text(e->start_us, near_us, start);
    if (e->end_us == TIME_NONE) {
        buf_printf(to, ", open since %s", start);
    } else if (e->end_us - e->start_us < US_PER_SECOND) {
        buf_printf(to, ", at %s", start);
    } else {
        summary_time_text(e->end_us, near_us, end);
        buf_printf(to, ", %s to %s", start, end);
    }
}

static void write_event(const struct event *e, size_t sensors, int64_t near_us, struct buf *to)
{
    const struct anomaly *an = &e->worst->anomaly;
    char limit[SUMMARY_PHRASE_BYTES];
    if (e->silent > 1 && e->silent >= sensors)
        buf_printf(to, "all %zu sensors dropout", e->silent);
    else if (e->silent > 1)
        buf_printf(to, "%zu sensors dropout", e->silent);
    else
        buf_printf(to, "%s %s", e->worst->sensor, event_noun(an->kind));
    add_value(e->worst, to);
    if (an->kind == ANOMALY_DROPOUT && !isnan(an->limit)) {
        summary_value_text(an->limit, NAN, "s", limit);
        buf_printf(to, ", limit %s", limit);
    }
    if (e->count > 1 && e->silent == 1)
        buf_printf(to, ", %zu times", e->count);
    add_time(e, near_us, to);
}

static int64_t latest_us(const struct event *events, size_t count)
{
    int64_t latest = TIME_NONE;
    for (size_t i = 0; i < count; i++) {
        int64_t at = events[i].end_us == TIME_NONE ? events[i].start_us : events[i].end_us;
        latest = latest == TIME_NONE || at > latest ? at : latest;
    }
    return latest;
}

enum err_code facts_join_anomalies(struct facts *f, const struct join_anomaly *list, size_t count,
                                   size_t sensors, struct err *err)
{
    struct event *events = calloc(count ? count : 1, sizeof *events);
    struct buf text = {0};
    size_t n = 0;
    if (!events)
        return err_set(err, ERR_NO_MEMORY, "out of memory for events");
    for (size_t i = 0; i < count; i++)
        add_anomaly(events, &n, &list[i]);
    qsort(events, n, sizeof *events, by_gravity);
    for (size_t i = 0; i < n && !text.failed; i++) {
        buf_reset(&text);
        write_event(&events[i], sensors, latest_us(events, n), &text);
        if (!text.failed && !facts_add_event(f, text.p))
            break;
    }
    enum err_code code =
        text.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for events") : ERR_OK;
    buf_free(&text);
    free(events);
    return code;
}
