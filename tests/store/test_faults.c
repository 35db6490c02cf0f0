// Disks that return errors or run full: what is acknowledged stays, what is not may be sent again.
//
// FETTLE_IO_FAULTS sets the step between the operations that are made to fail (default 5; 1: all).
#include "store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/fake_disk.h"
#include "store/store_private.h"

enum { SENSORS = 2, BATCH = 150 };

static int set_up(void **state)
{
    (void)state;
    fake_disk_reset();
    store_test_hooks = (struct store_test_hooks){.vfs = FAKE_DISK, .hasty = true};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_disk_reset();
    store_test_hooks = (struct store_test_hooks){0};
    return 0;
}

static void make(struct fixture *f)
{
    fixture_make(f);
    fixture_set(f, "store.group_commit", "0");
}

// Batch number k holds seconds k * BATCH up to the next of both sensors in turn.
static enum err_code send(struct fixture *f, size_t k, struct err *err)
{
    struct reading r[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        size_t n = k * BATCH + i;
        r[i] = (struct reading){(int64_t)n * US_PER_SECOND, (double)(n % 97) / 4,
                                f->sensors[n % SENSORS], QUALITY_GOOD};
    }
    struct store_batch b = {.readings = r, .reading_count = BATCH};
    enum err_code code = store_write(f->store, &b, err);
    if (code == ERR_OK)
        assert_int_equal(b.stored + b.duplicates, BATCH);
    else
        assert_int_equal(b.stored, 0);
    return code;
}

// The first `batches` are there in full and right; what was not acknowledged may be, too, whole.
static void check(struct fixture *f, size_t batches, size_t sent)
{
    size_t count;
    struct reading *all = fixture_scan(f, INT64_MIN, INT64_MAX, &count);
    assert_true(count >= batches * BATCH);
    assert_true(count <= sent * BATCH);
    assert_int_equal(count % BATCH, 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(all[i].time_us, (int64_t)i * US_PER_SECOND);
        assert_true(all[i].value == (double)(i % 97) / 4);
    }
    free(all);
}

static void reopen(struct fixture *f)
{
    store_close(&f->store, NULL);
    if (f->catalog)
        catalog_close(&f->catalog);
    fixture_open(f);
    fixture_sensors(f, SENSORS);
}

// Opens, sends 12 batches, closes; with one fault on the way. True if the fault struck.
static bool run_with_fault(enum fake_fault fault, long at, bool stays)
{
    struct fixture f;
    struct err err;
    size_t acknowledged = 0, sent = 0;
    bool failed_before = false;
    make(&f);
    fake_disk_reset();
    fake_disk.fault_at = at;
    fake_disk.fault_stays = stays;
    fake_disk.fault = fault;
    if (fixture_try_open(&f, &err) == ERR_OK) {
        fixture_sensors(&f, SENSORS);
        for (; sent < 12; sent++) {
            enum err_code code = send(&f, sent, &err);
            if (code == ERR_OK) {
                assert_false(failed_before && fault != FAULT_READ);
                acknowledged = sent + 1;
                continue;
            }
            assert_true(code == (fault == FAULT_FULL ? ERR_NO_SPACE : ERR_IO));
            assert_non_null(strstr(err.text, "fettle.db"));
            failed_before = true;
            if (fault == FAULT_FULL || fault == FAULT_READ)
                break; // in order, so that check() knows what must be there
        }
        if (failed_before && fault != FAULT_FULL && fault != FAULT_READ) {
            struct store_stats stats;
            store_stats(f.store, &stats);
            assert_true(stats.read_only);
            check(&f, acknowledged, 12); // reading goes on
        }
    } else {
        assert_true(err.code == ERR_IO || err.code == ERR_NO_SPACE);
    }
    bool fired = fake_disk.fired > 0;
    fake_disk_reset();
    reopen(&f);
    check(&f, acknowledged, 12);
    for (size_t k = acknowledged; k < 12; k++) // sent again: stored once
        assert_ok(send(&f, k, &err), err);
    check(&f, 12, 12);
    fixture_remove(&f);
    fake_disk_forget();
    return fired;
}

static void fail_each(enum fake_fault fault, bool stays)
{
    const char *wanted = getenv("FETTLE_IO_FAULTS");
    long step = wanted ? strtol(wanted, NULL, 10) : 5, at = 1, runs = 0;
    if (fault == FAULT_SYNC)
        step = step > 3 ? 3 : step;
    for (; run_with_fault(fault, at, stays); at += step)
        runs++;
    print_message("%ld places, one in %ld\n", at, step);
    assert_true(runs > 2);
}

