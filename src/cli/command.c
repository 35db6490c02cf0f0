// What commands share: the common options, where settings come from, printing.
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/file.h"
#include "server/server.h"

struct common_options common_options = {.data_dir = "fettle-data"};

const struct app_sources *cli_sources(void)
{
    static const struct setting_def *tables[16];
    static struct app_sources from;
    size_t count;
    const struct setting_def *const *app_tables = app_setting_tables(&count);
    memcpy(tables, app_tables, count * sizeof *tables);
    tables[count++] = server_settings;
    from = (struct app_sources){.tables = tables,
                                .table_count = count,
                                .data_dir = common_options.data_dir,
                                .config_path = common_options.config_path,
                                .sets = common_options.sets.items,
                                .set_count = common_options.sets.count};
    return &from;
}

enum err_code cli_print(const struct buf *text, struct err *err)
{
    if (text->failed)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the output");
    return file_write_all(STDOUT_FILENO, text->p, text->n, err);
}

bool cli_colour(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

void command_help(const struct command *c, struct buf *out)
{
    const struct option *options = c->options();
    buf_printf(out, "Usage: fettle %s%s%s%s\n\n%s\n", c->name, options->name ? " [OPTIONS]" : "",
               c->operands[0] ? " " : "", c->operands, c->text);
    if (options->name) {
        buf_add_z(out, "\nOptions:\n");
        options_help(options, out);
    }
    buf_printf(out, "\nExamples:\n%s", c->examples);
}
