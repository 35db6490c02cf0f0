// Writers of logs as text: pairs, lines, syslog, logfmt, alarm lists, notes.
#include <stdio.h>
#include <string.h>

#include "factory/dialect_private.h"

enum err_code dialect_write_pipes(const struct dialect_use *u, struct buf *to, struct err *err)
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
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        buf_printf(to, "%s%s", r == s->rows ? "" : mark, r->key);
        buf_add_z(to, ": ");
        dialect_write_value(u, r, to);
    }
    buf_add_char(to, '\n');
    return ERR_OK;
}

enum err_code dialect_write_commas(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    buf_printf(to, "id=%s", u->scene->device);
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        buf_printf(to, ", %s=", r->key);
        dialect_write_value(u, r, to);
    }
    buf_add_char(to, '\n');
    return ERR_OK;
}

enum err_code dialect_write_lines(const struct dialect_use *u, struct buf *to, struct err *err)
{
    const char *bullet = PICK(u->rng, "- ", "* ", "");
    const char *mark = PICK(u->rng, ": ", " = ", ": ");
    (void)err;
    buf_printf(to, "%s: %s\n", PICK(u->rng, "device", "Device", "Asset"), u->scene->device);
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        buf_printf(to, "%s%s%s", bullet, r->key, mark);
        dialect_write_value(u, r, to);
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

static void write_equals(const struct dialect_use *u, struct buf *to)
{
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        buf_printf(to, " %s=%s%s", r->key, r->value, r->unit);
        if (dialect_has_limits(u, r) && r->low[0])
            buf_printf(to, " %s_min=%s", r->key, r->low);
        if (dialect_has_limits(u, r) && r->high[0])
            buf_printf(to, " %s_max=%s", r->key, r->high);
    }
    buf_add_char(to, '\n');
}

enum err_code dialect_write_syslog(const struct dialect_use *u, struct buf *to, struct err *err)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    (void)err;
    int process = 100 + (int)rng_below(u->rng, 9000);
    const char *program = PICK(u->rng, "poll", "rtud", "scan");
    int day = 10 + (int)rng_below(u->rng, 18);
    const char *month = months[rng_below(u->rng, 12)];
    int priority = 128 + (int)rng_below(u->rng, 16);
    buf_printf(to, "<%d>%s %02d %.8s %s %s[%d]:", priority, month, day, u->scene->time + 11,
               u->scene->device, program, process);
    write_equals(u, to);
    return ERR_OK;
}

// A line a sample; the last one has the limits, too.
enum err_code dialect_write_logfmt(const struct dialect_use *u, struct buf *to, struct err *err)
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
        for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++)
            buf_printf(to, " %s=%s%s", r->key, r->samples[i], r->unit);
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

enum err_code dialect_write_alarms(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        buf_printf(to, "%s.%03d %s %s ", u->scene->time, (int)rng_below(u->rng, 1000),
                   r->flag[0] && strcmp(r->flag, "OK") != 0 ? "ALM" : "EVT", r->key);
        buf_printf(to, "%s%s%s", r->value, r->unit[0] ? " " : "", r->unit);
        if (dialect_has_limits(u, r)) {
            buf_add_z(to, " LIM ");
            dialect_write_range(u->rng, r, to);
        }
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

static enum err_code say_row(const struct dialect_use *u, const struct row *r, struct buf *to,
                             struct err *err)
{
    struct buf range = {0};
    char value[WORD_BYTES * 2 + 2];
    snprintf(value, sizeof value, "%s%s%s", r->value, r->unit[0] ? " " : "", r->unit);
    if (dialect_has_limits(u, r)) {
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

enum err_code dialect_write_prose(const struct dialect_use *u, struct buf *to, struct err *err)
{
    struct grammar_slot slots[] = {{"device", u->scene->device}, {NULL, NULL}};
    struct grammar_use use = *u->grammar;
    use.slots = slots;
    enum err_code code = ERR_OK;
    bool states = true;
    // States on lines of their own, then the sentences.
    for (int pass = 0; pass < 2; pass++, states = false) {
        for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
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
