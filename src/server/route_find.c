// From a method and a path to the route that serves it.
#include <stdio.h>
#include <string.h>

#include "server/route.h"

static const char *const method_names[METHOD_COUNT] = {"GET", "POST", "PATCH"};

const char *route_method_name(enum http_method m)
{
    return method_names[m];
}

const char *role_name(enum role r)
{
    static const char *const names[] = {"none",
#define X(NAME, name, text) name,
                                        ROUTE_ROLES(X)
#undef X
    };
    return names[r];
}

const char *param_type_name(enum param_type t)
{
    static const char *const names[] = {"text", "integer", "boolean", "time", "choice", "id"};
    return names[t];
}

size_t route_count(void)
{
    size_t n = 0;
    while (routes[n].path)
        n++;
    return n;
}

// True if `path` has the form of `pattern`, whose "{...}" stands for one segment that is not empty;
// "{sensor}" also for two, since a sensor's name is asset/parameter.
static bool matches(const char *pattern, const char *path, struct str *id)
{
    for (;;) {
        if (*pattern == '{') {
            const char *after = strchr(pattern, '}') + 1;
            size_t n = strcspn(path, "/");
            if (n == 0)
                return false;
            if (str_starts(str_of(pattern), STR_LIT("{sensor}")) && path[n] == '/') {
                size_t both = n + 1 + strcspn(path + n + 1, "/");
                *id = (struct str){path, both};
                if (both > n + 1 && strcmp(path + both, after) == 0)
                    return true;
            }
            *id = (struct str){path, n};
            path += n;
            pattern = after;
        } else if (*pattern != *path) {
            return false;
        } else if (*pattern == '\0') {
            return true;
        } else {
            pattern++;
            path++;
        }
    }
}

const struct route *route_find(const char *method, const char *path, unsigned *methods,
                               struct str *id)
{
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    *methods = 0;
    for (const struct route *r = routes; r->path; r++) {
        struct str found = {0};
        if (!matches(r->path, path, &found))
            continue;
        *methods |= 1u << r->method;
        *id = found;
        if (strcmp(method_names[r->method], method) == 0)
            return r;
    }
    return NULL;
}

void route_allow(unsigned methods, char *out, size_t cap)
{
    snprintf(out, cap, "%s%s%sOPTIONS", methods & 1u << METHOD_GET ? "GET, HEAD, " : "",
             methods & 1u << METHOD_POST ? "POST, " : "",
             methods & 1u << METHOD_PATCH ? "PATCH, " : "");
}
