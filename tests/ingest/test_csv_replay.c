// Replay of CSV: shapes, dialects, and each rule of docs/ingest.md.
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ingest/collect.h"
#include "ingest/csv_replay.h"

static void check_with(struct csv_replay_options options, const char *body, const char *readings,
                       const char *refused)
{
    struct collect c;
    collect_open(&c);
    assert_ok(csv_replay_body(str_of(body), &options, &c.sink, &c.counts, &c.err), c.err);
    assert_string_equal(c.readings.p, readings);
    assert_string_equal(c.refused.p, refused);
    collect_close(&c);
}

static void check(const char *body, const char *readings, const char *refused)
{
    check_with((struct csv_replay_options){.asset = "a"}, body, readings, refused);
}

static void check_error(struct csv_replay_options options, const char *body, const char *message)
{
    struct collect c;
    collect_open(&c);
    assert_int_not_equal(csv_replay_body(str_of(body), &options, &c.sink, &c.counts, &c.err),
                         ERR_OK);
    assert_string_equal(c.err.text, message);
    collect_close(&c);
}

// ---- shapes ----

static void a_wide_file_has_a_sensor_a_column(void **state)
{
    (void)state;
    check("datetime;Current;Volume Flow RateRMS\n2020-03-09 10:14:33;1.5;32.0\n"
          "2020-03-09 10:14:34;2.5;33\n",
          "a/Current 2020-03-09T10:14:33Z 1.5;a/Volume Flow RateRMS 2020-03-09T10:14:33Z 32;"
          "a/Current 2020-03-09T10:14:34Z 2.5;a/Volume Flow RateRMS 2020-03-09T10:14:34Z 33;",
          "");
    check("x,when,y\n1,2020-03-09T10:14:33Z,2\n",
          "a/x 2020-03-09T10:14:33Z 1;a/y 2020-03-09T10:14:33Z 2;", "");
    check("p1/flow,Time\n1,1583748873000\n", "p1/flow 2020-03-09T10:14:33Z 1;", "");
}

static void a_long_file_has_a_reading_a_row(void **state)
{
    (void)state;
    check("time,sensor,value\n1583748873,p1/flow,1\n1583748873,level,2\n",
          "p1/flow 2020-03-09T10:14:33Z 1;a/level 2020-03-09T10:14:33Z 2;", "");
    check("value,parameter,asset,time,unit,quality\n1,flow,p1,1583748873,L/s,suspect\n",
          "p1/flow 2020-03-09T10:14:33Z 1?;", "");
    check("timestamp,sensor_id,parameter,value\n1583748873,p1,flow,1\n",
          "p1/flow 2020-03-09T10:14:33Z 1;", "");
    check("2020-03-09 10:14:33\tp1/flow\t1\n2020-03-09 10:14:34\tp1/flow\t2\n",
          "p1/flow 2020-03-09T10:14:33Z 1;p1/flow 2020-03-09T10:14:34Z 2;", "");
}

static void a_header_alone_holds_nothing(void **state)
{
    (void)state;
    struct collect c;
    struct csv_replay_options options = {0};
    collect_open(&c);
    assert_ok(csv_replay_body(STR_LIT("hello, world\n"), &options, &c.sink, &c.counts, &c.err),
              c.err);
    assert_int_equal(c.counts.accepted, 0);
    assert_int_equal(catalog_sensor_count(c.catalog), 0);
    collect_close(&c);
}

static void one_value_column_is_a_wide_file(void **state)
{
    (void)state;
    check("timestamp,value\n2014-04-01 00:00:00,20.0\n", "a/value 2014-04-01T00:00:00Z 20;", "");
}

static void a_file_without_header_numbers_its_columns(void **state)
{
    (void)state;
    check("2020-03-09 10:14:33,1,2\n2020-03-09 10:14:34,3,4\n",
          "a/column_2 2020-03-09T10:14:33Z 1;a/column_3 2020-03-09T10:14:33Z 2;"
          "a/column_2 2020-03-09T10:14:34Z 3;a/column_3 2020-03-09T10:14:34Z 4;",
          "");
    check("5", "a/column_1 1970-01-01T00:00:00Z 5;", "");
}

static void a_file_without_times_counts_its_rows(void **state)
{
    (void)state;
    check("x\n1\n2\n", "a/x 1970-01-01T00:00:00Z 1;a/x 1970-01-01T00:00:01Z 2;", "");
    check_with(
        (struct csv_replay_options){.origin_us = 1583748873 * US_PER_SECOND, .interval_us = 500000},
        "x\n1\n\n2\n", "csv/x 2020-03-09T10:14:33Z 1;csv/x 2020-03-09T10:14:33.500Z 2;", "");
}

