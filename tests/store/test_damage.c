// Damaged files: noticed, named, never served as if whole, and never a crash.
//
// FETTLE_DAMAGES sets how many damages are tried (default 120).
#include "store/store_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READINGS = 6000, PAGE = 4096 };

static struct reading nth(const struct fixture *f, size_t n)
{
    return (struct reading){(int64_t)n * US_PER_SECOND, (double)(n * 31 % 500) / 10,
                            f->sensors[n % 3], QUALITY_GOOD};
}

// A small database with chunks, a journal, roll-ups, an anomaly and an incident; closed.
static void make(struct fixture *f)
{
    struct reading r[500];
    struct err err;
    fixture_make(f);
    fixture_set(f, "store.group_commit", "0");
    fixture_open(f);
    fixture_sensors(f, 3);
    for (size_t at = 0; at < READINGS; at += 500) {
        for (size_t i = 0; i < 500; i++)
            r[i] = nth(f, at + i);
        fixture_write(f, r, 500);
    }
    struct anomaly an = {.id = 1, .message = "m"};
    struct incident in = {.id = 1, .title = "t"};
    struct store_batch b = {
        .anomalies = &an, .anomaly_count = 1, .incidents = &in, .incident_count = 1};
    assert_ok(store_write(f->store, &b, &err), err);
    fixture_close(f);
}

static void run(const char *fmt, const char *a, const char *b)
{
    char command[800];
    snprintf(command, sizeof command, fmt, a, b);
    assert_int_equal(system(command), 0);
}

struct seen {
    const struct fixture *f;
    size_t count;
    bool wrong;
};

static bool look(void *arg, const struct reading *readings, size_t count)
{
    struct seen *s = arg;
    for (size_t i = 0; i < count; i++, s->count++) {
        struct reading r = nth(s->f, s->count);
        if (memcmp(&readings[i], &r, sizeof r) != 0)
            s->wrong = true;
    }
    return true;
}

enum outcome { WHOLE, NOTICED, WRONG };

// Opens what is there and reads all of it.
static enum outcome use(struct fixture *f)
{
    struct err err = {0};
    struct seen seen = {.f = f};
    enum err_code code = fixture_try_open(f, &err);
    if (code == ERR_OK) {
        struct store_history h;
        struct anomaly an;
        struct incident in;
        code = store_scan(f->store, INT64_MIN, INT64_MAX, look, &seen, &err);
        if (code == ERR_OK)
            code = store_history(f->store, 0, 0, INT64_MAX, 10, false, &h, &err);
        if (code == ERR_OK)
            store_history_free(&h);
        if (code == ERR_OK)
            code = store_anomaly(f->store, 1, &an, &err);
        if (code == ERR_OK)
            code = store_incident(f->store, 1, &in, &err);
        store_close(&f->store, NULL);
        catalog_close(&f->catalog);
    }
    if (code == ERR_OK)
        return seen.wrong || seen.count != READINGS ? WRONG : WHOLE;
    assert_true(err.text[0] != '\0');
    return NOTICED;
}

// Flips a bit, fills with zeros or noise, or cuts the file off.
static void damage(const char *path, struct rng *rng)
{
    struct stat st;
    unsigned char bytes[PAGE];
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= PAGE);
    off_t page = (off_t)rng_below(rng, (uint64_t)st.st_size / PAGE) * PAGE;
    assert_int_equal(pread(fd, bytes, PAGE, page), PAGE);
    switch (rng_below(rng, 4)) {
    case 0:
        bytes[rng_below(rng, PAGE)] ^= (unsigned char)(1u << rng_below(rng, 8));
        break;
    case 1:
        memset(bytes, 0, PAGE);
        break;
    case 2:
        for (size_t i = 0; i < PAGE; i++)
            bytes[i] = (unsigned char)rng_u64(rng);
        break;
    default:
        assert_int_equal(ftruncate(fd, page + (off_t)rng_below(rng, PAGE)), 0);
        close(fd);
        return;
    }
    assert_int_equal(pwrite(fd, bytes, PAGE, page), PAGE);
    close(fd);
}

