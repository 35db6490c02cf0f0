// After a restart: gives the engine back what it knew, from what is stored.
#include <stdlib.h>

#include "app/app_private.h"
#include "base/log.h"

enum { OPEN_MAX = 1000 };

static const int64_t lookback_us = 10 * US_PER_MINUTE;
static const int64_t lookback_max_us = US_PER_DAY;

struct feeding {
    struct app *app;
    int64_t judged_us;
    uint64_t fed, judged_anew;
    struct err err;
};

// What was judged before the stop is fed quietly, to fill the detectors; what was stored but not
// judged any more is judged now.
static bool feed(void *arg, const struct reading *readings, size_t count)
{
    struct feeding *f = arg;
    size_t known = 0;
    while (known < count && readings[known].time_us <= f->judged_us)
        known++;
    f->fed += count;
    f->judged_anew += count - known;
    if (known && detect_push(f->app->detect, readings, known, &f->err) != ERR_OK)
        return false;
    if (known == count)
        return true;
    detect_set_quiet(f->app->detect, false);
    return detect_push(f->app->detect, readings + known, count - known, &f->err) == ERR_OK;
}

// Feeds what is stored from `from_us` on; orders to learn anew are carried out where they were
// given.
static enum err_code feed_from(struct feeding *f, int64_t from_us, struct err *err)
{
    size_t next = 0;
    enum err_code code = learning_apply(f->app, &next, from_us, err);
    while (code == ERR_OK) {
        int64_t until = learning_next_us(f->app, next);
        code = store_scan(f->app->store, from_us, until, feed, f, err);
        if (code == ERR_OK && f->err.code != ERR_OK) {
            *err = f->err;
            code = f->err.code;
        }
        if (until == INT64_MAX)
            break;
        if (code == ERR_OK)
            code = learning_apply(f->app, &next, until, err);
        from_us = until;
    }
    return code;
}

static enum err_code read_judged(struct app *a, int64_t *judged_us, struct err *err)
{
    struct buf text = {0};
    *judged_us = TIME_NONE;
    enum err_code code = store_state_get(a->store, "detect.judged_us", &text, err);
    if (code == ERR_OK && text.n && !str_to_i64(buf_str(&text), judged_us))
        code = err_set(err, ERR_CORRUPT, "state detect.judged_us is no number");
    buf_free(&text);
    return code;
}

static enum err_code resume(struct app *a, struct incident *incidents, struct anomaly *anomalies,
                            int64_t *from_us, struct err *err)
{
    size_t incident_count = 0, anomaly_count = 0;
    struct incident_filter incident_filter = {.active_only = true, .limit = OPEN_MAX};
    struct anomaly_filter anomaly_filter = {
        .from_us = TIME_NONE, .to_us = TIME_NONE, .open_only = true, .limit = OPEN_MAX};
    enum err_code code =
        store_incidents(a->store, &incident_filter, incidents, &incident_count, err);
    if (code == ERR_OK)
        code = store_anomalies(a->store, &anomaly_filter, anomalies, &anomaly_count, err);
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < anomaly_count; i++)
        if (anomalies[i].start_us - US_PER_MINUTE < *from_us)
            *from_us = anomalies[i].start_us - US_PER_MINUTE;
    code = detect_resume(a->detect, incidents, incident_count, anomalies, anomaly_count, err);
    // Resolved just before the stop: the engine had not closed it yet.
    for (size_t i = 0; i < incident_count && code == ERR_OK; i++)
        if (incidents[i].state == INCIDENT_RESOLVED)
            code = detect_resolve(a->detect, incidents[i].id, err);
    return code;
}

enum err_code app_recover(struct app *a, struct err *err)
{
    struct feeding f = {.app = a};
    int64_t last = store_last_reading_us(a->store);
    enum err_code code = read_judged(a, &f.judged_us, err);
    if (code != ERR_OK || last == TIME_NONE)
        return code;
    if (f.judged_us == TIME_NONE)
        f.judged_us = last;
    int64_t newest = f.judged_us < last ? f.judged_us : last, from = newest - lookback_us;
    struct incident *incidents = calloc(OPEN_MAX, sizeof *incidents);
    struct anomaly *anomalies = calloc(OPEN_MAX, sizeof *anomalies);
    if (incidents && anomalies)
        code = resume(a, incidents, anomalies, &from, err);
    else
        code = err_set(err, ERR_NO_MEMORY, "out of memory while recovering");
    free(incidents);
    free(anomalies);
    if (code != ERR_OK)
        return code;
    if (from < newest - lookback_max_us)
        from = newest - lookback_max_us;
    detect_set_quiet(a->detect, true);
    code = feed_from(&f, from, err);
    detect_set_quiet(a->detect, false);
    if (code == ERR_OK)
        log_info("recover",
                 "%llu stored readings given to the detectors again, %llu of them not "
                 "judged before",
                 (unsigned long long)f.fed, (unsigned long long)f.judged_anew);
    return code;
}
