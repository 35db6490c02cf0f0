// Settings: each folder's table of what can be set, and the values in force.
//
// One table yields the YAML file, --set, the environment, the API, `fettle config show` and
// docs/config.md. A name may hold one `*`, which stands for any text (also with dots):
// "rules.sensor.*.spike_high". Values come from, weakest first: the table's default, the YAML file,
// the environment (FETTLE_SERVER_PORT for server.port; no patterns there), --set.
#ifndef FETTLE_BASE_SETTINGS_H
#define FETTLE_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json_out.h"
#include "base/str.h"

enum setting_type {
    SETTING_BOOL,     // true/false, yes/no, on/off
    SETTING_INT,      // whole number
    SETTING_REAL,     // decimal number, or "none" (NaN)
    SETTING_DURATION, // "15s", "2h"; bounds and values in microseconds
    SETTING_BYTES,    // "64M"; bounds and values in bytes
    SETTING_TEXT,
    SETTING_CHOICE, // one of the words in `unit`, separated by '|'; settings_int gives its index
};

enum setting_flags {
    SETTING_RELOADABLE = 1, // takes effect without a restart
    SETTING_SECRET = 2,     // shown as "***"
};

struct setting_def {
    const char *name;         // "server.port"
    const char *default_text; // as one would write it in the file; NULL for a pattern without one
    const char *unit;         // "°C", "bytes", or the choices; NULL for none
    const char *help;         // one sentence
    double min, max;          // inclusive bounds for numbers; both 0: none; INFINITY: one side only
    enum setting_type type;
    unsigned flags;
};

struct settings;

// `tables` lists `count` tables, each ended by an entry whose name is NULL; they must outlive it.
struct settings *settings_open(const struct setting_def *const *tables, size_t count);
void settings_close(struct settings **s);

// A copy with its own values, for "try a change, keep it only if it is valid". Threads may read the
// same settings at the same time; to change them while others read, change a copy and swap.
struct settings *settings_copy(const struct settings *s);

// Reads a YAML file (or `text`, whose place in errors is `where`); unknown names, wrong types and
// values out of bounds are ERR_INPUT with file and line. Nothing is changed on failure.
enum err_code settings_load(struct settings *s, const char *path, struct err *err);
enum err_code settings_load_text(struct settings *s, struct str text, const char *where,
                                 struct err *err);

// Reads FETTLE_* from the environment. A variable that begins with a section's name but fits no
// setting is refused (FETTLE_SERVER_PROT), others are left alone. Nothing is changed on failure.
enum err_code settings_load_env(struct settings *s, struct err *err);

// One value from text; `where` names the source in errors and in settings_source.
enum err_code settings_set(struct settings *s, const char *name, struct str value,
                           const char *where, struct err *err);

// "name=value" as after --set; a list is written with commas.
enum err_code settings_set_pair(struct settings *s, const char *pair, struct err *err);

// Values. A name that no table holds is a fault of the program and aborts. Patterned names give
// their default while unset (NaN, 0, "" where there is none); where two patterns fit, the longer
// one counts, and a plain name counts before any pattern. Asking by the wrong type aborts too.
bool settings_bool(const struct settings *s, const char *name);
int64_t settings_int(const struct settings *s, const char *name); // also durations, bytes, choices
double settings_real(const struct settings *s, const char *name);
const char *settings_text(const struct settings *s, const char *name); // any type, as written;
                                                                       // valid until changed
bool settings_is_set(const struct settings *s, const char *name);      // not merely the default

// Calls `each` for every value in force: plain settings in table order, then patterned ones that
// were set. `text` is the value as written, "***" for secrets; `source` "default",
// "environment FETTLE_...", a file with line ("fettle.yaml:12"), or "--set".
typedef void settings_each_fn(void *arg, const struct setting_def *def, const char *name,
                              const char *text, const char *source);
void settings_each(const struct settings *s, settings_each_fn *each, void *arg);

// A JSON value of the right type for a text that settings_each gave.
void settings_json_value(struct json_out *j, const struct setting_def *def, const char *text);

// The values in force as a YAML file with the help as comments; loading it gives the same values.
// Secrets are left out: their lines are comments.
void settings_to_yaml(const struct settings *s, struct buf *out);

// The tables as sections of docs/config.md (the values in force do not matter).
void settings_to_markdown(const struct settings *s, struct buf *out);

const char *setting_type_name(enum setting_type type);

#endif
