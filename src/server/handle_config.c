// GET and PATCH /api/v1/config: every setting with its value, and changing them while running.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_doc.h"
#include "server/handlers.h"

enum { CHANGES_MAX = 256, BODY_ARENA_MAX = 16 << 20 };

static void write_bounds(struct json_out *j, const struct setting_def *def)
{
    json_key(j, "min");
    json_real(j, def->min == 0 && def->max == 0 ? (double)NAN : def->min);
    json_key(j, "max");
    json_real(j, def->min == 0 && def->max == 0 ? (double)NAN : def->max);
}

static void write_setting(void *arg, const struct setting_def *def, const char *name,
                          const char *text, const char *source)
{
    struct json_out *j = arg;
    json_object(j);
    json_key_text(j, "name", name);
    json_key(j, "value");
    settings_json_value(j, def, text);
    json_key_text(j, "text", text);
    json_key_text(j, "source", source);
    json_key_text(j, "type", setting_type_name(def->type));
    json_key_text(j, "default", def->default_text);
    json_key_text(j, "unit", def->unit);
    write_bounds(j, def);
    json_key_text(j, "help", def->help);
    json_key_bool(j, "reloadable", def->flags & SETTING_RELOADABLE);
    json_end(j);
}

void handle_config(struct exchange *x)
{
    struct json_out j;
    const struct settings *s = app_settings_hold(x->app);
    reply_json(x, &j);
    json_object(&j);
    json_key(&j, "settings");
    json_array(&j);
    settings_each(s, write_setting, &j);
    json_end(&j);
    json_end(&j);
    app_settings_release(x->app, s);
    x->reply.tagged = true;
}

struct changes {
    const char *names[CHANGES_MAX], *values[CHANGES_MAX];
    size_t count;
};

// Values may be texts ("15s"), numbers or booleans; each is judged by the setting's own type.
static bool take_change(struct exchange *x, const struct json_node *n, struct changes *c)
{
    const char *value = NULL;
    if (n->type == JSON_STRING || n->type == JSON_NUMBER)
        value = n->text.p;
    else if (n->type == JSON_BOOL)
        value = n->truth ? "true" : "false";
    if (!value)
        reply_error(x, 400, "input", n->key.p, "%.128s: a text, number, true or false expected",
                    n->key.p);
    else if (c->count == CHANGES_MAX)
        reply_error(x, 400, "input", NULL, "at most %d settings at once", CHANGES_MAX);
    else {
        c->names[c->count] = n->key.p;
        c->values[c->count++] = value;
        return true;
    }
    return false;
}

// The changed setting that an error speaks of.
static const char *named_in(const struct changes *c, const char *message)
{
    const char *found = NULL;
    for (size_t i = 0; i < c->count; i++)
        if (strstr(message, c->names[i]) && (!found || strlen(c->names[i]) > strlen(found)))
            found = c->names[i];
    return found;
}

static void apply(struct exchange *x, const struct changes *c)
{
    struct err err;
    bool restart = false;
    if (app_config_change(x->app, c->names, c->values, c->count, &restart, &err) != ERR_OK) {
        reply_err(x, &err, named_in(c, err.text));
        return;
    }
    struct json_out j;
    reply_json(x, &j);
    json_object(&j);
    json_key_int(&j, "changed", (int64_t)c->count);
    json_key_bool(&j, "restart_needed", restart);
    json_end(&j);
}

void handle_config_change(struct exchange *x)
{
    struct arena *arena = arena_open(BODY_ARENA_MAX);
    struct changes *c = calloc(1, sizeof *c);
    struct json_node *root = NULL;
    struct err err;
    enum err_code code = arena && c ? json_read(arena, buf_str(&x->body), "body", &root, &err)
                                    : err_set(&err, ERR_NO_MEMORY, "out of memory for the body");
    if (code != ERR_OK) {
        reply_err(x, &err, NULL);
    } else if (root->type != JSON_OBJECT || !root->first) {
        reply_error(x, 400, "input", NULL,
                    "body: an object of settings expected, such as {\"summary.every\":\"5m\"}");
    } else {
        bool good = true;
        for (const struct json_node *n = root->first; n && good; n = n->next)
            good = take_change(x, n, c);
        if (good)
            apply(x, c);
    }
    free(c);
    arena_close(&arena);
}
