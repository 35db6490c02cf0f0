// Verdicts of "false alarm": which patterns they keep back, kept over restarts, taken back exactly.
//
// The store's state "detect.verdicts" is the list of entries below as JSON. It is written before a
// verdict is and after one is taken back, so that a stop in between leaves at most entries of
// incidents that are not false alarms: those are dropped at the next start.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_private.h"
#include "base/json_doc.h"
#include "base/log.h"

enum { ENTRIES_MAX = 4096, ANOMALIES_MAX = 1000, ARENA_MAX = 32 << 20 };

static const char state_key[] = "detect.verdicts";
static const double quarter_larger = 1.25;
static const double score_most = 1 - 1e-9;

static bool is_pattern(const struct verdict_entry *e, const struct verdict_entry *of)
{
    return e->sensor == of->sensor && e->kind == of->kind && strcmp(e->detector, of->detector) == 0;
}

// Scores are s / (1 + s) of a size s: findings up to a quarter above it are kept back.
static double floor_of(double score)
{
    double size = score / (1 - score) * quarter_larger;
    double floor = size / (1 + size);
    return floor < score_most ? floor : score_most;
}

static double largest(const struct verdicts *v, const struct verdict_entry *pattern)
{
    double most = 0;
    for (size_t i = 0; i < v->n; i++)
        if (is_pattern(&v->items[i], pattern) && v->items[i].score > most)
            most = v->items[i].score;
    return most;
}

// ---- kept in the store ----

static void write_entry(struct json_out *j, const struct catalog *c, const struct verdict_entry *e)
{
    char name[PLANT_FULL_NAME_BYTES], anomaly[24];
    snprintf(anomaly, sizeof anomaly, "%llu", (unsigned long long)e->anomaly);
    json_object(j);
    json_key_int(j, "incident", (int64_t)e->incident);
    json_key_text(j, "anomaly", anomaly);
    json_key_text(j, "sensor", sensor_full_name(catalog_sensor(c, e->sensor), name));
    json_key_text(j, "detector", e->detector);
    json_key_text(j, "kind", anomaly_kind_name(e->kind));
    json_key_real(j, "score", e->score);
    json_key_int(j, "at_us", e->at_us);
    json_end(j);
}

static enum err_code save(struct app *a, struct err *err)
{
    struct buf text = {0};
    struct json_out j;
    json_open(&j, &text);
    json_array(&j);
    for (size_t i = 0; i < a->verdicts.n; i++)
        write_entry(&j, a->catalog, &a->verdicts.items[i]);
    json_end(&j);
    enum err_code code = text.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for verdicts")
                                     : store_state_put(a->store, state_key, buf_str(&text), err);
    buf_free(&text);
    return code;
}

static bool read_entry(const struct app *a, const struct json_node *n, struct verdict_entry *e)
{
    *e = (struct verdict_entry){.incident = (uint64_t)json_get_int(n, "incident"),
                                .score = json_get_number(n, "score"),
                                .at_us = json_get_int(n, "at_us")};
    str_copy(e->detector, sizeof e->detector, str_of(json_get_text(n, "detector")));
    return str_to_u64(str_of(json_get_text(n, "anomaly")), &e->anomaly) &&
           catalog_find_full(a->catalog, str_of(json_get_text(n, "sensor")), &e->sensor) &&
           anomaly_kind_from_name(str_of(json_get_text(n, "kind")), &e->kind) &&
           detect_learns(e->detector) && e->score > 0 && e->score < 1;
}

static bool is_called_false(struct app *a, uint64_t incident)
{
    struct incident in;
    // One that was retired can be asked no more: its entries stay.
    return store_incident(a->store, incident, &in, NULL) != ERR_OK ||
           in.verdict == VERDICT_FALSE_ALARM;
}

static bool add(struct verdicts *v, const struct verdict_entry *e)
{
    if (v->n == v->cap) {
        size_t cap = v->cap ? v->cap * 2 : 16;
        struct verdict_entry *items = realloc(v->items, cap * sizeof *items);
        if (!items)
            return false;
        v->items = items;
        v->cap = cap;
    }
    v->items[v->n++] = *e;
    return true;
}

