// The program: finds the command, runs it, prints its error, and exits by its code.
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static int print_text(struct buf *text, FILE *to)
{
    int failed = text->failed || fwrite(text->p, 1, text->n, to) != text->n || fflush(to) != 0;
    buf_free(text);
    return failed ? err_exit_code(ERR_IO) : 0;
}

static int list_commands(FILE *to)
{
    struct buf out = {0};
    buf_add_z(&out, "fettle " FETTLE_VERSION
                    " watches a plant, finds what is wrong, and says so in plain words.\n\n"
                    "Usage: fettle COMMAND [OPTIONS]\n\nCommands:\n");
    for (const struct command *const *c = commands; *c; c++)
        buf_printf(&out, "  %-11s %s\n", (*c)->name, (*c)->summary);
    buf_add_z(&out,
              "\n`fettle help COMMAND` (or COMMAND --help) tells more. Results go to standard "
              "output,\nlogs and progress to standard error.\n\nExit codes:");
    for (int code = 0; code < ERR_CODE_COUNT; code++)
        buf_printf(&out, " %d %s%s", err_exit_code((enum err_code)code),
                   err_name((enum err_code)code), code + 1 < ERR_CODE_COUNT ? "," : ".\n");
    return print_text(&out, to);
}

static int help(const char *name)
{
    const struct command *c = command_find(name);
    if (!c) {
        fprintf(stderr, "fettle: no command named %s\n", name);
        return err_exit_code(ERR_USAGE);
    }
    struct buf out = {0};
    command_help(c, &out);
    return print_text(&out, stdout);
}

static bool asks_for_help(int argc, char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        list_commands(stderr);
        return err_exit_code(ERR_USAGE);
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return argc > 2 ? help(argv[2]) : list_commands(stdout);
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("fettle %s\n", FETTLE_VERSION);
        return 0;
    }
    const struct command *c = command_find(name);
    if (!c) {
        fprintf(stderr, "fettle: no command named %s (`fettle help` lists them)\n", name);
        return err_exit_code(ERR_USAGE);
    }
    if (asks_for_help(argc - 2, argv + 2))
        return help(name);
    struct err err = {0};
    struct option_list operands = {0};
    enum err_code code = options_parse(c->options(), argc - 2, argv + 2, &operands, &err);
    if (code == ERR_OK)
        code = c->run(&operands, &err);
    if (code != ERR_OK) {
        fprintf(stderr, "fettle %s: %s\n", name, err.text);
        if (code == ERR_USAGE)
            fprintf(stderr, "`fettle help %s` shows how it is used\n", name);
    }
    return err_exit_code(code);
}
