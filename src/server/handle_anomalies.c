// GET /anomalies and /api/v1/anomalies: what the detectors found, newest first, page by page.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/handlers.h"
#include "server/plant_json.h"

// "START_US-ID": the last anomaly of the page before.
static bool read_cursor(struct exchange *x, struct anomaly_filter *filter)
{
    const char *text = exchange_text(x, "cursor");
    char end;
    if (text[0] == '\0' || (sscanf(text, "%" SCNd64 "_%" SCNx64 "%c", &filter->before_us,
                                   &filter->before_id, &end) == 2 &&
                            filter->before_id))
        return true;
    reply_error(x, 400, "usage", "cursor", "cursor: the \"next\" of an earlier answer expected");
    return false;
}

static bool read_filter(struct exchange *x, struct anomaly_filter *f)
{
    *f = (struct anomaly_filter){.from_us = exchange_time(x, "from"),
                                 .to_us = exchange_time(x, "to"),
                                 .open_only = exchange_bool(x, "open"),
                                 .has_asset = exchange_text(x, "asset")[0],
                                 .has_sensor = exchange_text(x, "sensor")[0],
                                 .has_kind = exchange_text(x, "kind")[0],
                                 .has_incident = exchange_int(x, "incident") != 0,
                                 .incident = (uint64_t)exchange_int(x, "incident"),
                                 .limit = (size_t)exchange_int(x, "limit")};
    if (f->has_kind && !anomaly_kind_from_name(str_of(exchange_text(x, "kind")), &f->kind)) {
        reply_error(x, 400, "usage", "kind", "kind=%.32s: no such kind of anomaly",
                    exchange_text(x, "kind"));
        return false;
    }
    return (!f->has_asset || exchange_find_asset(x, exchange_text(x, "asset"), &f->asset)) &&
           (!f->has_sensor || exchange_find_sensor(x, exchange_text(x, "sensor"), &f->sensor)) &&
           read_cursor(x, f);
}

static void write_list(struct exchange *x, const struct anomaly *list, size_t count, size_t limit)
{
    struct json_out j;
    reply_json(x, &j);
    json_object(&j);
    json_key(&j, "anomalies");
    json_array(&j);
    for (size_t i = 0; i < count; i++)
        json_anomaly(&j, app_catalog(x->app), &list[i]);
    json_end(&j);
    json_key_int(&j, "count", (int64_t)count);
    char next[64] = "";
    if (count == limit)
        snprintf(next, sizeof next, "%" PRId64 "_%" PRIx64, list[count - 1].start_us,
                 list[count - 1].id);
    json_key_text(&j, "next", next[0] ? next : NULL);
    json_end(&j);
    x->reply.tagged = true;
}

void handle_anomalies(struct exchange *x)
{
    struct anomaly_filter filter;
    if (!read_filter(x, &filter))
        return;
    struct anomaly *list = calloc(filter.limit, sizeof *list);
    struct err err;
    size_t count = 0;
    enum err_code code = list ? store_anomalies(app_store(x->app), &filter, list, &count, &err)
                              : err_set(&err, ERR_NO_MEMORY, "out of memory for the anomalies");
    if (code == ERR_OK)
        write_list(x, list, count, filter.limit);
    else
        reply_err(x, &err, NULL);
    free(list);
}

void handle_anomaly(struct exchange *x)
{
    struct anomaly found;
    struct err err;
    if (store_anomaly(app_store(x->app), (uint64_t)exchange_int(x, "{id}"), &found, &err) !=
        ERR_OK) {
        reply_err(x, &err, NULL);
        return;
    }
    struct json_out j;
    reply_json(x, &j);
    json_anomaly(&j, app_catalog(x->app), &found);
    x->reply.tagged = true;
}
