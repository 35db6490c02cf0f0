// POST .../relearn: makes detection forget what is normal and learn it anew.
#include "server/handlers.h"
#include "server/json_body.h"

// {"from":...,"to":...}: the stored readings that count as normal; no body, from now on.
static bool read_span(struct exchange *x, struct app_relearn *order)
{
    struct arena *arena;
    const struct json_node *n;
    order->from_us = order->to_us = TIME_NONE;
    bool good = json_body_open(x, &arena, &n);
    for (; n && good; n = n->next) {
        if (str_is(n->key, "from")) {
            good = json_body_time(x, n, &order->from_us);
        } else if (str_is(n->key, "to")) {
            good = json_body_time(x, n, &order->to_us);
        } else {
            json_body_unknown(x, n, "from, to");
            good = false;
        }
    }
    arena_close(&arena);
    return good;
}

static void relearn(struct exchange *x, struct app_relearn *order)
{
    struct app_relearnt done;
    struct err err;
    struct json_out j;
    if (!read_span(x, order))
        return;
    if (app_relearn(x->app, order, &done, &err) != ERR_OK) {
        reply_err(x, &err, NULL);
        return;
    }
    reply_json(x, &j);
    json_object(&j);
    json_key_int(&j, "sensors", (int64_t)done.sensors);
    json_key_int(&j, "readings", (int64_t)done.readings);
    json_end(&j);
}

void handle_relearn_sensor(struct exchange *x)
{
    struct app_relearn order = {.part = APP_SENSOR};
    if (exchange_find_sensor(x, exchange_text(x, "{sensor}"), &order.id))
        relearn(x, &order);
}

void handle_relearn_asset(struct exchange *x)
{
    struct app_relearn order = {.part = APP_ASSET};
    if (exchange_find_asset(x, exchange_text(x, "{asset}"), &order.id))
        relearn(x, &order);
}

void handle_relearn_plant(struct exchange *x)
{
    struct app_relearn order = {.part = APP_PLANT};
    relearn(x, &order);
}