static void date_and_time_of_day_may_stand_apart(void **state)
{
    (void)state;
    check("Date,Time,x\n2020-03-09,10:14:33,1\n", "a/x 2020-03-09T10:14:33Z 1;", "");
}

static void units_are_cut_off_column_names(void **state)
{
    (void)state;
    struct collect c;
    collect_open(&c);
    struct csv_replay_options options = {.asset = "a"};
    assert_ok(csv_replay_body(STR_LIT("time,Level (mm),flow [L/min],(x)\n1,1,2,3\n"), &options,
                              &c.sink, &c.counts, &c.err),
              c.err);
    assert_string_equal(catalog_sensor(c.catalog, 0)->parameter, "Level");
    assert_string_equal(catalog_sensor(c.catalog, 0)->unit, "mm");
    assert_string_equal(catalog_sensor(c.catalog, 1)->parameter, "flow");
    assert_string_equal(catalog_sensor(c.catalog, 1)->unit, "L/min");
    assert_string_equal(catalog_sensor(c.catalog, 2)->parameter, "(x)");
    collect_close(&c);
}

static void odd_column_names_are_made_to_fit(void **state)
{
    (void)state;
    check("time,x,x,,a/b/c,T\xe9\n1,1,2,3,4,5\n",
          "a/x 1970-01-01T00:00:01Z 1;a/x_3 1970-01-01T00:00:01Z 2;"
          "a/column_4 1970-01-01T00:00:01Z 3;a/b_c 1970-01-01T00:00:01Z 4;"
          "a/T\xc3\xa9 1970-01-01T00:00:01Z 5;",
          "");
}

static void columns_are_chosen_and_ignored_by_name(void **state)
{
    (void)state;
    static const char *const labels[] = {"anomaly", "changepoint"}, *const only[] = {"Y"},
                             *const wrong[] = {"z"};
    const char *body = "time;x;y;Anomaly;changepoint\n1;2;3;0;0\n";
    check_with((struct csv_replay_options){.asset = "a", .ignore = labels, .ignore_count = 2}, body,
               "a/x 1970-01-01T00:00:01Z 2;a/y 1970-01-01T00:00:01Z 3;", "");
    check_with((struct csv_replay_options){.asset = "a", .columns = only, .column_count = 1}, body,
               "a/y 1970-01-01T00:00:01Z 3;", "");
    check_error((struct csv_replay_options){.columns = wrong, .column_count = 1}, body,
                "csv: no column \"z\"; there are: time, x, y, Anomaly, changepoint");
    check_error((struct csv_replay_options){.time_column = "when"}, "time,x\n1,2\n",
                "csv: no column \"when\"; there are: time, x");
    check_error((struct csv_replay_options){0}, "time\n1\n",
                "csv: none of its 1 columns holds a sensor");
}

static void a_stretch_of_time_is_cut_out(void **state)
{
    (void)state;
    check_with((struct csv_replay_options){.asset = "a",
                                           .from_us = 2 * US_PER_SECOND,
                                           .to_us = 4 * US_PER_SECOND},
               "time,x\n1,1\n2,2\n3,3\n4,4\n",
               "a/x 1970-01-01T00:00:02Z 2;a/x 1970-01-01T00:00:03Z 3;", "");
}

static void decimal_commas_are_read_where_commas_do_not_part(void **state)
{
    (void)state;
    check("time;x;y\n2020-03-09 10:14:33;1,5;-0,25\n",
          "a/x 2020-03-09T10:14:33Z 1.5;a/y 2020-03-09T10:14:33Z -0.25;", "");
    check("time;x\n1;1.234,5\n", "", "2: column \"x\": \"1.234,5\" is not a number\n");
}

static void bom_crlf_quotes_and_blanks_are_no_trouble(void **state)
{
    (void)state;
    check("\xef\xbb\xbf\"time\",\"x, y\" , z\r\n\r\n\"1\",\" 2 \", 3 \r\n",
          "a/x, y 1970-01-01T00:00:01Z 2;a/z 1970-01-01T00:00:01Z 3;", "");
}

// ---- bad rows ----

static void a_bad_cell_loses_only_itself(void **state)
{
    (void)state;
    check("time,x,y\n1,warm,2\n2,,NaN\n3,inf,-1e400\n",
          "a/y 1970-01-01T00:00:01Z 2;a/x 1970-01-01T00:00:02Z -;a/y 1970-01-01T00:00:02Z -;"
          "a/x 1970-01-01T00:00:03Z -;",
          "2: column \"x\": \"warm\" is not a number\n"
          "4: column \"y\": \"-1e400\" is not a number\n");
}

