// Writes settings as a YAML file and as a page of documentation.
#include <string.h>

#include "base/settings_private.h"

// "server" of "server.port"; empty for a name without sections.
static struct str section_of(const char *name)
{
    struct str rest = str_of(name), head = str_cut(&rest, '.');
    return rest.p ? head : (struct str){name, 0};
}

static void add_quoted(struct buf *out, struct str s)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, s.p[i]);
    }
    buf_add_char(out, '"');
}

static bool is_bare_key(struct str key)
{
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9' && i) ||
              c == '_' || (i && (c == '.' || c == '-' || c == '/'))))
            return false;
    }
    return key.n > 0;
}

static void add_key(struct buf *out, struct str key)
{
    if (is_bare_key(key))
        buf_add_str(out, key);
    else
        add_quoted(out, key);
    buf_add_z(out, ": ");
}

static void add_help(struct buf *out, const struct setting_def *def, const char *indent)
{
    buf_printf(out, "%s# %s", indent, def->help ? def->help : "");
    if (def->unit && def->type != SETTING_CHOICE)
        buf_printf(out, " [%s]", def->unit);
    struct buf bounds = {0};
    setting_bounds(def, &bounds);
    if (bounds.n)
        buf_printf(out, " (%.*s)", STR_ARG(buf_str(&bounds)));
    out->failed = out->failed || bounds.failed;
    buf_free(&bounds);
    buf_add_char(out, '\n');
}

static void add_value(struct buf *out, const struct setting_value *v, struct str key,
                      const char *indent)
{
    bool patterned = strchr(v->def->name, '*') != NULL;
    if (!patterned)
        add_help(out, v->def, indent);
    buf_add_z(out, indent);
    // A plain default of NULL has no text that would read back; secrets stay where they are.
    if (v->def->flags & SETTING_SECRET || (!v->text[0] && v->def->type != SETTING_TEXT)) {
        buf_add_z(out, "# ");
        add_key(out, key);
        buf_add_z(out, v->text[0] ? "***\n" : "\n");
        return;
    }
    add_key(out, key);
    if (v->def->type == SETTING_TEXT)
        add_quoted(out, str_of(v->text));
    else
        buf_add_z(out, v->text);
    buf_add_char(out, '\n');
}

// All of one section: plain settings, patterned ones that are set, and the patterns as comments.
static void add_section(struct buf *out, const struct settings *s, struct str section)
{
    const char *indent = section.n ? "  " : "";
    size_t skip = section.n ? section.n + 1 : 0;
    if (section.n) {
        buf_add_char(out, '\n');
        buf_add_str(out, section);
        buf_add_z(out, ":\n");
    }
    for (size_t i = 0; i < s->count; i++)
        if (str_eq(section_of(s->values[i].name), section))
            add_value(out, &s->values[i], str_of(s->values[i].name + skip), indent);
    for (size_t i = 0; i < s->pattern_count; i++) {
        const struct setting_def *def = s->patterns[i].def;
        if (!str_eq(section_of(def->name), section))
            continue;
        add_help(out, def, indent);
        buf_printf(out, "%s# %s: %s\n", indent, def->name + skip,
                   def->default_text ? def->default_text : "");
    }
}

// The name of the k-th line of the tables, patterns after plain settings.
static const char *name_at(const struct settings *s, size_t k)
{
    return k < s->plain_count ? s->values[k].name : s->patterns[k - s->plain_count].name;
}

static bool is_first_of_section(const struct settings *s, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (str_eq(section_of(name_at(s, i)), section_of(name_at(s, k))))
            return false;
    return true;
}

void settings_to_yaml(const struct settings *s, struct buf *out)
{
    buf_add_z(out, "# Settings of fettle; docs/config.md explains them.\n");
    add_section(out, s, STR_LIT(""));
    for (size_t k = 0; k < s->plain_count + s->pattern_count; k++) {
        struct str section = section_of(name_at(s, k));
        if (section.n && is_first_of_section(s, k))
            add_section(out, s, section);
    }
}

// Text of a table's cell, in which '|' would end the cell.
static void add_cell(struct buf *out, struct str text)
{
    buf_add_char(out, ' ');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '|')
            buf_add_char(out, '\\');
        buf_add_char(out, text.p[i]);
    }
    buf_add_z(out, " |");
}

static void add_row(struct buf *out, const struct setting_def *def)
{
    struct buf kind = {0}, help = {0};
    buf_add_z(&kind, setting_type_name(def->type));
    size_t bare = kind.n;
    buf_add_z(&kind, def->type == SETTING_CHOICE ? ": " : ", ");
    setting_bounds(def, &kind);
    if (kind.n == bare + 2)
        kind.n = bare; // no bounds
    buf_add_z(&help, def->help ? def->help : "");
    if (def->unit && def->type != SETTING_CHOICE)
        buf_printf(&help, " (%s)", def->unit);
    buf_add_z(&help, def->flags & SETTING_RELOADABLE ? " *live*" : "");
    buf_add_z(&help, def->flags & SETTING_SECRET ? " *secret*" : "");
    buf_printf(out, "| `%s` |", def->name);
    add_cell(out, buf_str(&kind));
    add_cell(out, str_of(def->default_text));
    add_cell(out, buf_str(&help));
    buf_add_char(out, '\n');
    out->failed = out->failed || kind.failed || help.failed;
    buf_free(&kind);
    buf_free(&help);
}

void settings_to_markdown(const struct settings *s, struct buf *out)
{
    for (size_t k = 0; k < s->plain_count + s->pattern_count; k++) {
        struct str section = section_of(name_at(s, k));
        if (!is_first_of_section(s, k))
            continue;
        buf_printf(out, "\n## %.*s\n\n| name | value | default | meaning |\n|---|---|---|---|\n",
                   STR_ARG(section.n ? section : STR_LIT("(no section)")));
        for (size_t i = 0; i < s->plain_count; i++)
            if (str_eq(section_of(s->values[i].name), section))
                add_row(out, s->values[i].def);
        for (size_t i = 0; i < s->pattern_count; i++)
            if (str_eq(section_of(s->patterns[i].name), section))
                add_row(out, s->patterns[i].def);
    }
}
