// The history of one sensor: raw readings where they fit, else buckets of time.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

enum {
    POINTS_MAX = 100000,
    RAW_BUCKETS_MAX = 200000, // raw readings looked at for buckets shorter than a minute
};

// One question on its way to an answer.
struct asking {
    struct conn *c;
    uint32_t sensor;
    int64_t from_us, to_us;
    size_t max_points;
    struct item *head; // a copy
    size_t head_count;
    struct store_history *out;
    size_t capacity; // of out->points
    struct bucket *buckets;
    size_t bucket_count;
    int64_t origin_us, width_us;
};

static enum err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "out of memory for a history");
}

// ---- raw points ----

static bool add_point(struct store_history *h, size_t *capacity, const struct store_point *p)
{
    if (h->count == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 256;
        struct store_point *points = realloc(h->points, more * sizeof *points);
        if (!points)
            return false;
        h->points = points;
        *capacity = more;
    }
    h->points[h->count++] = *p;
    return true;
}

struct raw_points {
    struct asking *a;
    bool failed;
};

static bool add_raw(void *arg, const struct item *item)
{
    struct raw_points *r = arg;
    struct asking *a = r->a;
    if (a->out->count == a->max_points) {
        a->out->more = true;
        return false;
    }
    double v = item->value;
    struct store_point p = {item_time(item), v, v, v, isnan(v) ? 0 : 1};
    r->failed = !add_point(a->out, &a->capacity, &p);
    return !r->failed;
}

static enum err_code answer_raw(struct asking *a, struct err *err)
{
    struct raw_points r = {a, false};
    a->out->rollup = ROLLUP_RAW;
    enum err_code code =
        walk_items(a->c, a->sensor, a->from_us, a->to_us, a->head, a->head_count, add_raw, &r, err);
    return code == ERR_OK && r.failed ? no_memory(err) : code;
}

// ---- buckets ----

static size_t buckets_over(const struct asking *a, int64_t origin_us, int64_t width_us)
{
    return (size_t)((a->to_us - 1 - origin_us) / width_us) + 1;
}

// Buckets of `width_us` from a grid that does not move with the range; a single bucket cannot keep
// to such a grid and begins where the finest one would.
static bool fits(struct asking *a, int64_t base_us, int64_t width_us)
{
    a->width_us = width_us;
    a->origin_us = bucket_start(a->from_us, a->max_points == 1 ? base_us : width_us);
    a->bucket_count = buckets_over(a, a->origin_us, width_us);
    return a->bucket_count <= a->max_points;
}

// About the least multiple of `base_us` that fits.
static void choose_multiple(struct asking *a, int64_t base_us)
{
    int64_t span_us = a->to_us - bucket_start(a->from_us, base_us);
    int64_t times = span_us / base_us / (int64_t)a->max_points;
    for (times = times ? times : 1; !fits(a, base_us, times * base_us);)
        times += 1 + times / 64;
}

// A width below a minute at which nobody's eye stumbles; false if none fits.
static bool choose_short(struct asking *a)
{
    static const int64_t steps[] = {1, 2, 5};
    for (int64_t unit_us = 1; unit_us < US_PER_MINUTE; unit_us *= 10)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            if (unit_us * steps[i] <= 30 * US_PER_SECOND && fits(a, 1, unit_us * steps[i]))
                return true;
    return false;
}

static enum err_code make_buckets(struct asking *a, struct err *err)
{
    a->buckets = calloc(a->bucket_count, sizeof *a->buckets);
    return a->buckets ? ERR_OK : no_memory(err);
}

static struct bucket *bucket_at(struct asking *a, int64_t time_us)
{
    return &a->buckets[(time_us - a->origin_us) / a->width_us];
}

static bool add_to_bucket(void *arg, const struct item *item)
{
    bucket_add(bucket_at(arg, item_time(item)), item->value);
    return true;
}

static enum err_code answer_buckets(struct asking *a, struct err *err)
{
    for (size_t i = 0; i < a->bucket_count; i++) {
        const struct bucket *b = &a->buckets[i];
        if (b->count == 0)
            continue;
        double mean = bucket_sum(b) / (double)b->count;
        if (!isfinite(mean)) // the sum left the range of doubles
            mean = b->min / 2 + b->max / 2;
        struct store_point p = {a->origin_us + (int64_t)i * a->width_us, mean, b->min, b->max,
                                b->count};
        if (!add_point(a->out, &a->capacity, &p))
            return no_memory(err);
    }
    a->out->bucket_us = a->width_us;
    return ERR_OK;
}