static void a_bad_row_loses_only_itself(void **state)
{
    (void)state;
    check("time,x,y\n1,2\n1,2,3,4\nsoon,2,3\n4,5,6,,\n5,6,7\n",
          "a/x 1970-01-01T00:00:04Z 5;a/y 1970-01-01T00:00:04Z 6;a/x 1970-01-01T00:00:05Z 6;"
          "a/y 1970-01-01T00:00:05Z 7;",
          "2: 2 cells where 3 are expected\n"
          "3: 4 cells where 3 are expected\n"
          "4: column \"time\": \"soon\" is no time (RFC 3339, \"2026-11-21 09:15:00\", or a "
          "number since 1970 expected)\n");
    check("time,sensor,value\n1,,2\n2,a/x,hot\n3,a/b/c,1\n4,a/x,5\n", "a/x 1970-01-01T00:00:04Z 5;",
          "2: the sensor's name is missing\n"
          "3: column \"value\": \"hot\" is not a number\n"
          "4: parameter name \"b/c\": 1 to 63 bytes of UTF-8 without '/' or control characters "
          "expected\n");
}

static void a_file_that_ends_inside_a_row_keeps_what_was_complete(void **state)
{
    (void)state;
    check("time,x,y\n1,2,3\n2,3", "a/x 1970-01-01T00:00:01Z 2;a/y 1970-01-01T00:00:01Z 3;",
          "3: the file ends in the middle of this row: 2 of 3 cells\n");
    check("time,x\n1,2\n2,\"3", "a/x 1970-01-01T00:00:01Z 2;", "3: the closing quote is missing\n");
}

static void order_duplicates_and_old_times_are_passed_on(void **state)
{
    (void)state;
    check("time,x\n5,1\n3,2\n3,3\n-5,4\n0001-01-01,5\n",
          "a/x 1970-01-01T00:00:05Z 1;a/x 1970-01-01T00:00:03Z 2;a/x 1970-01-01T00:00:03Z 3;"
          "a/x 1969-12-31T23:59:55Z 4;a/x 0001-01-01T00:00:00Z 5;",
          "");
}

static void a_column_that_cannot_be_named_is_refused_once(void **state)
{
    (void)state;
    struct buf body = {0};
    buf_add_z(&body, "time,x,");
    for (int i = 0; i < 70; i++)
        buf_add_char(&body, 'n');
    buf_add_z(&body, "\n1,2,3\n2,3,4\n");
    struct collect c;
    collect_open(&c);
    struct csv_replay_options options = {.asset = "a"};
    assert_ok(csv_replay_body(buf_str(&body), &options, &c.sink, &c.counts, &c.err), c.err);
    assert_string_equal(c.readings.p, "a/x 1970-01-01T00:00:01Z 2;a/x 1970-01-01T00:00:02Z 3;");
    assert_int_equal(c.counts.refused, 1);
    collect_close(&c);
    buf_free(&body);
}

static void what_is_no_text_is_named_as_such(void **state)
{
    (void)state;
    struct collect c;
    struct csv_replay_options options = {0};
    collect_open(&c);
    assert_int_equal(csv_replay_body((struct str){"a\0b", 3}, &options, &c.sink, &c.counts, &c.err),
                     ERR_INPUT);
    assert_string_equal(c.err.text, "csv: not a text file");
    assert_int_equal(csv_replay_body((struct str){"\xff\xfe"
                                                  "a\0",
                                                  4},
                                     &options, &c.sink, &c.counts, &c.err),
                     ERR_INPUT);
    assert_string_equal(c.err.text, "csv: UTF-16 text; save it as UTF-8");
    assert_int_equal(csv_replay_file("/nowhere/x.csv", &options, &c.sink, &c.counts, &c.err),
                     ERR_NOT_FOUND);
    collect_close(&c);
}

// ---- files ----

static void assets_are_named_after_files(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"valve1/0.csv", "valve1-0"},
                                           {"/x/valve1/12.csv", "valve1-12"},
                                           {"ETTh1.csv", "ETTh1"},
                                           {"./7.csv", "7"},
                                           {"a/b.c.csv", "b.c"},
                                           {"a/.hidden", ".hidden"},
                                           {"", "csv"}};
    char out[PLANT_NAME_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(csv_replay_asset(cases[i][0], out), cases[i][1]);
}

