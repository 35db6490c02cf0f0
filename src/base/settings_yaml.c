// Reads settings from YAML: nested mappings become dotted names.
#include <stdlib.h>
#include <yaml.h>

#include "base/file.h"
#include "base/settings_private.h"

enum { FILE_BYTES_MAX = 1 << 20, DEPTH_MAX = 16 };

struct loader {
    struct settings *s;
    const char *file;
    struct str text;
    yaml_parser_t parser;
    yaml_event_t event; // the one being looked at
    struct map seen;    // names met so far, with their lines
    char path[SETTING_NAME_BYTES];
    size_t path_n;
    struct err *err;
};

static int event_line(const struct loader *l)
{
    return (int)l->event.start_mark.line + 1;
}

static enum err_code refuse(struct loader *l, int line, const char *why)
{
    return err_set(l->err, ERR_INPUT, "%s:%d: %s", l->file, line, why);
}

static struct str line_at(struct str text, size_t line)
{
    struct str rest = text, at = str_cut(&rest, '\n');
    while (line-- && rest.p)
        at = str_cut(&rest, '\n');
    return at;
}

static bool indents_with_tab(struct str line)
{
    for (size_t i = 0; i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'); i++)
        if (line.p[i] == '\t')
            return true;
    return false;
}

static enum err_code syntax_error(struct loader *l)
{
    const yaml_parser_t *p = &l->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return err_set(l->err, ERR_NO_MEMORY, "%s: out of memory", l->file);
    size_t line = p->problem_mark.line;
    if (p->error == YAML_READER_ERROR) { // knows its byte only
        line = 0;
        for (size_t i = 0; i < p->problem_offset && i < l->text.n; i++)
            line += l->text.p[i] == '\n';
    }
    if (indents_with_tab(line_at(l->text, line)))
        return refuse(l, (int)line + 1, "YAML is indented with blanks, not with tabs");
    return refuse(l, (int)line + 1, p->problem ? p->problem : "no valid YAML");
}

// Moves on to the next event, refusing what settings have no use for.
static enum err_code next(struct loader *l)
{
    yaml_event_delete(&l->event);
    if (!yaml_parser_parse(&l->parser, &l->event))
        return syntax_error(l);
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (l->event.type == YAML_SCALAR_EVENT) {
        anchor = l->event.data.scalar.anchor;
        tag = l->event.data.scalar.tag;
    } else if (l->event.type == YAML_SEQUENCE_START_EVENT) {
        anchor = l->event.data.sequence_start.anchor;
        tag = l->event.data.sequence_start.tag;
    } else if (l->event.type == YAML_MAPPING_START_EVENT) {
        anchor = l->event.data.mapping_start.anchor;
        tag = l->event.data.mapping_start.tag;
    }
    if (anchor || l->event.type == YAML_ALIAS_EVENT)
        return refuse(l, event_line(l),
                      "anchors and aliases (& and *) have no place here; put quotes around a text "
                      "that begins so");
    if (tag)
        return refuse(l, event_line(l), "tags (!) have no place here");
    return ERR_OK;
}

static struct str scalar(const struct loader *l)
{
    return (struct str){(const char *)l->event.data.scalar.value, l->event.data.scalar.length};
}

static bool is_null(const struct loader *l)
{
    struct str s = scalar(l);
    return l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (s.n == 0 || str_is(s, "~") || str_eq_nocase(s, STR_LIT("null")));
}

// Appends the key that the event holds to the path, which must be new.
static enum err_code enter_key(struct loader *l)
{
    int line = event_line(l);
    if (l->event.type != YAML_SCALAR_EVENT)
        return refuse(l, line, "a name expected as key");
    struct str key = scalar(l);
    if (key.n == 0 || key.n + l->path_n + 2 > sizeof l->path || !setting_text_is_clean(key))
        return refuse(l, line, "a name of 1 to 500 bytes of text expected as key");
    if (l->path_n)
        l->path[l->path_n++] = '.';
    str_copy(l->path + l->path_n, sizeof l->path - l->path_n, key);
    l->path_n += key.n;
    struct str path = {l->path, l->path_n};
    const uint64_t *first = map_find(&l->seen, path);
    if (first)
        return err_set(l->err, ERR_INPUT, "%s:%d: %s stands here a second time (first in line %d)",
                       l->file, line, l->path, (int)*first);
    return map_put(&l->seen, path, (uint64_t)line)
               ? ERR_OK
               : err_set(l->err, ERR_NO_MEMORY, "%s: out of memory", l->file);
}

static enum err_code set_value(struct loader *l, int line, struct str value)
{
    struct buf where = {0};
    buf_printf(&where, "%s:%d", l->file, line);
    enum err_code code = where.failed ? err_set(l->err, ERR_NO_MEMORY, "out of memory")
                                      : settings_set(l->s, l->path, value, where.p, l->err);
    buf_free(&where);
    return code;
}

static enum err_code load_scalar(struct loader *l)
{
    struct str path = {l->path, l->path_n};
    const struct setting_def *def = settings_def(l->s, path);
    if (!is_null(l))
        return set_value(l, event_line(l), scalar(l));
    if (!def && settings_is_section(l->s, path))
        return ERR_OK; // a heading whose settings are all commented out
    if (def && def->type != SETTING_TEXT)
        return err_set(l->err, ERR_INPUT, "%s:%d: %s: a value is missing", l->file, event_line(l),
                       l->path);
    return set_value(l, event_line(l), STR_LIT(""));
}

// A list is another way to write a text whose parts are separated by commas.
static enum err_code load_list(struct loader *l)
{
    int line = event_line(l);
    const struct setting_def *def = settings_def(l->s, (struct str){l->path, l->path_n});
    if (def && def->type != SETTING_TEXT)
        return err_set(l->err, ERR_INPUT, "%s:%d: %s: one value expected, not a list", l->file,
                       line, l->path);
    struct buf joined = {0};
    enum err_code code = next(l);
    while (code == ERR_OK && l->event.type != YAML_SEQUENCE_END_EVENT) {
        if (l->event.type != YAML_SCALAR_EVENT || memchr(scalar(l).p, ',', scalar(l).n)) {
            code = refuse(l, event_line(l), "a list holds single values without commas");
            break;
        }
        if (joined.n)
            buf_add_char(&joined, ',');
        buf_add_str(&joined, scalar(l));
        code = next(l);
    }
    if (code == ERR_OK && joined.failed)
        code = err_set(l->err, ERR_NO_MEMORY, "%s: out of memory", l->file);
    if (code == ERR_OK)
        code = set_value(l, line, buf_str(&joined));
    buf_free(&joined);
    return code;
}

static enum err_code load_mapping(struct loader *l, int depth);

static enum err_code load_value(struct loader *l, int depth)
{
    switch (l->event.type) {
    case YAML_SCALAR_EVENT:
        return load_scalar(l);
    case YAML_SEQUENCE_START_EVENT:
        return load_list(l);
    default:
        return load_mapping(l, depth + 1);
    }
}

static enum err_code load_mapping(struct loader *l, int depth)
{
    struct str path = {l->path, l->path_n};
    int line = event_line(l);
    if (depth > DEPTH_MAX)
        return refuse(l, line, "more than 16 levels of nesting");
    if (path.n && !settings_is_section(l->s, path)) {
        if (settings_def(l->s, path))
            return err_set(l->err, ERR_INPUT, "%s:%d: %s: one value expected, not a section",
                           l->file, line, l->path);
    }
    bool empty = true;
    for (enum err_code code = next(l);; code = next(l)) {
        if (code != ERR_OK)
            return code;
        if (l->event.type == YAML_MAPPING_END_EVENT)
            break;
        empty = false;
        if ((code = enter_key(l)) != ERR_OK || (code = next(l)) != ERR_OK ||
            (code = load_value(l, depth)) != ERR_OK)
            return code;
        l->path_n = path.n;
        l->path[path.n] = '\0';
    }
    if (empty && path.n && !settings_is_section(l->s, path))
        return err_set(l->err, ERR_INPUT, "%s:%d: there is no section %s", l->file, line, l->path);
    return ERR_OK;
}

static enum err_code load_stream(struct loader *l)
{
    enum err_code code;
    if ((code = next(l)) != ERR_OK || (code = next(l)) != ERR_OK)
        return code;
    if (l->event.type == YAML_STREAM_END_EVENT)
        return ERR_OK;
    if ((code = next(l)) != ERR_OK)
        return code;
    if (l->event.type == YAML_MAPPING_START_EVENT)
        code = load_mapping(l, 1);
    else if (l->event.type != YAML_SCALAR_EVENT || !is_null(l))
        code = refuse(l, event_line(l), "settings such as \"server:\" expected");
    if (code != ERR_OK || (code = next(l)) != ERR_OK || (code = next(l)) != ERR_OK)
        return code;
    return l->event.type == YAML_STREAM_END_EVENT
               ? ERR_OK
               : refuse(l, event_line(l), "one YAML document expected, a second begins here");
}

static enum err_code check_bytes(struct str text, const char *file, struct err *err)
{
    if (text.n > FILE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than 1 MiB of settings", file);
    if (str_is_utf8(text))
        return ERR_OK;
    struct str rest = text;
    for (int line = 1; rest.p; line++)
        if (!str_is_utf8(str_cut(&rest, '\n')))
            return err_set(err, ERR_INPUT, "%s:%d: bytes that are not UTF-8", file, line);
    return err_set(err, ERR_INPUT, "%s: bytes that are not UTF-8", file);
}

enum err_code settings_load_text(struct settings *s, struct str text, const char *where,
                                 struct err *err)
{
    enum err_code code = check_bytes(text, where, err);
    if (code != ERR_OK)
        return code;
    struct loader *l = calloc(1, sizeof *l);
    struct settings *copy = settings_copy(s);
    if (!l || !copy || !yaml_parser_initialize(&l->parser)) {
        free(l);
        settings_close(&copy);
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    }
    l->s = copy;
    l->file = where;
    l->text = text;
    l->err = err;
    yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l->parser, (const unsigned char *)text.p, text.n);
    code = load_stream(l);
    yaml_event_delete(&l->event);
    yaml_parser_delete(&l->parser);
    map_free(&l->seen);
    free(l);
    if (code == ERR_OK)
        settings_take(s, &copy);
    settings_close(&copy);
    return code;
}

enum err_code settings_load(struct settings *s, const char *path, struct err *err)
{
    struct buf text = {0};
    enum err_code code = file_read(path, FILE_BYTES_MAX, &text, err);
    if (code == ERR_OK)
        code = settings_load_text(s, buf_str(&text), path, err);
    buf_free(&text);
    return code;
}
