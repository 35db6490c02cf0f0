// The settings: all tables' values, found by name.
#include "base/settings_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static _Noreturn void fault(const char *name, const char *why)
{
    log_error("settings", "%s: %s", name, why);
    abort();
}

static char *copy_str(struct str s)
{
    char *p = malloc(s.n + 1);
    if (p)
        str_copy(p, s.n + 1, s);
    return p;
}

static void free_value(struct setting_value *v)
{
    free(v->name);
    free(v->text);
    free(v->source);
}

// False when memory is out; `*v` holds nothing then.
static bool make_value(struct setting_value *v, const struct setting_def *def, struct str name,
                       struct str text, const char *source, bool set)
{
    *v = (struct setting_value){.def = def, .set = set};
    v->name = copy_str(name);
    v->text = copy_str(text);
    v->source = copy_str(str_of(source));
    if (v->name && v->text && v->source)
        return true;
    free_value(v);
    return false;
}

static bool make_default(struct setting_value *v, const struct setting_def *def)
{
    const char *star = strchr(def->name, '*');
    if (star &&
        (memchr(def->name, '.', (size_t)(star - def->name)) == NULL || strchr(star + 1, '*')))
        fault(def->name, "a pattern has one '*', behind its section");
    if (def->type == SETTING_CHOICE && !def->unit)
        fault(def->name, "a choice without words to choose from");
    const char *text = def->default_text ? def->default_text : "";
    if (!make_value(v, def, str_of(def->name), str_of(text), "default", false))
        return false;
    struct err err = {0};
    if (!def->default_text)
        v->number.real = (double)NAN;
    else if (setting_parse(def, str_of(text), &v->number, &err) != ERR_OK)
        fault(def->name, err.text);
    return true;
}

struct settings *settings_open(const struct setting_def *const *tables, size_t count)
{
    struct settings *s = calloc(1, sizeof *s);
    size_t total = 0;
    for (size_t t = 0; t < count; t++)
        for (const struct setting_def *d = tables[t]; d->name; d++)
            total++;
    if (!s)
        return NULL;
    s->values = calloc(total + 1, sizeof *s->values);
    s->patterns = calloc(total + 1, sizeof *s->patterns);
    s->cap = total + 1;
    bool ok = s->values && s->patterns;
    for (size_t t = 0; ok && t < count; t++) {
        for (const struct setting_def *d = tables[t]; ok && d->name; d++) {
            if (strchr(d->name, '*')) {
                ok = make_default(&s->patterns[s->pattern_count], d);
                s->pattern_count += ok;
                continue;
            }
            if (map_find(&s->by_name, str_of(d->name)))
                fault(d->name, "stands in the tables twice");
            ok = make_default(&s->values[s->count], d);
            s->count += ok;
            ok = ok && map_put(&s->by_name, str_of(d->name), s->count - 1);
        }
    }
    s->plain_count = s->count;
    if (!ok)
        settings_close(&s);
    return s;
}

void settings_close(struct settings **s)
{
    if (!*s)
        return;
    for (size_t i = 0; i < (*s)->count; i++)
        free_value(&(*s)->values[i]);
    for (size_t i = 0; i < (*s)->pattern_count; i++)
        free_value(&(*s)->patterns[i]);
    free((*s)->values);
    free((*s)->patterns);
    map_free(&(*s)->by_name);
    free(*s);
    *s = NULL;
}

static bool copy_values(struct setting_value *to, const struct setting_value *from, size_t count,
                        size_t *done)
{
    for (*done = 0; *done < count; ++*done) {
        const struct setting_value *v = &from[*done];
        if (!make_value(&to[*done], v->def, str_of(v->name), str_of(v->text), v->source, v->set))
            return false;
        to[*done].number = v->number;
    }
    return true;
}

struct settings *settings_copy(const struct settings *s)
{
    struct settings *copy = calloc(1, sizeof *copy);
    if (!copy)
        return NULL;
    copy->plain_count = s->plain_count;
    copy->cap = s->count + 1;
    copy->values = calloc(copy->cap, sizeof *copy->values);
    copy->patterns = calloc(s->pattern_count + 1, sizeof *copy->patterns);
    bool ok = copy->values && copy->patterns &&
              copy_values(copy->values, s->values, s->count, &copy->count) &&
              copy_values(copy->patterns, s->patterns, s->pattern_count, &copy->pattern_count);
    for (size_t i = 0; ok && i < copy->count; i++)
        ok = map_put(&copy->by_name, str_of(copy->values[i].name), i);
    if (!ok)
        settings_close(&copy);
    return copy;
}

void settings_take(struct settings *s, struct settings **from)
{
    struct settings old = *s;
    *s = **from;
    **from = old;
    settings_close(from);
}

