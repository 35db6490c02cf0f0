// What every cmocka program includes, in the order cmocka wants.
#ifndef FETTLE_TESTS_TEST_H
#define FETTLE_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// Exit status that CTest counts as skipped.
enum { TEST_SKIP = 77 };

// Fails with fettle's own message.
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        if ((call) != ERR_OK)                                                                      \
            fail_msg("%s: %s", #call, (err).text);                                                 \
    } while (0)

// Two doubles that differ by `tolerance` at most; NaN is close to nothing.
#define assert_close(value, expected, tolerance)                                                   \
    do {                                                                                           \
        double value_ = (value), expected_ = (expected);                                           \
        if (!(value_ - expected_ <= (tolerance) && expected_ - value_ <= (tolerance)))             \
            fail_msg("%s is %.17g, expected %.17g", #value, value_, expected_);                    \
    } while (0)

#endif