static void a_failed_write_loses_nothing_acknowledged(void **state)
{
    (void)state;
    fail_each(FAULT_WRITE, false);
    fail_each(FAULT_WRITE, true);
}

static void a_failed_sync_ends_all_acknowledging(void **state)
{
    (void)state;
    fail_each(FAULT_SYNC, false);
    fail_each(FAULT_SYNC, true);
}

static void a_failed_read_loses_nothing_acknowledged(void **state)
{
    (void)state;
    fail_each(FAULT_READ, false);
}

static void an_operation_without_space_loses_nothing_acknowledged(void **state)
{
    (void)state;
    fail_each(FAULT_FULL, false);
}

static void a_full_disk_refuses_until_there_is_space(void **state)
{
    (void)state;
    struct fixture f;
    struct err err;
    struct store_stats stats;
    make(&f);
    fixture_open(&f);
    fixture_sensors(&f, SENSORS);
    size_t k = 0;
    for (int cycle = 0; cycle < 30; cycle++) {
        size_t stop = k + 3;
        for (; k < stop; k++)
            assert_ok(send(&f, k, &err), err);
        fake_disk.full = true;
        size_t tries = 0;
        enum err_code code;
        while ((code = send(&f, k, &err)) == ERR_OK && tries++ < 1000) // what the log has room for
            k++;
        assert_int_equal(code, ERR_NO_SPACE);
        assert_non_null(strstr(err.text, "full"));
        store_stats(f.store, &stats);
        assert_true(stats.disk_full && !stats.read_only);
        check(&f, k, k);
        fake_disk.full = false;
        assert_ok(send(&f, k, &err), err); // the same again, at once
        k++;
        store_stats(f.store, &stats);
        assert_false(stats.disk_full);
    }
    check(&f, k, k);
    reopen(&f);
    check(&f, k, k);
    fixture_remove(&f);
}

// ---- a real full disk: a small tmpfs in a namespace of its own ----

static int fill_tmpfs(void)
{
    struct fixture f;
    struct err err;
    char ballast[300];
    setenv("TMPDIR", "/mnt", 1);
    make(&f);
    fixture_open(&f);
    fixture_sensors(&f, SENSORS);
    snprintf(ballast, sizeof ballast, "/mnt/ballast");
    size_t k = 0;
    for (int cycle = 0; cycle < 5; cycle++) {
        FILE *file = fopen(ballast, "w");
        assert_non_null(file);
        char block[4096] = {1};
        while (fwrite(block, sizeof block, 1, file) == 1 && fflush(file) == 0)
            ;
        fclose(file);
        enum err_code code;
        size_t tries = 0;
        while ((code = send(&f, k, &err)) == ERR_OK && tries++ < 10000)
            k++;
        assert_int_equal(code, ERR_NO_SPACE);
        check(&f, k, k);
        assert_int_equal(unlink(ballast), 0);
        assert_ok(send(&f, k, &err), err);
        k++;
    }
    reopen(&f);
    check(&f, k, k);
    fixture_remove(&f);
    return 0;
}

static char program[4096];

static void a_full_tmpfs_is_survived(void **state)
{
    (void)state;
    char command[4400];
    if (system("unshare -rm true 2>/dev/null") != 0)
        skip();
    snprintf(command, sizeof command,
             "unshare -rm sh -c 'mount -t tmpfs -o size=4m none /mnt && exec \"%s\" tmpfs'",
             program);
    int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void fill_tmpfs_test(void **state)
{
    (void)state;
    store_test_hooks = (struct store_test_hooks){.hasty = true};
    assert_int_equal(fill_tmpfs(), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failed_write_loses_nothing_acknowledged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failed_sync_ends_all_acknowledging, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_read_loses_nothing_acknowledged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_operation_without_space_loses_nothing_acknowledged,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_refuses_until_there_is_space, set_up,
                                        tear_down),
        cmocka_unit_test(a_full_tmpfs_is_survived),
    };
    const struct CMUnitTest inside[] = {cmocka_unit_test(fill_tmpfs_test)};
    fake_disk_register();
    if (argc > 1 && strcmp(argv[1], "tmpfs") == 0)
        return cmocka_run_group_tests(inside, NULL, NULL);
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
