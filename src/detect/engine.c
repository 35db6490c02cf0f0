// The engine: takes readings in, waits for their order, and lets time pass.
#include <math.h>
#include <stdlib.h>

#include "detect/engine.h"

// A sensor whose readings have all been behind its own last one for this many leaps of the engine's
// clock has had its clock set back; what it sends counts again from then on.
enum { BACK_LEAPS = 2 };

static void tell_incident(void *arg, const struct incident *i, bool opened, bool closed)
{
    struct detect *d = arg;
    d->incident_count += opened;
    if (!engine_is_quiet(d) && d->events.incident)
        d->events.incident(d->events.arg, i,
                           opened   ? CHANGE_OPENED
                           : closed ? CHANGE_CLOSED
                                    : CHANGE_UPDATED);
}

static void take_settings(struct detect *d, const struct settings *s)
{
    d->lateness_us = settings_int(s, "detect.lateness");
    d->held_max = (size_t)settings_int(s, "detect.held_max");
    d->clock.leap_us = settings_int(s, "detect.leap");
    d->incidents.gap_us = settings_int(s, "detect.incident_gap");
}

enum err_code detect_open(const struct catalog *catalog, const struct settings *settings,
                          const struct detect_events *events, uint64_t first_incident,
                          struct detect **out, struct err *err)
{
    struct detect *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(err, ERR_NO_MEMORY, "out of memory for detection");
    enum err_code code = rule_book_open(settings, &d->book, err);
    if (code != ERR_OK) {
        free(d);
        return code;
    }
    d->catalog = catalog;
    d->events = *events;
    d->watermark_us = d->quiet_until_us = TIME_NONE;
    d->incidents.catalog = catalog;
    d->incidents.timers = &d->timers;
    d->incidents.next_id = first_incident;
    d->incidents.tell = tell_incident;
    d->incidents.arg = d;
    event_clock_open(&d->clock);
    sensor_states_open(&d->sensors);
    take_settings(d, settings);
    *out = d;
    return ERR_OK;
}

void detect_close(struct detect **d)
{
    if (!*d)
        return;
    reorder_free(&(*d)->waiting);
    timers_free(&(*d)->timers);
    sensor_states_free(&(*d)->sensors);
    multivariate_free(&(*d)->multivariate);
    episode_pool_free(&(*d)->episodes);
    incidents_free(&(*d)->incidents);
    patterns_free(&(*d)->patterns);
    rule_book_close(&(*d)->book);
    free(*d);
    *d = NULL;
}

struct sensor_state *engine_sensor(struct detect *d, uint32_t id, struct err *err)
{
    struct sensor_state *s = sensor_states_find(&d->sensors, id);
    if (s)
        return s;
    const struct sensor *sensor = catalog_sensor(d->catalog, id);
    if (!sensor) {
        err_set(err, ERR_INPUT, "a reading of sensor %u, which the catalogue does not hold", id);
        return NULL;
    }
    s = sensor_states_add(&d->sensors, sensor, rule_book_find(d->book, sensor));
    if (!s)
        err_set(err, ERR_NO_MEMORY, "out of memory for the state of sensor %u", id);
    return s;
}

enum err_code detect_reload(struct detect *d, const struct settings *settings, struct err *err)
{
    struct rule_book *book;
    enum err_code code = rule_book_open(settings, &book, err);
    if (code != ERR_OK)
        return code;
    take_settings(d, settings);
    for (uint32_t id = 0; id < d->sensors.limit; id++) {
        struct sensor_state *s = sensor_states_find(&d->sensors, id);
        if (!s)
            continue;
        s->rules = rule_book_find(book, s->sensor);
        engine_arm(d, s);
    }
    rule_book_close(&d->book);
    d->book = book;
    return ERR_OK;
}

// The sensor sent something that is not judged.
static void note_alive(struct detect *d, struct sensor_state *s, int64_t clock_us)
{
    for (size_t i = 0; i < DETECTOR_COUNT; i++)
        if (detectors[i]->alive)
            detectors[i]->alive(sensor_state_of(&d->sensors, s, i), clock_us);
}

