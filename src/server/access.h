// Who may speak to the server: the key, the names it answers to, the pages that may use it.
//
// Everything here is decided by the request's headers alone, before routing. An open struct access
// is not changed any more and safe for all threads.
#ifndef FETTLE_SERVER_ACCESS_H
#define FETTLE_SERVER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/settings.h"
#include "base/str.h"

enum { ACCESS_NAMES_MAX = 64, ACCESS_NAME_BYTES = 256 };

struct access {
    bool key_needed;
    unsigned char key_hash[32]; // SHA-256 of the key
    size_t host_count;
    char hosts[ACCESS_NAMES_MAX][ACCESS_NAME_BYTES]; // "name:port", lower case
    size_t origin_count;
    char origins[ACCESS_NAMES_MAX][ACCESS_NAME_BYTES]; // "https://name:port", lower case
};

// Reads server.hosts, server.cors_origins and the key. `port` is the one in use. On an address that
// is not loopback a key is needed: from server.api_key, or from `data_dir`/api-key, which is made
// (mode 0600) when it is not there. ERR_DENIED when that file can be read by others.
enum err_code access_open(struct access *a, const struct settings *settings, const char *data_dir,
                          int port, struct err *err);

bool access_is_loopback(const char *address);

// A Host header: one of the names, or the very address the connection came in on (`local`, as
// numbers, without port; NULL: unknown). Without a port, 80 is meant.
bool access_host_allowed(const struct access *a, struct str host, const char *local, int port);

// The key from "Authorization: Bearer K" (or "Token K", as InfluxDB clients write it) or
// "X-API-Key: K"; either may be NULL. True when it is right or none is needed. Takes the same time
// for every wrong key.
bool access_key_right(const struct access *a, const char *authorization, const char *api_key);

// One of the listed other sites.
bool access_origin_listed(const struct access *a, struct str origin);

// May a request that changes something come from where it says it comes from? `origin` and
// `fetch_site` are the headers of that name (NULL: none), `host` the request's own. Programs that
// are no browsers send neither and may.
bool access_change_allowed(const struct access *a, const char *origin, const char *fetch_site,
                           const char *host);

#endif
