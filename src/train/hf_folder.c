// A Hugging Face folder: JSON files, and weights in one safetensors file or several.
#include "train/hf_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"

enum {
    PATH_BYTES = 4096,
    JSON_MAX = 16 << 20,
    FILE_MAX = 256 << 20,
    SHARDS_MAX = 4096,
    ARENA_MAX = 512 << 20,
};

struct hf_folder {
    char *path;
    struct arena *arena; // of the JSON files
    struct safetensors **shards;
    size_t shard_count;
    size_t *from; // number of each shard's first tensor; one more: of all
};

const char *hf_folder_path(const struct hf_folder *f)
{
    return f->path;
}

static enum err_code path_of(const struct hf_folder *f, const char *file, char out[PATH_BYTES],
                             struct err *err)
{
    if (snprintf(out, PATH_BYTES, "%s/%s", f->path, file) >= PATH_BYTES)
        return err_set(err, ERR_LIMIT, "%s: path too long", f->path);
    return ERR_OK;
}

bool hf_folder_has(const struct hf_folder *f, const char *file)
{
    char path[PATH_BYTES];
    return path_of(f, file, path, NULL) == ERR_OK && file_exists(path);
}

enum err_code hf_folder_read(const struct hf_folder *f, const char *file, struct buf *out,
                             struct err *err)
{
    char path[PATH_BYTES];
    enum err_code code = path_of(f, file, path, err);
    return code ? code : file_read(path, FILE_MAX, out, err);
}

enum err_code hf_folder_json(const struct hf_folder *f, const char *file, bool needed,
                             const struct json_node **out, struct err *err)
{
    char path[PATH_BYTES];
    struct buf text = {0};
    struct json_node *node = NULL;
    *out = NULL;
    enum err_code code = path_of(f, file, path, err);
    if (code || (!needed && !file_exists(path)))
        return code;
    if (!(code = file_read(path, JSON_MAX, &text, err)))
        code = json_read(f->arena, buf_str(&text), path, &node, err);
    if (!code && node->type != JSON_OBJECT)
        code = err_set(err, ERR_INPUT, "%s: an object is expected", path);
    buf_free(&text);
    *out = code ? NULL : node;
    return code;
}

static enum err_code add_shard(struct hf_folder *f, const char *file, struct err *err)
{
    char path[PATH_BYTES];
    enum err_code code = path_of(f, file, path, err);
    if (!code)
        code = safetensors_open(path, &f->shards[f->shard_count], err);
    if (code)
        return code;
    f->shard_count++;
    f->from[f->shard_count] =
        f->from[f->shard_count - 1] + safetensors_count(f->shards[f->shard_count - 1]);
    return ERR_OK;
}

// A file of this very folder.
static bool is_plain_name(struct str name)
{
    return name.n && name.n < 256 && !memchr(name.p, '/', name.n) && !memchr(name.p, 0, name.n) &&
           str_ends(name, STR_LIT(".safetensors"));
}

// The files that an index names, each once.
static enum err_code open_indexed(struct hf_folder *f, const char *index, struct err *err)
{
    const struct json_node *root, *names;
    struct map seen = {0};
    enum err_code code = hf_folder_json(f, index, true, &root, err);
    if (code)
        return code;
    names = json_get(root, "weight_map");
    if (!names || names->type != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "%s/%s: field 'weight_map' is missing", f->path, index);
    for (const struct json_node *n = names->first; n && !code; n = n->next) {
        if (n->type != JSON_STRING || !is_plain_name(n->text))
            code = err_set(err, ERR_INPUT, "%s/%s: field '%.80s' names no file of this folder",
                           f->path, index, n->key.p);
        else if (!map_find(&seen, n->text) && !map_put(&seen, n->text, seen.n))
            code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", f->path);
    }
    if (!code && seen.n > SHARDS_MAX)
        code = err_set(err, ERR_LIMIT, "%s/%s: %zu files, at most %d are allowed", f->path, index,
                       seen.n, SHARDS_MAX);
    for (size_t i = 0; i < seen.n && !code; i++)
        code = add_shard(f, seen.entries[i].key, err);
    for (const struct json_node *n = names->first; n && !code; n = n->next) {
        const uint64_t *shard = map_find(&seen, n->text);
        if (!shard || !safetensors_find(f->shards[*shard], n->key))
            code = err_set(err, ERR_INPUT, "%s/%s: tensor '%.80s' is not in %.80s", f->path, index,
                           n->key.p, n->text.p);
    }
    map_free(&seen);
    return code;
}

