// The baseline of the UCR archive, reproduced on its files; skipped where those are not.
//
// The count is what baselines/scripts/ucr_baselines.py beside the data prints for |second
// difference| (it runs in seconds); known for all 142 undistorted series and for every second one.
#include "test.h"

#include "data.h"
#include "eval/eval.h"

static void the_second_difference_finds_as_many_as_in_python(void **state)
{
    (void)state;
    struct eval_options options = {.folder = data_path("ucr", "")};
    struct eval_report r;
    struct err err = {0};
    options.detector = "second_difference";
    assert_ok(eval_ucr_run(&options, &r, &err), err);
    assert_int_equal(r.failed, 0);
    assert_close(r.values[0], r.file_count == 142 ? 54.0 / 142 : 27.0 / 71, 1e-12);
    eval_report_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_difference_finds_as_many_as_in_python),
    };
    // Beside the series lie a readme and checksums.
    int files = data_count("ucr") - 2;
    return files == 71 || files == 142 ? cmocka_run_group_tests(tests, NULL, NULL) : TEST_SKIP;
}
