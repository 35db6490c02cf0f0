// From what detectors say to what is told: episodes, and the incidents they belong to.
#include <math.h>
#include <string.h>

#include "detect/multivariate.h"

bool engine_is_quiet(const struct detect *d)
{
    return d->quiet || d->at_us <= d->quiet_until_us;
}

static void tell(struct detect *d, const struct episode *e, enum change change)
{
    if (!engine_is_quiet(d) && d->events.anomaly)
        d->events.anomaly(d->events.arg, &e->anomaly, change);
}

// In quiet an anomaly that is not known from before is kept back; it is raised afterwards if it
// still goes on.
static void raise_episode(struct detect *d, struct episode *e)
{
    if (engine_is_quiet(d)) {
        e->anomaly.incident = incidents_find(&d->incidents, &e->anomaly);
        return;
    }
    if (e->anomaly.score <= e->floor) {
        d->kept_back += !e->kept_back;
        e->kept_back = true;
        return;
    }
    e->told = true;
    d->anomalies++;
    if (!incidents_join(&d->incidents, &e->anomaly))
        d->out_of_memory = true;
    tell(d, e, CHANGE_OPENED);
}

static void open_episode(struct detect *d, struct sensor_state *s, size_t which,
                         const struct finding *f)
{
    uint32_t place = episode_new(&d->episodes);
    if (!place) {
        d->out_of_memory = true;
        return;
    }
    struct episode *e = episode_at(&d->episodes, place);
    s->episode[which] = place;
    episode_begin(e, s->sensor, detectors[which], s->rules, f);
    e->floor = patterns_floor(&d->patterns, s->sensor->id, which, f->kind);
    raise_episode(d, e);
}

static void close_episode(struct detect *d, struct sensor_state *s, size_t which, int64_t return_us)
{
    struct episode *e = episode_at(&d->episodes, s->episode[which]);
    if (engine_is_quiet(d) && e->told)
        return; // it went on up to the restart: what was judged before is only judged again
    episode_end(e, return_us);
    if (e->told) {
        tell(d, e, CHANGE_CLOSED);
        if (!incidents_end(&d->incidents, &e->anomaly, d->at_us))
            d->out_of_memory = true;
    }
    episode_drop(&d->episodes, s->episode[which]);
    s->episode[which] = 0;
}

static void extend_episode(struct detect *d, struct episode *e, const struct finding *f,
                           int64_t time_us)
{
    if (e->resumed && f->start_us == e->anomaly.start_us) {
        // Judged again from its beginning: what is seen now counts, not what was counted before.
        e->resumed = false;
        e->anomaly.count = f->count - 1;
        e->excess = -(double)INFINITY;
    }
    bool tells = episode_extend(e, f, time_us);
    if (e->kept_back && !e->told && e->anomaly.score > e->floor) {
        e->anomaly.detected_us = time_us;
        raise_episode(d, e);
        return;
    }
    if (!tells || !e->told)
        return;
    tell(d, e, CHANGE_UPDATED);
    incidents_extend(&d->incidents, &e->anomaly, time_us);
}

// While readings are judged again after a restart, an open episode also hears of what was before.
static bool is_of_the_past(const struct detect *d, const struct episode *e, enum judgement judged,
                           const struct finding *f, int64_t time_us)
{
    if (!e || !e->told || !engine_is_quiet(d))
        return false;
    if (judged == JUDGED_OUTSIDE)
        return f->start_us < e->anomaly.start_us || e->anomaly.kind != f->kind ||
               e->anomaly.side != f->side;
    return time_us < e->anomaly.start_us;
}

void engine_take(struct detect *d, struct sensor_state *s, size_t which, enum judgement judged,
                 const struct finding *f, int64_t time_us)
{
    uint32_t place = s->episode[which];
    struct episode *e = place ? episode_at(&d->episodes, place) : NULL;
    if (is_of_the_past(d, e, judged, f, time_us))
        return;
    switch (judged) {
    case JUDGED_INSIDE:
        close_episode(d, s, which, time_us);
        return;
    case JUDGED_HOLDING:
        if (e)
            e->last_us = time_us;
        return;
    case JUDGED_WAITING:
        return;
    case JUDGED_OUTSIDE:
        if (e && (e->anomaly.kind != f->kind || e->anomaly.side != f->side)) {
            close_episode(d, s, which, time_us);
            e = NULL;
        }
        if (e)
            extend_episode(d, e, f, time_us);
        else
            open_episode(d, s, which, f);
        return;
    case JUDGED_PAST:
        if (!e)
            open_episode(d, s, which, f);
        if (s->episode[which])
            close_episode(d, s, which, time_us);
        return;
    }
}

