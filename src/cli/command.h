// The contract of a command: one file each, one line in the table of commands.c.
#ifndef FETTLE_CLI_COMMAND_H
#define FETTLE_CLI_COMMAND_H

#include "base/err.h"
#include "cli/options.h"

struct command {
    const char *name;
    const char *operands;                  // as in the usage line: "[FILE...]"; "" for none
    const char *summary;                   // one line for the list
    const char *text;                      // a paragraph or two for `fettle help NAME`
    const char *examples;                  // lines, each a command with what it does
    const struct option *(*options)(void); // its table; the values live in the command's file
    enum err_code (*run)(const struct option_list *operands, struct err *err);
};

// In the order of the help, ended by NULL.
extern const struct command *const commands[];
const struct command *command_find(const char *name);

// The help of one command, as shown and as written into docs/cli.md.
void command_help(const struct command *c, struct buf *out);

// ---- what commands share ----

// Options that many commands take; put COMMON_OPTIONS at the end of a table.
struct common_options {
    const char *data_dir, *config_path, *api_key;
    struct option_list sets;
    bool json;
};
extern struct common_options common_options;

#define SETTINGS_OPTIONS                                                                           \
    {"data", "DIR", "Folder for everything that is written (default ./fettle-data)", OPTION_TEXT,  \
     &common_options.data_dir},                                                                    \
        {"config", "FILE", "Settings file (default fettle.yaml, if there)", OPTION_TEXT,           \
         &common_options.config_path},                                                             \
    {                                                                                              \
        "set", "NAME=VALUE", "One setting; may be repeated", OPTION_LIST, &common_options.sets     \
    }
// For commands that ask the fettle that runs on the data folder.
#define SERVER_OPTIONS                                                                             \
    {"api-key", "KEY", "Key of the server (default FETTLE_API_KEY, else the data folder's)",       \
     OPTION_TEXT, &common_options.api_key},                                                        \
        SETTINGS_OPTIONS
#define JSON_OPTION                                                                                \
    {                                                                                              \
        "json", NULL, "Print JSON", OPTION_FLAG, &common_options.json                              \
    }
#define OPTIONS_END                                                                                \
    {                                                                                              \
        NULL, NULL, NULL, OPTION_FLAG, NULL                                                        \
    }

// Where settings come from, by the common options; lives as long as the program.
const struct app_sources *cli_sources(void);

// Writes to standard output; ERR_IO when it cannot (a full disk behind a redirection).
enum err_code cli_print(const struct buf *text, struct err *err);

// True when standard output is a terminal that shows colour (NO_COLOR is honoured).
bool cli_colour(void);

#endif
