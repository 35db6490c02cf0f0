// What commands share that ask the fettle that runs on the data folder.
#ifndef FETTLE_CLI_ASK_H
#define FETTLE_CLI_ASK_H

#include "base/json_doc.h"
#include "cli/client.h"

// The server on the data folder, with the key to use: --api-key, else FETTLE_API_KEY, else the
// folder's own. False when none runs there.
bool ask_find(struct client *out);

// Makes lines for people from an answer.
typedef void ask_show_fn(struct buf *out, const struct json_node *answer);

// One request; prints the answer as it is with --json, and what `show` makes of it otherwise.
// ERR_NOT_FOUND when no fettle runs there.
enum err_code ask_server(const char *method, const char *path, const char *body, ask_show_fn *show,
                         struct err *err);

// Appends text to a path or query with everything escaped that has a meaning there.
void ask_escape(struct buf *out, const char *text);

#endif
