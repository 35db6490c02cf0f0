// Writers of logs: pairs, JSON, tables, syslog, registers, INI, YAML, XML and notes.
#include <stdio.h>
#include <string.h>

#include "base/json_out.h"
#include "factory/dialect.h"

static const struct row *rows_end(const struct dialect_use *u)
{
    return u->scene->rows + u->scene->row_count;
}

static const char *pick(struct rng *rng, const char *const *ways, size_t count)
{
    return ways[rng_below(rng, count)];
}

#define PICK(rng, ...)                                                                             \
    pick(rng, (const char *const[]){__VA_ARGS__},                                                  \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static bool has_limits(const struct dialect_use *u, const struct row *r)
{
    return u->limits && (r->low[0] || r->high[0]);
}

// "10-30 V", "max 85 C": in one of the ways people write limits.
static void write_range(struct rng *rng, const struct row *r, struct buf *to)
{
    const char *gap = r->unit[0] ? " " : "";
    if (r->low[0] && r->high[0])
        buf_printf(to, "%s%s%s%s%s", r->low, PICK(rng, "-", "..", " to "), r->high, gap, r->unit);
    else if (r->high[0])
        buf_printf(to, "%s%s%s%s", PICK(rng, "max ", "<= ", "max. "), r->high, gap, r->unit);
    else
        buf_printf(to, "%s%s%s%s", PICK(rng, "min ", ">= ", "min. "), r->low, gap, r->unit);
}

// "8.4 V [LOW] (limit 10-30 V)"
static void write_value(const struct dialect_use *u, const struct row *r, struct buf *to)
{
    const char *gap = r->unit[0] && rng_below(u->rng, 3) ? " " : "";
    buf_printf(to, "%s%s%s", r->value, gap, r->unit);
    if (r->flag[0])
        buf_printf(to, " [%s]", r->flag);
    if (has_limits(u, r)) {
        buf_printf(to, " (%s", PICK(u->rng, "limit ", "range ", "", "spec ", "normal "));
        write_range(u->rng, r, to);
        buf_add_char(to, ')');
    }
}

static enum err_code write_pipes(const struct dialect_use *u, struct buf *to, struct err *err)
{
    const struct scene *s = u->scene;
    const char *mark = PICK(u->rng, " | ", " | ", "; ", " || ");
    (void)err;
    switch (rng_below(u->rng, 4)) {
    case 0:
        buf_printf(to, "[%.10s] ID:%s >>> ", s->time, s->device);
        break;
    case 1:
        buf_printf(to, "[%s] ", s->time);
        break;
    case 2:
        buf_printf(to, "%s %s: ", PICK(u->rng, "device", "asset", "unit_id"), s->device);
        buf_add_z(to, "| ");
        break;
    default:
        break;
    }
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        buf_printf(to, "%s%s", r == s->rows ? "" : mark, r->key);
        buf_add_z(to, ": ");
        write_value(u, r, to);
    }
    buf_add_char(to, '\n');
    return ERR_OK;
}

static enum err_code write_commas(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    buf_printf(to, "id=%s", u->scene->device);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        buf_printf(to, ", %s=", r->key);
        write_value(u, r, to);
    }
    buf_add_char(to, '\n');
    return ERR_OK;
}

static enum err_code write_lines(const struct dialect_use *u, struct buf *to, struct err *err)
{
    const char *bullet = PICK(u->rng, "- ", "* ", "");
    const char *mark = PICK(u->rng, ": ", " = ", ": ");
    (void)err;
    buf_printf(to, "%s: %s\n", PICK(u->rng, "device", "Device", "Asset"), u->scene->device);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        buf_printf(to, "%s%s%s", bullet, r->key, mark);
        write_value(u, r, to);
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

static enum err_code write_json_flat(const struct dialect_use *u, struct buf *to, struct err *err)
{
    struct json_out j;
    char text[WORD_BYTES * 4];
    (void)err;
    json_open(&j, to);
    json_object(&j);
    json_key_text(&j, PICK(u->rng, "device", "id", "asset"), u->scene->device);
    json_key_text(&j, PICK(u->rng, "ts", "time", "timestamp"), u->scene->time);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        snprintf(text, sizeof text, "%s%s%s", r->value, r->unit[0] ? " " : "", r->unit);
        json_key_text(&j, r->key, text);
    }
    if (u->limits) {
        json_key(&j, "limits");
        json_object(&j);
        for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
            struct buf range = {0};
            if (!has_limits(u, r))
                continue;
            write_range(u->rng, r, &range);
            json_key_text(&j, r->key, range.p);
            buf_free(&range);
        }
        json_end(&j);
    }
    json_end(&j);
    buf_add_char(to, '\n');
    return ERR_OK;
}

