// Turns what a detector says of single readings into one anomaly per episode.
#include "detect/episode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t tell_every_us = US_PER_MINUTE;

void episode_pool_free(struct episode_pool *p)
{
    free(p->items);
    *p = (struct episode_pool){0};
}

uint32_t episode_new(struct episode_pool *p)
{
    uint32_t place = p->free;
    if (place) {
        p->free = episode_at(p, place)->next_free;
    } else {
        if (p->n == p->cap) {
            size_t cap = p->cap ? p->cap * 2 : 16;
            struct episode *items = realloc(p->items, cap * sizeof *items);
            if (!items)
                return 0;
            p->items = items;
            p->cap = cap;
        }
        place = (uint32_t)++p->n;
    }
    *episode_at(p, place) = (struct episode){0};
    p->open++;
    return place;
}

void episode_drop(struct episode_pool *p, uint32_t place)
{
    *episode_at(p, place) = (struct episode){.next_free = p->free};
    p->free = place;
    p->open--;
}

static void say(struct episode *e)
{
    char *out = e->anomaly.message;
    e->detector->say(&e->anomaly, e->sensor, out);
    size_t n = strlen(out);
    if (e->after)
        snprintf(out + n, PLANT_MESSAGE_BYTES - n, "; goes on after incident %llu was resolved",
                 (unsigned long long)e->after);
}

void episode_begin(struct episode *e, const struct sensor *sensor, const struct detector *detector,
                   const struct rules *rules, const struct finding *f)
{
    struct anomaly *a = &e->anomaly;
    e->sensor = sensor;
    e->detector = detector;
    e->excess = f->excess;
    e->last_us = f->last_us != TIME_NONE ? f->last_us : f->detected_us;
    e->told_us = f->detected_us;
    a->id = plant_anomaly_id(sensor, detector->name, f->kind, f->side, f->start_us);
    a->sensor = sensor->id;
    a->kind = f->kind;
    a->side = f->side;
    a->severity = f->severity;
    str_copy(a->detector, sizeof a->detector, str_of(detector->name));
    a->start_us = f->start_us;
    a->end_us = TIME_NONE;
    a->detected_us = f->detected_us;
    a->peak = f->peak;
    a->peak_us = f->peak_us;
    a->limit = f->limit;
    bool band = !isnan(f->expected_low);
    a->expected_low = band ? f->expected_low : rules->normal_low;
    a->expected_high = band ? f->expected_high : rules->normal_high;
    a->score = f->score;
    a->count = f->count;
    say(e);
}

bool episode_extend(struct episode *e, const struct finding *f, int64_t time_us)
{
    struct anomaly *a = &e->anomaly;
    bool graver = f->severity > a->severity;
    a->count++;
    e->last_us = time_us;
    if (f->excess > e->excess) {
        e->excess = f->excess;
        a->peak = f->peak;
        a->peak_us = f->peak_us;
    }
    if (f->score > a->score)
        a->score = f->score;
    if (graver)
        a->severity = f->severity;
    if (!graver && time_us - e->told_us < tell_every_us)
        return false;
    e->told_us = time_us;
    say(e);
    return true;
}

void episode_begin_again(struct episode *e, int64_t now_us)
{
    struct anomaly *a = &e->anomaly;
    a->start_us = a->detected_us = e->told_us = now_us;
    a->end_us = TIME_NONE;
    a->id = plant_anomaly_id(e->sensor, e->detector->name, a->kind, a->side, now_us);
    say(e);
}

void episode_end(struct episode *e, int64_t return_us)
{
    struct anomaly *a = &e->anomaly;
    int64_t end = e->detector->ends_with_return ? return_us : e->last_us;
    a->end_us = end < a->start_us ? a->start_us : end;
    say(e);
}
