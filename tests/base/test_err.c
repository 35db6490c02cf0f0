// Errors: messages are cut and never overflow, codes have their names and statuses.
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void a_long_message_is_cut(void **state)
{
    (void)state;
    char guard[sizeof(struct err) + 16];
    memset(guard, 0x5A, sizeof guard);
    struct err *err = (struct err *)(void *)guard;
    assert_int_equal(err_set(err, ERR_INPUT, "%2000d", 1), ERR_INPUT);
    assert_int_equal(strlen(err->text), ERR_TEXT_BYTES - 1);
    assert_int_equal(err_prefix(err, "%600d", 2), ERR_INPUT);
    assert_int_equal(strlen(err->text), ERR_TEXT_BYTES - 1);
    for (size_t i = sizeof *err; i < sizeof guard; i++)
        assert_int_equal(guard[i], 0x5A);
}

static void a_prefix_stands_before_the_message(void **state)
{
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_LIMIT, "line %d", 3);
    assert_int_equal(err_prefix(&err, "file %s", "a"), ERR_LIMIT);
    assert_string_equal(err.text, "file a: line 3");
    // A message may be made from the one that is there.
    err_set(&err, ERR_INPUT, "%s, again", err.text);
    assert_string_equal(err.text, "file a: line 3, again");
}

static void system_errors_get_the_code_that_fits(void **state)
{
    (void)state;
    static const struct {
        int errnum;
        enum err_code code;
    } cases[] = {{ENOSPC, ERR_NO_SPACE},
                 {EDQUOT, ERR_NO_SPACE},
                 {ENOENT, ERR_NOT_FOUND},
                 {ENOMEM, ERR_NO_MEMORY},
                 {EACCES, ERR_DENIED},
                 {EPERM, ERR_DENIED},
                 {EIO, ERR_IO}};
    struct err err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(err_errno(&err, cases[i].errnum, "x"), cases[i].code);
        assert_int_equal(err.code, cases[i].code);
    }
    assert_string_equal(err.text, "x: Input/output error");
    assert_int_equal(err_errno(NULL, ENOENT, "x"), ERR_NOT_FOUND);
    assert_int_equal(err_set(NULL, ERR_BUSY, "x"), ERR_BUSY);
}

static void every_code_has_a_name_an_exit_status_and_an_http_status(void **state)
{
    (void)state;
    assert_int_equal(err_exit_code(ERR_OK), 0);
    for (int a = 1; a < ERR_CODE_COUNT; a++) {
        assert_in_range(err_exit_code(a), 2, 125);
        assert_in_range(err_http_status(a), 400, 599);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(err_name(a), err_name(b));
            assert_int_not_equal(err_exit_code(a), err_exit_code(b));
        }
    }
    assert_string_equal(err_name(ERR_CODE_COUNT), "unknown");
    assert_int_equal(err_http_status((enum err_code) - 1), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(a_prefix_stands_before_the_message),
        cmocka_unit_test(system_errors_get_the_code_that_fits),
        cmocka_unit_test(every_code_has_a_name_an_exit_status_and_an_http_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