static enum err_code write_json_records(const struct dialect_use *u, struct buf *to,
                                        struct err *err)
{
    struct json_out j;
    const char *name = PICK(u->rng, "name", "tag", "signal", "parameter");
    (void)err;
    json_open(&j, to);
    json_object(&j);
    json_key_text(&j, "device", u->scene->device);
    json_key(&j, "readings");
    json_array(&j);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        json_object(&j);
        json_key_text(&j, name, r->key);
        json_key(&j, "value");
        if (r->is_state)
            json_text(&j, r->value);
        else
            json_raw(&j, str_of(r->value));
        if (r->unit[0])
            json_key_text(&j, "unit", r->unit);
        if (has_limits(u, r) && r->low[0]) {
            json_key(&j, "min");
            json_raw(&j, str_of(r->low));
        }
        if (has_limits(u, r) && r->high[0]) {
            json_key(&j, "max");
            json_raw(&j, str_of(r->high));
        }
        if (r->flag[0])
            json_key_text(&j, "flag", r->flag);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    buf_add_char(to, '\n');
    return ERR_OK;
}

static enum err_code write_json_lines(const struct dialect_use *u, struct buf *to, struct err *err)
{
    size_t count = u->scene->sample_count ? u->scene->sample_count : 1;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        struct json_out j;
        char text[WORD_BYTES * 4];
        json_open(&j, to);
        json_object(&j);
        json_key_text(&j, "id", u->scene->device);
        for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
            bool last = i + 1 == count;
            snprintf(text, sizeof text, "%s%s%s", last ? r->value : r->samples[i],
                     r->unit[0] ? " " : "", r->unit);
            json_key_text(&j, r->key, text);
            if (last && has_limits(u, r)) {
                struct buf range = {0};
                snprintf(text, sizeof text, "%s_limit", r->key);
                write_range(u->rng, r, &range);
                json_key_text(&j, text, range.p);
                buf_free(&range);
            }
        }
        json_end(&j);
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

static enum err_code write_csv_long(const struct dialect_use *u, struct buf *to, struct err *err)
{
    const char *m = PICK(u->rng, ",", ";", "\t");
    (void)err;
    buf_printf(to, "time%s%s%svalue%sunit%s%s%s%s%sflag\n", m,
               PICK(u->rng, "tag", "name", "channel"), m, m, m, PICK(u->rng, "low", "min", "lower"),
               m, PICK(u->rng, "high", "max", "upper"), m);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        bool limits = has_limits(u, r);
        buf_printf(to, "%s%s%s%s%s%s%s%s%s%s%s%s%s\n", u->scene->time, m, r->key, m, r->value, m,
                   r->unit, m, limits ? r->low : "", m, limits ? r->high : "", m, r->flag);
    }
    return ERR_OK;
}

static enum err_code write_csv_wide(const struct dialect_use *u, struct buf *to, struct err *err)
{
    const char *m = PICK(u->rng, ",", ";", ",");
    size_t count = u->scene->sample_count ? u->scene->sample_count : 2;
    (void)err;
    buf_printf(to, "# device: %s\ntime", u->scene->device);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++)
        buf_printf(to, "%s%s%s%s%s", m, r->key, r->unit[0] ? " [" : "", r->unit,
                   r->unit[0] ? "]" : "");
    buf_add_char(to, '\n');
    for (size_t i = 0; i < count; i++) {
        buf_printf(to, "%.14s%02zu:00", u->scene->time, i * 7);
        for (const struct row *r = u->scene->rows; r < rows_end(u); r++)
            buf_printf(to, "%s%s", m, u->scene->sample_count ? r->samples[i] : r->value);
        buf_add_char(to, '\n');
    }
    if (u->limits) {
        for (int high = 0; high < 2; high++) {
            buf_add_z(to, high ? "max" : "min");
            for (const struct row *r = u->scene->rows; r < rows_end(u); r++)
                buf_printf(to, "%s%s", m, high ? r->high : r->low);
            buf_add_char(to, '\n');
        }
    }
    return ERR_OK;
}

static void write_columns(const struct dialect_use *u, bool markdown, struct buf *to)
{
    const char *names[] = {PICK(u->rng, "Parameter", "Tag", "Signal"), "Value", "Unit",
                           PICK(u->rng, "Limits", "Range", "Spec"), "Status"};
    const char *form =
        markdown ? "| %s | %s | %s | %s | %s |\n" : "%-22s  %-10s  %-8s  %-18s  %s\n";
    buf_printf(to, "device: %s\n", u->scene->device);
    // The form is one of the two above.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buf_printf(to, form, names[0], names[1], names[2], names[3], names[4]);
    if (markdown)
        buf_add_z(to, "|---|---|---|---|---|\n");
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        struct buf range = {0};
        if (has_limits(u, r))
            write_range(u->rng, r, &range);
        buf_printf(to, form, r->key, r->value, r->unit[0] ? r->unit : "-", range.p ? range.p : "-",
                   r->flag[0] ? r->flag : "-");
        buf_free(&range);
    }
