// Names of settings as people write them: unknown ones, sections, and the environment.
#include "base/settings_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SUGGEST_BYTES = 200 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Levenshtein's distance in two rows; a '*' of the pattern stands for any text at no cost.
static size_t edit_distance(struct str name, const char *pattern)
{
    size_t rows[2][SUGGEST_BYTES + 1];
    size_t *last = rows[0], *row = rows[1];
    for (size_t j = 0; j <= name.n; j++)
        last[j] = j;
    for (; *pattern; pattern++) {
        bool any = *pattern == '*';
        row[0] = last[0] + !any;
        for (size_t j = 1; j <= name.n; j++)
            row[j] = any ? least(last[j], row[j - 1])
                         : least(least(last[j], row[j - 1]) + 1,
                                 last[j - 1] + (name.p[j - 1] != *pattern));
        size_t *swap = last;
        last = row;
        row = swap;
    }
    return last[name.n];
}

static const char *nearest(const struct settings *s, struct str name)
{
    const char *best = NULL;
    size_t limit = least(2 + name.n / 8, name.n / 2);
    if (name.n > SUGGEST_BYTES)
        return NULL;
    for (size_t i = 0; i < s->plain_count + s->pattern_count; i++) {
        const char *known =
            i < s->plain_count ? s->values[i].name : s->patterns[i - s->plain_count].name;
        size_t distance = edit_distance(name, known);
        if (distance <= limit) {
            best = known;
            limit = distance ? distance - 1 : 0;
        }
    }
    return best;
}

static bool leads_to(const char *known, struct str path)
{
    struct str name = str_of(known), rest = name, literal = str_cut(&rest, '*');
    if (rest.p && str_starts(path, literal))
        return path.n > literal.n;
    return name.n > path.n && name.p[path.n] == '.' && str_starts(name, path);
}

enum err_code settings_unknown(const struct settings *s, struct str name, const char *where,
                               struct err *err)
{
    const char *like = nearest(s, name);
    for (size_t i = 0; !like && i < s->plain_count; i++)
        if (leads_to(s->values[i].name, name))
            return err_set(err, ERR_INPUT, "%s: %.*s is a section, it has no value of its own",
                           where, STR_ARG(name));
    return err_set(err, ERR_INPUT, "%s: there is no setting %.*s%s%s%s", where,
                   (int)least(name.n, SUGGEST_BYTES), name.p, like ? " (did you mean " : "",
                   like ? like : "", like ? "?)" : "");
}

bool settings_is_section(const struct settings *s, struct str path)
{
    for (size_t i = 0; i < s->plain_count; i++)
        if (leads_to(s->values[i].name, path))
            return true;
    for (size_t i = 0; i < s->pattern_count; i++)
        if (leads_to(s->patterns[i].name, path))
            return true;
    return false;
}

static char env_char(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    return (char)((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_');
}

// True if `variable` (without FETTLE_) is how `name` is written in the environment; with
// `section`, if it begins as the first part of `name` does.
static bool env_matches(struct str variable, const char *name, bool section)
{
    for (size_t i = 0; name[i]; i++) {
        if (i == variable.n || env_char(name[i]) != variable.p[i])
            return false;
        if (section && name[i] == '.')
            return true;
    }
    return !section && variable.n == strlen(name);
}

static enum err_code load_variable(struct settings *s, struct str variable, struct str value,
                                   struct err *err)
{
    char where[SUGGEST_BYTES];
    snprintf(where, sizeof where, "environment FETTLE_%.*s", STR_ARG(variable));
    bool ours = false;
    for (size_t i = 0; i < s->plain_count; i++) {
        const char *name = s->values[i].name;
        if (env_matches(variable, name, false))
            return settings_set(s, name, value, where, err);
        ours = ours || env_matches(variable, name, true);
    }
    // Other programs' FETTLE_ variables are none of our business; one that begins with the name of
    // a section is a slip that would go unnoticed.
    if (!ours)
        return ERR_OK;
    char name[SUGGEST_BYTES];
    str_copy(name, sizeof name, variable);
    for (char *p = name; *p; p++)
        *p = (char)(*p == '_' ? '.' : *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
    const char *like = nearest(s, str_of(name));
    return err_set(err, ERR_INPUT, "%s: there is no such setting%s%s%s", where,
                   like ? " (did you mean " : "", like ? like : "", like ? "?)" : "");
}

enum err_code settings_load_env(struct settings *s, struct err *err)
{
    struct settings *copy = settings_copy(s);
    if (!copy)
        return err_set(err, ERR_NO_MEMORY, "out of memory for settings");
    enum err_code code = ERR_OK;
    for (char **e = environ; code == ERR_OK && *e; e++) {
        struct str value = str_of(*e), name = str_cut(&value, '=');
        if (!value.p || !str_starts(name, STR_LIT("FETTLE_")))
            continue;
        name.p += strlen("FETTLE_");
        name.n -= strlen("FETTLE_");
        code = load_variable(copy, name, value, err);
    }
    if (code == ERR_OK)
        settings_take(s, &copy);
    settings_close(&copy);
    return code;
}
