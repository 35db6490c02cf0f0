// Orders to learn anew: carried out by the engine, and again, in the order of time, after a
// restart.
//
// The store's state "detect.learning" is the list of orders as JSON. The setting detect.learn is an
// order for the whole plant that came before all others.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_private.h"
#include "base/json_doc.h"
#include "base/log.h"

enum { ARENA_MAX = 64 << 20 };

static const char state_key[] = "detect.learning";
static const char *const part_names[] = {"sensor", "asset", "plant"};

enum err_code app_span_parse(struct str text, int64_t *from_us, int64_t *to_us, struct err *err)
{
    const char *dots = text.n ? memmem(text.p, text.n, "..", 2) : NULL;
    *from_us = *to_us = TIME_NONE;
    if (!dots)
        return err_set(err, ERR_INPUT, "\"%.*s\": FROM..TO expected, two times", STR_ARG(text));
    struct str from = str_trim((struct str){text.p, (size_t)(dots - text.p)});
    struct str to = str_trim((struct str){dots + 2, (size_t)(text.p + text.n - (dots + 2))});
    if (from.n && !time_from_text(from, from_us))
        return err_set(err, ERR_INPUT, "\"%.*s\" is no time (2026-11-21T09:15:00Z expected)",
                       STR_ARG(from));
    if (to.n && !time_from_text(to, to_us))
        return err_set(err, ERR_INPUT, "\"%.*s\" is no time (2026-11-21T09:15:00Z expected)",
                       STR_ARG(to));
    if (from.n && to.n && *from_us >= *to_us)
        return err_set(err, ERR_INPUT, "\"%.*s\" ends before it begins", STR_ARG(text));
    return ERR_OK;
}

// ---- what an order does ----

static bool concerns(const struct learning *l, const struct sensor *s)
{
    return s && (l->part == APP_PLANT || (l->part == APP_ASSET && s->asset == l->id) ||
                 (l->part == APP_SENSOR && s->id == l->id));
}

static bool has_span(const struct learning *l)
{
    return l->from_us != TIME_NONE || l->to_us != TIME_NONE;
}

struct scan {
    struct app *app;
    const struct learning *order;
    uint64_t readings;
    bool look_only;
    enum err_code code;
    struct err err;
};

static bool take_block(void *arg, const struct reading *readings, size_t count)
{
    struct scan *s = arg;
    for (size_t i = 0; i < count && s->code == ERR_OK; i++) {
        if (!concerns(s->order, catalog_sensor(s->app->catalog, readings[i].sensor)))
            continue;
        s->readings++;
        if (s->look_only)
            return false;
        s->code = detect_learn(s->app->detect, &readings[i], 1, &s->err);
    }
    return s->code == ERR_OK;
}

static enum err_code scan_span(struct scan *s, struct err *err)
{
    const struct learning *l = s->order;
    int64_t to = l->to_us == TIME_NONE ? l->at_us : l->to_us;
    enum err_code code = store_scan(
        s->app->store, l->from_us == TIME_NONE ? TIME_MIN_US : l->from_us, to, take_block, s, err);
    if (code == ERR_OK && s->code != ERR_OK) {
        *err = s->err;
        code = s->code;
    }
    return code;
}

static enum err_code forget(struct app *a, const struct learning *l, size_t *sensors,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    size_t count = catalog_sensor_count(a->catalog);
    *sensors = 0;
    for (uint32_t id = 0; id < count; id++)
        *sensors += concerns(l, catalog_sensor(a->catalog, id));
    if (l->part == APP_SENSOR)
        return detect_relearn_sensor(a->detect, l->id, err);
    if (l->part == APP_ASSET)
        return detect_relearn_asset(a->detect, l->id, err);
    for (uint32_t asset = 0; asset < catalog_asset_count(a->catalog) && code == ERR_OK; asset++)
        code = detect_relearn_asset(a->detect, asset, err);
    return code;
}

static enum err_code carry_out(struct app *a, const struct learning *l, struct app_relearnt *out,
                               struct err *err)
{
    struct scan s = {.app = a, .order = l};
    enum err_code code = forget(a, l, &out->sensors, err);
    if (code == ERR_OK && has_span(l))
        code = scan_span(&s, err);
    out->readings = s.readings;
    return code;
}

// ---- the list ----

