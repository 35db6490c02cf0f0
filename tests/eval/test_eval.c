// The benchmarks end to end on small files of our own: reports, failures, pages.
#include "test.h"

#include <math.h>

#include "base/json_doc.h"
#include "base/rng.h"
#include "eval/chart.h"
#include "eval/eval.h"
#include "files.h"

enum { NORMAL_ROWS = 400 };

// 400 rows of noise, then `calm` more, then `odd` rows far off that are labelled.
static void put_skab(const char *name, const char *sensor, int calm, int odd)
{
    struct buf text = {0};
    struct rng r;
    rng_seed(&r, 5);
    buf_printf(&text, "datetime;%s;b;c;anomaly;changepoint\n", sensor);
    for (int i = 0; i < NORMAL_ROWS + calm + odd; i++) {
        bool off = i >= NORMAL_ROWS + calm;
        buf_printf(&text, "2020-03-09 10:%02d:%02d;%.6f;%.6f;%.6f;%d;%d\n", i / 60 % 60, i % 60,
                   rng_normal(&r) + (off ? 40 : 0), rng_normal(&r), rng_normal(&r), off,
                   i == NORMAL_ROWS + calm);
    }
    files_put(name, text.p, text.n);
    buf_free(&text);
}

static double figure(const struct eval_report *r, const char *key)
{
    for (size_t i = 0; r->figures[i].key; i++)
        if (strcmp(r->figures[i].key, key) == 0)
            return r->values[i];
    fail_msg("no figure %s", key);
    return 0;
}

static void skab(const char *detector, const char *html, struct eval_report *r)
{
    struct eval_options o = {
        .folder = files_dir, .detector = detector, .html_path = html, .seed = 1};
    struct err err = {0};
    assert_ok(eval_skab_run(&o, r, &err), err);
}

// The median of 5 is late by two rows at the start of the fault, and silent in the first four.
static void a_plain_fault_is_found_by_t2(void **state)
{
    (void)state;
    struct eval_report r;
    put_skab("valve1/0.csv", "a", 100, 50);
    skab("t2", NULL, &r);
    assert_close(figure(&r, "tp"), 48, 0);
    assert_close(figure(&r, "fn"), 2, 0);
    assert_close(figure(&r, "fp"), 0, 0);
    assert_close(figure(&r, "tn"), 100, 0);
    assert_close(figure(&r, "changepoints"), 1, 0);
    assert_close(figure(&r, "cp_missed"), 0, 0);
    eval_report_close(&r);
}

static void a_bad_file_is_named_and_the_others_count(void **state)
{
    (void)state;
    struct eval_report r, alone;
    put_skab("valve1/0.csv", "a", 100, 50);
    skab("t2q", NULL, &alone);
    put_skab("valve1/1.csv", "a", -1, 0);
    files_put("valve1/2.csv", "datetime;a;anomaly;changepoint\nnow;1;0;0\n", 41);
    files_put("anomaly-free/anomaly-free.csv", "t;a\n", 4);
    skab("t2q", NULL, &r);
    assert_int_equal(r.file_count, 3);
    assert_int_equal(r.failed, 2);
    assert_string_equal(r.files[0].error, "");
    assert_non_null(strstr(r.files[1].error, "399 rows"));
    assert_non_null(strstr(r.files[2].error, "2.csv: line 2: \"now\" is no time"));
    assert_close(figure(&r, "f1"), figure(&alone, "f1"), 0);
    eval_report_close(&r);
    eval_report_close(&alone);
}

static void sensors_that_say_the_same_are_a_clear_error_of_t2(void **state)
{
    (void)state;
    struct buf text = {0};
    struct eval_report r;
    buf_add_z(&text, "t,a,b,anomaly,changepoint\n");
    for (int i = 0; i < NORMAL_ROWS + 10; i++)
        buf_printf(&text, "2020-03-09 10:%02d:%02d,%d,%d,0,0\n", i / 60, i % 60, i % 7, i % 7);
    files_put("1.csv", text.p, text.n);
    buf_free(&text);
    skab("t2", NULL, &r);
    assert_int_equal(r.failed, 1);
    assert_non_null(strstr(r.files[0].error, "depend on each other"));
    eval_report_close(&r);
}

static void results_do_not_depend_on_the_run(void **state)
{
    (void)state;
    struct eval_report a, b;
    char name[32];
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "%d.csv", i);
        put_skab(name, "a", 60 + i, 20);
    }
    skab("isolation_forest", NULL, &a);
    skab("isolation_forest", NULL, &b);
    assert_memory_equal(a.values, b.values, sizeof a.values);
    for (size_t i = 0; i < a.file_count; i++)
        assert_memory_equal(a.files[i].figures, b.files[i].figures, sizeof a.files[i].figures);
    eval_report_close(&a);
    eval_report_close(&b);
}

