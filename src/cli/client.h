// A small HTTP/1.1 client for commands that speak with the running fettle of a data folder.
#ifndef FETTLE_CLI_CLIENT_H
#define FETTLE_CLI_CLIENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct client {
    char host[64];
    int port;
    char key[128]; // API key, "" for none
};

// Finds the server that runs on `data_dir` (its server.json). False when none does.
bool client_find(const char *data_dir, struct client *out);

// Writes and removes server.json for others to find: what `serve` calls.
enum err_code client_announce(const char *data_dir, const char *host, int port, struct err *err);
void client_withdraw(const char *data_dir);

// One request over a connection of its own; `body` NULL for none (else JSON). The answer's body is
// appended to `answer`. A status of 400 or more gives the server's own message as the error.
enum err_code client_request(const struct client *c, const char *method, const char *path,
                             const char *body, struct buf *answer, struct err *err);

#endif
