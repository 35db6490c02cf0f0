// Examples from text files and JSON Lines.
#include "train/corpus.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json_doc.h"

static enum err_code field(const struct json_node *o, const char *name, bool needed,
                           struct str *out, const char *where, struct err *err)
{
    const struct json_node *n = json_get(o, name);
    *out = (struct str){"", 0};
    if (!n || n->type == JSON_NULL) {
        if (!needed)
            return ERR_OK;
        return err_set(err, ERR_INPUT, "%s: field '%s' is missing", where, name);
    }
    if (n->type != JSON_STRING)
        return err_set(err, ERR_INPUT, "%s: field '%s' is no text", where, name);
    *out = n->text;
    return ERR_OK;
}

static enum err_code read_object(const struct json_node *o, const char *where, struct buf *prompt,
                                 struct corpus_example *e, struct err *err)
{
    struct str instruction, input;
    *e = (struct corpus_example){0};
    if (o->type != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "%s: an object expected", where);
    if (json_get(o, "text"))
        return field(o, "text", true, &e->text, where, err);
    enum err_code code;
    if ((code = field(o, "instruction", true, &instruction, where, err)) ||
        (code = field(o, "input", false, &input, where, err)) ||
        (code = field(o, "output", true, &e->answer, where, err)))
        return code;
    buf_reset(prompt);
    buf_add_str(prompt, instruction);
    if (instruction.n && input.n)
        buf_add_z(prompt, "\n\n");
    buf_add_str(prompt, input);
    if (prompt->failed)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    e->chat = true;
    e->prompt = buf_str(prompt);
    return ERR_OK;
}

static enum err_code read_lines(const char *path, struct str text, corpus_fn *each, void *arg,
                                struct err *err)
{
    struct arena *arena = arena_open(0);
    struct buf prompt = {0};
    enum err_code code = ERR_OK;
    if (!arena)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    for (size_t line = 1; text.n && !code; line++) {
        struct str one = str_trim(str_cut(&text, '\n'));
        if (one.n == 0)
            continue;
        char where[PATH_MAX + 32];
        snprintf(where, sizeof where, "%s: line %zu", path, line);
        struct json_node *o;
        struct corpus_example e;
        arena_reset(arena);
        code = json_read(arena, one, where, &o, err);
        if (!code)
            code = read_object(o, where, &prompt, &e, err);
        if (!code)
            code = each(arg, &e, err);
    }
    buf_free(&prompt);
    arena_close(&arena);
    return code;
}

enum err_code corpus_read(const char *path, corpus_fn *each, void *arg, struct err *err)
{
    struct file_map map;
    enum err_code code = file_map_open(path, &map, err);
    if (code)
        return code;
    struct str text = {(const char *)map.p, map.n};
    if (str_ends(str_of(path), STR_LIT(".jsonl")))
        code = read_lines(path, text, each, arg, err);
    else if (map.n)
        code = each(arg, &(struct corpus_example){.text = text}, err);
    file_map_close(&map);
    return code;
}

enum err_code corpus_read_list(const char *paths, corpus_fn *each, void *arg, struct err *err)
{
    enum err_code code = ERR_OK;
    struct str rest = str_of(paths);
    while (rest.n && !code) {
        char path[PATH_MAX];
        struct str one = str_trim(str_cut(&rest, ','));
        if (one.n == 0)
            continue;
        if (!str_copy(path, sizeof path, one))
            return err_set(err, ERR_USAGE, "a path of %zu bytes is too long", one.n);
        code = corpus_read(path, each, arg, err);
    }
    return code;
}
