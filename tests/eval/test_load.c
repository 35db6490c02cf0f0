// The loaders: what good files give, and that bad ones are refused with their place named.
#include "test.h"

#include <math.h>
#include <zlib.h>

#include "base/clock.h"
#include "eval/load.h"
#include "files.h"

static const char *put(const char *name, const char *text)
{
    return files_put(name, text, strlen(text));
}

static void a_skab_file_gives_sensors_and_labels(void **state)
{
    (void)state;
    struct eval_series s;
    struct err err = {0};
    const char *path = put("1.csv", "datetime;Current;Volume Flow;anomaly;changepoint\r\n"
                                    "2020-03-09 10:14:33;1.5;32;0.0;0.0\r\n"
                                    "2020-03-09 10:14:34;-2e-3;;1.0;1\r\n"
                                    "\r\n"
                                    "2020-03-09 10:14:36;nan;7;1;0");
    assert_ok(load_csv(path, true, &s, &err), err);
    assert_int_equal(s.rows, 3);
    assert_int_equal(s.sensors, 2);
    assert_string_equal(s.sensor_names[1], "Volume Flow");
    assert_int_equal(s.times_us[2] - s.times_us[0], 3 * US_PER_SECOND);
    assert_close(s.values[2], -0.002, 0);
    assert_true(isnan(s.values[3]));
    assert_true(isnan(s.values[4]));
    assert_memory_equal(s.anomaly, ((unsigned char[]){0, 1, 1}), 3);
    assert_memory_equal(s.change, ((unsigned char[]){0, 1, 0}), 3);
    eval_series_close(&s);
}

static void label_columns_may_stand_anywhere(void **state)
{
    (void)state;
    struct eval_series s;
    struct err err = {0};
    assert_ok(load_csv(put("1.csv", "t,changepoint,a,anomaly,b\n2020-01-01 00:00:00,1,5,0,6\n"),
                       true, &s, &err),
              err);
    assert_int_equal(s.sensors, 2);
    assert_string_equal(s.sensor_names[1], "b");
    assert_close(s.values[1], 6, 0);
    assert_int_equal(s.change[0], 1);
    eval_series_close(&s);
}

static void bad_csv_files_are_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "line 1: a header"},
        {"time\n2020-01-01\n", "line 1: a column of times"},
        {"t,anomaly,changepoint\n2020-01-01,0,0\n", "line 1: a column of times"},
        {"t,a\n2020-01-01,1\n", "anomaly and changepoint are missing"},
        {"t,a,anomaly,changepoint\n2020-01-01,1,0,0\n2020-01-02,2,0\n", "line 3: 3 fields"},
        {"t,a,anomaly,changepoint\n2020-01-01,1,0,0\n2020-01-02,2,0", "line 3: 3 fields"},
        {"t,a,anomaly,changepoint\nyesterday,1,0,0\n", "line 2: \"yesterday\" is no time"},
        {"t,a,anomaly,changepoint\n2020-01-01,1x,0,0\n", "line 2, column 2: \"1x\""},
        {"t,a,anomaly,changepoint\n2020-01-01,1e999,0,0\n", "line 2, column 2: \"1e999\""},
        {"t,a,anomaly,changepoint\n2020-01-01,1,2,0\n", "line 2, column 3: a label is 0 or 1"},
        {"t,a,anomaly,changepoint\n2020-01-01,1,0,\n", "line 2, column 4: a label is 0 or 1"},
        {"t,a,anomaly,changepoint\n2020-01-01,\"1,0,0\n", "line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct eval_series s;
        struct err err = {0};
        if (load_csv(put("bad.csv", cases[i].text), true, &s, &err) != ERR_INPUT)
            fail_msg("case %zu was taken: %s", i, cases[i].text);
        if (!strstr(err.text, cases[i].words) || !strstr(err.text, "bad.csv"))
            fail_msg("case %zu says: %s", i, err.text);
    }
}