// Judges a reading whose turn has come, unless its sensor is past it already.
static void judge(struct detect *d, const struct reading *r, int64_t clock_us, bool ahead)
{
    struct sensor_state *s = sensor_states_find(&d->sensors, r->sensor);
    struct sample sample = {.time_us = r->time_us,
                            .clock_us = clock_us,
                            .value = r->value,
                            .ahead = ahead && !d->flushing};
    if (s->last_us != TIME_NONE) {
        bool behind = r->time_us <= s->last_us &&
                      clock_us - s->last_clock_us <= BACK_LEAPS * d->clock.leap_us;
        // One that ran ahead while its sensor went on at the right time is no true reading.
        bool astray = ahead && r->time_us - s->last_us > d->clock.leap_us &&
                      s->last_clock_us > clock_us - d->clock.leap_us;
        if (behind || astray) {
            d->repeated += r->time_us == s->last_us;
            d->late += r->time_us != s->last_us;
            note_alive(d, s, clock_us);
            return;
        }
    }
    engine_judge(d, s, &sample);
}

static void take_timer(struct detect *d)
{
    struct timer t = timers_take(&d->timers);
    d->at_us = t.when_us;
    if (!(t.what & INCIDENT_TIMER)) {
        engine_sensor_timer(d, sensor_states_find(&d->sensors, (uint32_t)t.what), t.when_us);
        return;
    }
    uint64_t resolved = 0;
    if (!incidents_timer(&d->incidents, (uint32_t)t.what, t.when_us, engine_is_quiet(d), &resolved))
        d->out_of_memory = true;
    if (resolved)
        engine_raise_again(d, resolved);
}

static void take_reading(struct detect *d, int64_t place_us)
{
    struct reading r;
    bool ahead = reorder_take(&d->waiting, &r);
    const struct reading *upcoming = reorder_upcoming(&d->waiting);
    if (upcoming)
        sensor_states_prefetch(&d->sensors, upcoming->sensor);
    if (ahead && r.time_us <= d->clock.now_us) {
        // The clock has come up to it since: it takes its true place.
        if (!reorder_put(&d->waiting, &r))
            d->out_of_memory = true;
        return;
    }
    judge(d, &r, place_us, ahead);
}

// Lets everything up to `until_us` happen, in order of time.
static void advance(struct detect *d, int64_t until_us)
{
    for (;;) {
        int64_t reading = reorder_first(&d->waiting), timer = timers_first(&d->timers);
        int64_t next = timer <= reading ? timer : reading;
        if (next > until_us)
            break;
        if (d->quiet_left && !d->quiet && next > d->quiet_until_us) {
            d->at_us = next;
            engine_leave_quiet(d);
        }
        if (timer <= reading)
            take_timer(d);
        else
            take_reading(d, reading);
    }
    if (until_us > d->watermark_us)
        d->watermark_us = until_us;
}

static void follow_clock(struct detect *d)
{
    if (d->clock.now_us == TIME_NONE)
        return;
    int64_t until = d->clock.now_us - d->lateness_us;
    if (until > d->watermark_us)
        advance(d, until);
    while (reorder_count(&d->waiting) > d->held_max)
        advance(d, reorder_first(&d->waiting));
}

