// Summaries: the facts of a window in plain words.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_private.h"

enum { FACTS_MAX = 200, SPOKEN_MAX = 12 };

static const int64_t first_window_us = 3 * US_PER_MINUTE;

// "09:13:05", with the date when it is not the day of `near_us`.
static void add_time(struct buf *out, int64_t time_us, int64_t near_us)
{
    char text[TIME_TEXT_BYTES], other[TIME_TEXT_BYTES];
    time_to_text(time_us, text);
    time_to_text(near_us, other);
    if (strncmp(text, other, 10) != 0)
        buf_printf(out, "%.10s ", text);
    buf_printf(out, "%.8s", text + 11);
}

static void add_duration(struct buf *out, int64_t us)
{
    int64_t s = us / US_PER_SECOND;
    if (s < 120)
        buf_printf(out, "%lld s", (long long)s);
    else if (s < 7200)
        buf_printf(out, "%lld min", (long long)(s / 60));
    else
        buf_printf(out, "%lld h %lld min", (long long)(s / 3600), (long long)(s / 60 % 60));
}

static void add_quantity(struct buf *out, const char *what, double value, const char *unit)
{
    if (!isnan(value))
        buf_printf(out, ", %s %.4g%s%s", what, value, unit[0] ? " " : "", unit);
}

// "temperature spike from 09:13:05 to 09:13:12 (7 s), peak 47.2 °C, limit 45 °C, ended"
static void add_anomaly(struct buf *out, const struct sensor *s, const struct anomaly *an,
                        int64_t to_us)
{
    buf_printf(out, "%s %s ", s->parameter, anomaly_kind_name(an->kind));
    if (an->end_us == TIME_NONE) {
        buf_add_z(out, "since ");
        add_time(out, an->start_us, to_us);
    } else {
        buf_add_z(out, "from ");
        add_time(out, an->start_us, to_us);
        buf_add_z(out, " to ");
        add_time(out, an->end_us, to_us);
        buf_add_z(out, " (");
        add_duration(out, an->end_us - an->start_us);
        buf_add_z(out, ")");
    }
    add_quantity(out, an->side == SIDE_LOW ? "lowest" : "peak", an->peak, s->unit);
    add_quantity(out, "limit", an->limit, an->kind == ANOMALY_DROPOUT ? "s" : s->unit);
    buf_add_z(out, an->end_us == TIME_NONE ? ", still open" : ", ended");
}

static int by_asset_then_start(const void *a, const void *b)
{
    const struct anomaly *const *x = a, *const *y = b;
    if ((*x)->incident != (*y)->incident)
        return (*x)->incident < (*y)->incident ? -1 : 1;
    if ((*x)->start_us != (*y)->start_us)
        return (*x)->start_us < (*y)->start_us ? -1 : 1;
    return (*x)->sensor < (*y)->sensor ? -1 : (*x)->sensor > (*y)->sensor;
}

// One line an asset and incident, the first SPOKEN_MAX anomalies in all.
static void add_lines(struct app *a, struct buf *out, const struct anomaly **sorted, size_t count,
                      int64_t to_us)
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

static void add_headline(struct app *a, struct buf *out, const struct anomaly *facts, size_t count,
                         int64_t from_us, int64_t to_us)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++)
        open += facts[i].end_us == TIME_NONE;
    add_time(out, from_us, to_us);
    buf_add_z(out, " to ");
    add_time(out, to_us, to_us);
    buf_add_z(out, " UTC: ");
    if (count == 0)
        buf_add_z(out, "no anomalies");
    else
        buf_printf(out, "%zu%s anomal%s, %zu still open", count,
                   count == FACTS_MAX ? " or more" : "", count == 1 ? "y" : "ies", open);
    buf_printf(out, "; %zu sensors on %zu assets watched.", catalog_sensor_count(a->catalog),
               catalog_asset_count(a->catalog));
}

enum err_code app_summarize(struct app *a, int64_t from_us, int64_t to_us, struct summary *out,
                            struct err *err)
{
    struct anomaly *facts = calloc(FACTS_MAX, sizeof *facts);
    const struct anomaly **sorted = calloc(FACTS_MAX, sizeof *sorted);
    struct buf text = {0};
    size_t count = 0;
    enum err_code code = facts && sorted ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory");
    struct anomaly_filter filter = {.from_us = from_us, .to_us = to_us, .limit = FACTS_MAX};
    if (code == ERR_OK)
        code = store_anomalies(a->store, &filter, facts, &count, err);
    if (code == ERR_OK) {
        for (size_t i = 0; i < count; i++)
            sorted[i] = &facts[i];
        qsort(sorted, count, sizeof *sorted, by_asset_then_start);
        add_headline(a, &text, facts, count, from_us, to_us);
        add_lines(a, &text, sorted, count, to_us);
        if (text.failed)
            code = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    if (code == ERR_OK) {
        *out = (struct summary){.time_us = to_us, .from_us = from_us, .to_us = to_us};
        str_copy(out->generated_by, sizeof out->generated_by, STR_LIT("facts"));
        str_copy(out->text, sizeof out->text, buf_str(&text));
    }
    buf_free(&text);
    free(facts);
    free(sorted);
    return code;
}

enum err_code app_write_summary(struct app *a, struct summary *out, struct err *err)
{
    pthread_mutex_lock(&a->summary_lock);
    int64_t to = app_now_us(a), from = a->summarized_until_us;
    if (from == TIME_NONE || from >= to)
        from = to - first_window_us;
    enum err_code code = app_summarize(a, from, to, out, err);
    if (code == ERR_OK) {
        struct store_batch batch = {.summaries = out, .summary_count = 1};
        code = store_write(a->store, &batch, err);
    }
    if (code == ERR_OK)
        a->summarized_until_us = to;
    pthread_mutex_unlock(&a->summary_lock);
    if (code == ERR_OK) {
        stage_count(&a->stages[STAGE_SUMMARY], 1, 1);
        stage_note(&a->stages[STAGE_SUMMARY], "%s", "");
        struct app_event event = {.type = EVENT_SUMMARY, .change = CHANGE_OPENED, .summary = out};
        app_publish(a, &event);
    }
    return code;
}

enum err_code app_summary(struct app *a, struct summary *out, struct err *err)
{
    size_t count = 0;
    enum err_code code = store_summaries(a->store, 1, out, &count, err);
    if (code == ERR_OK && count == 0) {
        int64_t now = app_now_us(a);
        code = app_summarize(a, now - first_window_us, now, out, err);
    }
    return code;
}