#pragma GCC diagnostic pop
}

static enum err_code write_aligned(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    write_columns(u, false, to);
    return ERR_OK;
}

static enum err_code write_markdown(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    write_columns(u, true, to);
    return ERR_OK;
}

static void write_equals(const struct dialect_use *u, struct buf *to)
{
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        buf_printf(to, " %s=%s%s", r->key, r->value, r->unit);
        if (has_limits(u, r) && r->low[0])
            buf_printf(to, " %s_min=%s", r->key, r->low);
        if (has_limits(u, r) && r->high[0])
            buf_printf(to, " %s_max=%s", r->key, r->high);
    }
    buf_add_char(to, '\n');
}

static enum err_code write_syslog(const struct dialect_use *u, struct buf *to, struct err *err)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    (void)err;
    buf_printf(to, "<%d>%s %02d %.8s %s %s[%d]:", 128 + (int)rng_below(u->rng, 16),
               months[rng_below(u->rng, 12)], 10 + (int)rng_below(u->rng, 18), u->scene->time + 11,
               u->scene->device, PICK(u->rng, "poll", "rtud", "scan"),
               100 + (int)rng_below(u->rng, 9000));
    write_equals(u, to);
    return ERR_OK;
}

// A line a sample; the last one has the limits, too.
static enum err_code write_logfmt(const struct dialect_use *u, struct buf *to, struct err *err)
{
    size_t count = u->scene->sample_count ? u->scene->sample_count : 1;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        buf_printf(to, "ts=%.10sT%.6s%02zuZ device=%s", u->scene->time, u->scene->time + 11, i * 9,
                   u->scene->device);
        if (i + 1 == count) {
            write_equals(u, to);
            continue;
        }
        for (const struct row *r = u->scene->rows; r < rows_end(u); r++)
            buf_printf(to, " %s=%s%s", r->key, r->samples[i], r->unit);
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

static enum err_code write_alarms(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        buf_printf(to, "%s.%03d %s %s ", u->scene->time, (int)rng_below(u->rng, 1000),
                   r->flag[0] && strcmp(r->flag, "OK") != 0 ? "ALM" : "EVT", r->key);
        buf_printf(to, "%s%s%s", r->value, r->unit[0] ? " " : "", r->unit);
        if (has_limits(u, r)) {
            buf_add_z(to, " LIM ");
            write_range(u->rng, r, to);
        }
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

static enum err_code write_registers(const struct dialect_use *u, struct buf *to, struct err *err)
{
    unsigned address = 40001 + (unsigned)rng_below(u->rng, 900);
    uint64_t form = rng_below(u->rng, 3);
    (void)err;
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        const char *point = strchr(r->value, '.');
        char raw[WORD_BYTES];
        size_t n = 0, decimals = point ? strlen(point + 1) : 0;
        for (const char *c = r->value; *c; c++)
            if (*c != '.')
                raw[n++] = *c;
        raw[n] = '\0';
        address += 1 + (unsigned)rng_below(u->rng, 2);
        if (r->is_state || form == 0)
            buf_printf(to, "%u %s = %s%s%s", address, r->key, r->value, r->unit[0] ? " " : "",
                       r->unit);
        else if (form == 1)
            buf_printf(to, "HR%u: [%s] %s -> %s %s", address, r->key, raw, r->value, r->unit);
        else
            buf_printf(to, "%u %s %s x %s %s", address, r->key, raw,
                       decimals == 0   ? "1"
                       : decimals == 1 ? "0.1"
                       : decimals == 2 ? "0.01"
                                       : "0.001",
                       r->unit);
        if (has_limits(u, r)) {
            buf_add_z(to, " (limit ");
            write_range(u->rng, r, to);
            buf_add_char(to, ')');
        }
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

static enum err_code write_ini(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    buf_printf(to, "[%s]\n", u->scene->device);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++)
        buf_printf(to, "%s = %s%s%s\n", r->key, r->value, r->unit[0] ? " " : "", r->unit);
    if (!u->limits)
        return ERR_OK;
    buf_add_z(to, "[limits]\n");
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        if (!has_limits(u, r))
            continue;
        buf_printf(to, "%s = ", r->key);
        write_range(u->rng, r, to);
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

static enum err_code write_yaml(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    buf_printf(to, "device: %s\n", u->scene->device);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        if (r->is_state) {
            buf_printf(to, "%s: %s\n", r->key, r->value);
            continue;
        }
        buf_printf(to, "%s:\n  value: %s\n", r->key, r->value);
        if (r->unit[0])
            buf_printf(to, "  unit: \"%s\"\n", r->unit);
        if (has_limits(u, r) && r->low[0])
            buf_printf(to, "  min: %s\n", r->low);
        if (has_limits(u, r) && r->high[0])
            buf_printf(to, "  max: %s\n", r->high);
    }
    return ERR_OK;
}

static enum err_code write_xml(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    buf_printf(to, "<snapshot device=\"%s\">\n", u->scene->device);
    for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
        buf_printf(to, "  <point tag=\"%s\" value=\"%s\"", r->key, r->value);
        if (r->unit[0])
            buf_printf(to, " unit=\"%s\"", r->unit);
        if (has_limits(u, r) && r->low[0])
            buf_printf(to, " min=\"%s\"", r->low);
        if (has_limits(u, r) && r->high[0])
            buf_printf(to, " max=\"%s\"", r->high);
        buf_add_z(to, "/>\n");
    }
    buf_add_z(to, "</snapshot>\n");
    return ERR_OK;
}

static enum err_code say_row(const struct dialect_use *u, const struct row *r, struct buf *to,
                             struct err *err)
{
    struct buf range = {0};
    char value[WORD_BYTES * 2 + 2];
    snprintf(value, sizeof value, "%s%s%s", r->value, r->unit[0] ? " " : "", r->unit);
    if (has_limits(u, r)) {
        if (r->low[0] && r->high[0])
            buf_printf(&range, "%s to %s", r->low, r->high);
        else
            buf_printf(&range, "%s %s", r->low[0] ? "min" : "max", r->low[0] ? r->low : r->high);
        buf_printf(&range, "%s%s", r->unit[0] ? " " : "", r->unit);
    }
    struct grammar_slot slots[] = {{"said", r->said},
                                   {"value", value},
                                   {"range", range.p},
                                   {"device", u->scene->device},
                                   {NULL, NULL}};
    struct grammar_use use = *u->grammar;
    use.slots = slots;
    enum err_code code = ERR_OK;
    if (r->is_state) {
        buf_printf(to, "%s: %s.", r->key, r->value);
    } else {
        code = factory_grammar_say(&use, "prose_value", to, err);
        if (code == ERR_OK && range.p)
            code = factory_grammar_say(&use, "prose_limit", to, err);
        buf_add_char(to, '.');
    }
    buf_add_char(to, rng_below(u->rng, 2) ? ' ' : '\n');
    buf_free(&range);
    return code;
}

static enum err_code write_prose(const struct dialect_use *u, struct buf *to, struct err *err)
{
    struct grammar_slot slots[] = {{"device", u->scene->device}, {NULL, NULL}};
    struct grammar_use use = *u->grammar;
    use.slots = slots;
    enum err_code code = ERR_OK;
    bool states = true;
    // States on lines of their own, then the sentences.
    for (int pass = 0; pass < 2; pass++, states = false) {
        for (const struct row *r = u->scene->rows; r < rows_end(u); r++) {
            if (r->is_state != states || code != ERR_OK)
                continue;
            if (states)
                buf_printf(to, "%s: %s\n", r->key, r->value);
            else
                code = say_row(u, r, to, err);
        }
        if (states && code == ERR_OK && rng_below(u->rng, 2)) {
            code = factory_grammar_say(&use, "distraction", to, err);
            buf_add_char(to, '\n');
        }
    }
    buf_add_char(to, '\n');
    return code;
}

const struct dialect dialects[] = {
    {"pipes", false, false, false, write_pipes},
    {"lines", false, false, false, write_lines},
    {"json_flat", false, false, false, write_json_flat},
    {"json_records", false, false, false, write_json_records},
    {"json_lines", true, true, false, write_json_lines},
    {"csv_long", false, false, false, write_csv_long},
    {"csv_wide", false, true, false, write_csv_wide},
    {"aligned", false, false, false, write_aligned},
    {"markdown", false, false, false, write_markdown},
    {"syslog", true, false, false, write_syslog},
    {"registers", true, false, false, write_registers},
    {"ini", false, false, false, write_ini},
    {"yaml", false, false, false, write_yaml},
    {"prose", false, false, false, write_prose},
    {"commas", false, false, true, write_commas},
    {"logfmt", true, true, true, write_logfmt},
    {"alarms", true, false, true, write_alarms},
    {"xml", false, false, true, write_xml},
};

const size_t dialect_count = sizeof dialects / sizeof *dialects;
