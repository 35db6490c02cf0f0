// What the JSON scanner and its recovery share: the places in the grammar, and how a value ends.
#ifndef FETTLE_BASE_JSON_SCAN_PRIVATE_H
#define FETTLE_BASE_JSON_SCAN_PRIVATE_H

#include "base/json_scan.h"

// What may come next.
enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, // just after '['
    EXPECT_KEY,
    EXPECT_KEY_OR_END, // just after '{'
    EXPECT_COMMA,      // or the container's end
    EXPECT_NOTHING,    // after the value at the top
};

static inline const char *json_scan_skip_blank(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

static inline void json_scan_value_is_over(struct json_scan *s)
{
    if (s->depth)
        s->expect = EXPECT_COMMA;
    else
        s->expect = s->flags & JSON_SCAN_MANY ? EXPECT_VALUE : EXPECT_NOTHING;
}

static inline bool json_scan_in_object(const struct json_scan *s)
{
    return s->objects >> (s->depth - 1) & 1;
}

#endif
