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

#endif
