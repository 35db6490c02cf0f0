// Reads the anomaly windows of the Numenta Anomaly Benchmark.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "eval/load.h"

enum { LABELS_BYTES_MAX = 16 << 20 };

struct nab_labels {
    char *path;
    struct arena *arena;
    struct json_node *root;
};

enum err_code nab_labels_open(const char *path, struct nab_labels **out, struct err *err)
{
    struct buf text = {0};
    struct nab_labels *l = calloc(1, sizeof *l);
    *out = NULL;
    if (l) {
        l->arena = arena_open(0);
        l->path = strdup(path);
    }
    enum err_code code = ERR_OK;
    if (!l || !l->arena || !l->path)
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
    if (code == ERR_OK)
        code = file_read(path, LABELS_BYTES_MAX, &text, err);
    if (code == ERR_OK)
        code = json_read(l->arena, buf_str(&text), path, &l->root, err);
    if (code == ERR_OK && l->root->type != JSON_OBJECT)
        code = err_set(err, ERR_INPUT, "%s: an object of files is expected", path);
    buf_free(&text);
    if (code == ERR_OK)
        *out = l;
    else
        nab_labels_close(&l);
    return code;
}

void nab_labels_close(struct nab_labels **l)
{
    if (!*l)
        return;
    arena_close(&(*l)->arena);
    free((*l)->path);
    free(*l);
    *l = NULL;
}

// The first row of the time that `node` holds.
static enum err_code find_row(const struct nab_labels *l, const char *name,
                              const struct json_node *node, const struct eval_series *series,
                              size_t *row, struct err *err)
{
    int64_t time_us;
    if (!node || node->type != JSON_STRING || !time_from_text(node->text, &time_us))
        return err_set(err, ERR_INPUT, "%s: %s: a window is two times", l->path, name);
    for (*row = 0; *row < series->rows; ++*row)
        if (series->times_us[*row] == time_us)
            return ERR_OK;
    return err_set(err, ERR_INPUT, "%s: %s: the file has no row of %.*s", l->path, name,
                   STR_ARG(node->text));
}

enum err_code nab_labels_apply(const struct nab_labels *l, const char *name,
                               struct eval_series *series, struct nab_window **windows,
                               size_t *count, struct err *err)
{
    const struct json_node *list = json_get(l->root, name);
    *windows = NULL;
    *count = 0;
    if (!list || list->type != JSON_ARRAY)
        return err_set(err, ERR_NOT_FOUND, "%s: no windows of \"%s\" in it", l->path, name);
    struct nab_window *found = calloc(list->count + 1, sizeof *found);
    if (!found)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu windows", list->count);
    enum err_code code = ERR_OK;
    size_t n = 0;
    for (const struct json_node *w = list->first; w && code == ERR_OK; w = w->next, n++) {
        const struct json_node *from = w->type == JSON_ARRAY ? w->first : NULL;
        code = find_row(l, name, from, series, &found[n].first, err);
        if (code == ERR_OK)
            code = find_row(l, name, from->next, series, &found[n].last, err);
        if (code == ERR_OK &&
            (found[n].last < found[n].first || (n && found[n].first <= found[n - 1].last)))
            code = err_set(err, ERR_INPUT, "%s: %s: window %zu is not behind what is before it",
                           l->path, name, n + 1);
        if (code == ERR_OK)
            memset(series->anomaly + found[n].first, 1, found[n].last - found[n].first + 1);
    }
    if (code != ERR_OK) {
        free(found);
        return code;
    }
    *windows = found;
    *count = n;
    return ERR_OK;
}