static void a_file_in_pieces_reads_as_in_one(void **state)
{
    (void)state;
    char path[] = "/tmp/fettle-csv-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct buf body = {0};
    buf_add_z(&body, "time,x,y\n");
    for (int i = 0; i < 60000; i++)
        buf_printf(&body, "%d,%d.5,\"%d\"\n", i, i, i * 2);
    assert_int_equal(write(fd, body.p, body.n), (ssize_t)body.n);
    close(fd);
    struct collect whole, pieces;
    collect_open(&whole);
    collect_open(&pieces);
    struct csv_replay_options options = {.asset = "a"};
    assert_ok(csv_replay_body(buf_str(&body), &options, &whole.sink, &whole.counts, &whole.err),
              whole.err);
    assert_ok(csv_replay_file(path, &options, &pieces.sink, &pieces.counts, &pieces.err),
              pieces.err);
    assert_int_equal(pieces.counts.accepted, 120000);
    assert_true(str_eq(buf_str(&whole.readings), buf_str(&pieces.readings)));
    unlink(path);
    collect_close(&whole);
    collect_close(&pieces);
    buf_free(&body);
}

struct progress_log {
    uint64_t calls, done, total, stop_after;
};

static bool log_progress(void *arg, uint64_t done, uint64_t total)
{
    struct progress_log *log = arg;
    assert_true(done >= log->done);
    log->done = done;
    log->total = total;
    return ++log->calls < log->stop_after;
}

static const char *data_dir(void)
{
    const char *dir = getenv("FETTLE_DATA");
    return dir ? dir : "../shared/data";
}

// The numbers of rows come from `wc -l`, those of columns from the files' headers.
static void public_data_sets_are_read_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *path, *first;
        uint64_t readings;
    } files[] = {
        {"skab/valve1/0.csv", "valve1-0/Accelerometer1RMS 2020-03-09T10:14:33Z 0.0265878;",
         1147 * 10},
        {"ett/ETTh1.csv", "ETTh1/HUFL 2016-07-01T00:00:00Z 5.827000141143799;", 17420 * 7},
        {"nab/data/artificialNoAnomaly/art_daily_small_noise.csv",
         "art_daily_small_noise/value 2014-04-01T00:00:00Z 18.324918539200002;", 4032},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", data_dir(), files[i].path);
        if (access(path, R_OK) != 0)
            skip();
        struct collect c;
        collect_open(&c);
        struct progress_log log = {.stop_after = UINT64_MAX};
        struct csv_replay_options options = {.progress = log_progress, .progress_arg = &log};
        assert_ok(csv_replay_file(path, &options, &c.sink, &c.counts, &c.err), c.err);
        assert_int_equal(c.counts.accepted, files[i].readings);
        assert_int_equal(c.counts.refused, 0);
        assert_true(log.total > 0);
        assert_int_equal(log.done, log.total);
        assert_memory_equal(c.readings.p, files[i].first, strlen(files[i].first));
        collect_close(&c);
    }
}

static void progress_can_cancel(void **state)
{
    (void)state;
    char path[] = "/tmp/fettle-csv-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(write(fd, "1,2,3\n1,2,3\n", 12), 12);
    close(fd);
    struct collect c;
    collect_open(&c);
    struct progress_log log = {.stop_after = 2};
    struct csv_replay_options options = {.progress = log_progress, .progress_arg = &log};
    assert_int_equal(csv_replay_file(path, &options, &c.sink, &c.counts, &c.err), ERR_CANCELLED);
    assert_int_equal(log.calls, 2);
    unlink(path);
    collect_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wide_file_has_a_sensor_a_column),
        cmocka_unit_test(a_long_file_has_a_reading_a_row),
        cmocka_unit_test(a_header_alone_holds_nothing),
        cmocka_unit_test(one_value_column_is_a_wide_file),
        cmocka_unit_test(a_file_without_header_numbers_its_columns),
        cmocka_unit_test(a_file_without_times_counts_its_rows),
        cmocka_unit_test(date_and_time_of_day_may_stand_apart),
        cmocka_unit_test(units_are_cut_off_column_names),
        cmocka_unit_test(odd_column_names_are_made_to_fit),
        cmocka_unit_test(columns_are_chosen_and_ignored_by_name),
        cmocka_unit_test(a_stretch_of_time_is_cut_out),
        cmocka_unit_test(decimal_commas_are_read_where_commas_do_not_part),
        cmocka_unit_test(bom_crlf_quotes_and_blanks_are_no_trouble),
        cmocka_unit_test(a_bad_cell_loses_only_itself),
        cmocka_unit_test(a_bad_row_loses_only_itself),
        cmocka_unit_test(a_file_that_ends_inside_a_row_keeps_what_was_complete),
        cmocka_unit_test(order_duplicates_and_old_times_are_passed_on),
        cmocka_unit_test(a_column_that_cannot_be_named_is_refused_once),
        cmocka_unit_test(what_is_no_text_is_named_as_such),
        cmocka_unit_test(assets_are_named_after_files),
        cmocka_unit_test(a_file_in_pieces_reads_as_in_one),
        cmocka_unit_test(public_data_sets_are_read_as_they_are),
        cmocka_unit_test(progress_can_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
