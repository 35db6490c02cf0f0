// Where settings come from, how they change while running, who holds which snapshot.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_private.h"
#include "app/diagnose.h"
#include "base/file.h"
#include "base/log.h"

const struct setting_def app_settings[] = {
    {"intake.queue", "262144", "readings", "Readings in flight before senders are told to wait",
     1024, 16777216, SETTING_INT, 0},
    {"intake.future", "1h", NULL, "How far ahead of the clock a reading's time may be", 0, 0,
     SETTING_DURATION, SETTING_RELOADABLE},
    {"intake.past", "36525d", NULL, "How far back a reading's time may be", 0, 0, SETTING_DURATION,
     SETTING_RELOADABLE},
    {"detect.learn", "", NULL,
     "FROM..TO: stored readings of this time count as normal, and detectors begin with what they "
     "learn from them",
     0, 0, SETTING_TEXT, 0},
    {"summary.every", "3m", NULL, "Time between two summaries", 1e6, 86400e6, SETTING_DURATION,
     SETTING_RELOADABLE},
    {"summary.model", "", NULL,
     "Language model that writes the summaries: a name, a GGUF file, or none; empty: the one that "
     "comes with fettle",
     0, 0, SETTING_TEXT, SETTING_RELOADABLE},
    {"summary.time_limit", "30s", NULL,
     "How long the model may take; then the summary is written from the facts alone", 1e3, 600e6,
     SETTING_DURATION, SETTING_RELOADABLE},
    {"incident.diagnosis", "true", NULL,
     "Whether incidents are explained when they open and when they close", 0, 0, SETTING_BOOL,
     SETTING_RELOADABLE},
    {"incident.model", "", NULL,
     "Language model that explains incidents: a name, a GGUF file, or none; empty: the one that "
     "comes with fettle",
     0, 0, SETTING_TEXT, SETTING_RELOADABLE},
    {"incident.time_limit", "30s", NULL,
     "How long the model may take; then the incident is explained by its facts alone", 1e3, 600e6,
     SETTING_DURATION, SETTING_RELOADABLE},
    {"plant.sensors_max", "100000", "sensors", "Sensors the catalogue takes in", 1, 16777216,
     SETTING_INT, 0},
    {0}};

const struct setting_def *const *app_setting_tables(size_t *count)
{
    static const struct setting_def *const tables[] = {
        app_settings, store_settings, detect_settings, app_llm_settings, app_diagnose_settings};
    *count = sizeof tables / sizeof *tables;
    return tables;
}

static enum err_code settings_path(const struct app_sources *from, const char *name, char *out,
                                   size_t cap, struct err *err)
{
    if (snprintf(out, cap, "%s/%s", from->data_dir, name) >= (int)cap)
        return err_set(err, ERR_LIMIT, "%s: path too long", from->data_dir);
    return ERR_OK;
}

static enum err_code load_files(struct settings *s, const struct app_sources *from, struct err *err)
{
    char path[4096];
    enum err_code code = settings_path(from, "fettle.yaml", path, sizeof path, err);
    if (code != ERR_OK)
        return code;
    if (from->config_path)
        code = settings_load(s, from->config_path, err);
    else if (file_exists(path))
        code = settings_load(s, path, err);
    else if (file_exists("fettle.yaml"))
        code = settings_load(s, "fettle.yaml", err);
    if (code == ERR_OK)
        code = settings_path(from, "settings.yaml", path, sizeof path, err);
    if (code == ERR_OK && file_exists(path))
        code = settings_load(s, path, err);
    return code;
}

// What a setting's own type and bounds do not say.
static enum err_code check(const struct settings *s, struct err *err)
{
    int64_t from, to;
    const char *span = settings_text(s, "detect.learn");
    enum err_code code = span[0] ? app_span_parse(str_of(span), &from, &to, err) : ERR_OK;
    return code == ERR_OK ? ERR_OK : err_prefix(err, "detect.learn");
}

enum err_code app_settings_load(const struct app_sources *from, struct settings **out,
                                struct err *err)
{
    struct settings *s = settings_open(from->tables, from->table_count);
    if (!s)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the settings");
    enum err_code code = load_files(s, from, err);
    if (code == ERR_OK)
        code = settings_load_env(s, err);
    for (size_t i = 0; code == ERR_OK && i < from->set_count; i++)
        code = settings_set_pair(s, from->sets[i], err);
    if (code == ERR_OK)
        *out = s;
    else
        settings_close(&s);
    return code;
}

const struct settings *app_settings_hold(struct app *a)
{
    pthread_mutex_lock(&a->settings_lock);
    a->settings->holders++;
    const struct settings *s = a->settings->settings;
    pthread_mutex_unlock(&a->settings_lock);
    return s;
}