static enum err_code answer_short_buckets(struct asking *a, struct err *err)
{
    enum err_code code = make_buckets(a, err);
    if (code == ERR_OK)
        code = walk_items(a->c, a->sensor, a->from_us, a->to_us, a->head, a->head_count,
                          add_to_bucket, a, err);
    return code == ERR_OK ? answer_buckets(a, err) : code;
}

// Buckets of the roll-ups are taken whole, so the head's share of the first and last is, too.
static enum err_code answer_rollup(struct asking *a, enum statement range, int64_t base_us,
                                   struct err *err)
{
    int64_t first_us = bucket_start(a->from_us, base_us);
    int64_t end_us = bucket_start(a->to_us - 1, base_us) + base_us;
    enum err_code code = make_buckets(a, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_open(a->c, range);
    query_bind_int(&q, a->sensor);
    query_bind_int(&q, first_us);
    query_bind_int(&q, end_us);
    while (query_row(&q)) {
        int64_t start_us = query_int(&q);
        uint64_t count = (uint64_t)query_int(&q);
        double sum = query_real(&q), min = query_real(&q), max = query_real(&q);
        bucket_add_sums(bucket_at(a, start_us), count, sum, min, max);
    }
    code = query_end(&q, err);
    for (size_t i = item_lower_bound(a->head, a->head_count, first_us);
         i < a->head_count && item_time(&a->head[i]) < end_us; i++)
        add_to_bucket(a, &a->head[i]);
    return code == ERR_OK ? answer_buckets(a, err) : code;
}

// ---- which of them ----

// First and last times of a kind of thing, TIME_NONE for none.
struct span {
    int64_t first_us, last_us;
};

static enum err_code ask_time(struct asking *a, enum statement which, int64_t *out, struct err *err)
{
    struct query q = query_open(a->c, which);
    query_bind_int(&q, a->sensor);
    *out = query_row(&q) ? query_time(&q) : TIME_NONE;
    return query_end(&q, err);
}

static enum err_code ask_span(struct asking *a, enum statement first, enum statement last,
                              int64_t width_us, struct span *out, struct err *err)
{
    *out = (struct span){TIME_NONE, TIME_NONE};
    enum err_code code = ask_time(a, first, &out->first_us, err);
    if (code == ERR_OK)
        code = ask_time(a, last, &out->last_us, err);
    if (out->last_us != TIME_NONE)
        out->last_us += width_us - 1;
    return code;
}

static enum err_code ask_raw_span(struct asking *a, struct span *out, struct err *err)
{
    struct chunk_place first;
    bool found;
    *out = (struct span){TIME_NONE, TIME_NONE};
    enum err_code code =
        chunk_find(a->c, SQL_CHUNK_AFTER, a->sensor, INT64_MIN, &first, &found, err);
    if (code == ERR_OK && found)
        out->first_us = first.first_us;
    if (code == ERR_OK)
        code = ask_time(a, SQL_CHUNK_LAST_TIME, &out->last_us, err);
    if (a->head_count) {
        int64_t head_first = item_time(&a->head[0]);
        int64_t head_last = item_time(&a->head[a->head_count - 1]);
        if (out->first_us == TIME_NONE || head_first < out->first_us)
            out->first_us = head_first;
        if (head_last > out->last_us) // TIME_NONE is before all times
            out->last_us = head_last;
    }
    return code;
}

static void widen(struct span *s, const struct span *by)
{
    if (by->first_us != TIME_NONE && (s->first_us == TIME_NONE || by->first_us < s->first_us))
        s->first_us = by->first_us;
    if (by->last_us > s->last_us)
        s->last_us = by->last_us;
}

// True if something finer was retired of what the coarser roll-up still knows in the range.
static bool is_cut(const struct asking *a, const struct span *fine, const struct span *coarse,
                   int64_t width_us)
{
    if (coarse->first_us == TIME_NONE)
        return false;
    if (fine->first_us == TIME_NONE)
        return true;
    return a->from_us < fine->first_us && coarse->first_us < bucket_start(fine->first_us, width_us);
}

static enum err_code answer(struct asking *a, struct err *err)
{
    struct span raw, minutes, hours;
    enum err_code code = ask_raw_span(a, &raw, err);
    if (code == ERR_OK)
        code = ask_span(a, SQL_MINUTE_FIRST, SQL_MINUTE_LAST, US_PER_MINUTE, &minutes, err);
    if (code == ERR_OK)
        code = ask_span(a, SQL_HOUR_FIRST, SQL_HOUR_LAST, US_PER_HOUR, &hours, err);
    if (code != ERR_OK)
        return code;
    struct span all = raw;
    widen(&all, &minutes);
    widen(&all, &hours);
    if (all.first_us == TIME_NONE || a->to_us <= all.first_us || a->from_us > all.last_us)
        return ERR_OK;
    a->from_us = a->from_us > all.first_us ? a->from_us : all.first_us;
    a->to_us = a->to_us <= all.last_us ? a->to_us : all.last_us + 1;

