// What the parts of the settings share: the values, and how one text becomes a value.
#ifndef FETTLE_BASE_SETTINGS_PRIVATE_H
#define FETTLE_BASE_SETTINGS_PRIVATE_H

#include "base/map.h"
#include "base/settings.h"

enum { SETTING_NAME_BYTES = 512, SETTING_PATTERNED_MAX = 200000 };

struct setting_number {
    int64_t whole; // bools, ints, durations, bytes, the index of a choice
    double real;   // NaN for "none"
};

struct setting_value {
    const struct setting_def *def;
    char *name, *text, *source; // owned
    struct setting_number number;
    bool set; // not merely the default
};

struct settings {
    // Plain settings in table order, then patterned ones in the order in which they were set.
    struct setting_value *values;
    size_t count, cap, plain_count;
    struct map by_name; // name to index into values
    // The patterns of the tables, each with its default.
    struct setting_value *patterns;
    size_t pattern_count;
};

// Reads and bounds one value. The message of an error says what was expected.
enum err_code setting_parse(const struct setting_def *def, struct str text,
                            struct setting_number *out, struct err *err);

// What a value may be: "1 to 65535", "1s to 1h", the choices; nothing when all is allowed.
void setting_bounds(const struct setting_def *def, struct buf *out);

// True for UTF-8 of one line without control characters: what names and values may be.
bool setting_text_is_clean(struct str text);

// True if `name` is what `pattern` (with at most one '*') stands for.
bool setting_matches(const char *pattern, struct str name);

// The table line for a name, NULL when there is none.
const struct setting_def *settings_def(const struct settings *s, struct str name);

// True if `path` is a part of a name that other parts can follow: "server", "rules.sensor.a/flow".
bool settings_is_section(const struct settings *s, struct str path);

enum err_code settings_unknown(const struct settings *s, struct str name, const char *where,
                               struct err *err);

// Makes `*from`'s values those of `s` and closes `*from`.
void settings_take(struct settings *s, struct settings **from);

#endif