static void the_report_is_json_with_the_agreed_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"f1", "far", "mar", "cp_standard", "cp_low_fp", "cp_low_fn"};
    struct eval_report r;
    struct buf text = {0};
    struct json_out j;
    struct json_node *root;
    struct arena *arena = arena_open(0);
    struct err err = {0};
    put_skab("0.csv", "a", 100, 50);
    files_put("1.csv", "x", 1);
    skab(NULL, NULL, &r);
    json_open(&j, &text);
    eval_report_json(&r, &j);
    assert_ok(json_read(arena, buf_str(&text), "report", &root, &err), err);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_close(json_get_number(root, keys[i]), figure(&r, keys[i]), 0);
    assert_string_equal(json_get_text(root, "suite"), "skab");
    assert_int_equal(json_get_int(root, "failed"), 1);
    assert_int_equal(json_get(root, "files")->count, 2);
    assert_string_equal(json_get_text(json_get(root, "files")->first, "file"), "0.csv");
    assert_true(strlen(json_get_text(json_get(root, "files")->first->next, "error")) > 0);
    arena_close(&arena);
    buf_free(&text);
    eval_report_close(&r);
}

// The JSON between the page's data tags.
static struct str page_data(const struct buf *page)
{
    static const char open[] = "id=\"data\">";
    char *from = strstr(page->p, open);
    assert_non_null(from);
    from += strlen(open);
    char *to = strstr(from, "</script>");
    assert_non_null(to);
    return (struct str){from, (size_t)(to - from)};
}

static void the_page_holds_every_judged_file_and_nothing_from_elsewhere(void **state)
{
    (void)state;
    struct eval_report r;
    struct buf page = {0};
    struct json_node *root;
    struct arena *arena = arena_open(0);
    struct err err = {0};
    char html[256];
    snprintf(html, sizeof html, "%s", files_path("page.html"));
    put_skab("0.csv", "</script><img src=x>", 100, 50);
    put_skab("1.csv", "plain", 100, 50);
    files_put("2<b>.csv", "x", 1);
    skab(NULL, html, &r);
    assert_ok(file_read(html, 1 << 24, &page, &err), err);
    assert_ok(json_read(arena, page_data(&page), "data", &root, &err), err);
    assert_int_equal(root->count, 2);
    const struct json_node *line = json_get(root->first, "lines")->first;
    assert_string_equal(json_get_text(line, "name"), "</script><img src=x>");
    assert_null(strstr(page.p, "<img"));
    assert_null(strstr(page.p, "2<b>"));
    assert_non_null(strstr(page.p, "2&lt;b>.csv"));
    assert_null(strstr(page.p, "http:"));
    assert_null(strstr(page.p, "https:"));
    arena_close(&arena);
    buf_free(&page);
    eval_report_close(&r);
}

static void a_page_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    struct eval_report r;
    struct err err = {0};
    put_skab("0.csv", "a", 10, 10);
    struct eval_options o = {.folder = files_dir, .html_path = "/nowhere/at/all.html"};
    assert_int_equal(eval_skab_run(&o, &r, &err), ERR_NOT_FOUND);
}

static const struct json_node *number(const struct json_node *list, size_t i)
{
    const struct json_node *n = list->first;
    while (i--)
        n = n->next;
    return n;
}

static void a_chart_keeps_what_is_one_row_wide(void **state)
{
    (void)state;
    enum { ROWS = 123457, SPIKE = 77777, HOLE = 500 };
    struct eval_series s;
    struct eval_marks m = {calloc(ROWS, sizeof(double)), calloc(ROWS, 1), calloc(ROWS, 1), 0};
    struct buf text = {0};
    struct json_node *root;
    struct arena *arena = arena_open(0);
    struct err err = {0};
    assert_ok(eval_series_open(&s, ROWS, 1, &err), err);
    for (int i = 0; i < HOLE; i++)
        s.values[i] = NAN;
    s.values[SPIKE] = -1e308;
    s.values[SPIKE + 1] = 1e308;
    m.alarms[SPIKE] = 1;
    m.scores[SPIKE] = 0.5;
    s.anomaly[ROWS - 1] = 1;
    struct chart c = {.name = "x",
                      .note = "",
                      .series = &s,
                      .marks = &m,
                      .train_rows = 1000,
                      .unit_scores = true,
                      .threshold = NAN};
    chart_write(&c, &text);
    assert_ok(json_read(arena, buf_str(&text), "chart", &root, &err), err);
    size_t at = 630; // column 630 begins with row 630 * 123457 / 1000, which is SPIKE itself
    const struct json_node *line = json_get(root, "lines")->first;
    assert_int_equal(json_get(line, "v")->count, 2 * CHART_COLUMNS);
    assert_close(number(json_get(line, "v"), 0)->number, -1, 0);
    assert_close(number(json_get(line, "v"), 2 * at)->number, 0, 0);
    assert_close(number(json_get(line, "v"), 2 * at + 1)->number, CHART_LEVELS, 0);
    assert_close(number(json_get(line, "v"), 20)->number, 500, 0);
    assert_close(number(json_get(root, "score"), 0)->number, -1, 0);
    assert_close(number(json_get(root, "score"), at)->number, 500, 0);
    const char *marks = json_get_text(root, "marks");
    assert_int_equal(marks[at], '2');
    assert_int_equal(marks[CHART_COLUMNS - 1], '1');
    assert_int_equal(marks[0], '0');
    arena_close(&arena);
    buf_free(&text);
    eval_series_close(&s);
    eval_marks_close(&m);
}

