// Writers of logs in sections and tags: registers, INI, YAML, XML.
#include <string.h>

#include "factory/dialect_private.h"

enum err_code dialect_write_registers(const struct dialect_use *u, struct buf *to, struct err *err)
{
    unsigned address = 40001 + (unsigned)rng_below(u->rng, 900);
    uint64_t form = rng_below(u->rng, 3);
    (void)err;
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
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
        if (dialect_has_limits(u, r)) {
            buf_add_z(to, " (limit ");
            dialect_write_range(u->rng, r, to);
            buf_add_char(to, ')');
        }
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

enum err_code dialect_write_ini(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    buf_printf(to, "[%s]\n", u->scene->device);
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++)
        buf_printf(to, "%s = %s%s%s\n", r->key, r->value, r->unit[0] ? " " : "", r->unit);
    if (!u->limits)
        return ERR_OK;
    buf_add_z(to, "[limits]\n");
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        if (!dialect_has_limits(u, r))
            continue;
        buf_printf(to, "%s = ", r->key);
        dialect_write_range(u->rng, r, to);
        buf_add_char(to, '\n');
    }
    return ERR_OK;
}

enum err_code dialect_write_yaml(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    buf_printf(to, "device: %s\n", u->scene->device);
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        if (r->is_state) {
            buf_printf(to, "%s: %s\n", r->key, r->value);
            continue;
        }
        buf_printf(to, "%s:\n  value: %s\n", r->key, r->value);
        if (r->unit[0])
            buf_printf(to, "  unit: \"%s\"\n", r->unit);
        if (dialect_has_limits(u, r) && r->low[0])
            buf_printf(to, "  min: %s\n", r->low);
        if (dialect_has_limits(u, r) && r->high[0])
            buf_printf(to, "  max: %s\n", r->high);
    }
    return ERR_OK;
}

enum err_code dialect_write_xml(const struct dialect_use *u, struct buf *to, struct err *err)
{
    (void)err;
    buf_printf(to, "<snapshot device=\"%s\">\n", u->scene->device);
    for (const struct row *r = u->scene->rows; r < dialect_rows_end(u); r++) {
        buf_printf(to, "  <point tag=\"%s\" value=\"%s\"", r->key, r->value);
        if (r->unit[0])
            buf_printf(to, " unit=\"%s\"", r->unit);
        if (dialect_has_limits(u, r) && r->low[0])
            buf_printf(to, " min=\"%s\"", r->low);
        if (dialect_has_limits(u, r) && r->high[0])
            buf_printf(to, " max=\"%s\"", r->high);
        buf_add_z(to, "/>\n");
    }
    buf_add_z(to, "</snapshot>\n");
    return ERR_OK;
}
