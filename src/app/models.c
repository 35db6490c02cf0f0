// Loading and unloading language models.
#include "app/models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/model_files.h"
#include "app/models_private.h"
#include "base/log.h"
#include "diagnose/explain.h"

const struct setting_def app_llm_settings[] = {
    {"llm.model", "", NULL,
     "Language model loaded at start: a name from models/ of the data folder, or a GGUF file", 0, 0,
     SETTING_TEXT, 0},
    {"llm.threads", "0", "threads", "Threads of a model; 0: one for each processor", 0, 64,
     SETTING_INT, 0},
    {"llm.context", "4096", "tokens",
     "Longest conversation, prompt and answer together; 0: what the model was trained for", 0,
     1048576, SETTING_INT, 0},
    {"llm.sessions", "4", "answers", "Answers that are written at once", 1, SERVING_SESSIONS_MAX,
     SETTING_INT, 0},
    {"llm.queue", "32", "answers", "Answers that may wait (429 beyond)", 1, 4096, SETTING_INT, 0},
    {"llm.cache", "f16", "f16|q8_0", "How keys and values are held; q8_0 takes half the memory", 0,
     0, SETTING_CHOICE, 0},
    {"llm.keep", "256M", NULL,
     "Memory for computed prompts that later ones may begin with; 0: none is kept", 0,
     1099511627776.0, SETTING_BYTES, 0},
    {"llm.lookup", "true", NULL,
     "Guess tokens from the text and check several at once: the same answers, sooner", 0, 0,
     SETTING_BOOL, 0},
    {"llm.adapters", "", NULL,
     "LoRA adapters of that model that requests may choose: NAME=FILE or NAME=FILE:SCALE, by "
     "commas",
     0, 0, SETTING_TEXT, 0},
    {"llm.packed", "16G", NULL,
     "Disk for packed models, in packed/ of the data folder, which load at once; 0: none is used",
     0, 1099511627776.0, SETTING_BYTES, 0},
    {"llm.time_limit", "10m", NULL, "Longest time for one answer, waiting included", 1e6, 86400e6,
     SETTING_DURATION, 0},
    {0}};

void models_free_one(struct app_model *m)
{
    serving_close(&m->serving);
    chat_template_close(&m->chat);
    free(m);
}

static struct serving_settings serving_settings_of(const struct settings *s)
{
    int64_t threads = settings_int(s, "llm.threads");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct serving_settings){
        .threads = threads           ? (unsigned)threads
                   : processors < 1  ? 1
                   : processors > 64 ? 64
                                     : (unsigned)processors,
        .context = (uint32_t)settings_int(s, "llm.context"),
        .sessions = (uint32_t)settings_int(s, "llm.sessions"),
        .queue = (uint32_t)settings_int(s, "llm.queue"),
        .cache = settings_int(s, "llm.cache") ? CACHE_Q8_0 : CACHE_F16,
        .keep_bytes = (size_t)settings_int(s, "llm.keep"),
        .no_lookup = !settings_bool(s, "llm.lookup"),
        .packed.bytes_most = (uint64_t)settings_int(s, "llm.packed"),
    };
}

// Those of the model that llm.model names.
static enum err_code read_adapters(const struct settings *s, const char *model,
                                   struct adapter_choice *out, size_t *count, struct err *err)
{
    char set_name[APP_MODEL_NAME_BYTES];
    *count = 0;
    model_name_of_file(settings_text(s, "llm.model"), set_name);
    if (strcmp(set_name, model) != 0)
        return ERR_OK;
    enum err_code code = adapter_choices_read(str_of(settings_text(s, "llm.adapters")), out,
                                              SERVING_ADAPTERS_MAX, count, err);
    return code ? err_prefix(err, "llm.adapters") : ERR_OK;
}

// As the settings llm.* say; `aside`, the settings diagnose.*.
static enum err_code open_model(struct app *a, const char *name, const char *path, bool aside,
                                struct app_model **out, struct err *err)
{
    struct app_model *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a model");
    str_copy(m->name, sizeof m->name, str_of(name));
    const struct settings *s = app_settings_hold(a);
    struct serving_settings settings = serving_settings_of(s);
    struct adapter_choice adapters[SERVING_ADAPTERS_MAX];
    settings.adapters = adapters;
    enum err_code code = read_adapters(s, name, adapters, &settings.adapter_count, err);
    char packed[MODEL_PATH_BYTES];
    if (settings.packed.bytes_most > 0 &&
        snprintf(packed, sizeof packed, "%s/packed", app_data_dir(a)) < MODEL_PATH_BYTES)
        settings.packed.dir = packed;
    m->time_limit_us = settings_int(s, "llm.time_limit");
    if (aside) {
        int64_t threads = settings_int(s, "diagnose.threads");
        settings.threads = threads ? (unsigned)threads : explain_threads(path);
        settings.nice = (int)settings_int(s, "diagnose.nice");
        settings.keep_bytes = 0;
        m->aside = true;
    }
    app_settings_release(a, s);
    m->file_bytes = model_file_bytes(path);
    m->loaded_us = clock_wall_us();
    if (!code)
        code = serving_open(path, &settings, &m->serving, err);
    if (code) {
        models_free_one(m);
        return code;
    }
    chat_template_open(serving_model(m->serving)->file, serving_tokenizer(m->serving), &m->chat,
                       &m->chat_error);
    *out = m;
    return ERR_OK;
}