// A tensor must not stand in two files.
static enum err_code check_apart(const struct hf_folder *f, struct err *err)
{
    for (size_t s = 1; s < f->shard_count; s++)
        for (size_t i = 0; i < safetensors_count(f->shards[s]); i++) {
            struct str name = safetensors_at(f->shards[s], i)->name;
            for (size_t before = 0; before < s; before++)
                if (safetensors_find(f->shards[before], name))
                    return err_set(err, ERR_INPUT, "%s: tensor '%.*s' is in %s, too",
                                   safetensors_name(f->shards[s]), STR_ARG(name),
                                   safetensors_name(f->shards[before]));
        }
    return ERR_OK;
}

static enum err_code open_weights(struct hf_folder *f, const char *stem, struct err *err)
{
    char one[256], index[256];
    snprintf(one, sizeof one, "%s.safetensors", stem);
    snprintf(index, sizeof index, "%s.safetensors.index.json", stem);
    if (hf_folder_has(f, index) && !hf_folder_has(f, one)) {
        enum err_code code = open_indexed(f, index, err);
        return code ? code : check_apart(f, err);
    }
    if (!hf_folder_has(f, one))
        return err_set(err, ERR_NOT_FOUND,
                       "%s: there is neither %s nor %s; only safetensors are read", f->path, one,
                       index);
    return add_shard(f, one, err);
}

enum err_code hf_folder_open(const char *path, const char *stem, struct hf_folder **out,
                             struct err *err)
{
    *out = NULL;
    if (!file_is_dir(path))
        return err_set(err, ERR_NOT_FOUND, "%s: no such folder", path);
    struct hf_folder *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    f->path = strdup(path);
    f->arena = arena_open(ARENA_MAX);
    f->shards = calloc(SHARDS_MAX, sizeof *f->shards);
    f->from = calloc(SHARDS_MAX + 1, sizeof *f->from);
    enum err_code code = f->path && f->arena && f->shards && f->from
                             ? open_weights(f, stem, err)
                             : err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    *out = f;
    if (code)
        hf_folder_close(out);
    return code;
}

void hf_folder_close(struct hf_folder **out)
{
    struct hf_folder *f = *out;
    if (!f)
        return;
    for (size_t i = 0; i < f->shard_count; i++)
        safetensors_close(&f->shards[i]);
    free(f->shards);
    free(f->from);
    arena_close(&f->arena);
    free(f->path);
    free(f);
    *out = NULL;
}

size_t hf_folder_count(const struct hf_folder *f)
{
    return f->from[f->shard_count];
}

const struct safetensors_tensor *hf_folder_at(const struct hf_folder *f, size_t i,
                                              const char **file)
{
    for (size_t s = 0; s < f->shard_count; s++)
        if (i < f->from[s + 1]) {
            *file = safetensors_name(f->shards[s]);
            return safetensors_at(f->shards[s], i - f->from[s]);
        }
    return NULL;
}

const struct safetensors_tensor *hf_folder_find(const struct hf_folder *f, const char *name,
                                                const char **file)
{
    for (size_t s = 0; s < f->shard_count; s++) {
        const struct safetensors_tensor *t = safetensors_find(f->shards[s], str_of(name));
        if (t) {
            *file = safetensors_name(f->shards[s]);
            return t;
        }
    }
    return NULL;
}
