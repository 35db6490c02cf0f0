// The table of commands, in the order of the help.
#include "cli/command.h"

#define COMMANDS(X)                                                                                \
    X(serve)                                                                                       \
    X(watch)                                                                                       \
    X(incidents)                                                                                   \
    X(summary)                                                                                     \
    X(relearn)                                                                                     \
    X(sensitivity)                                                                                 \
    X(diagnose)                                                                                    \
    X(chat)                                                                                        \
    X(complete)                                                                                    \
    X(generate)                                                                                    \
    X(train) X(model) X(runs) X(eval) X(config) X(pipeline) X(doctor) X(backup) X(restore) X(docs)

#define X(name) extern const struct command command_##name;
COMMANDS(X)
#undef X

const struct command *const commands[] = {
#define X(name) &command_##name,
    COMMANDS(X)
#undef X
        NULL};