static void more_sensors_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    struct eval_series s;
    struct err err = {0};
    char text[1024] = "t";
    for (int i = 0; i < EVAL_SENSORS_MAX + 1; i++)
        strcat(text, ",a");
    assert_int_equal(load_csv(put("wide.csv", text), false, &s, &err), ERR_LIMIT);
}

static const char *put_gzip(const char *name, const char *text, size_t cut)
{
    unsigned char packed[4096];
    uLongf n = sizeof packed;
    z_stream z = {.next_in = (unsigned char *)text,
                  .avail_in = (unsigned)strlen(text),
                  .next_out = packed,
                  .avail_out = sizeof packed};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    n = z.total_out;
    deflateEnd(&z);
    return files_put(name, (const char *)packed, n - cut);
}

static void ucr_files_are_read_plain_and_gzipped(void **state)
{
    (void)state;
    static const char text[] = " 1.5\n-2\n3e1 4\t5\r\n6";
    const char *paths[] = {put("001_UCR_Anomaly_x_2_4_5.txt", text),
                           put_gzip("001_UCR_Anomaly_x_2_4_5.txt.gz", text, 0)};
    for (int i = 0; i < 2; i++) {
        struct eval_series s;
        struct ucr_labels l;
        struct err err = {0};
        assert_ok(load_ucr(paths[i], &s, &l, &err), err);
        assert_int_equal(s.rows, 6);
        assert_close(s.values[2], 30, 0);
        assert_close(s.values[5], 6, 0);
        assert_int_equal(l.train, 2);
        assert_int_equal(l.begin, 4);
        assert_int_equal(l.end, 5);
        assert_memory_equal(s.anomaly, ((unsigned char[]){0, 0, 0, 1, 1, 0}), 6);
        eval_series_close(&s);
    }
}

static void a_number_across_two_reads_is_one(void **state)
{
    (void)state;
    enum { VALUES = 200000 }; // more than one buffer of text
    struct buf text = {0};
    struct eval_series s;
    struct ucr_labels l;
    struct err err = {0};
    for (int i = 0; i < VALUES; i++)
        buf_printf(&text, "%7d\n", i);
    assert_ok(load_ucr(files_put("1_UCR_Anomaly_n_2_4_5.txt", text.p, text.n), &s, &l, &err), err);
    assert_int_equal(s.rows, VALUES);
    for (int i = 0; i < VALUES; i++)
        assert_close(s.values[i], i, 0);
    eval_series_close(&s);
    buf_free(&text);
}

static void bad_ucr_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *words;
    } cases[] = {
        {"x.txt", "1", "the name must end"},
        {"x_UCR_Anomaly_1_2.txt", "1", "the name must end"},
        {"x_5_4_6.txt", "1", "the name must end"},
        {"x_2_6_4.txt", "1", "the name must end"},
        {"x_2_4_99999999999999999999.txt", "1", "the name must end"},
        {"x_2_4_5.txt", "1 2 3 4", "4 values, but the name speaks of value 5"},
        {"x_2_4_5.txt", "", "0 values"},
        {"x_2_4_5.txt", "1 2 three 4 5", "value 3: \"three\" is no number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct eval_series s;
        struct ucr_labels l;
        struct err err = {0};
        if (load_ucr(put(cases[i].name, cases[i].text), &s, &l, &err) != ERR_INPUT)
            fail_msg("case %zu was taken", i);
        if (!strstr(err.text, cases[i].words))
            fail_msg("case %zu says: %s", i, err.text);
    }
}

static void a_gzip_file_that_is_cut_off_is_refused(void **state)
{
    (void)state;
    struct eval_series s;
    struct ucr_labels l;
    struct err err = {0};
    const char *path = put_gzip("1_UCR_Anomaly_x_2_4_5.txt.gz", "1\n2\n3\n4\n5\n6\n7\n", 9);
    assert_int_equal(load_ucr(path, &s, &l, &err), ERR_INPUT);
}

static void a_word_without_end_is_refused(void **state)
{
    (void)state;
    struct eval_series s;
    struct ucr_labels l;
    struct err err = {0};
    enum { BYTES = 1 << 20 };
    char *text = malloc(BYTES);
    assert_non_null(text);
    memset(text, '7', BYTES);
    assert_int_equal(load_ucr(files_put("1_UCR_Anomaly_x_2_4_5.txt", text, BYTES), &s, &l, &err),
                     ERR_INPUT);
    free(text);
}

