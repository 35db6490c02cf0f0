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

static void config_docs(struct buf *out)
{
    const struct app_sources *from = cli_sources();
    struct settings *s = settings_open(from->tables, from->table_count);
    if (!s) {
        out->failed = true;
        return;
    }
    buf_add_z(out, "# Settings\n\nMade by `fettle docs config` from the tables in the source.\n\n"
                   "Values come from, weakest first: the default, `fettle.yaml` (`--config`), the "
                   "data folder's\n`settings.yaml` (changes made through the API), the environment "
                   "(`FETTLE_SERVER_PORT` for\n`server.port`), `--set`. In YAML a section may be "
                   "nested or its names dotted. A `*` in a name\nstands for any text, such as a "
                   "sensor's name; such names go into the files or `--set`. Durations\nare written "
                   "`250ms`, `15s`, `2h30m`, sizes `64K`, `1.5G` (by 1024). Settings marked *live* "
                   "change\nwithout a restart: edit the file and send SIGHUP, use "
                   "`PATCH /api/v1/config` or `fettle config set`.\n");
    settings_to_markdown(s, out);
    settings_close(&s);
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