struct app_model *models_find(const struct app_models *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->loaded[i]->name, name) == 0)
            return t->loaded[i];
    return NULL;
}

// Claims the right to load; one at a time.
static enum err_code begin_loading(struct app_models *t, const char *name, struct err *err)
{
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&t->lock);
    if (t->stopped)
        code = err_set(err, ERR_CONFLICT, "fettle is stopping");
    else if (models_find(t, name))
        code = err_set(err, ERR_CONFLICT, "%s is loaded", name);
    else if (t->loading)
        code = err_set(err, ERR_BUSY, "another model is being loaded: try again");
    else if (t->count == APP_MODELS_LOADED_MAX)
        code = err_set(err, ERR_CONFLICT, "%d models are loaded: unload one first",
                       APP_MODELS_LOADED_MAX);
    else
        t->loading = true;
    pthread_mutex_unlock(&t->lock);
    return code;
}

enum err_code models_load(struct app *a, const char *name, const char *path, bool aside,
                          struct err *err)
{
    struct app_models *t = a->models;
    struct app_model *m = NULL;
    enum err_code code = begin_loading(t, name, err);
    if (code)
        return code;
    code = open_model(a, name, path, aside, &m, err);
    pthread_mutex_lock(&t->lock);
    t->loading = false;
    if (code) {
        str_copy(t->failed, sizeof t->failed, str_of(name));
        err_set(&t->failure, err->code, "%s", err->text);
    } else if (t->stopped) {
        code = err_set(err, ERR_CONFLICT, "fettle is stopping");
    } else {
        if (strcmp(t->failed, name) == 0)
            t->failed[0] = '\0';
        t->loaded[t->count++] = m;
        m = NULL;
    }
    pthread_mutex_unlock(&t->lock);
    if (m)
        models_free_one(m);
    if (code == ERR_OK)
        log_info("llm", "%s is loaded", name);
    return code;
}

enum err_code app_model_load(struct app *a, const char *name, struct err *err)
{
    char path[MODEL_PATH_BYTES];
    enum err_code code = model_file_find(a, name, path, err);
    return code ? code : models_load(a, name, path, false, err);
}

static void stop_and_drop(struct app_models *t, struct app_model *m)
{
    serving_stop(m->serving);
    pthread_mutex_lock(&t->lock);
    bool last = --m->holders == 0;
    pthread_mutex_unlock(&t->lock);
    if (last)
        models_free_one(m);
}

enum err_code app_model_unload(struct app *a, const char *name, struct err *err)
{
    struct app_models *t = a->models;
    pthread_mutex_lock(&t->lock);
    struct app_model *m = t->stopped ? NULL : models_find(t, name);
    for (size_t i = 0; m && i < t->count; i++)
        if (t->loaded[i] == m) {
            memmove(t->loaded + i, t->loaded + i + 1, (t->count - i - 1) * sizeof(void *));
            t->count--;
            m->holders++; // until it has stopped
        }
    pthread_mutex_unlock(&t->lock);
    if (!m)
        return err_set(err, ERR_CONFLICT, "%.64s is not loaded", name);
    stop_and_drop(t, m);
    log_info("llm", "%s is unloaded", name);
    return ERR_OK;
}

enum err_code app_models_open(struct app *a, struct err *err)
{
    char path[MODEL_PATH_BYTES], name[APP_MODEL_NAME_BYTES];
    a->models = calloc(1, sizeof *a->models);
    if (!a->models || pthread_mutex_init(&a->models->lock, NULL) != 0 ||
        pthread_mutex_init(&a->models->obtain_lock, NULL) != 0) {
        free(a->models);
        a->models = NULL;
        return err_set(err, ERR_NO_MEMORY, "out of memory for the models");
    }
    const struct settings *s = app_settings_hold(a);
    model_name_of_file(settings_text(s, "llm.model"), name);
    app_settings_release(a, s);
    model_file_set(a, path);
    struct err why;
    enum err_code code = ERR_OK;
    if (path[0])
        code = models_load(a, name, path, false, &why);
    else if (name[0])
        code = app_model_load(a, name, &why);
    if (code)
        log_error("llm", "%s; the plant is watched without a language model", why.text);
    return ERR_OK;
}

void app_models_stop(struct app *a)
{
    struct app_models *t = a->models;
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->stopped = true;
    size_t count = t->count;
    pthread_mutex_unlock(&t->lock);
    for (size_t i = 0; i < count; i++)
        serving_stop(t->loaded[i]->serving);
}

void app_models_close(struct app *a)
{
    struct app_models *t = a->models;
    if (!t)
        return;
    app_models_stop(a);
    for (size_t i = 0; i < t->count; i++)
        models_free_one(t->loaded[i]);
    pthread_mutex_destroy(&t->lock);
    pthread_mutex_destroy(&t->obtain_lock);
    free(t);
    a->models = NULL;
}