    bool raw_cut = is_cut(a, &raw, &minutes, US_PER_MINUTE) || is_cut(a, &raw, &hours, US_PER_HOUR);
    uint64_t count = a->head_count;
    if (!raw_cut)
        code = walk_count(a->c, a->sensor, a->from_us, a->to_us, RAW_BUCKETS_MAX, &count, err);
    if (code != ERR_OK)
        return code;
    if (!raw_cut && count <= a->max_points)
        return answer_raw(a, err);
    if (!raw_cut && count <= RAW_BUCKETS_MAX && choose_short(a))
        return answer_short_buckets(a, err);
    choose_multiple(a, US_PER_MINUTE);
    a->out->rollup = ROLLUP_MINUTE;
    if (a->width_us < US_PER_HOUR && !is_cut(a, &minutes, &hours, US_PER_HOUR))
        return answer_rollup(a, SQL_MINUTE_RANGE, US_PER_MINUTE, err);
    choose_multiple(a, US_PER_HOUR);
    a->out->rollup = ROLLUP_HOUR;
    return answer_rollup(a, SQL_HOUR_RANGE, US_PER_HOUR, err);
}

static enum err_code copy_head(struct store *s, struct asking *a, struct err *err)
{
    const struct series *se = series_at(&s->table, a->sensor);
    a->head = malloc((se->count ? se->count : 1) * sizeof *a->head);
    if (!a->head)
        return no_memory(err);
    if (se->count)
        memcpy(a->head, se->items, se->count * sizeof *a->head);
    a->head_count = se->count;
    return ERR_OK;
}

enum err_code store_history(struct store *s, uint32_t sensor, int64_t from_us, int64_t to_us,
                            size_t max_points, bool raw, struct store_history *out, struct err *err)
{
    *out = (struct store_history){0};
    if (sensor >= catalog_sensor_count(s->catalog))
        return err_set(err, ERR_NOT_FOUND, "there is no sensor %u", sensor);
    if (max_points == 0)
        return err_set(err, ERR_USAGE, "a history of no points was asked for");
    if (sensor >= s->table.count || from_us >= to_us)
        return ERR_OK;
    struct asking a = {.sensor = sensor, .out = out};
    a.from_us = from_us < TIME_MIN_US ? TIME_MIN_US : from_us;
    a.to_us = to_us > TIME_MAX_US ? TIME_MAX_US + 1 : to_us;
    if (a.from_us >= a.to_us)
        return ERR_OK;
    a.max_points = max_points < POINTS_MAX ? max_points : POINTS_MAX;
    enum err_code code = view_open(s, &a.c, err);
    if (code != ERR_OK)
        return code;
    code = copy_head(s, &a, err);
    view_unlock(s);
    if (code == ERR_OK)
        code = raw ? answer_raw(&a, err) : answer(&a, err);
    view_close(s, a.c);
    free(a.head);
    free(a.buckets);
    if (code != ERR_OK)
        store_history_free(out);
    return code;
}

void store_history_free(struct store_history *h)
{
    free(h->points);
    *h = (struct store_history){0};
}
