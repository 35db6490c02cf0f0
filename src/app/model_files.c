// Finding the file of a language model by its name.
#include "app/model_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app_private.h"
#include "base/file.h"

static const char suffix[] = ".gguf";

bool model_name_valid(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < APP_MODEL_NAME_BYTES;
}

bool model_is_path(const char *name)
{
    return strchr(name, '/') || str_ends(str_of(name), STR_LIT(".gguf"));
}

void model_name_of_file(const char *path, char out[APP_MODEL_NAME_BYTES])
{
    const char *slash = strrchr(path, '/');
    struct str name = str_of(slash ? slash + 1 : path);
    if (str_ends(name, STR_LIT(".gguf")))
        name.n -= sizeof suffix - 1;
    str_copy(out, APP_MODEL_NAME_BYTES, name);
}

void model_file_set(struct app *a, char out[MODEL_PATH_BYTES])
{
    const struct settings *s = app_settings_hold(a);
    const char *model = settings_text(s, "llm.model");
    out[0] = '\0';
    if (model_is_path(model))
        str_copy(out, MODEL_PATH_BYTES, str_of(model));
    app_settings_release(a, s);
}

// The model among those that come with fettle.
static bool find_shipped(const char *name, char out[MODEL_PATH_BYTES])
{
    static const char *const folders[] = {"../share/fettle/models", "../models", "models"};
    char program[MODEL_PATH_BYTES];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0)
        return false;
    program[n] = '\0';
    char *slash = strrchr(program, '/');
    *(slash ? slash : program) = '\0';
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (snprintf(out, MODEL_PATH_BYTES, "%s/%s/%s%s", program, folders[i], name, suffix) <
                MODEL_PATH_BYTES &&
            file_exists(out))
            return true;
    return false;
}

enum err_code model_file_shipped(const char *data_dir, const char *name, char out[MODEL_PATH_BYTES],
                                 struct err *err)
{
    if (data_dir && snprintf(out, MODEL_PATH_BYTES, "%s/models/%s%s", data_dir, name, suffix) >=
                        MODEL_PATH_BYTES)
        return err_set(err, ERR_LIMIT, "%s: path too long", data_dir);
    if ((data_dir && file_exists(out)) || find_shipped(name, out))
        return ERR_OK;
    return err_set(err, ERR_NOT_FOUND,
                   "there is no model %s: neither in %s%smodels nor beside the program", name,
                   data_dir ? data_dir : "", data_dir ? "/" : "");
}

enum err_code model_file_find(struct app *a, const char *name, char out[MODEL_PATH_BYTES],
                              struct err *err)
{
    char set_name[APP_MODEL_NAME_BYTES];
    if (!model_name_valid(name))
        return err_set(err, ERR_USAGE, "\"%.64s\" is no name of a model", name);
    model_file_set(a, out);
    model_name_of_file(out, set_name);
    if (out[0] && strcmp(set_name, name) == 0)
        return ERR_OK;
    return model_file_shipped(app_data_dir(a), name, out, err);
}

uint64_t model_file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}