// A later order stands in for earlier ones on the same sensors.
static bool stands_in(const struct app *a, const struct learning *later,
                      const struct learning *earlier)
{
    if (later->part == APP_PLANT)
        return true;
    if (later->part == earlier->part)
        return later->id == earlier->id;
    const struct sensor *s =
        earlier->part == APP_SENSOR ? catalog_sensor(a->catalog, earlier->id) : NULL;
    return later->part == APP_ASSET && s && s->asset == later->id;
}

static bool add(struct app *a, const struct learning *l)
{
    struct learnings *list = &a->learnings;
    size_t kept = 0;
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        struct learning *items = realloc(list->items, cap * sizeof *items);
        if (!items)
            return false;
        list->items = items;
        list->cap = cap;
    }
    for (size_t i = 0; i < list->n; i++)
        if (!stands_in(a, l, &list->items[i]))
            list->items[kept++] = list->items[i];
    // Time may have been set back: orders are carried out in the order of their time.
    while (kept > 0 && list->items[kept - 1].at_us > l->at_us) {
        list->items[kept] = list->items[kept - 1];
        kept--;
    }
    list->items[kept] = *l;
    list->n = kept + 1;
    return true;
}

static void write_order(const struct app *a, struct json_out *j, const struct learning *l)
{
    char name[PLANT_FULL_NAME_BYTES] = "";
    if (l->part == APP_SENSOR)
        sensor_full_name(catalog_sensor(a->catalog, l->id), name);
    else if (l->part == APP_ASSET)
        snprintf(name, sizeof name, "%s", catalog_asset_name(a->catalog, l->id));
    json_object(j);
    json_key_text(j, "part", part_names[l->part]);
    json_key_text(j, "name", name);
    json_key_int(j, "at_us", l->at_us);
    json_key_int(j, "at_wall_us", l->at_wall_us);
    json_key_int(j, "from_us", l->from_us);
    json_key_int(j, "to_us", l->to_us);
    json_end(j);
}

static enum err_code save(struct app *a, struct err *err)
{
    struct buf text = {0};
    struct json_out j;
    json_open(&j, &text);
    json_array(&j);
    for (size_t i = 0; i < a->learnings.n; i++)
        if (a->learnings.items[i].at_us != TIME_NONE) // that one is a setting
            write_order(a, &j, &a->learnings.items[i]);
    json_end(&j);
    enum err_code code = text.failed
                             ? err_set(err, ERR_NO_MEMORY, "out of memory for orders to learn")
                             : store_state_put(a->store, state_key, buf_str(&text), err);
    buf_free(&text);
    return code;
}

static bool read_order(const struct app *a, const struct json_node *n, struct learning *l)
{
    struct str part = str_of(json_get_text(n, "part")), name = str_of(json_get_text(n, "name"));
    *l = (struct learning){.part = APP_PLANT,
                           .at_us = json_get_int(n, "at_us"),
                           .at_wall_us = json_get_int(n, "at_wall_us"),
                           .from_us = json_get_int(n, "from_us"),
                           .to_us = json_get_int(n, "to_us")};
    if (str_is(part, part_names[APP_PLANT]))
        return true;
    l->part = str_is(part, part_names[APP_SENSOR]) ? APP_SENSOR : APP_ASSET;
    return l->part == APP_SENSOR ? catalog_find_full(a->catalog, name, &l->id)
                                 : catalog_find_asset(a->catalog, name, &l->id);
}

static enum err_code take_setting(struct app *a, struct err *err)
{
    const struct settings *s = app_settings_hold(a);
    struct str span = str_of(settings_text(s, "detect.learn"));
    struct learning l = {.part = APP_PLANT, .at_us = TIME_NONE, .at_wall_us = TIME_NONE};
    enum err_code code = ERR_OK;
    if (span.n)
        code = app_span_parse(span, &l.from_us, &l.to_us, err);
    if (code == ERR_OK && l.to_us == TIME_NONE)
        l.to_us = TIME_MAX_US;
    if (code == ERR_OK && span.n && !add(a, &l))
        code = err_set(err, ERR_NO_MEMORY, "out of memory for orders to learn");
    app_settings_release(a, s);
    return code;
}

