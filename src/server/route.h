// The words of the route table: what a route takes, who may use it, what it answers.
#ifndef FETTLE_SERVER_ROUTE_H
#define FETTLE_SERVER_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct exchange;

enum http_method { METHOD_GET, METHOD_POST, METHOD_PATCH, METHOD_COUNT };

// Who may use a route. X(NAME, name, what it may do). With one key for all, everyone who has the
// key (or needs none) is everything but public; the roles are declared where the routes are.
#define ROUTE_ROLES(X)                                                                             \
    X(PUBLIC, "public", "needs no key: shows nothing of the plant")                                \
    X(VIEWER, "viewer", "reads")                                                                   \
    X(DEVICE, "device", "sends readings")                                                          \
    X(OPERATOR, "operator", "works on incidents")                                                  \
    X(ENGINEER, "engineer", "changes settings")

enum role {
    ROLE_NONE, // a route that forgot its role: refused by the tests
#define X(NAME, name, text) ROLE_##NAME,
    ROUTE_ROLES(X)
#undef X
};

enum param_type {
    PARAM_TEXT,
    PARAM_INT,    // within [min, max]
    PARAM_BOOL,   // true/false, 1/0
    PARAM_TIME,   // RFC 3339, or a number of s/ms/us/ns since 1970, or "-15m": before now
    PARAM_CHOICE, // one of `choices`, separated by '|'
    PARAM_HEX_ID, // 1 to 16 hexadecimal digits
};

enum { PARAMS_MAX = 10 };

struct param_def {
    const char *name; // "{name}" in the path: a path parameter, a query parameter otherwise
    const char *help; // one sentence
    enum param_type type;
    bool required;
    int64_t min, max;         // of PARAM_INT
    const char *default_text; // NULL: none
    const char *choices;
};

enum body_kind { BODY_NONE, BODY_JSON, BODY_READINGS };

typedef void route_handler(struct exchange *x);

struct route {
    enum http_method method;
    enum role role;
    const char *path; // "/api/v1/incidents/{id}"
    route_handler *handle;
    const char *summary;            // one line for the documentation
    const struct param_def *params; // ended by a NULL name; NULL: none
    enum body_kind body;
    bool body_optional;
    const char *body_schema;  // its schema's name (schema.h), NULL for none
    const char *reply_schema; // the answer's, or a media type ("text/html") when it is no JSON
};

// The table, in the order of the documentation; ended by a NULL path.
extern const struct route routes[];
size_t route_count(void);

// Finds the route of a path (decoded, without the query). NULL when nothing has this path. When
// the path is there but not with this method, NULL with `*methods` holding bit 1 << enum
// http_method for each method that it has. `id` receives the text in place of a "{...}".
const struct route *route_find(const char *method, const char *path, unsigned *methods,
                               struct str *id);

// The methods of a path as an Allow header tells them: "GET, HEAD, OPTIONS".
void route_allow(unsigned methods, char *out, size_t cap);

const char *route_method_name(enum http_method m);
const char *role_name(enum role r);
const char *param_type_name(enum param_type t);

#endif