static enum err_code set_floor(struct app *a, const struct verdict_entry *pattern, struct err *err)
{
    pthread_mutex_lock(&a->words_lock);
    double most = largest(&a->verdicts, pattern);
    pthread_mutex_unlock(&a->words_lock);
    return detect_set_score_floor(a->detect, pattern->sensor, pattern->detector, pattern->kind,
                                  most > 0 ? floor_of(most) : 0, err);
}

enum err_code verdicts_load(struct app *a, struct err *err)
{
    struct buf text = {0};
    struct arena *arena = arena_open(ARENA_MAX);
    struct json_node *root = NULL;
    enum err_code code = arena ? store_state_get(a->store, state_key, &text, err)
                               : err_set(err, ERR_NO_MEMORY, "out of memory for verdicts");
    if (code == ERR_OK && text.n)
        code = json_read(arena, buf_str(&text), "state detect.verdicts", &root, err);
    for (const struct json_node *n = root ? root->first : NULL; n && code == ERR_OK; n = n->next) {
        struct verdict_entry e;
        if (!read_entry(a, n, &e)) {
            log_warn("verdicts", "a verdict on %s cannot be read any more and is left out",
                     json_get_text(n, "sensor"));
            continue;
        }
        if (is_called_false(a, e.incident) && !add(&a->verdicts, &e))
            code = err_set(err, ERR_NO_MEMORY, "out of memory for verdicts");
    }
    for (size_t i = 0; i < a->verdicts.n && code == ERR_OK; i++)
        code = set_floor(a, &a->verdicts.items[i], err);
    buf_free(&text);
    arena_close(&arena);
    return code;
}

void verdicts_free(struct app *a)
{
    free(a->verdicts.items);
    a->verdicts = (struct verdicts){0};
}

// ---- changes ----

static enum err_code set_floors(struct app *a, void *arg, struct err *err)
{
    const struct verdicts *changed = arg;
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < changed->n && code == ERR_OK; i++)
        code = set_floor(a, &changed->items[i], err);
    return code;
}

// Takes out what `is_wanted` says, saves, and has the engine follow.
static enum err_code take_out(struct app *a,
                              bool (*is_wanted)(const struct verdict_entry *e, const void *arg),
                              const void *arg, size_t *count, struct err *err)
{
    struct verdicts out = {0};
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&a->words_lock);
    for (size_t i = 0; i < a->verdicts.n && code == ERR_OK;) {
        struct verdict_entry *e = &a->verdicts.items[i];
        if (!is_wanted(e, arg)) {
            i++;
        } else if (add(&out, e)) {
            memmove(e, e + 1, (--a->verdicts.n - i) * sizeof *e);
        } else {
            code = err_set(err, ERR_NO_MEMORY, "out of memory for verdicts");
        }
    }
    if (code == ERR_OK && out.n)
        code = save(a, err);
    pthread_mutex_unlock(&a->words_lock);
    if (out.n) {
        enum err_code followed = detect_stage_do(a, set_floors, &out, code == ERR_OK ? err : NULL);
        code = code == ERR_OK ? followed : code;
    }
    *count = out.n;
    free(out.items);
    return code;
}

static bool is_of_incident(const struct verdict_entry *e, const void *arg)
{
    return e->incident == *(const uint64_t *)arg;
}

enum err_code verdicts_forget(struct app *a, uint64_t incident, struct err *err)
{
    size_t count;
    return take_out(a, is_of_incident, &incident, &count, err);
}

// The patterns of the incident, each with its largest finding.
static enum err_code gather(struct app *a, uint64_t incident, struct verdicts *out, struct err *err)
{
    struct anomaly_filter filter = {.from_us = TIME_NONE,
                                    .to_us = TIME_NONE,
                                    .has_incident = true,
                                    .incident = incident,
                                    .limit = ANOMALIES_MAX};
    struct anomaly *list = calloc(ANOMALIES_MAX, sizeof *list);
    size_t count = 0;
    enum err_code code = list ? store_anomalies(a->store, &filter, list, &count, err)
                              : err_set(err, ERR_NO_MEMORY, "out of memory for the incident");
    for (size_t i = 0; i < count && code == ERR_OK; i++) {
        struct verdict_entry e = {.incident = incident,
                                  .anomaly = list[i].id,
                                  .sensor = list[i].sensor,
                                  .kind = list[i].kind,
                                  .score = list[i].score,
                                  .at_us = clock_wall_us()};
        memcpy(e.detector, list[i].detector, sizeof e.detector);
        if (!detect_learns(e.detector) || !(e.score > 0 && e.score < 1))
            continue;
        size_t at = 0;
        while (at < out->n && !is_pattern(&out->items[at], &e))
            at++;
        if (at == out->n && !add(out, &e))
            code = err_set(err, ERR_NO_MEMORY, "out of memory for verdicts");
        else if (e.score > out->items[at].score)
            out->items[at] = e;
    }
    free(list);
    return code;
}