enum anomaly_side engine_episode_side(const struct detect *d, const struct sensor_state *s,
                                      size_t which)
{
    return s->episode[which] ? episode_at(&d->episodes, s->episode[which])->anomaly.side
                             : SIDE_NONE;
}

void engine_end_episode(struct detect *d, struct sensor_state *s, size_t which)
{
    if (s->episode[which])
        close_episode(d, s, which, s->last_us);
}

void engine_arm(struct detect *d, struct sensor_state *s)
{
    for (size_t i = 0; i < DETECTOR_COUNT; i++) {
        if (!detectors[i]->deadline)
            continue;
        int64_t when = detectors[i]->deadline(sensor_state_of(&d->sensors, s, i), s->rules);
        if (when >= s->armed_us)
            continue;
        s->armed_us = when;
        if (!timers_put(&d->timers, when, s->sensor->id))
            d->out_of_memory = true;
    }
}

static bool is_claimed(const struct sensor_state *s, size_t which)
{
    for (size_t i = 0; i < DETECTOR_COUNT; i++)
        if (s->episode[i] && detectors[which]->yields_to >> i & 1)
            return true;
    return false;
}

void engine_begin_finding(struct finding *f)
{
    memset(f, 0, sizeof *f);
    f->last_us = TIME_NONE;
    f->expected_low = f->expected_high = (double)NAN;
}

void engine_judge(struct detect *d, struct sensor_state *s, const struct sample *sample)
{
    d->at_us = sample->clock_us;
    struct sample seen = *sample;
    for (size_t i = 0; i < DETECTOR_COUNT; i++) {
        if (!detectors[i]->push)
            continue;
        struct finding f;
        engine_begin_finding(&f);
        seen.claimed = is_claimed(s, i);
        seen.sensitivity = s->rules->sensitivity;
        if (detectors[i]->learns && seen.sensitivity <= 0) { // off: it does not even learn
            if (s->episode[i])
                close_episode(d, s, i, sample->time_us);
            continue;
        }
        enum judgement judged =
            detectors[i]->push(sensor_state_of(&d->sensors, s, i), s->rules, &seen, &f);
        if (judged != JUDGED_INSIDE || s->episode[i])
            engine_take(d, s, i, judged, &f, sample->time_us);
    }
    if (s->rules->sensitivity > 0 && !multivariate_push(d, s, sample))
        d->out_of_memory = true;
    s->last_us = sample->time_us;
    s->last_clock_us = sample->clock_us;
    engine_arm(d, s);
}

void engine_sensor_timer(struct detect *d, struct sensor_state *s, int64_t when_us)
{
    if (s->armed_us != when_us)
        return; // an earlier one was set meanwhile
    s->armed_us = INT64_MAX;
    for (size_t i = 0; i < DETECTOR_COUNT; i++) {
        void *state = sensor_state_of(&d->sensors, s, i);
        if (!detectors[i]->deadline || detectors[i]->deadline(state, s->rules) > when_us)
            continue;
        struct finding f;
        engine_begin_finding(&f);
        enum judgement judged = detectors[i]->tick(state, s->rules, &f);
        if (judged != JUDGED_INSIDE || s->episode[i])
            engine_take(d, s, i, judged, &f, f.detected_us);
    }
    engine_arm(d, s);
}

void engine_leave_quiet(struct detect *d)
{
    d->quiet_left = false;
    for (uint32_t place = 1; place <= d->episodes.n; place++) {
        struct episode *e = episode_at(&d->episodes, place);
        if (e->sensor && !e->told)
            raise_episode(d, e);
    }
}

void engine_follow_floor(struct detect *d, uint32_t sensor, size_t which, enum anomaly_kind kind,
                         double floor)
{
    const struct sensor_state *s = sensor_states_find(&d->sensors, sensor);
    if (s && s->episode[which]) {
        struct episode *e = episode_at(&d->episodes, s->episode[which]);
        if (e->anomaly.kind == kind)
            e->floor = floor;
    }
}

void engine_put_aside(struct detect *d, uint64_t incident)
{
    for (uint32_t place = 1; place <= d->episodes.n; place++) {
        struct episode *e = episode_at(&d->episodes, place);
        if (!e->sensor || !e->told || e->anomaly.incident != incident)
            continue;
        episode_end(e, e->last_us);
        tell(d, e, CHANGE_CLOSED);
        e->told = false;
        e->after = incident;
        e->anomaly.incident = 0;
        e->anomaly.count = 0;
        e->excess = -(double)INFINITY;
    }
}

void engine_raise_again(struct detect *d, uint64_t incident)
{
    for (uint32_t place = 1; place <= d->episodes.n; place++) {
        struct episode *e = episode_at(&d->episodes, place);
        if (!e->sensor || e->told || e->after != incident)
            continue;
        episode_begin_again(e, d->at_us);
        raise_episode(d, e);
    }
}
