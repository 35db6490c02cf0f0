// One setting's value: read from text, held to its bounds, written as JSON.
#include "base/settings_private.h"

#include <math.h>
#include <stdio.h>

const char *setting_type_name(enum setting_type type)
{
    static const char *const names[] = {
        [SETTING_BOOL] = "yes or no",    [SETTING_INT] = "whole number", [SETTING_REAL] = "number",
        [SETTING_DURATION] = "duration", [SETTING_BYTES] = "size",       [SETTING_TEXT] = "text",
        [SETTING_CHOICE] = "choice"};
    return (size_t)type < sizeof names / sizeof *names ? names[type] : "unknown";
}

static bool parse_bool(struct str text, int64_t *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (int i = 0; i < 6; i++) {
        if (str_eq_nocase(text, str_of(words[i]))) {
            *out = i & 1;
            return true;
        }
    }
    return false;
}

static bool parse_choice(const char *choices, struct str text, int64_t *out)
{
    struct str rest = str_of(choices);
    for (int64_t i = 0; rest.p; i++) {
        if (str_eq(str_cut(&rest, '|'), text)) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool setting_text_is_clean(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return false;
    // U+0080 to U+009F, the line and paragraph separators, the byte order mark, non-characters.
    static const char *const refused[] = {"\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF",
                                          "\xEF\xBF\xBE", "\xEF\xBF\xBF"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (text.n && memmem(text.p, text.n, refused[i], 3))
            return false;
    for (size_t i = 0; i + 1 < text.n; i++)
        if (text.p[i] == '\xC2' && (unsigned char)text.p[i + 1] < 0xA0)
            return false;
    return str_is_utf8(text);
}

static bool parse_number(const struct setting_def *def, struct str text, struct setting_number *out)
{
    uint64_t bytes;
    switch (def->type) {
    case SETTING_BOOL:
        return parse_bool(text, &out->whole);
    case SETTING_INT:
        return str_to_i64(text, &out->whole);
    case SETTING_REAL:
        if (str_eq_nocase(text, STR_LIT("none"))) {
            out->real = (double)NAN;
            return true;
        }
        return str_to_double(text, &out->real);
    case SETTING_DURATION:
        return str_to_duration_us(text, &out->whole);
    case SETTING_BYTES:
        if (!str_to_bytes(text, &bytes))
            return false;
        out->whole = (int64_t)bytes;
        return true;
    case SETTING_TEXT:
        return true;
    case SETTING_CHOICE:
        return parse_choice(def->unit, text, &out->whole);
    }
    return false;
}

static const char *expected(const struct setting_def *def)
{
    switch (def->type) {
    case SETTING_BOOL:
        return "true or false expected";
    case SETTING_INT:
        return "a whole number expected";
    case SETTING_REAL:
        return "a number or \"none\" expected";
    case SETTING_DURATION:
        return "a duration such as 250ms, 15s or 2h30m expected";
    case SETTING_BYTES:
        return "a size such as 4096, 64K or 1.5G expected";
    case SETTING_TEXT:
        return "UTF-8 text without control characters expected";
    case SETTING_CHOICE:
        break;
    }
    return "one of these expected: ";
}

static void bound_text(enum setting_type type, double v, char out[48])
{
    static const struct {
        enum setting_type type;
        const char *name;
        double factor;
    } units[] = {{SETTING_DURATION, "d", 86400e6},   {SETTING_DURATION, "h", 3600e6},
                 {SETTING_DURATION, "m", 60e6},      {SETTING_DURATION, "s", 1e6},
                 {SETTING_DURATION, "ms", 1e3},      {SETTING_DURATION, "us", 1},
                 {SETTING_BYTES, "G", 1073741824.0}, {SETTING_BYTES, "M", 1048576.0},
                 {SETTING_BYTES, "K", 1024.0}};
    for (size_t i = 0; v != 0 && i < sizeof units / sizeof *units; i++) {
        if (units[i].type == type && fmod(v, units[i].factor) == 0) {
            snprintf(out, 48, "%.0f%s", v / units[i].factor, units[i].name);
            return;
        }
    }
    snprintf(out, 48, "%.15g", v);
}

void setting_bounds(const struct setting_def *def, struct buf *out)
{
    char min[48], max[48];
    if (def->type == SETTING_CHOICE) {
        struct str rest = str_of(def->unit);
        for (const char *comma = ""; rest.p; comma = ", ") {
            buf_add_z(out, comma);
            buf_add_str(out, str_cut(&rest, '|'));
        }
        return;
    }
    if (def->min == 0 && def->max == 0)
        return;
    bound_text(def->type, def->min, min);
    bound_text(def->type, def->max, max);
    if (isinf(def->max))
        buf_printf(out, "at least %s", min);
    else if (isinf(def->min))
        buf_printf(out, "at most %s", max);
    else
        buf_printf(out, "%s to %s", min, max);
}

enum err_code setting_parse(const struct setting_def *def, struct str text,
                            struct setting_number *out, struct err *err)
{
    *out = (struct setting_number){0, 0};
    if (def->type != SETTING_TEXT)
        text = str_trim(text);
    struct buf bounds = {0};
    enum err_code code = ERR_OK;
    int shown = (int)(text.n < 60 ? text.n : 60);
    bool clean = setting_text_is_clean(text);
    if (!clean || !parse_number(def, text, out)) {
        if (def->type == SETTING_CHOICE)
            setting_bounds(def, &bounds);
        // A secret, or bytes that are not text, must not show up in a log.
        if (def->flags & SETTING_SECRET || def->type == SETTING_TEXT || !clean)
            code = err_set(err, ERR_INPUT, "%s", expected(def));
        else
            code = err_set(err, ERR_INPUT, "\"%.*s\": %s%.*s", shown, text.n ? text.p : "",
                           expected(def), STR_ARG(buf_str(&bounds)));
    } else if (def->type <= SETTING_BYTES && (def->min != 0 || def->max != 0)) {
        double v = def->type == SETTING_REAL ? out->real : (double)out->whole;
        if (v < def->min || v > def->max) {
            setting_bounds(def, &bounds);
            code = err_set(err, ERR_INPUT, "%.*s is out of bounds (%.*s)", shown, text.p,
                           STR_ARG(buf_str(&bounds)));
        }
    }
    buf_free(&bounds);
    return code;
}

void settings_json_value(struct json_out *j, const struct setting_def *def, const char *text)
{
    struct setting_number number;
    bool valid = setting_parse(def, str_of(text), &number, NULL) == ERR_OK;
    if (valid && def->type == SETTING_BOOL)
        json_bool(j, number.whole != 0);
    else if (valid && def->type == SETTING_INT)
        json_int(j, number.whole);
    else if (valid && def->type == SETTING_REAL)
        json_real(j, number.real);
    else
        json_text(j, text);
}
