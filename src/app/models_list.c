// What language models there are, and how the loaded ones are doing.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/model_files.h"
#include "app/models_private.h"
#include "base/file.h"

enum { LISTED_MAX = 1000 };

static void describe(const struct app_model *m, struct app_model_info *out)
{
    const struct model *model = serving_model(m->serving);
    *out = (struct app_model_info){.file_bytes = m->file_bytes,
                                   .loaded = true,
                                   .loaded_us = m->loaded_us,
                                   .parameters = model->shape.parameters,
                                   .context = serving_context(m->serving),
                                   .vocabulary = model->shape.V};
    str_copy(out->name, sizeof out->name, str_of(m->name));
    str_copy(out->arch, sizeof out->arch, str_of(model_arch_name(model)));
    str_copy(out->chat, sizeof out->chat, str_of(m->chat ? chat_template_name(m->chat) : ""));
    serving_stats(m->serving, &out->stats);
    out->adapter_count = serving_adapters(m->serving);
    for (size_t i = 0; i < out->adapter_count; i++) {
        str_copy(out->adapters[i].name, sizeof out->adapters[i].name,
                 str_of(serving_adapter_name(m->serving, i + 1)));
        out->adapters[i].scale = serving_adapter_scale(m->serving, i + 1);
    }
}

static int by_name(const void *x, const void *y)
{
    const struct app_model_info *a = x, *b = y;
    return strcmp(a->name, b->name);
}

static void add_file(struct app_models *t, const char *path, struct app_model_info *list,
                     size_t *count)
{
    char name[APP_MODEL_NAME_BYTES];
    model_name_of_file(path, name);
    if (*count == LISTED_MAX || !model_name_valid(name))
        return;
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list[i].name, name) == 0)
            return;
    struct app_model_info *info = &list[(*count)++];
    *info = (struct app_model_info){.loaded_us = TIME_NONE, .file_bytes = model_file_bytes(path)};
    str_copy(info->name, sizeof info->name, str_of(name));
    if (strcmp(t->failed, name) == 0)
        str_copy(info->error, sizeof info->error, str_of(t->failure.text));
}

static void add_folder(struct app *a, struct app_model_info *list, size_t *count)
{
    char dir[MODEL_PATH_BYTES], path[MODEL_PATH_BYTES + 256];
    if (snprintf(dir, sizeof dir, "%s/models", app_data_dir(a)) >= (int)sizeof dir)
        return;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (str_ends(str_of(e->d_name), STR_LIT(".gguf"))) {
            snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
            add_file(a->models, path, list, count);
        }
    if (d)
        closedir(d);
}

enum err_code app_models_list(struct app *a, struct app_model_info **list, size_t *count,
                              struct err *err)
{
    struct app_models *t = a->models;
    char path[MODEL_PATH_BYTES];
    *count = 0;
    *list = calloc(LISTED_MAX, sizeof **list);
    if (!*list)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the list of models");
    if (!t)
        return ERR_OK;
    model_file_set(a, path);
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->count; i++)
        describe(t->loaded[i], &(*list)[(*count)++]);
    if (path[0] && file_exists(path))
        add_file(t, path, *list, count);
    add_folder(a, *list, count);
    size_t loaded = t->count;
    pthread_mutex_unlock(&t->lock);
    qsort(*list + loaded, *count - loaded, sizeof **list, by_name);
    return ERR_OK;
}
