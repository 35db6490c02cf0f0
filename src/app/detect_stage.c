// The detect stage: one thread that owns the engine, judges what was stored, stores what it found.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_private.h"
#include "base/log.h"
#include "detect/rules.h"

enum { BLOCK = 8192 };

static const int64_t idle_us = 200 * US_PER_MS;
static const int64_t snapshot_every_us = US_PER_SECOND;
static const int64_t save_every_us = 5 * US_PER_SECOND;

// The engine knows nothing of what people said of an incident: the store does.
static void add_words(struct app *a, struct incident *in)
{
    struct incident stored;
    if (store_incident(a->store, in->id, &stored, NULL) != ERR_OK)
        return;
    in->state = stored.state;
    in->verdict = stored.verdict;
    in->acknowledged_us = stored.acknowledged_us;
    in->resolved_us = stored.resolved_us;
    memcpy(in->note, stored.note, sizeof in->note);
    memcpy(in->cause, stored.cause, sizeof in->cause);
}

// What cannot be stored now stays for next time.
void detect_stage_store(struct app *a)
{
    if (a->finding_count == 0)
        return;
    struct anomaly *anomalies = calloc(a->finding_count, sizeof *anomalies);
    struct incident *incidents = calloc(a->finding_count, sizeof *incidents);
    struct err err;
    enum err_code code = anomalies && incidents ? ERR_OK : ERR_NO_MEMORY;
    struct store_batch batch = {.anomalies = anomalies, .incidents = incidents};
    for (size_t i = 0; code == ERR_OK && i < a->finding_count; i++) {
        if (a->findings[i].type == EVENT_ANOMALY)
            anomalies[batch.anomaly_count++] = a->findings[i].anomaly;
        else
            incidents[batch.incident_count++] = a->findings[i].incident;
    }
    if (code == ERR_OK)
        code = store_write(a->store, &batch, &err);
    free(anomalies);
    free(incidents);
    struct stage_meter *meter = &a->stages[STAGE_DETECT];
    if (code != ERR_OK) {
        stage_note(meter, "findings wait to be stored: %s",
                   code == ERR_NO_MEMORY ? "out of memory" : err.text);
        return;
    }
    stage_note(meter, "%s", "");
    for (size_t i = 0; i < a->finding_count; i++) {
        struct finding *f = &a->findings[i];
        struct app_event event = {.type = f->type, .change = f->change};
        if (f->type == EVENT_ANOMALY) {
            event.anomaly = &f->anomaly;
            verdicts_follow(a, &f->anomaly);
        } else {
            event.incident = &f->incident;
            if (f->change != CHANGE_OPENED)
                add_words(a, &f->incident);
        }
        app_publish(a, &event);
    }
    stage_count(meter, 0, a->finding_count);
    a->finding_count = 0;
}

// A place for one more finding. A later word on the same thing takes the earlier one's place only
// when there is no room otherwise.
static struct finding *next_finding(struct app *a)
{
    if (a->finding_count == FINDINGS_MAX)
        detect_stage_store(a);
    if (a->finding_count == FINDINGS_MAX) {
        memmove(a->findings, a->findings + 1, (FINDINGS_MAX - 1) * sizeof *a->findings);
        a->finding_count--;
        if (a->findings_lost++ == 0)
            log_error("detect", "findings are lost: the store takes none and %d wait already",
                      FINDINGS_MAX);
    }
    return &a->findings[a->finding_count++];
}

void detect_stage_found_anomaly(void *app, const struct anomaly *an, enum change change)
{
    *next_finding(app) = (struct finding){EVENT_ANOMALY, change, {.anomaly = *an}};
}

void detect_stage_found_incident(void *app, const struct incident *in, enum change change)
{
    struct finding *f = next_finding(app);
    f->type = EVENT_INCIDENT;
    f->change = change;
    f->incident = *in;
}

static void take_snapshot(struct app *a)
{
    int64_t now = clock_mono_us();
    if (now - a->snapshot_at_us < snapshot_every_us && a->snapshot_at_us)
        return;
    a->snapshot_at_us = now;
    size_t count = catalog_sensor_count(a->catalog);
    pthread_mutex_lock(&a->snapshot_lock);
    detect_stats(a->detect, &a->detect_stats);
    if (count > a->view_count) {
        struct sensor_view *views = realloc(a->views, count * sizeof *views);
        if (views) {
            a->views = views;
            a->view_count = count;
        }
    }
    for (size_t i = 0; i < a->view_count; i++) {
        struct sensor_view *v = &a->views[i];
        detect_band(a->detect, (uint32_t)i, &v->low, &v->high);
        v->sensitivity = detect_sensitivity(a->detect, (uint32_t)i);
    }
    a->judged_us = a->detect_stats.watermark_us;
    pthread_mutex_unlock(&a->snapshot_lock);
}

