// The facts of a window in words of their own.
#include <math.h>
#include <stdlib.h>

#include "app/summary.h"
#include "plant/kind_words.h"

enum { SPOKEN_MAX = 12 };

static void add_time(struct buf *out, int64_t time_us, int64_t near_us)
{
    char text[SUMMARY_PHRASE_BYTES];
    summary_time_text(time_us, near_us, text);
    buf_add_z(out, text);
}

static void add_quantity(struct buf *out, const char *what, double value, double other,
                         const char *unit)
{
    char text[SUMMARY_PHRASE_BYTES];
    summary_value_text(value, other, unit, text);
    if (text[0])
        buf_printf(out, ", %s %s", what, text);
}

// "temperature spike from 09:13:05 to 09:13:12 (7 s), peak 47.2 °C, limit 45 °C, ended"
static void add_anomaly(struct buf *out, const struct sensor *s, const struct anomaly *an,
                        int64_t to_us)
{
    char lasted[SUMMARY_PHRASE_BYTES];
    buf_printf(out, "%s %s ", s->parameter, anomaly_kind_words(an->kind));
    if (an->end_us == TIME_NONE) {
        buf_add_z(out, "since ");
        add_time(out, an->start_us, to_us);
    } else {
        summary_duration_text(an->end_us - an->start_us, lasted);
        buf_add_z(out, "from ");
        add_time(out, an->start_us, to_us);
        buf_add_z(out, " to ");
        add_time(out, an->end_us, to_us);
        buf_printf(out, " (%s)", lasted);
    }
    const char *unit = an->kind == ANOMALY_DROPOUT ? "s" : s->unit;
    add_quantity(out, an->side == SIDE_LOW ? "lowest" : "peak", an->peak, an->limit, s->unit);
    add_quantity(out, "limit", an->limit, an->peak, unit);
    buf_add_z(out, an->end_us == TIME_NONE ? ", still open" : ", ended");
}

static int by_incident_then_start(const void *a, const void *b)
{
    const struct anomaly *const *x = a, *const *y = b;
    if ((*x)->incident != (*y)->incident)
        return (*x)->incident < (*y)->incident ? -1 : 1;
    if ((*x)->start_us != (*y)->start_us)
        return (*x)->start_us < (*y)->start_us ? -1 : 1;
    return (*x)->sensor < (*y)->sensor ? -1 : (*x)->sensor > (*y)->sensor;
}

// One line an asset and incident, the first SPOKEN_MAX anomalies in all.
static void add_lines(const struct app *a, struct buf *out, const struct anomaly **sorted,
                      size_t count, int64_t to_us)
{
    const struct anomaly *before = NULL;
    for (size_t i = 0; i < count && i < SPOKEN_MAX; before = sorted[i++]) {
        const struct sensor *s = catalog_sensor(a->catalog, sorted[i]->sensor);
        const struct sensor *last = before ? catalog_sensor(a->catalog, before->sensor) : NULL;
        if (!s)
            continue;
        if (last && last->asset == s->asset && before->incident == sorted[i]->incident)
            buf_add_z(out, "; ");
        else
            buf_printf(out, "%s%s: ", before ? ".\n" : "\n", s->asset_name);
        add_anomaly(out, s, sorted[i], to_us);
    }
    if (count > SPOKEN_MAX)
        buf_printf(out, ".\n%zu more are in the list of anomalies", count - SPOKEN_MAX);
    if (count)
        buf_add_char(out, '.');
}

static void add_headline(const struct summary_facts *f, struct buf *out)
{
    add_time(out, f->from_us, f->to_us);
    buf_add_z(out, " to ");
    add_time(out, f->to_us, f->to_us);
    buf_add_z(out, " UTC: ");
    if (f->anomalies == 0)
        buf_add_z(out, "no anomalies");
    else
        buf_printf(out, "%zu%s anomal%s, %zu still open", f->anomalies, f->more ? " or more" : "",
                   f->anomalies == 1 ? "y" : "ies", f->open);
    buf_printf(out, "; %lld sensors on %lld assets watched.", (long long)f->sensors,
               (long long)f->assets);
}

void summary_text_write(const struct app *a, const struct summary_window *w, struct buf *to)
{
    const struct anomaly **sorted = calloc(SUMMARY_ANOMALIES_MAX, sizeof *sorted);
    if (!sorted) {
        to->failed = true;
        return;
    }
    for (size_t i = 0; i < w->count; i++)
        sorted[i] = &w->anomalies[i];
    qsort(sorted, w->count, sizeof *sorted, by_incident_then_start);
    add_headline(&w->facts, to);
    add_lines(a, to, sorted, w->count, w->facts.to_us);
    free(sorted);
}