static enum err_code take_in(struct detect *d, const struct reading *r, struct err *err)
{
    struct sensor_state *s = engine_sensor(d, r->sensor, err);
    if (!s)
        return err->code;
    d->readings++;
    if (r->time_us < TIME_MIN_US || r->time_us > TIME_MAX_US) {
        d->late++;
        return ERR_OK;
    }
    enum clock_verdict verdict =
        event_clock_reading(&d->clock, r->time_us, r->sensor, d->watermark_us, d->sensors.known);
    bool ok = true;
    if (r->quality == QUALITY_MISSING || !isfinite(r->value)) {
        // No value: it tells the time and nothing else.
    } else if (verdict == CLOCK_BEHIND) {
        judge(d, r, d->watermark_us, false);
    } else if (verdict == CLOCK_AHEAD) {
        int64_t place = d->clock.now_us + d->clock.leap_us;
        ok = reorder_put_ahead(&d->waiting, r, place < r->time_us ? place : r->time_us);
        note_alive(d, s, d->clock.now_us);
    } else {
        ok = reorder_put(&d->waiting, r);
    }
    follow_clock(d);
    if (!ok || d->out_of_memory) {
        d->out_of_memory = false;
        return err_set(err, ERR_NO_MEMORY, "out of memory in detection");
    }
    return ERR_OK;
}

enum err_code detect_push(struct detect *d, const struct reading *readings, size_t count,
                          struct err *err)
{
    struct err unused;
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < count; i++)
        code = take_in(d, &readings[i], err ? err : &unused);
    return code;
}

enum err_code detect_tick(struct detect *d, int64_t now_us, struct err *err)
{
    if (now_us < TIME_MIN_US || now_us > TIME_MAX_US)
        return err_set(err, ERR_INPUT, "a tick at a time outside the years 1 to 9999");
    event_clock_tick(&d->clock, now_us);
    follow_clock(d);
    if (!d->out_of_memory)
        return ERR_OK;
    d->out_of_memory = false;
    return err_set(err, ERR_NO_MEMORY, "out of memory in detection");
}

enum err_code detect_flush(struct detect *d, struct err *err)
{
    if (d->clock.now_us != TIME_NONE)
        advance(d, d->clock.now_us);
    // What is left is ahead of a clock that nobody moved any more: it is taken for true, but does
    // not make other sensors silent.
    d->flushing = true;
    while (reorder_count(&d->waiting))
        take_reading(d, reorder_first(&d->waiting));
    d->flushing = false;
    if (!d->out_of_memory)
        return ERR_OK;
    d->out_of_memory = false;
    return err_set(err, ERR_NO_MEMORY, "out of memory in detection");
}

void detect_set_quiet(struct detect *d, bool quiet)
{
    if (d->quiet && !quiet) {
        d->quiet_until_us = d->clock.now_us;
        d->quiet_left = true;
    }
    d->quiet = quiet;
}

void detect_stats(const struct detect *d, struct detect_stats *out)
{
    *out = (struct detect_stats){
        .readings = d->readings,
        .late = d->late,
        .repeated = d->repeated,
        .anomalies = d->anomalies,
        .incidents = d->incident_count,
        .kept_back = d->kept_back,
        .open_anomalies = d->episodes.open,
        .active_incidents = d->incidents.active,
        .watermark_us = d->watermark_us,
        .state_bytes =
            sizeof *d + sensor_states_bytes(&d->sensors) + multivariate_bytes(&d->multivariate) +
            d->waiting.ring_cap * sizeof *d->waiting.ring +
            d->waiting.heap_cap * sizeof *d->waiting.heap + d->timers.cap * sizeof *d->timers.heap +
            d->episodes.cap * sizeof *d->episodes.items + incidents_bytes(&d->incidents),
    };
}

double detect_sensitivity(const struct detect *d, uint32_t sensor)
{
    const struct sensor_state *s = sensor_states_find(&d->sensors, sensor);
    return s ? s->rules->sensitivity : (double)NAN;
}

void detect_band(const struct detect *d, uint32_t sensor, double *low, double *high)
{
    const struct sensor_state *s = sensor_states_find(&d->sensors, sensor);
    *low = s ? s->rules->normal_low : (double)NAN;
    *high = s ? s->rules->normal_high : (double)NAN;
    for (size_t i = 0; s && isnan(*low) && isnan(*high) && i < DETECTOR_COUNT; i++)
        if (detectors[i]->band)
            detectors[i]->band(sensor_state_of(&d->sensors, (struct sensor_state *)s, i), low,
                               high);
}
