// What the writers of logs share.
#ifndef FETTLE_FACTORY_DIALECT_PRIVATE_H
#define FETTLE_FACTORY_DIALECT_PRIVATE_H

#include "factory/dialect.h"

static inline const struct row *dialect_rows_end(const struct dialect_use *u)
{
    return u->scene->rows + u->scene->row_count;
}

static inline bool dialect_has_limits(const struct dialect_use *u, const struct row *r)
{
    return u->limits && (r->low[0] || r->high[0]);
}

static inline const char *dialect_pick(struct rng *rng, const char *const *ways, size_t count)
{
    return ways[rng_below(rng, count)];
}

#define PICK(rng, ...)                                                                             \
    dialect_pick(rng, (const char *const[]){__VA_ARGS__},                                          \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

// "10-30 V", "max 85 C": in one of the ways people write limits.
void dialect_write_range(struct rng *rng, const struct row *r, struct buf *to);

// "8.4 V [LOW] (limit 10-30 V)"
void dialect_write_value(const struct dialect_use *u, const struct row *r, struct buf *to);

// The writers, by the names in the table of dialects.
enum err_code dialect_write_pipes(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_commas(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_lines(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_syslog(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_logfmt(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_alarms(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_prose(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_json_flat(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_json_records(const struct dialect_use *u, struct buf *to,
                                         struct err *err);
enum err_code dialect_write_json_lines(const struct dialect_use *u, struct buf *to,
                                       struct err *err);
enum err_code dialect_write_csv_long(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_csv_wide(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_aligned(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_markdown(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_registers(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_ini(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_yaml(const struct dialect_use *u, struct buf *to, struct err *err);
enum err_code dialect_write_xml(const struct dialect_use *u, struct buf *to, struct err *err);

#endif
