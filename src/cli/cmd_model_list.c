// fettle model list: the models of the data folder.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "cli/model.h"
#include "llm/gguf.h"

enum { LISTED_MAX = 1000, PATH_BYTES = 4096 };

static int is_model(const struct dirent *e)
{
    return str_ends(str_of(e->d_name), STR_LIT(".gguf"));
}

// What can be told from the file's head; errors stand in the list, too.
static void describe(const char *path, const char *name, struct json_out *j, struct buf *out)
{
    struct gguf *g = NULL;
    struct err err;
    struct str arch = STR_LIT("?");
    double mb = 0;
    bool good = gguf_open(path, &g, &err) == ERR_OK;
    if (good) {
        gguf_string(g, "general.architecture", &arch, NULL);
        mb = (double)gguf_file_bytes(g) / 1e6;
    }
    if (j) {
        json_object(j);
        json_key(j, "name");
        json_str(j, (struct str){name, strlen(name) - 5});
        json_key_text(j, "file", path);
        if (good) {
            json_key_int(j, "bytes", (int64_t)gguf_file_bytes(g));
            json_key(j, "architecture");
            json_str(j, arch);
        } else {
            json_key_text(j, "error", err.text);
        }
        json_end(j);
    } else if (good) {
        buf_printf(out, "%-32.*s %-8.*s %9.1f MB\n", (int)strlen(name) - 5, name, STR_ARG(arch),
                   mb);
    } else {
        buf_printf(out, "%-32.*s %s\n", (int)strlen(name) - 5, name, err.text);
    }
    gguf_close(&g);
}

enum err_code cli_model_list(const struct option_list *operands, struct err *err)
{
    char dir[PATH_BYTES], path[PATH_BYTES + 300];
    struct dirent **names = NULL;
    struct buf out = {0};
    struct json_out j;
    if (operands->count != 1)
        return err_set(err, ERR_USAGE, "%s: list takes no file", operands->items[1]);
    if (snprintf(dir, sizeof dir, "%s/models", common_options.data_dir) >= (int)sizeof dir)
        return err_set(err, ERR_LIMIT, "%s: path too long", common_options.data_dir);
    int count = scandir(dir, &names, is_model, alphasort);
    if (common_options.json) {
        json_open(&j, &out);
        json_array(&j);
    }
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
        if (i < LISTED_MAX)
            describe(path, names[i]->d_name, common_options.json ? &j : NULL, &out);
        free(names[i]);
    }
    free(names);
    if (common_options.json)
        json_end(&j);
    else if (count <= 0)
        buf_printf(&out, "%s holds no models", dir);
    if (common_options.json || count <= 0)
        buf_add_char(&out, '\n');
    enum err_code code = cli_print(&out, err);
    buf_free(&out);
    return code;
}