bool setting_matches(const char *pattern, struct str name)
{
    struct str suffix = str_of(pattern), prefix = str_cut(&suffix, '*');
    if (!suffix.p)
        return str_eq(prefix, name);
    return name.n > prefix.n + suffix.n && str_starts(name, prefix) && str_ends(name, suffix);
}

// The value in force: one that was set or a plain default, else the default of the most literal
// pattern that fits; NULL for a name that no table holds.
static const struct setting_value *find(const struct settings *s, struct str name)
{
    const uint64_t *at = map_find(&s->by_name, name);
    if (at)
        return &s->values[*at];
    const struct setting_value *best = NULL;
    for (size_t i = 0; i < s->pattern_count; i++) {
        const struct setting_value *p = &s->patterns[i];
        if (setting_matches(p->name, name) && (!best || strlen(p->name) > strlen(best->name)))
            best = p;
    }
    return best;
}

const struct setting_def *settings_def(const struct settings *s, struct str name)
{
    const struct setting_value *v = find(s, name);
    return v ? v->def : NULL;
}

static enum err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "out of memory for settings");
}

// Puts `*v` in the place of the value of its name, or behind the others.
static enum err_code put_value(struct settings *s, struct setting_value *v, struct err *err)
{
    const uint64_t *at = map_find(&s->by_name, str_of(v->name));
    if (at) {
        free_value(&s->values[*at]);
        s->values[*at] = *v;
        return ERR_OK;
    }
    if (s->count - s->plain_count >= SETTING_PATTERNED_MAX)
        return err_set(err, ERR_LIMIT, "more than %d settings of single sensors",
                       SETTING_PATTERNED_MAX);
    if (s->count == s->cap) {
        struct setting_value *more = realloc(s->values, s->cap * 2 * sizeof *more);
        if (!more)
            return no_memory(err);
        s->values = more;
        s->cap *= 2;
    }
    if (!map_put(&s->by_name, str_of(v->name), s->count))
        return no_memory(err);
    s->values[s->count++] = *v;
    return ERR_OK;
}

enum err_code settings_set(struct settings *s, const char *name, struct str value,
                           const char *where, struct err *err)
{
    struct str key = str_of(name);
    if (key.n >= SETTING_NAME_BYTES || !setting_text_is_clean(key))
        return err_set(err, ERR_INPUT, "%s: a setting's name is at most %d bytes of text", where,
                       SETTING_NAME_BYTES - 1);
    const struct setting_def *def = settings_def(s, key);
    if (!def)
        return settings_unknown(s, key, where, err);
    struct setting_number number;
    enum err_code code = setting_parse(def, value, &number, err);
    if (code != ERR_OK) {
        err_prefix(err, "%s: %s", where, name);
        return code;
    }
    struct setting_value v;
    if (!make_value(&v, def, key, def->type == SETTING_TEXT ? value : str_trim(value), where, true))
        return no_memory(err);
    v.number = number;
    code = put_value(s, &v, err);
    if (code != ERR_OK)
        free_value(&v);
    return code;
}

enum err_code settings_set_pair(struct settings *s, const char *pair, struct err *err)
{
    char name[SETTING_NAME_BYTES];
    struct str value = str_of(pair), key = str_trim(str_cut(&value, '='));
    if (!value.p || key.n == 0)
        return err_set(err, ERR_INPUT, "--set %.80s: name=value expected", pair);
    if (!str_copy(name, sizeof name, key))
        return err_set(err, ERR_INPUT, "--set %.80s...: the name is too long", pair);
    return settings_set(s, name, value, "--set", err);
}

static const struct setting_value *get(const struct settings *s, const char *name)
{
    const struct setting_value *v = find(s, str_of(name));
    if (!v)
        fault(name, "the program asks for a setting that no table holds");
    return v;
}

bool settings_bool(const struct settings *s, const char *name)
{
    const struct setting_value *v = get(s, name);
    if (v->def->type != SETTING_BOOL)
        fault(name, "is no yes-or-no setting");
    return v->number.whole != 0;
}

int64_t settings_int(const struct settings *s, const char *name)
{
    const struct setting_value *v = get(s, name);
    if (v->def->type == SETTING_REAL || v->def->type == SETTING_TEXT)
        fault(name, "is no whole-number setting");
    return v->number.whole;
}

double settings_real(const struct settings *s, const char *name)
{
    const struct setting_value *v = get(s, name);
    if (v->def->type != SETTING_REAL)
        fault(name, "is no decimal setting");
    return v->number.real;
}

const char *settings_text(const struct settings *s, const char *name)
{
    return get(s, name)->text;
}

bool settings_is_set(const struct settings *s, const char *name)
{
    return get(s, name)->set;
}

void settings_each(const struct settings *s, settings_each_fn *each, void *arg)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct setting_value *v = &s->values[i];
        bool hide = v->def->flags & SETTING_SECRET && v->text[0];
        each(arg, v->def, v->name, hide ? "***" : v->text, v->source);
    }
}