enum err_code verdicts_note(struct app *a, uint64_t incident, struct err *err)
{
    struct verdicts new = {0};
    enum err_code code = gather(a, incident, &new, err);
    pthread_mutex_lock(&a->words_lock);
    size_t before = a->verdicts.n;
    for (size_t i = 0; i < before && code == ERR_OK; i++)
        if (a->verdicts.items[i].incident == incident)
            new.n = 0; // it is called false again: nothing changes
    if (code == ERR_OK && before + new.n > ENTRIES_MAX)
        code = err_set(err, ERR_LIMIT,
                       "%d patterns are kept back already: take some back first "
                       "(fettle sensitivity --reset)",
                       ENTRIES_MAX);
    for (size_t i = 0; i < new.n &&code == ERR_OK; i++)
        if (!add(&a->verdicts, &new.items[i]))
            code = err_set(err, ERR_NO_MEMORY, "out of memory for verdicts");
    if (code == ERR_OK && new.n)
        code = save(a, err);
    if (code != ERR_OK)
        a->verdicts.n = before;
    pthread_mutex_unlock(&a->words_lock);
    if (code == ERR_OK && new.n)
        code = detect_stage_do(a, set_floors, &new, err);
    free(new.items);
    return code;
}

void verdicts_follow(struct app *a, const struct anomaly *an)
{
    struct verdict_entry grown = {0};
    struct err err;
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&a->words_lock);
    for (size_t i = 0; i < a->verdicts.n; i++) {
        struct verdict_entry *e = &a->verdicts.items[i];
        if (e->anomaly != an->id || !(an->score > e->score && an->score < 1))
            continue;
        e->score = an->score;
        grown = *e;
        code = save(a, &err);
    }
    pthread_mutex_unlock(&a->words_lock);
    if (grown.anomaly && code == ERR_OK)
        code = set_floor(a, &grown, &err);
    if (code != ERR_OK)
        log_warn("verdicts", "a false alarm has grown, its pattern did not follow: %s", err.text);
}

// ---- for surfaces ----

enum err_code app_patterns(struct app *a, uint32_t sensor, struct app_pattern **out, size_t *count,
                           struct err *err)
{
    pthread_mutex_lock(&a->words_lock);
    const struct verdicts *v = &a->verdicts;
    struct app_pattern *list = calloc(v->n ? v->n : 1, sizeof *list);
    size_t n = 0;
    for (size_t i = v->n; list && i-- > 0;) {
        const struct verdict_entry *e = &v->items[i];
        if (sensor != APP_EVERY_SENSOR && e->sensor != sensor)
            continue;
        size_t at = 0;
        while (at < n && !(list[at].sensor == e->sensor && list[at].kind == e->kind &&
                           strcmp(list[at].detector, e->detector) == 0))
            at++;
        struct app_pattern *p = &list[at];
        if (at == n) {
            *p = (struct app_pattern){.sensor = e->sensor, .kind = e->kind};
            memcpy(p->detector, e->detector, sizeof p->detector);
            p->false_score = largest(v, e);
            p->above_score = floor_of(p->false_score);
            n++;
        }
        p->since_us = e->at_us;
        if (p->incident_count < APP_PATTERN_INCIDENTS)
            p->incidents[p->incident_count++] = e->incident;
    }
    pthread_mutex_unlock(&a->words_lock);
    *out = list;
    *count = n;
    return list ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory for patterns");
}

static bool is_selected(const struct verdict_entry *e, const void *arg)
{
    const struct app_pattern_filter *f = arg;
    return (f->sensor == APP_EVERY_SENSOR || e->sensor == f->sensor) &&
           (!f->detector || strcmp(e->detector, f->detector) == 0) &&
           (!f->has_kind || e->kind == f->kind);
}

enum err_code app_patterns_reset(struct app *a, const struct app_pattern_filter *filter,
                                 size_t *count, struct err *err)
{
    return take_out(a, is_selected, filter, count, err);
}
