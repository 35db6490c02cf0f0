// A simulated plant on disk: complete, read back as it was, and never overwriting.
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "ingest/collect.h"
#include "ingest/csv_replay.h"
#include "ingest/sim_files.h"

static const int64_t start_us = INT64_C(1767225600) * US_PER_SECOND;

static struct sim_files_options options_for(const char *dir, bool long_format)
{
    return (struct sim_files_options){
        .dir = dir,
        .config = {.seed = 7, .assets = 2, .start_us = start_us, .faults_per_hour = 20},
        .days = 0.1,
        .long_format = long_format};
}

// The simulator's readings as collect.h writes them, of one asset, or of all (-1).
static void simulate(const struct sim_files_options *o, int asset, struct collect *c)
{
    struct sim *s;
    assert_ok(sim_open(&o->config, c->catalog, &s, &c->err), c->err);
    for (int i = 0; i < 8640; i++) {
        struct reading out[12];
        size_t n;
        int64_t t;
        assert_ok(sim_next(s, out, &n, &t, &c->err), c->err);
        for (size_t k = 0; k < n; k++)
            if (asset < 0 || (int)out[k].sensor / 6 == asset)
                c->sink.readings(c->sink.arg, &out[k], 1, &c->err);
    }
    sim_close(&s);
}

static void remove_all(const char *dir)
{
    static const char *const names[] = {"wtf-pipe-1.csv", "wtf-pipe-2.csv", "plant.csv",
                                        "truth.json"};
    char path[256];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

// In a wide file, silence next to a reading is an empty cell: read back as a missing value.
static void drop_missing(struct buf *b)
{
    struct buf kept = {0};
    struct str rest = buf_str(b);
    buf_add_z(&kept, "");
    while (rest.n) {
        struct str one = str_cut(&rest, ';');
        if (one.n && one.p[one.n - 1] != '-')
            buf_printf(&kept, "%.*s;", STR_ARG(one));
    }
    buf_free(b);
    *b = kept;
}

static void files_read_back_as_the_plant_was(void **state)
{
    (void)state;
    for (int long_format = 0; long_format < 2; long_format++) {
        char dir[] = "/tmp/fettle-sim-XXXXXX", path[256];
        assert_non_null(mkdtemp(dir));
        struct sim_files_options o = options_for(dir, long_format);
        struct sim_files_result result;
        struct err err;
        assert_ok(sim_write_files(&o, &result, &err), err);
        assert_int_equal(result.files, long_format ? 2 : 3);
        assert_true(result.faults > 5);
        for (int asset = 0; asset < (long_format ? 1 : 2); asset++) {
            struct collect made, read;
            collect_open(&made);
            collect_open(&read);
            simulate(&o, long_format ? -1 : asset, &made);
            snprintf(path, sizeof path, long_format ? "%s/plant.csv" : "%s/wtf-pipe-%d.csv", dir,
                     asset + 1);
            struct csv_replay_options replay = {0};
            assert_ok(csv_replay_file(path, &replay, &read.sink, &read.counts, &read.err),
                      read.err);
            drop_missing(&read.readings);
            assert_int_equal(read.counts.refused, 0);
            assert_true(str_eq(buf_str(&made.readings), buf_str(&read.readings)));
            collect_close(&made);
            collect_close(&read);
        }
        remove_all(dir);
    }
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    char dir[] = "/tmp/fettle-sim-XXXXXX", path[256];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/wtf-pipe-2.csv", dir);
    struct err err;
    assert_ok(file_replace(path, "mine", 4, &err), err);
    struct sim_files_options o = options_for(dir, false);
    struct sim_files_result result;
    assert_int_equal(sim_write_files(&o, &result, &err), ERR_CONFLICT);
    struct buf text = {0};
    assert_ok(file_read(path, 100, &text, &err), err);
    assert_string_equal(text.p, "mine");
    buf_free(&text);
    snprintf(path, sizeof path, "%s/truth.json", dir);
    assert_false(file_exists(path));
    remove_all(dir);
}

static bool stop(void *arg, uint64_t done, uint64_t total)
{
    (void)done;
    *(uint64_t *)arg = total;
    return false;
}

static void writing_can_be_cancelled_and_wrong_lengths_are_named(void **state)
{
    (void)state;
    char dir[] = "/tmp/fettle-sim-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct sim_files_options o = options_for(dir, true);
    uint64_t total = 0;
    o.progress = stop;
    o.progress_arg = &total;
    struct sim_files_result result;
    struct err err;
    assert_int_equal(sim_write_files(&o, &result, &err), ERR_CANCELLED);
    assert_int_equal(total, 8640);
    o.days = 0;
    assert_int_equal(sim_write_files(&o, &result, &err), ERR_USAGE);
    remove_all(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_read_back_as_the_plant_was),
        cmocka_unit_test(nothing_is_overwritten),
        cmocka_unit_test(writing_can_be_cancelled_and_wrong_lengths_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
