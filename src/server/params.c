// What a request asks for: its headers, and its parameters by the table of its route.
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/exchange.h"

const char *exchange_header(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->mhd, MHD_HEADER_KIND, name);
}

static bool is_path_param(const struct param_def *def)
{
    return def->name[0] == '{';
}

const struct param_value *exchange_param(const struct exchange *x, const char *name)
{
    const struct param_def *defs = x->route->params;
    for (size_t i = 0; defs && defs[i].name; i++)
        if (strcmp(defs[i].name, name) == 0)
            return &x->params[i];
    log_error("server", "%s has no parameter %s", x->route->path, name);
    abort();
}

int64_t exchange_int(const struct exchange *x, const char *name)
{
    const struct param_value *v = exchange_param(x, name);
    return v->set ? v->number : 0;
}

bool exchange_bool(const struct exchange *x, const char *name)
{
    return exchange_int(x, name) != 0;
}

int64_t exchange_time(const struct exchange *x, const char *name)
{
    const struct param_value *v = exchange_param(x, name);
    return v->set ? v->number : TIME_NONE;
}

const char *exchange_text(const struct exchange *x, const char *name)
{
    const struct param_value *v = exchange_param(x, name);
    return v->set ? v->text : "";
}

static bool read_choice(const struct param_def *def, struct str text, int64_t *out)
{
    struct str rest = str_of(def->choices);
    for (*out = 0; rest.n; (*out)++)
        if (str_eq(str_cut(&rest, '|'), text))
            return true;
    return false;
}

static bool read_hex_id(struct str text, int64_t *out)
{
    uint64_t id = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = (char)(text.p[i] | 32);
        int digit = text.p[i] >= '0' && text.p[i] <= '9' ? text.p[i] - '0'
                    : c >= 'a' && c <= 'f'               ? c - 'a' + 10
                                                         : -1;
        if (digit < 0)
            return false;
        id = id << 4 | (uint64_t)digit;
    }
    *out = (int64_t)id;
    return text.n >= 1 && text.n <= 16;
}

// "-15m" is 15 minutes before the plant's now.
static bool read_time(struct exchange *x, struct str text, int64_t *out)
{
    int64_t ago;
    if (text.n > 1 && text.p[0] == '-' &&
        str_to_duration_us((struct str){text.p + 1, text.n - 1}, &ago) && ago >= 0 &&
        ago < TIME_MAX_US) {
        *out = app_now_us(x->app) - ago;
        return true;
    }
    return time_from_any(text, out);
}

// NULL when the value is good, what was expected otherwise.
static const char *read_value(struct exchange *x, const struct param_def *def,
                              struct param_value *v)
{
    struct str text = str_of(v->text);
    switch (def->type) {
    case PARAM_TEXT:
        return str_is_utf8(text) ? NULL : "text in UTF-8 expected";
    case PARAM_INT:
        return str_to_i64(text, &v->number) && v->number >= def->min && v->number <= def->max
                   ? NULL
                   : "a whole number expected";
    case PARAM_BOOL:
        v->number = str_is(text, "true") || str_is(text, "1");
        return v->number || str_is(text, "false") || str_is(text, "0") ? NULL
                                                                       : "true or false expected";
    case PARAM_TIME:
        return read_time(x, text, &v->number)
                   ? NULL
                   : "a time as 2026-11-21T09:15:00Z, seconds since 1970, or -15m expected";
    case PARAM_CHOICE:
        return read_choice(def, text, &v->number) ? NULL : "one of these expected";
    case PARAM_HEX_ID:
        return read_hex_id(text, &v->number) ? NULL
                                             : "an id of 1 to 16 hexadecimal digits expected";
    }
    return "no such type";
}

static bool take_value(struct exchange *x, const struct param_def *def, struct param_value *v)
{
    const char *wrong = read_value(x, def, v);
    if (!wrong)
        return true;
    char name[64];
    struct str plain = str_of(def->name);
    if (is_path_param(def))
        plain = (struct str){plain.p + 1, plain.n - 2};
    str_copy(name, sizeof name, plain);
    if (def->type == PARAM_INT)
        reply_error(x, 400, "usage", name, "%s=%.64s: %s, from %lld to %lld", name, v->text, wrong,
                    (long long)def->min, (long long)def->max);
    else
        reply_error(x, 400, "usage", name, "%s=%.64s: %s%s%s", name, v->text, wrong,
                    def->choices ? ": " : "", def->choices ? def->choices : "");
    return false;
}

struct given {
    struct exchange *x;
    bool wrong;
};

static enum MHD_Result take_given(void *arg, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    struct given *g = arg;
    (void)kind;
    const struct param_def *defs = g->x->route->params;
    for (size_t i = 0; defs && defs[i].name; i++) {
        if (is_path_param(&defs[i]) || strcmp(defs[i].name, key) != 0)
            continue;
        struct param_value *v = &g->x->params[i];
        if (v->set) {
            reply_error(g->x, 400, "usage", key, "%.64s is given twice", key);
            g->wrong = true;
        } else if (value && value[0]) {
            *v = (struct param_value){.set = true, .text = value};
            g->wrong = !take_value(g->x, &defs[i], v);
        }
        return g->wrong ? MHD_NO : MHD_YES;
    }
    struct buf names = {0};
    for (size_t i = 0; defs && defs[i].name; i++)
        if (!is_path_param(&defs[i]))
            buf_printf(&names, "%s%s", names.n ? ", " : "", defs[i].name);
    reply_error(g->x, 400, "usage", key, "unknown parameter %.64s; %s takes %s", key,
                g->x->route->path, names.n ? names.p : "none");
    buf_free(&names);
    g->wrong = true;
    return MHD_NO;
}

bool exchange_read_params(struct exchange *x)
{
    struct given g = {.x = x};
    MHD_get_connection_values(x->mhd, MHD_GET_ARGUMENT_KIND, take_given, &g);
    if (g.wrong)
        return false;
    const struct param_def *defs = x->route->params;
    for (size_t i = 0; defs && defs[i].name; i++) {
        struct param_value *v = &x->params[i];
        if (!v->set && is_path_param(&defs[i]))
            *v = (struct param_value){.set = true, .text = x->path_id};
        else if (!v->set && defs[i].default_text)
            *v = (struct param_value){.set = true, .text = defs[i].default_text};
        else if (v->set)
            continue;
        if (v->set && !take_value(x, &defs[i], v))
            return false;
        if (!v->set && defs[i].required) {
            reply_error(x, 400, "usage", defs[i].name, "parameter %s is missing: %s", defs[i].name,
                        defs[i].help);
            return false;
        }
    }
    return true;
}

bool exchange_find_sensor(struct exchange *x, const char *name, uint32_t *id)
{
    if (catalog_find_full(app_catalog(x->app), str_of(name), id))
        return true;
    reply_error(x, 404, "not_found", "sensor",
                "no sensor \"%.128s\": names are asset/parameter, GET /api/v1/sensors lists them",
                name);
    return false;
}

bool exchange_find_asset(struct exchange *x, const char *name, uint32_t *id)
{
    if (catalog_find_asset(app_catalog(x->app), str_of(name), id))
        return true;
    reply_error(x, 404, "not_found", "asset", "no asset \"%.64s\": GET /api/v1/assets lists them",
                name);
    return false;
}