// Remembers how far detection came, so that a restart knows which readings were not judged yet.
static void save_judged(struct app *a, bool now)
{
    int64_t at = clock_mono_us();
    if (a->judged_us == a->judged_saved_us || (!now && at - a->judged_saved_at_us < save_every_us))
        return;
    struct buf text = {0};
    struct err err;
    buf_add_i64(&text, a->judged_us);
    if (!text.failed &&
        store_state_put(a->store, "detect.judged_us", buf_str(&text), &err) == ERR_OK)
        a->judged_saved_us = a->judged_us;
    a->judged_saved_at_us = at;
    buf_free(&text);
}

static void take_reload(struct app *a)
{
    if (!atomic_exchange(&a->reload_wanted, false))
        return;
    struct err err;
    const struct settings *s = app_settings_hold(a);
    if (detect_reload(a->detect, s, &err) != ERR_OK)
        log_error("detect", "new settings not taken over: %s", err.text);
    app_settings_release(a, s);
}

// Judges a block: runs of readings between ticks.
static void judge(struct app *a, const struct reading *block, size_t count)
{
    struct err err = {0};
    enum err_code code = ERR_OK;
    size_t readings = 0;
    for (size_t i = 0; i < count;) {
        size_t run = i;
        while (run < count && block[run].sensor < SENSOR_WAKE)
            run++;
        if (run > i && code == ERR_OK)
            code = detect_push(a->detect, block + i, run - i, &err);
        readings += run - i;
        if (run < count && code == ERR_OK && block[run].sensor == SENSOR_TICK)
            code = detect_tick(a->detect, block[run].time_us, &err);
        i = run + 1;
    }
    if (code != ERR_OK) {
        log_error("detect", "%zu readings not judged: %s", readings, err.text);
        stage_note(&a->stages[STAGE_DETECT], "%s", err.text);
    }
    stage_count(&a->stages[STAGE_DETECT], readings, 0);
    atomic_fetch_sub(&a->in_flight, readings);
}

static void *detect_main(void *arg)
{
    struct app *a = arg;
    struct reading *block = malloc(BLOCK * sizeof *block);
    while (block && !ring_is_done(a->to_detect)) {
        size_t count = ring_take(a->to_detect, block, BLOCK, idle_us);
        take_reload(a);
        judge(a, block, count);
        detect_stage_store(a);
        if (detect_tasks_run(a))
            a->snapshot_at_us = 0;
        take_snapshot(a);
        save_judged(a, false);
    }
    detect_tasks_take(a, false);
    detect_tasks_run(a);
    a->snapshot_at_us = 0;
    take_snapshot(a);
    save_judged(a, true);
    free(block);
    return NULL;
}

enum err_code detect_stage_start(struct app *a, struct err *err)
{
    a->judged_us = a->judged_saved_us = TIME_NONE;
    a->stages[STAGE_DETECT].active = true;
    detect_tasks_take(a, true);
    if (pthread_create(&a->detect_thread, NULL, detect_main, a) != 0) {
        detect_tasks_take(a, false);
        return err_set(err, ERR_NO_MEMORY, "cannot start the detect thread");
    }
    a->detect_running = true;
    return ERR_OK;
}

void detect_stage_stop(struct app *a)
{
    if (!a->detect_running)
        return;
    pthread_join(a->detect_thread, NULL);
    a->detect_running = false;
    a->stages[STAGE_DETECT].active = false;
}

enum err_code detect_stage_view_rules(struct app *a, const struct settings *s, struct err *err)
{
    struct rule_book *book;
    size_t count = catalog_sensor_count(a->catalog);
    enum err_code code = rule_book_open(s, &book, err);
    if (code != ERR_OK)
        return code;
    a->views = calloc(count ? count : 1, sizeof *a->views);
    a->view_count = a->views ? count : 0;
    for (size_t i = 0; i < a->view_count; i++) {
        const struct rules *r = rule_book_find(book, catalog_sensor(a->catalog, (uint32_t)i));
        a->views[i] = (struct sensor_view){r->normal_low, r->normal_high, r->sensitivity};
    }
    rule_book_close(&book);
    return a->views ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory for limits");
}

static struct sensor_view view_of(struct app *a, uint32_t sensor)
{
    struct sensor_view v = {(double)NAN, (double)NAN, (double)NAN};
    pthread_mutex_lock(&a->snapshot_lock);
    if (sensor < a->view_count)
        v = a->views[sensor];
    pthread_mutex_unlock(&a->snapshot_lock);
    return v;
}

void app_band(struct app *a, uint32_t sensor, double *low, double *high)
{
    struct sensor_view v = view_of(a, sensor);
    *low = v.low;
    *high = v.high;
}

double app_sensitivity(struct app *a, uint32_t sensor)
{
    return view_of(a, sensor).sensitivity;
}
