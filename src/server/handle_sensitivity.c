// /api/v1/sensitivity: what verdicts of "false alarm" keep back, and how to take that back.
#include <stdlib.h>

#include "server/handlers.h"
#include "server/json_body.h"
#include "server/plant_json.h"

void handle_sensitivity(struct exchange *x)
{
    const char *name = exchange_text(x, "sensor");
    uint32_t sensor = APP_EVERY_SENSOR;
    struct app_pattern *list = NULL;
    struct json_out j;
    struct err err;
    size_t count;
    if (name[0] && !exchange_find_sensor(x, name, &sensor))
        return;
    if (app_patterns(x->app, sensor, &list, &count, &err) != ERR_OK) {
        reply_err(x, &err, NULL);
        return;
    }
    reply_json(x, &j);
    json_object(&j);
    json_key(&j, "patterns");
    json_patterns(&j, app_catalog(x->app), list, count);
    json_key_int(&j, "count", (int64_t)count);
    json_end(&j);
    x->reply.tagged = true;
    free(list);
}

struct selection {
    struct app_pattern_filter filter;
    char sensor[PLANT_FULL_NAME_BYTES], detector[24], kind[24];
};

static bool take_member(struct exchange *x, const struct json_node *n, struct selection *s)
{
    if (str_is(n->key, "sensor"))
        return json_body_text(x, n, s->sensor, sizeof s->sensor) &&
               exchange_find_sensor(x, s->sensor, &s->filter.sensor);
    if (str_is(n->key, "detector")) {
        s->filter.detector = s->detector;
        if (!json_body_text(x, n, s->detector, sizeof s->detector))
            return false;
        if (detect_learns(s->detector))
            return true;
        reply_error(x, 400, "input", "detector", "no detector \"%s\" goes by sensitivity",
                    s->detector);
        return false;
    }
    if (str_is(n->key, "kind")) {
        if (!json_body_text(x, n, s->kind, sizeof s->kind))
            return false;
        s->filter.has_kind = anomaly_kind_from_name(str_of(s->kind), &s->filter.kind);
        if (!s->filter.has_kind)
            reply_error(x, 400, "input", "kind", "no kind of anomaly is called \"%s\"", s->kind);
        return s->filter.has_kind;
    }
    json_body_unknown(x, n, "sensor, detector, kind");
    return false;
}

void handle_sensitivity_reset(struct exchange *x)
{
    struct selection s = {.filter = {.sensor = APP_EVERY_SENSOR}};
    struct arena *arena;
    const struct json_node *n;
    struct json_out j;
    struct err err;
    size_t count;
    bool good = json_body_open(x, &arena, &n);
    for (; n && good; n = n->next)
        good = take_member(x, n, &s);
    arena_close(&arena);
    if (!good)
        return;
    if (app_patterns_reset(x->app, &s.filter, &count, &err) != ERR_OK) {
        reply_err(x, &err, NULL);
        return;
    }
    reply_json(x, &j);
    json_object(&j);
    json_key_int(&j, "reset", (int64_t)count);
    json_end(&j);
}
