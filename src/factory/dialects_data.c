// Writers of logs as data: JSON and tables.
#include <stdio.h>

#include "base/json_out.h"
#include "factory/dialect_private.h"

enum err_code dialect_write_json_flat(const struct dialect_use *u, struct buf *to, struct err *err)
{
    struct json_out j;
    char text[WORD_BYTES * 4];
    (void)err;
    json_open(&j, to);
    json_object(&j);
    json_key_text(&j, PICK(u->rng, "device", "id", "asset"), u->scene->device);
    json_key_text(&j, PICK(u->rng, "ts", "time", "timestamp"), u->scene->time);
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        snprintf(text, sizeof text, "%s%s%s", r->value, r->unit[0] ? " " : "", r->unit);
        json_key_text(&j, r->key, text);
    }
    if (u->limits) {
        json_key(&j, "limits");
        json_object(&j);
        for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
            struct buf range = {0};
            if (!dialect_has_limits(u, r))
                continue;
            dialect_write_range(u->rng, r, &range);
            json_key_text(&j, r->key, range.p);
            buf_free(&range);
        }
        json_end(&j);
    }
    json_end(&j);
    buf_add_char(to, '\n');
    return ERR_OK;
}

enum err_code dialect_write_json_records(const struct dialect_use *u, struct buf *to,
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
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        json_object(&j);
        json_key_text(&j, name, r->key);
        json_key(&j, "value");
        if (r->is_state)
            json_text(&j, r->value);
        else
            json_raw(&j, str_of(r->value));
        if (r->unit[0])
            json_key_text(&j, "unit", r->unit);
        if (dialect_has_limits(u, r) && r->low[0]) {
            json_key(&j, "min");
            json_raw(&j, str_of(r->low));
        }
        if (dialect_has_limits(u, r) && r->high[0]) {
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

enum err_code dialect_write_json_lines(const struct dialect_use *u, struct buf *to, struct err *err)
{
    size_t count = u->scene->sample_count ? u->scene->sample_count : 1;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        struct json_out j;
        char text[WORD_BYTES * 4];
        json_open(&j, to);
        json_object(&j);
        json_key_text(&j, "id", u->scene->device);
        for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
            bool last = i + 1 == count;
            snprintf(text, sizeof text, "%s%s%s", last ? r->value : r->samples[i],
                     r->unit[0] ? " " : "", r->unit);
            json_key_text(&j, r->key, text);
            if (last && dialect_has_limits(u, r)) {
                struct buf range = {0};
                snprintf(text, sizeof text, "%s_limit", r->key);
                dialect_write_range(u->rng, r, &range);
                json_key_text(&j, text, range.p);
                buf_free(&range);
            }
        }
        json_end(&j);
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

enum err_code dialect_write_csv_long(const struct dialect_use *u, struct buf *to, struct err *err)
{
    const char *m = PICK(u->rng, ",", ";", "\t");
    const char *high = PICK(u->rng, "high", "max", "upper");
    const char *low = PICK(u->rng, "low", "min", "lower");
    const char *name = PICK(u->rng, "tag", "name", "channel");
    (void)err;
    buf_printf(to, "time%s%s%svalue%sunit%s%s%s%s%sflag\n", m, name, m, m, m, low, m, high, m);
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        bool limits = dialect_has_limits(u, r);
        buf_printf(to, "%s%s%s%s%s%s%s%s%s%s%s%s%s\n", u->scene->time, m, r->key, m, r->value, m,
                   r->unit, m, limits ? r->low : "", m, limits ? r->high : "", m, r->flag);
    }
    return ERR_OK;
}

enum err_code dialect_write_csv_wide(const struct dialect_use *u, struct buf *to, struct err *err)
{
    const char *m = PICK(u->rng, ",", ";", ",");
    size_t count = u->scene->sample_count ? u->scene->sample_count : 2;
    (void)err;
    buf_printf(to, "# device: %s\ntime", u->scene->device);
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++)
        buf_printf(to, "%s%s%s%s%s", m, r->key, r->unit[0] ? " [" : "", r->unit,
                   r->unit[0] ? "]" : "");
    buf_add_char(to, '\n');
    for (size_t i = 0; i < count; i++) {
        buf_printf(to, "%.14s%02zu:00", u->scene->time, i * 7);
        for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++)
            buf_printf(to, "%s%s", m, u->scene->sample_count ? r->samples[i] : r->value);
        buf_add_char(to, '\n');
    }
    if (u->limits) {
        for (int high = 0; high < 2; high++) {
            buf_add_z(to, high ? "max" : "min");
            for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++)
                buf_printf(to, "%s%s", m, high ? r->high : r->low);
            buf_add_char(to, '\n');
        }
    }
    return ERR_OK;
}

static void write_columns(const struct dialect_use *u, bool markdown, struct buf *to)
{
    const char *name = PICK(u->rng, "Parameter", "Tag", "Signal");
    const char *limits = PICK(u->rng, "Limits", "Range", "Spec");
    const char *form =
        markdown ? "| %s | %s | %s | %s | %s |\n" : "%-22s  %-10s  %-8s  %-18s  %s\n";
    buf_printf(to, "device: %s\n", u->scene->device);
    // The form is one of the two above.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buf_printf(to, form, name, "Value", "Unit", limits, "Status");
    if (markdown)
        buf_add_z(to, "|---|---|---|---|---|\n");
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        struct buf range = {0};
        if (dialect_has_limits(u, r))
            dialect_write_range(u->rng, r, &range);
        buf_printf(to, form, r->key, r->value, r->unit[0] ? r->unit : "-", range.p ? range.p : "-",
                   r->flag[0] ? r->flag : "-");
        buf_free(&range);
    }
#pragma GCC diagnostic pop
}

enum err_code dialect_write_aligned(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    write_columns(u, false, to);
    return ERR_OK;
}

enum err_code dialect_write_markdown(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    write_columns(u, true, to);
    return ERR_OK;
}
