// Reading a body whole, and what came of it as text.
#ifndef FETTLE_TESTS_INGEST_BODIES_H
#define FETTLE_TESTS_INGEST_BODIES_H

#include "test.h"

#include <stdio.h>

#include "ingest/collect.h"

enum { NOW_S = 1700000000 };

static inline void parse_n(struct collect *c, enum ingest_format format, struct str body)
{
    collect_open(c);
    assert_ok(ingest_parse(format, body, NOW_S * US_PER_SECOND, 0, &c->sink, &c->counts, &c->err),
              c->err);
}

static inline void check_as(enum ingest_format format, const char *body, const char *readings,
                            const char *refused)
{
    struct collect c;
    parse_n(&c, format, str_of(body));
    assert_string_equal(c.readings.p, readings);
    assert_string_equal(c.refused.p, refused);
    collect_close(&c);
}

static inline void check(const char *body, const char *readings, const char *refused)
{
    check_as(INGEST_AUTO, body, readings, refused);
}

#define AT "2023-11-14T22:13:20Z"

#endif
