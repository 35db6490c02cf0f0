// Backups taken under load are whole; restoring puts them in place and keeps what was there.
#include "store/store_fixture.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { SENSORS = 3, BATCH = 90 };

struct load {
    struct fixture *f;
    atomic_bool stop;
    atomic_size_t written; // readings
};

static struct reading nth(const struct fixture *f, size_t n)
{
    return (struct reading){(int64_t)n * US_PER_SECOND, (double)(n * 31 % 500) / 10,
                            f->sensors[n % SENSORS], QUALITY_GOOD};
}

static void *keep_writing(void *arg)
{
    struct load *l = arg;
    struct reading r[BATCH];
    struct err err;
    while (!l->stop) {
        for (size_t i = 0; i < BATCH; i++)
            r[i] = nth(l->f, l->written + i);
        struct store_batch b = {.readings = r, .reading_count = BATCH};
        if (store_write(l->f->store, &b, &err) != ERR_OK)
            return "a write failed";
        l->written += BATCH;
    }
    return NULL;
}

// What a backup holds, opened as a store of its own.
static size_t check_backup(const char *backup, const struct fixture *f, size_t at_least)
{
    struct fixture copy;
    struct err err;
    size_t count;
    fixture_make(&copy);
    memcpy(copy.sensors, f->sensors, sizeof copy.sensors);
    assert_ok(store_restore(backup, copy.dir, &err), err);
    fixture_open(&copy);
    struct reading *all = fixture_scan(&copy, INT64_MIN, INT64_MAX, &count);
    assert_true(count >= at_least);
    assert_int_equal(count % BATCH, 0);
    for (size_t i = 0; i < count; i++) {
        struct reading r = nth(f, i);
        assert_memory_equal(&all[i], &r, sizeof r);
    }
    free(all);
    fixture_remove(&copy);
    return count;
}

static void backups_under_load_hold_all_that_was_acknowledged(void **state)
{
    (void)state;
    const char *wanted = getenv("FETTLE_BACKUPS");
    int backups = wanted ? atoi(wanted) : 12;
    struct fixture f;
    struct err err;
    pthread_t thread;
    fixture_make(&f);
    fixture_set(&f, "store.group_commit", "1ms");
    fixture_open(&f);
    fixture_sensors(&f, SENSORS);
    struct load load = {.f = &f};
    assert_int_equal(pthread_create(&thread, NULL, keep_writing, &load), 0);
    for (int i = 0; i < backups; i++) {
        char path[300];
        clock_sleep_us(15000);
        snprintf(path, sizeof path, "%s/backup-%d", f.dir, i);
        size_t before = load.written;
        assert_ok(store_backup(f.store, path, &err), err);
        check_backup(path, &f, before);
        assert_int_equal(unlink(path), 0);
    }
    load.stop = true;
    void *complaint;
    pthread_join(thread, &complaint);
    assert_null(complaint);
    fixture_remove(&f);
}

static void a_backup_replaces_no_file_and_leaves_none_behind(void **state)
{
    (void)state;
    struct fixture f;
    struct err err;
    char path[300], command[400];
    fixture_make(&f);
    fixture_open(&f);
    snprintf(path, sizeof path, "%s/there", f.dir);
    assert_ok(file_replace(path, "x", 1, &err), err);
    assert_int_equal(store_backup(f.store, path, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, path));
    struct buf kept = {0};
    assert_ok(file_read(path, 10, &kept, &err), err);
    assert_string_equal(kept.p, "x");
    buf_free(&kept);
    assert_int_equal(store_backup(f.store, "/nonexistent-folder/b", &err), ERR_NOT_FOUND);
    snprintf(path, sizeof path, "%s/good", f.dir);
    assert_ok(store_backup(f.store, path, &err), err);
    snprintf(command, sizeof command, "test -z \"$(ls '%s' | grep -e tmp- -e good-)\"", f.dir);
    assert_int_equal(system(command), 0);
    fixture_remove(&f);
}

