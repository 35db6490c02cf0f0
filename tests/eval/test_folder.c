// The listing of a benchmark folder: order, what is passed over, what is missing.
#include "test.h"

#include "eval/folder.h"
#include "files.h"

static bool is_csv(const char *name)
{
    return strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".csv") == 0;
}

static void numbers_in_names_sort_by_value(void **state)
{
    (void)state;
    assert_true(folder_compare("valve1/2.csv", "valve1/10.csv") < 0);
    assert_true(folder_compare("a10b2", "a10b10") < 0);
    assert_true(folder_compare("9", "a") < 0);
    assert_true(folder_compare("a", "a1") < 0);
    assert_true(folder_compare("b", "a1") > 0);
    assert_int_equal(folder_compare("x07y", "x07y"), 0);
    assert_true(folder_compare("99999999999999999999998", "99999999999999999999999") < 0);
}

static void names_of_equal_value_still_have_an_order(void **state)
{
    (void)state;
    assert_true(folder_compare("7", "07") != 0);
    assert_true((folder_compare("7", "07") < 0) == (folder_compare("07", "7") > 0));
}

static void wanted_files_are_listed_in_order_with_their_folders(void **state)
{
    (void)state;
    struct folder_files f;
    struct err err = {0};
    files_put("b/10.csv", "", 0);
    files_put("b/9.csv", "", 0);
    files_put("a.csv", "", 0);
    files_put("b/readme.txt", "", 0);
    files_put("b/.hidden.csv", "", 0);
    files_put("skipped/1.csv", "", 0);
    assert_ok(folder_list(files_dir, is_csv, "skipped", "CSV file", &f, &err), err);
    assert_int_equal(f.count, 3);
    assert_string_equal(f.names[0], "a.csv");
    assert_string_equal(f.names[1], "b/9.csv");
    assert_string_equal(f.names[2], "b/10.csv");
    folder_close(&f);
}

static void a_folder_that_leads_into_itself_is_not_followed_for_ever(void **state)
{
    (void)state;
    struct folder_files f;
    struct err err = {0};
    files_put("1.csv", "", 0);
    assert_int_equal(symlink(files_dir, files_path("loop")), 0);
    assert_ok(folder_list(files_dir, is_csv, NULL, "CSV file", &f, &err), err);
    assert_int_equal(f.count, FOLDER_DEPTH_MAX);
    folder_close(&f);
}

static void no_folder_and_no_file_are_different_errors(void **state)
{
    (void)state;
    struct folder_files f;
    struct err err = {0};
    assert_int_equal(folder_list(files_path("none"), is_csv, NULL, "CSV file", &f, &err),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "none"));
    assert_int_equal(folder_list(files_dir, is_csv, NULL, "CSV file", &f, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "no CSV file in it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_names_sort_by_value),
        cmocka_unit_test(names_of_equal_value_still_have_an_order),
        cmocka_unit_test_setup_teardown(wanted_files_are_listed_in_order_with_their_folders,
                                        files_open, files_close),
        cmocka_unit_test_setup_teardown(a_folder_that_leads_into_itself_is_not_followed_for_ever,
                                        files_open, files_close),
        cmocka_unit_test_setup_teardown(no_folder_and_no_file_are_different_errors, files_open,
                                        files_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
