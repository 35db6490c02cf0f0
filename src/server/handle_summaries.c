// GET /summary and /api/v1/summaries: what happened, in words.
#include <stdlib.h>

#include "server/handlers.h"
#include "server/plant_json.h"

void handle_summary(struct exchange *x)
{
    struct summary *s = calloc(1, sizeof *s);
    struct err err;
    enum err_code code = s ? app_summary(x->app, s, &err)
                           : err_set(&err, ERR_NO_MEMORY, "out of memory for the summary");
    if (code == ERR_OK) {
        struct json_out j;
        reply_json(x, &j);
        json_summary(&j, s);
        x->reply.tagged = true;
    } else {
        reply_err(x, &err, NULL);
    }
    free(s);
}

void handle_summaries(struct exchange *x)
{
    size_t limit = (size_t)exchange_int(x, "limit"), count = 0;
    struct summary *list = calloc(limit, sizeof *list);
    struct err err;
    enum err_code code = list ? store_summaries(app_store(x->app), limit, list, &count, &err)
                              : err_set(&err, ERR_NO_MEMORY, "out of memory for the summaries");
    if (code == ERR_OK) {
        struct json_out j;
        reply_json(x, &j);
        json_object(&j);
        json_key(&j, "summaries");
        json_array(&j);
        for (size_t i = 0; i < count; i++)
            json_summary(&j, &list[i]);
        json_end(&j);
        json_key_int(&j, "count", (int64_t)count);
        json_end(&j);
        x->reply.tagged = true;
    } else {
        reply_err(x, &err, NULL);
    }
    free(list);
}
