// Holding a loaded language model, by name or whichever comes first.
#include "app/models.h"

#include <string.h>

#include "app/model_files.h"
#include "app/models_private.h"

static enum err_code not_loaded(const struct app_models *t, const char *name, struct err *err)
{
    struct buf list = {0};
    for (size_t i = 0; i < t->count; i++) {
        const struct app_model *m = t->loaded[i];
        buf_printf(&list, "%s%s", i ? ", " : "", m->name);
        for (size_t k = 1; k <= serving_adapters(m->serving); k++)
            buf_printf(&list, ", %s:%s", m->name, serving_adapter_name(m->serving, k));
    }
    enum err_code code =
        name && name[0] ? err_set(err, ERR_NOT_FOUND, "the model %.64s is not loaded (loaded: %s)",
                                  name, list.n ? list.p : "none")
                        : err_set(err, ERR_NOT_FOUND,
                                  "no language model is loaded: set llm.model, or POST "
                                  "/api/v1/models/NAME/load");
    buf_free(&list);
    return code;
}

// The adapter of that name; 0: there is none.
static uint32_t find_adapter(const struct app_model *m, const char *name)
{
    for (size_t i = 1; i <= serving_adapters(m->serving); i++)
        if (strcmp(serving_adapter_name(m->serving, i), name) == 0)
            return (uint32_t)i;
    return 0;
}

// A model by its own name, or as MODEL:ADAPTER.
static struct app_model *find_as(const struct app_models *t, const char *name, uint32_t *adapter)
{
    struct app_model *m = models_find(t, name);
    const char *colon = strrchr(name, ':');
    char base[APP_MODEL_NAME_BYTES];
    *adapter = 0;
    if (m || !colon || (size_t)(colon - name) >= sizeof base)
        return m;
    str_copy(base, sizeof base, (struct str){name, (size_t)(colon - name)});
    m = models_find(t, base);
    *adapter = m ? find_adapter(m, colon + 1) : 0;
    return *adapter ? m : NULL;
}

enum err_code app_model_hold_as(struct app *a, const char *name, struct app_model **out,
                                uint32_t *adapter, struct err *err)
{
    struct app_models *t = a->models;
    enum err_code code = ERR_OK;
    *out = NULL;
    *adapter = 0;
    if (!t)
        return err_set(err, ERR_NOT_FOUND, "no language model is loaded");
    pthread_mutex_lock(&t->lock);
    struct app_model *m = name && name[0] ? find_as(t, name, adapter) : NULL;
    for (size_t i = 0; !m && !(name && name[0]) && i < t->count; i++)
        m = t->loaded[i]->aside ? NULL : t->loaded[i];
    if (m && !t->stopped)
        m->holders++;
    else
        code = not_loaded(t, name, err);
    pthread_mutex_unlock(&t->lock);
    *out = code ? NULL : m;
    return code;
}

enum err_code app_model_hold(struct app *a, const char *name, struct app_model **out,
                             struct err *err)
{
    uint32_t adapter;
    enum err_code code = app_model_hold_as(a, name, out, &adapter, err);
    if (!code && adapter) {
        app_model_release(a, out);
        code = err_set(err, ERR_UNSUPPORTED, "%s: no adapter can be chosen here", name);
    }
    return code;
}

void app_model_release(struct app *a, struct app_model **model)
{
    struct app_models *t = a->models;
    struct app_model *m = *model;
    if (!m)
        return;
    *model = NULL;
    pthread_mutex_lock(&t->lock);
    bool last = --m->holders == 0 && models_find(t, m->name) != m;
    pthread_mutex_unlock(&t->lock);
    if (last)
        models_free_one(m);
}

// Holds the model, loading it when it is not there. One caller at a time, so that two do not load
// the same.
static enum err_code hold_or_load(struct app *a, const char *name, const char *wanted,
                                  struct app_model **out, struct err *err)
{
    char path[MODEL_PATH_BYTES];
    enum err_code code = ERR_OK;
    if (app_model_hold(a, name, out, NULL) == ERR_OK)
        return ERR_OK;
    if (model_is_path(wanted))
        str_copy(path, sizeof path, str_of(wanted));
    else
        code = model_file_find(a, name, path, err);
    if (code == ERR_OK)
        code = models_load(a, name, path, true, err);
    return code == ERR_OK ? app_model_hold(a, name, out, err) : code;
}

enum err_code app_model_obtain(struct app *a, const char *wanted, struct app_model **out,
                               struct err *err)
{
    struct app_models *t = a->models;
    char name[APP_MODEL_NAME_BYTES];
    *out = NULL;
    if (!t)
        return err_set(err, ERR_NOT_FOUND, "no language model is loaded");
    model_name_of_file(wanted[0] ? wanted : APP_MODEL_SHIPPED, name);
    pthread_mutex_lock(&t->obtain_lock);
    enum err_code code = hold_or_load(a, name, wanted, out, err);
    pthread_mutex_unlock(&t->obtain_lock);
    return code;
}

bool app_models_active(struct app *a)
{
    if (!a->models)
        return false;
    pthread_mutex_lock(&a->models->lock);
    bool active = a->models->count > 0;
    pthread_mutex_unlock(&a->models->lock);
    return active;
}

const char *app_model_name(const struct app_model *m)
{
    return m->name;
}

int64_t app_model_loaded_us(const struct app_model *m)
{
    return m->loaded_us;
}

struct serving *app_model_serving(const struct app_model *m)
{
    return m->serving;
}

int64_t app_model_time_limit_us(const struct app_model *m)
{
    return m->time_limit_us;
}

const struct chat_template *app_model_chat(const struct app_model *m, struct err *err)
{
    if (!m->chat)
        err_set(err, m->chat_error.code, "%s", m->chat_error.text);
    return m->chat;
}