// Drops retired snapshots that nobody holds. Under the lock.
static void sweep(struct app *a)
{
    for (struct held_settings **at = &a->settings->next; *at;) {
        struct held_settings *h = *at;
        if (h->holders) {
            at = &h->next;
            continue;
        }
        *at = h->next;
        settings_close(&h->settings);
        free(h);
    }
}

void app_settings_release(struct app *a, const struct settings *s)
{
    pthread_mutex_lock(&a->settings_lock);
    for (struct held_settings *h = a->settings; h; h = h->next)
        if (h->settings == s)
            h->holders--;
    sweep(a);
    pthread_mutex_unlock(&a->settings_lock);
}

// Makes `s` the settings in force and tells those who keep copies of values. Takes `s` over.
static enum err_code put_in_force(struct app *a, struct settings *s, struct err *err)
{
    enum err_code code = store_reload(a->store, s, err);
    struct held_settings *h = code == ERR_OK ? calloc(1, sizeof *h) : NULL;
    if (!h) {
        settings_close(&s);
        return code != ERR_OK ? code : err_set(err, ERR_NO_MEMORY, "out of memory for settings");
    }
    h->settings = s;
    pthread_mutex_lock(&a->settings_lock);
    h->next = a->settings;
    a->settings = h;
    sweep(a);
    pthread_mutex_unlock(&a->settings_lock);
    atomic_store(&a->reload_wanted, true);
    return ERR_OK;
}

enum err_code app_config_reload(struct app *a, struct err *err)
{
    struct settings *s = NULL;
    enum err_code code = app_settings_load(a->from, &s, err);
    return code == ERR_OK ? put_in_force(a, s, err) : code;
}

static void add_yaml_line(struct buf *out, const char *name, const char *value)
{
    struct json_out j; // a JSON string is a YAML string, whatever is in it
    json_open(&j, out);
    json_text(&j, name);
    buf_add_z(out, ": ");
    json_open(&j, out);
    json_text(&j, value);
    buf_add_char(out, '\n');
}

struct kept_lines {
    struct buf *out;
    const char *path;
    const char *const *names;
    size_t count;
};

// Keeps earlier changes (their source is settings.yaml) that this change does not replace.
static void keep_line(void *arg, const struct setting_def *def, const char *name, const char *text,
                      const char *source)
{
    struct kept_lines *k = arg;
    (void)def;
    if (strncmp(source, k->path, strlen(k->path)) != 0)
        return;
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->names[i], name) == 0)
            return;
    add_yaml_line(k->out, name, text);
}

static const struct setting_def *find_def(const struct app_sources *from, const char *name)
{
    for (size_t t = 0; t < from->table_count; t++)
        for (const struct setting_def *d = from->tables[t]; d->name; d++)
            if (strcmp(d->name, name) == 0)
                return d;
    return NULL;
}

enum err_code app_config_change(struct app *a, const char *const *names, const char *const *values,
                                size_t count, bool *restart, struct err *err)
{
    char path[4096];
    enum err_code code = settings_path(a->from, "settings.yaml", path, sizeof path, err);
    if (code != ERR_OK)
        return code;
    const struct settings *now = app_settings_hold(a);
    struct settings *trial = settings_copy(now);
    if (!trial)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for settings");
    *restart = false;
    for (size_t i = 0; code == ERR_OK && i < count; i++) {
        const struct setting_def *def = find_def(a->from, names[i]);
        if (def && def->flags & SETTING_SECRET)
            code = err_set(err, ERR_DENIED, "%s: secrets are set in the file or the environment",
                           names[i]);
        else
            code = settings_set(trial, names[i], str_of(values[i]), "the change", err);
        if (def && !(def->flags & SETTING_RELOADABLE))
            *restart = true;
    }
    if (code == ERR_OK)
        code = check(trial, err);
    settings_close(&trial);
    struct buf text = {0};
    if (code == ERR_OK) {
        buf_add_z(&text, "# Changed through the API or the page. Delete a line to take it back.\n");
        struct kept_lines kept = {&text, path, names, count};
        settings_each(now, keep_line, &kept);
        for (size_t i = 0; i < count; i++)
            add_yaml_line(&text, names[i], values[i]);
        if (text.failed)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for settings");
    }
    app_settings_release(a, now);
    if (code == ERR_OK)
        code = file_replace(path, text.p, text.n, err);
    buf_free(&text);
    if (code == ERR_OK)
        code = app_config_reload(a, err);
    if (code == ERR_OK)
        log_info("config", "%zu setting(s) changed through the API", count);
    return code;
}