static void restoring_keeps_what_was_there(void **state)
{
    (void)state;
    struct fixture f;
    struct err err;
    char backup[300], kept[300];
    size_t count;
    fixture_make(&f);
    fixture_open(&f);
    fixture_sensors(&f, SENSORS);
    struct reading r[2] = {nth(&f, 0), nth(&f, 1)};
    fixture_write(&f, r, 1);
    snprintf(backup, sizeof backup, "%s/backup", f.dir);
    assert_ok(store_backup(f.store, backup, &err), err);
    fixture_write(&f, r + 1, 1);
    assert_int_equal(store_restore(backup, f.dir, &err), ERR_CONFLICT); // still open
    fixture_close(&f);
    assert_ok(store_restore(backup, f.dir, &err), err);
    fixture_open(&f);
    free(fixture_scan(&f, INT64_MIN, INT64_MAX, &count));
    assert_int_equal(count, 1);
    fixture_close(&f);
    snprintf(kept, sizeof kept, "%s/fettle.db.before-restore", f.dir);
    assert_ok(store_restore(kept, f.dir, &err), err); // and back again
    fixture_open(&f);
    free(fixture_scan(&f, INT64_MIN, INT64_MAX, &count));
    assert_int_equal(count, 2);
    fixture_remove(&f);
}

// A folder whose program was killed: its log holds readings that the database file does not.
static void restoring_over_a_log_keeps_what_the_log_holds(void **state)
{
    (void)state;
    struct fixture f, dead;
    struct err err;
    char backup[300], kept[300], command[900];
    size_t count;
    fixture_make(&f);
    fixture_make(&dead);
    fixture_open(&f);
    fixture_sensors(&f, SENSORS);
    snprintf(backup, sizeof backup, "%s/backup", f.dir);
    assert_ok(store_backup(f.store, backup, &err), err);
    struct reading r = nth(&f, 0);
    fixture_write(&f, &r, 1);
    snprintf(command, sizeof command, "cp '%s/fettle.db' '%s/fettle.db-wal' '%s'", f.dir, f.dir,
             dead.dir);
    assert_int_equal(system(command), 0);
    assert_ok(store_restore(backup, dead.dir, &err), err);
    fixture_open(&dead);
    free(fixture_scan(&dead, INT64_MIN, INT64_MAX, &count));
    assert_int_equal(count, 0); // nothing of the old log came into the new database
    fixture_close(&dead);
    snprintf(kept, sizeof kept, "%s/fettle.db.before-restore", dead.dir);
    assert_ok(store_restore(kept, dead.dir, &err), err);
    fixture_open(&dead);
    free(fixture_scan(&dead, INT64_MIN, INT64_MAX, &count));
    assert_int_equal(count, 1);
    fixture_remove(&dead);
    fixture_remove(&f);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_is_no_backup_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct err err;
    char path[300], command[700];
    size_t count;
    fixture_make(&f);
    fixture_open(&f);
    fixture_sensors(&f, SENSORS);
    struct reading r = nth(&f, 0);
    fixture_write(&f, &r, 1);
    snprintf(path, sizeof path, "%s/bad", f.dir);
    assert_ok(store_backup(f.store, path, &err), err);
    fixture_close(&f);
    assert_int_equal(store_restore("/nonexistent", f.dir, &err), ERR_NOT_FOUND);
    snprintf(command, sizeof command,
             "cd '%s' && head -c 20000 bad >cut && head -c 9000 /dev/zero >zeros && : >empty && "
             "printf 'no database at all, whatever its name says' >text && cp bad newer",
             f.dir);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/newer", f.dir);
    run_sql(path, "UPDATE meta SET value = 999");
    snprintf(path, sizeof path, "%s/other", f.dir);
    run_sql(path, "CREATE TABLE t(a)");
    static const struct {
        const char *name;
        enum err_code code;
    } bad[] = {{"cut", ERR_CORRUPT},  {"zeros", ERR_CORRUPT},  {"empty", ERR_CONFLICT},
               {"text", ERR_CORRUPT}, {"other", ERR_CONFLICT}, {"newer", ERR_UNSUPPORTED}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(path, sizeof path, "%s/%s", f.dir, bad[i].name);
        enum err_code code = store_restore(path, f.dir, &err);
        if (code != bad[i].code)
            fail_msg("%s: %d: %s", bad[i].name, code, err.text);
        assert_non_null(strstr(err.text, path));
    }
    fixture_open(&f);
    free(fixture_scan(&f, INT64_MIN, INT64_MAX, &count));
    assert_int_equal(count, 1);
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backups_under_load_hold_all_that_was_acknowledged),
        cmocka_unit_test(a_backup_replaces_no_file_and_leaves_none_behind),
        cmocka_unit_test(restoring_keeps_what_was_there),
        cmocka_unit_test(restoring_over_a_log_keeps_what_the_log_holds),
        cmocka_unit_test(what_is_no_backup_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
