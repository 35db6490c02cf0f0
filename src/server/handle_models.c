// GET /v1/models, /api/v1/models; POST .../load and .../unload.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/models.h"
#include "server/handlers.h"
#include "server/model_metrics.h"

// `adapter` NULL: the model itself.
static void write_openai_model(struct json_out *j, const struct app_model_info *m,
                               const char *adapter)
{
    char id[APP_MODEL_NAME_BYTES + ADAPTER_NAME_BYTES];
    snprintf(id, sizeof id, "%s%s%s", m->name, adapter ? ":" : "", adapter ? adapter : "");
    json_object(j);
    json_key_text(j, "id", id);
    json_key_text(j, "object", "model");
    json_key_int(j, "created", m->loaded_us / US_PER_SECOND);
    json_key_text(j, "owned_by", "fettle");
    if (adapter)
        json_key_text(j, "parent", m->name);
    json_end(j);
}

void handle_openai_models(struct exchange *x)
{
    struct app_model_info *list;
    size_t count;
    struct err err;
    if (app_models_list(x->app, &list, &count, &err) != ERR_OK) {
        reply_err(x, &err, NULL);
        return;
    }
    struct json_out j;
    reply_json(x, &j);
    json_object(&j);
    json_key_text(&j, "object", "list");
    json_key(&j, "data");
    json_array(&j);
    for (size_t i = 0; i < count && list[i].loaded; i++) {
        write_openai_model(&j, &list[i], NULL);
        for (size_t k = 0; k < list[i].adapter_count; k++)
            write_openai_model(&j, &list[i], list[i].adapters[k].name);
    }
    json_end(&j);
    json_end(&j);
    free(list);
}

static void write_model(struct json_out *j, const struct app_model_info *m)
{
    json_object(j);
    json_key_text(j, "name", m->name);
    json_key_int(j, "file_bytes", (int64_t)m->file_bytes);
    json_key_bool(j, "loaded", m->loaded);
    if (m->error[0])
        json_key_text(j, "error", m->error);
    if (m->loaded) {
        json_key_time(j, "loaded_at", m->loaded_us);
        json_key_text(j, "architecture", m->arch);
        json_key_int(j, "parameters", (int64_t)m->parameters);
        json_key_int(j, "context", m->context);
        json_key_int(j, "vocabulary", m->vocabulary);
        json_key_text(j, "chat_template", m->chat[0] ? m->chat : NULL);
        json_key(j, "adapters");
        json_array(j);
        for (size_t i = 0; i < m->adapter_count; i++) {
            json_object(j);
            json_key_text(j, "name", m->adapters[i].name);
            json_key_real(j, "scale", (double)m->adapters[i].scale);
            json_end(j);
        }
        json_end(j);
        json_key(j, "serving");
        json_object(j);
        model_metrics_write_serving(j, &m->stats);
        json_end(j);
    }
    json_end(j);
}

void handle_models(struct exchange *x)
{
    struct app_model_info *list;
    size_t count;
    struct err err;
    if (app_models_list(x->app, &list, &count, &err) != ERR_OK) {
        reply_err(x, &err, NULL);
        return;
    }
    struct json_out j;
    reply_json(x, &j);
    json_object(&j);
    json_key(&j, "models");
    json_array(&j);
    for (size_t i = 0; i < count; i++)
        write_model(&j, &list[i]);
    json_end(&j);
    json_end(&j);
    free(list);
}

// Loading takes seconds: a thread of its own does it while the exchange waits.
struct model_change {
    bool load;
    enum err_code code;
    struct err err;
};

static void *change_model(void *arg)
{
    struct exchange *x = arg;
    struct model_change *c = x->work;
    c->code = c->load ? app_model_load(x->app, x->path_id, &c->err)
                      : app_model_unload(x->app, x->path_id, &c->err);
    exchange_continue(x);
    return NULL;
}

static void finish_change(struct exchange *x)
{
    const struct model_change *c = x->work;
    struct json_out j;
    if (c->code) {
        reply_err(x, &c->err, "name");
        return;
    }
    reply_json(x, &j);
    json_object(&j);
    json_key_text(&j, "name", x->path_id);
    json_key_bool(&j, "loaded", c->load);
    json_end(&j);
}

static void free_change(struct exchange *x)
{
    free(x->work);
}

static void begin_change(struct exchange *x, bool load)
{
    struct model_change *c = calloc(1, sizeof *c);
    pthread_t thread;
    if (!c) {
        reply_error(x, 503, "no_memory", NULL, "out of memory");
        return;
    }
    c->load = load;
    x->work = c;
    x->free_work = free_change;
    x->finish = finish_change;
    exchange_wait(x);
    if (pthread_create(&thread, NULL, change_model, x) == 0) {
        pthread_detach(thread);
        return;
    }
    c->code = err_set(&c->err, ERR_NO_MEMORY, "no thread to load a model");
    exchange_continue(x);
}

void handle_model_load(struct exchange *x)
{
    begin_change(x, true);
}

void handle_model_unload(struct exchange *x)
{
    begin_change(x, false);
}
