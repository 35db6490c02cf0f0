// fettle docs: prints the parts of the documentation that are made from the program's tables.
#include <string.h>

#include "app/app.h"
#include "cli/command.h"
#include "server/server.h"

static const struct option table[] = {OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

// A Markdown table cell: no bars, no line breaks.
static void add_cell(struct buf *out, const char *text)
{
    buf_add_z(out, " ");
    for (; *text; text++) {
        if (*text == '|')
            buf_add_z(out, "\\|");
        else
            buf_add_char(out, *text == '\n' ? ' ' : *text);
    }
    buf_add_z(out, " |");
}

static void config_docs(struct buf *out)
{
    const struct app_sources *from = cli_sources();
    buf_add_z(out, "# Settings\n\nMade by `fettle docs config` from the tables in the source.\n\n"
                   "Values come from, weakest first: the default, `fettle.yaml` (`--config`), the "
                   "data folder's\n`settings.yaml` (changes made through the API), the environment "
                   "(`FETTLE_SERVER_PORT` for\n`server.port`), `--set`. A `*` in a name stands for "
                   "any text. Settings marked *live* change\nwithout a restart: edit the file and "
                   "send SIGHUP, use `PATCH /api/v1/config` or `fettle config set`.\n");
    const char *section = "";
    for (size_t t = 0; t < from->table_count; t++) {
        for (const struct setting_def *d = from->tables[t]; d->name; d++) {
            size_t n = strcspn(d->name, ".");
            if (strncmp(section, d->name, n) != 0 || section[n] != '.')
                buf_printf(out,
                           "\n## %.*s\n\n| name | type | default | meaning |\n|---|---|---|---|\n",
                           (int)n, d->name);
            section = d->name;
            buf_printf(out, "| `%s` | %s |", d->name, setting_type_name(d->type));
            add_cell(out, d->default_text ? d->default_text : "");
            struct buf help = {0};
            buf_printf(&help, "%s", d->help);
            if (d->unit)
                buf_printf(&help, " (%s)", d->unit);
            if (d->flags & SETTING_RELOADABLE)
                buf_add_z(&help, " *live*");
            add_cell(out, buf_str(&help).p);
            buf_free(&help);
            buf_add_char(out, '\n');
        }
    }
}

static void cli_docs(struct buf *out)
{
    buf_add_z(out, "# Commands\n\nMade by `fettle docs cli` from the tables in the source.\n");
    for (const struct command *const *c = commands; *c; c++) {
        buf_printf(out, "\n## fettle %s\n\n%s.\n\n```\n", (*c)->name, (*c)->summary);
        command_help(*c, out);
        buf_add_z(out, "```\n");
    }
    buf_add_z(out, "\n## Exit codes\n\n| code | name | meaning |\n|---|---|---|\n");
#define X(NAME, name, exit_code, http, text)                                                       \
    buf_printf(out, "| %d | %s | %s |\n", exit_code, name, text);
    ERR_CODES(X)
#undef X
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    struct buf out = {0};
    const char *what = operands->count == 1 ? operands->items[0] : "";
    if (strcmp(what, "config") == 0)
        config_docs(&out);
    else if (strcmp(what, "cli") == 0)
        cli_docs(&out);
    else if (strcmp(what, "http") == 0)
        server_docs(&out);
    else
        return err_set(err, ERR_USAGE, "config, cli or http expected");
    enum err_code code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

const struct command command_docs = {
    .name = "docs",
    .operands = "config | cli | http",
    .summary = "Print the reference of settings, commands or the HTTP API as Markdown",
    .text =
        "The files docs/config.md, docs/cli.md and docs/http.md are what this prints; the test\n"
        "run compares them.",
    .examples = "  fettle docs config > docs/config.md\n",
    .options = options,
    .run = run,
};
