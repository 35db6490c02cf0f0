// The option parser.
#include "cli/options.h"

#include <string.h>

#include "base/str.h"

// The name without the letter behind '|'; `letter` (may be NULL) receives that, 0 for none.
static struct str long_name(const struct option *o, char *letter)
{
    struct str rest = str_of(o->name), name = str_cut(&rest, '|');
    if (letter)
        *letter = rest.n ? rest.p[0] : '\0';
    return name;
}

static const struct option *find(const struct option *table, struct str name)
{
    for (; table->name; table++)
        if (str_eq(name, long_name(table, NULL)))
            return table;
    return NULL;
}

static const struct option *find_letter(const struct option *table, char wanted)
{
    char letter;
    for (; table->name; table++) {
        long_name(table, &letter);
        if (letter == wanted)
            return table;
    }
    return NULL;
}

// The option that begins like the unknown one, for the error message.
static const struct option *nearest(const struct option *table, struct str name)
{
    const struct option *best = NULL;
    size_t best_shared = 1;
    for (; table->name; table++) {
        size_t shared = 0;
        while (shared < name.n && table->name[shared] == name.p[shared])
            shared++;
        if (shared > best_shared) {
            best = table;
            best_shared = shared;
        }
    }
    return best;
}

static enum err_code store_value(const struct option *o, const char *value, struct err *err)
{
    struct str name = long_name(o, NULL);
    switch (o->type) {
    case OPTION_FLAG:
        *(bool *)o->to = true;
        return ERR_OK;
    case OPTION_TEXT:
        *(const char **)o->to = value;
        return ERR_OK;
    case OPTION_INT: {
        int64_t v;
        if (!str_to_i64(str_of(value), &v) || v < 0)
            return err_set(err, ERR_USAGE, "--%.*s %s: a whole number is expected", STR_ARG(name),
                           value);
        *(int64_t *)o->to = v;
        return ERR_OK;
    }
    case OPTION_REAL:
        if (!str_to_double(str_of(value), o->to))
            return err_set(err, ERR_USAGE, "--%.*s %s: a number is expected", STR_ARG(name), value);
        return ERR_OK;
    case OPTION_LIST: {
        struct option_list *list = o->to;
        if (list->count == OPTION_LIST_MAX)
            return err_set(err, ERR_USAGE, "--%.*s may be given %d times at most", STR_ARG(name),
                           OPTION_LIST_MAX);
        list->items[list->count++] = value;
        return ERR_OK;
    }
    }
    return err_set(err, ERR_INTERNAL, "--%.*s has no type", STR_ARG(name));
}

static enum err_code take_option(const struct option *table, int argc, char *const *argv, int *at,
                                 struct err *err)
{
    struct str rest = str_of(argv[*at] + 2), name = str_cut(&rest, '=');
    const struct option *o = find(table, name);
    if (!o) {
        const struct option *near = nearest(table, name);
        struct str near_name = near ? long_name(near, NULL) : (struct str){"", 0};
        return err_set(err, ERR_USAGE, "unknown option --%.*s%s%.*s%s", STR_ARG(name),
                       near ? " (did you mean --" : "", STR_ARG(near_name), near ? "?)" : "");
    }
    name = long_name(o, NULL);
    if (o->type == OPTION_FLAG) {
        if (rest.p)
            return err_set(err, ERR_USAGE, "--%.*s takes no value", STR_ARG(name));
        return store_value(o, NULL, err);
    }
    if (rest.p)
        return store_value(o, rest.p, err);
    if (*at + 1 >= argc)
        return err_set(err, ERR_USAGE, "--%.*s needs a value: --%.*s %s", STR_ARG(name),
                       STR_ARG(name), o->value);
    return store_value(o, argv[++*at], err);
}

// "-m VALUE"
static enum err_code take_letter(const struct option *table, int argc, char *const *argv, int *at,
                                 struct err *err)
{
    const char *word = argv[*at];
    const struct option *o = word[2] ? NULL : find_letter(table, word[1]);
    if (!o)
        return err_set(err, ERR_USAGE, "unknown option %s (options begin with two dashes)", word);
    if (o->type == OPTION_FLAG)
        return store_value(o, NULL, err);
    if (*at + 1 >= argc)
        return err_set(err, ERR_USAGE, "%s needs a value: %s %s", word, word, o->value);
    return store_value(o, argv[++*at], err);
}

enum err_code options_parse(const struct option *table, int argc, char *const *argv,
                            struct option_list *operands, struct err *err)
{
    bool options = true;
    for (int i = 0; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            enum err_code code = take_option(table, argc, argv, &i, err);
            if (code != ERR_OK)
                return code;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            enum err_code code = take_letter(table, argc, argv, &i, err);
            if (code != ERR_OK)
                return code;
        } else if (operands->count == OPTION_LIST_MAX) {
            return err_set(err, ERR_USAGE, "more than %d arguments", OPTION_LIST_MAX);
        } else {
            operands->items[operands->count++] = argv[i];
        }
    }
    return ERR_OK;
}

void options_help(const struct option *table, struct buf *out)
{
    for (; table->name; table++) {
        size_t start = out->n;
        char letter;
        struct str name = long_name(table, &letter);
        buf_add_z(out, "  ");
        if (letter)
            buf_printf(out, "-%c, ", letter);
        buf_printf(out, "--%.*s%s%s", STR_ARG(name), table->value ? " " : "",
                   table->value ? table->value : "");
        do
            buf_add_char(out, ' ');
        while (!out->failed && out->n - start < 24);
        buf_printf(out, "%s\n", table->help);
    }
}