static void damaged_databases_never_pass_for_whole(void **state)
{
    (void)state;
    const char *wanted = getenv("FETTLE_DAMAGES");
    int times = wanted ? atoi(wanted) : 120, outcomes[3] = {0};
    struct fixture f;
    struct rng rng;
    char path[300];
    rng_seed(&rng, 1);
    make(&f);
    assert_int_equal(use(&f), WHOLE);
    snprintf(path, sizeof path, "%s/fettle.db", f.dir);
    run("cp '%s' '%s.good'", path, path);
    for (int i = 0; i < times; i++) {
        damage(path, &rng);
        enum outcome o = use(&f);
        outcomes[o]++;
        assert_int_not_equal(o, WRONG);
        run("rm -f '%s'-wal '%s'-shm", path, path);
        run("cp '%s.good' '%s'", path, path);
    }
    print_message("%d damages: %d noticed, %d where it does not matter, 0 served\n", times,
                  outcomes[NOTICED], outcomes[WHOLE]);
    assert_true(outcomes[NOTICED] > times / 3);
    fixture_remove(&f);
}

static void a_changed_value_in_a_chunk_is_noticed_and_named(void **state)
{
    (void)state;
    struct fixture f;
    struct err err;
    char path[300];
    sqlite3 *db;
    make(&f);
    snprintf(path, sizeof path, "%s/fettle.db", f.dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    // The last byte before the check sum: a value, which nothing else would notice.
    assert_int_equal(
        sqlite3_exec(db,
                     "UPDATE chunk SET readings = CAST(substr(readings, 1, length(readings) - 5) "
                     "|| x'5a' || substr(readings, -4) AS BLOB) WHERE id = 3",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    fixture_open(&f);
    struct seen seen = {.f = &f};
    assert_int_equal(store_scan(f.store, INT64_MIN, INT64_MAX, look, &seen, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "chunk 3"));
    assert_non_null(strstr(err.text, "fettle restore"));
    fixture_remove(&f);
}

static void a_file_that_is_no_database_is_named(void **state)
{
    (void)state;
    struct fixture f;
    struct err err;
    fixture_make(&f);
    run("yes 'not a database' | head -c 100000 >'%s/fettle.db'%s", f.dir, "");
    assert_int_equal(fixture_try_open(&f, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, f.dir));
    assert_non_null(strstr(err.text, "fettle restore"));
    fixture_remove(&f);
}

static void damage_after_a_crash_is_noticed_when_opening(void **state)
{
    (void)state;
    struct fixture f, dead;
    struct err err;
    char path[300];
    struct stat st;
    make(&f);
    fixture_open(&f);
    fixture_sensors(&f, 3);
    struct reading r = nth(&f, READINGS);
    fixture_write(&f, &r, 1);
    fixture_make(&dead); // as kill -9 would leave it: with a log
    run("cp '%s'/fettle.db* '%s'", f.dir, dead.dir);
    snprintf(path, sizeof path, "%s/fettle.db", dead.dir);
    assert_int_equal(stat(path, &st), 0);
    int fd = open(path, O_RDWR);
    char zeros[PAGE] = {0};
    for (off_t page = 5; page * PAGE < st.st_size; page += 3) // pages that opening need not read
        assert_int_equal(pwrite(fd, zeros, PAGE, page * PAGE), PAGE);
    close(fd);
    assert_int_equal(fixture_try_open(&dead, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, path));
    fixture_remove(&dead);
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_databases_never_pass_for_whole),
        cmocka_unit_test(a_changed_value_in_a_chunk_is_noticed_and_named),
        cmocka_unit_test(a_file_that_is_no_database_is_named),
        cmocka_unit_test(damage_after_a_crash_is_noticed_when_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