static void nab_is_judged_with_one_threshold_for_all_files(void **state)
{
    (void)state;
    struct eval_options o = {.folder = files_dir, .detector = "windowed_gaussian"};
    struct eval_report r;
    struct err err = {0};
    struct buf text = {0};
    struct rng rng;
    rng_seed(&rng, 3);
    for (int file = 0; file < 3; file++) {
        buf_reset(&text);
        buf_add_z(&text, "timestamp,value\n");
        for (int i = 0; i < 300; i++)
            buf_printf(&text, "2014-04-10 %02d:%02d:00,%.6f\n", i / 60, i % 60,
                       i == 200 && file < 2 ? 50.0 : rng_normal(&rng));
        files_put((const char *[]){"data/g/a.csv", "data/g/b.csv", "data/h/c.csv"}[file], text.p,
                  text.n);
    }
    buf_free(&text);
    static const char labels[] =
        "{\"g/a.csv\": [[\"2014-04-10 03:20:00\", \"2014-04-10 03:30:00\"]],"
        "\"g/b.csv\": [[\"2014-04-10 03:20:00\", \"2014-04-10 03:30:00\"]],"
        "\"i/not-here.csv\": []}";
    files_put("labels/combined_windows.json", labels, strlen(labels));
    assert_ok(eval_nab_run(&o, &r, &err), err);
    assert_int_equal(r.file_count, 3);
    assert_int_equal(r.failed, 1);
    assert_non_null(strstr(r.files[2].error, "no windows of \"h/c.csv\""));
    assert_close(figure(&r, "standard"), 100, 1e-9);
    assert_close(figure(&r, "low_fn"), 100, 1e-9);
    assert_close(figure(&r, "windows"), 2, 0);
    eval_report_close(&r);
}

static void nab_without_labels_is_an_error(void **state)
{
    (void)state;
    struct eval_options o = {.folder = files_dir};
    struct eval_report r;
    struct err err = {0};
    files_put("data/g/a.csv", "t,v\n", 4);
    assert_int_equal(eval_nab_run(&o, &r, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "combined_windows.json"));
}

static void ucr_asks_for_one_position_a_file(void **state)
{
    (void)state;
    struct eval_options o = {.folder = files_dir, .detector = "second_difference"};
    struct eval_report r;
    struct err err = {0};
    struct buf text = {0};
    for (int i = 1; i <= 3000; i++)
        buf_printf(&text, "%s\n", i == 2500 ? "9" : i % 2 ? "0.1" : "0");
    files_put("001_UCR_Anomaly_right_1000_2490_2510.txt", text.p, text.n);
    files_put("002_UCR_Anomaly_wrong_1000_1200_1210.txt", text.p, text.n);
    files_put("readme.txt", "not a series", 12);
    buf_free(&text);
    assert_ok(eval_ucr_run(&o, &r, &err), err);
    assert_int_equal(r.file_count, 2);
    assert_close(figure(&r, "accuracy"), 0.5, 0);
    // It is largest where the spike is in the middle of the three values: one row later.
    assert_close(r.files[0].figures[1], 2501, 0);
    eval_report_close(&r);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, files_open, files_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_plain_fault_is_found_by_t2),
        IN_FOLDER(a_bad_file_is_named_and_the_others_count),
        IN_FOLDER(sensors_that_say_the_same_are_a_clear_error_of_t2),
        IN_FOLDER(results_do_not_depend_on_the_run),
        IN_FOLDER(the_report_is_json_with_the_agreed_keys),
        IN_FOLDER(the_page_holds_every_judged_file_and_nothing_from_elsewhere),
        IN_FOLDER(a_page_that_cannot_be_written_is_an_error),
        cmocka_unit_test(a_chart_keeps_what_is_one_row_wide),
        IN_FOLDER(nab_is_judged_with_one_threshold_for_all_files),
        IN_FOLDER(nab_without_labels_is_an_error),
        IN_FOLDER(ucr_asks_for_one_position_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