// Ten rows a minute apart, from 10:00.
static void ten_rows(struct eval_series *s)
{
    struct err err = {0};
    assert_ok(eval_series_open(s, 10, 1, &err), err);
    int64_t start;
    assert_true(time_from_text(STR_LIT("2014-04-10 10:00:00"), &start));
    for (int i = 0; i < 10; i++)
        s->times_us[i] = start + i * US_PER_MINUTE;
}

static enum err_code apply(const char *json, struct eval_series *s, struct nab_window **windows,
                           size_t *count, struct err *err)
{
    struct nab_labels *l;
    enum err_code code = nab_labels_open(put("w.json", json), &l, err);
    if (code != ERR_OK)
        return code;
    code = nab_labels_apply(l, "g/f.csv", s, windows, count, err);
    nab_labels_close(&l);
    return code;
}

static void nab_windows_become_rows(void **state)
{
    (void)state;
    struct eval_series s;
    struct nab_window *w;
    size_t n;
    struct err err = {0};
    ten_rows(&s);
    assert_ok(apply("{\"g/o.csv\": [], \"g/f.csv\": ["
                    "[\"2014-04-10 10:01:00.000000\", \"2014-04-10 10:03:00.000000\"],"
                    "[\"2014-04-10 10:08:00.000000\", \"2014-04-10 10:08:00.000000\"]]}",
                    &s, &w, &n, &err),
              err);
    assert_int_equal(n, 2);
    assert_int_equal(w[0].first, 1);
    assert_int_equal(w[0].last, 3);
    assert_int_equal(w[1].first, 8);
    assert_memory_equal(s.anomaly, ((unsigned char[]){0, 1, 1, 1, 0, 0, 0, 0, 1, 0}), 10);
    free(w);
    eval_series_close(&s);
}

static void bad_nab_windows_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "[]",
        "{\"g/f.csv\": ",
        "{\"g/f.csv\": 3}",
        "{}",
        "{\"g/f.csv\": [3]}",
        "{\"g/f.csv\": [[]]}",
        "{\"g/f.csv\": [[\"2014-04-10 10:01:00\"]]}",
        "{\"g/f.csv\": [[\"2014-04-10 10:01:00\", 5]]}",
        "{\"g/f.csv\": [[\"2014-04-10 10:01:00\", \"2014-04-10 10:01:30\"]]}",
        "{\"g/f.csv\": [[\"2014-04-10 10:03:00\", \"2014-04-10 10:01:00\"]]}",
        ("{\"g/f.csv\": [[\"2014-04-10 10:01:00\", \"2014-04-10 10:03:00\"], "
         "[\"2014-04-10 10:03:00\", \"2014-04-10 10:04:00\"]]}"),
    };
    struct eval_series s;
    ten_rows(&s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct nab_window *w;
        size_t n;
        struct err err = {0};
        if (apply(cases[i], &s, &w, &n, &err) == ERR_OK)
            fail_msg("case %zu was taken: %s", i, cases[i]);
        if (!strstr(err.text, "w.json"))
            fail_msg("case %zu says: %s", i, err.text);
    }
    eval_series_close(&s);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, files_open, files_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_skab_file_gives_sensors_and_labels),
        IN_FOLDER(label_columns_may_stand_anywhere),
        IN_FOLDER(bad_csv_files_are_refused_by_line),
        IN_FOLDER(more_sensors_than_there_is_room_for_are_refused),
        IN_FOLDER(ucr_files_are_read_plain_and_gzipped),
        IN_FOLDER(a_number_across_two_reads_is_one),
        IN_FOLDER(bad_ucr_files_are_refused),
        IN_FOLDER(a_gzip_file_that_is_cut_off_is_refused),
        IN_FOLDER(a_word_without_end_is_refused),
        IN_FOLDER(nab_windows_become_rows),
        IN_FOLDER(bad_nab_windows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
