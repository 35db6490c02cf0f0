// The table of dialects, and what their writers share.
#include "factory/dialect_private.h"

void dialect_write_range(struct rng *rng, const struct row *r, struct buf *to)
{
    const char *gap = r->unit[0] ? " " : "";
    if (r->low[0] && r->high[0])
        buf_printf(to, "%s%s%s%s%s", r->low, PICK(rng, "-", "..", " to "), r->high, gap, r->unit);
    else if (r->high[0])
        buf_printf(to, "%s%s%s%s", PICK(rng, "max ", "<= ", "max. "), r->high, gap, r->unit);
    else
        buf_printf(to, "%s%s%s%s", PICK(rng, "min ", ">= ", "min. "), r->low, gap, r->unit);
}

void dialect_write_value(const struct dialect_use *u, const struct row *r, struct buf *to)
{
    const char *gap = r->unit[0] && rng_below(u->rng, 3) ? " " : "";
    buf_printf(to, "%s%s%s", r->value, gap, r->unit);
    if (r->flag[0])
        buf_printf(to, " [%s]", r->flag);
    if (dialect_has_limits(u, r)) {
        buf_printf(to, " (%s", PICK(u->rng, "limit ", "range ", "", "spec ", "normal "));
        dialect_write_range(u->rng, r, to);
        buf_add_char(to, ')');
    }
}

const struct dialect dialects[] = {
    {"pipes", false, false, false, dialect_write_pipes},
    {"lines", false, false, false, dialect_write_lines},
    {"json_flat", false, false, false, dialect_write_json_flat},
    {"json_records", false, false, false, dialect_write_json_records},
    {"json_lines", true, true, false, dialect_write_json_lines},
    {"csv_long", false, false, false, dialect_write_csv_long},
    {"csv_wide", false, true, false, dialect_write_csv_wide},
    {"aligned", false, false, false, dialect_write_aligned},
    {"markdown", false, false, false, dialect_write_markdown},
    {"syslog", true, false, false, dialect_write_syslog},
    {"registers", true, false, false, dialect_write_registers},
    {"ini", false, false, false, dialect_write_ini},
    {"yaml", false, false, false, dialect_write_yaml},
    {"prose", false, false, false, dialect_write_prose},
    {"commas", false, false, true, dialect_write_commas},
    {"logfmt", true, true, true, dialect_write_logfmt},
    {"alarms", true, false, true, dialect_write_alarms},
    {"xml", false, false, true, dialect_write_xml},
};

const size_t dialect_count = sizeof dialects / sizeof *dialects;