enum err_code learning_load(struct app *a, struct err *err)
{
    struct buf text = {0};
    struct arena *arena = arena_open(ARENA_MAX);
    struct json_node *root = NULL;
    enum err_code code = arena ? take_setting(a, err)
                               : err_set(err, ERR_NO_MEMORY, "out of memory for orders to learn");
    if (code == ERR_OK)
        code = store_state_get(a->store, state_key, &text, err);
    if (code == ERR_OK && text.n)
        code = json_read(arena, buf_str(&text), "state detect.learning", &root, err);
    for (const struct json_node *n = root ? root->first : NULL; n && code == ERR_OK; n = n->next) {
        struct learning l;
        if (!read_order(a, n, &l))
            log_warn("learning", "an order to learn %s anew is left out: it is not there any more",
                     json_get_text(n, "name"));
        else if (!add(a, &l))
            code = err_set(err, ERR_NO_MEMORY, "out of memory for orders to learn");
    }
    buf_free(&text);
    arena_close(&arena);
    return code;
}

void learning_free(struct app *a)
{
    free(a->learnings.items);
    a->learnings = (struct learnings){0};
}

int64_t learning_next_us(const struct app *a, size_t next)
{
    return next < a->learnings.n ? a->learnings.items[next].at_us : INT64_MAX;
}

enum err_code learning_apply(struct app *a, size_t *next, int64_t until_us, struct err *err)
{
    enum err_code code = ERR_OK;
    while (code == ERR_OK && learning_next_us(a, *next) <= until_us && *next < a->learnings.n) {
        struct app_relearnt done;
        code = carry_out(a, &a->learnings.items[(*next)++], &done, err);
        if (code == ERR_OK && done.readings)
            log_info("learning", "%zu sensors learnt from %llu stored readings", done.sensors,
                     (unsigned long long)done.readings);
    }
    return code;
}

// ---- for surfaces ----

struct relearn_task {
    struct learning order;
    struct app_relearnt *out;
};

static enum err_code run_task(struct app *a, void *arg, struct err *err)
{
    struct relearn_task *t = arg;
    return carry_out(a, &t->order, t->out, err);
}

static enum err_code check(struct app *a, const struct learning *l, struct err *err)
{
    struct scan look = {.app = a, .order = l, .look_only = true};
    if (l->part == APP_SENSOR && !catalog_sensor(a->catalog, l->id))
        return err_set(err, ERR_NOT_FOUND, "there is no sensor %u", l->id);
    if (l->part == APP_ASSET && !catalog_asset_name(a->catalog, l->id))
        return err_set(err, ERR_NOT_FOUND, "there is no asset %u", l->id);
    if (!has_span(l))
        return ERR_OK;
    if (l->from_us != TIME_NONE && l->to_us != TIME_NONE && l->from_us >= l->to_us)
        return err_set(err, ERR_INPUT, "the span to learn from ends before it begins");
    enum err_code code = scan_span(&look, err);
    if (code == ERR_OK && look.readings == 0)
        code = err_set(err, ERR_INPUT, "no reading is stored of that time: nothing to learn from");
    return code;
}

enum err_code app_relearn(struct app *a, const struct app_relearn *order, struct app_relearnt *out,
                          struct err *err)
{
    struct relearn_task task = {.order = {.part = order->part,
                                          .id = order->id,
                                          .at_us = app_now_us(a),
                                          .at_wall_us = clock_wall_us(),
                                          .from_us = order->from_us,
                                          .to_us = order->to_us},
                                .out = out};
    *out = (struct app_relearnt){0};
    enum err_code code = check(a, &task.order, err);
    if (code == ERR_OK)
        code = detect_stage_do(a, run_task, &task, err);
    if (code != ERR_OK)
        return code;
    pthread_mutex_lock(&a->words_lock);
    code = add(a, &task.order) ? save(a, err)
                               : err_set(err, ERR_NO_MEMORY, "out of memory for orders to learn");
    pthread_mutex_unlock(&a->words_lock);
    return code;
}

int64_t app_relearnt_us(struct app *a, uint32_t sensor)
{
    const struct sensor *s = catalog_sensor(a->catalog, sensor);
    int64_t latest = TIME_NONE;
    pthread_mutex_lock(&a->words_lock);
    for (size_t i = 0; i < a->learnings.n; i++)
        if (concerns(&a->learnings.items[i], s) && a->learnings.items[i].at_wall_us > latest)
            latest = a->learnings.items[i].at_wall_us;
    pthread_mutex_unlock(&a->words_lock);
    return latest;
}
