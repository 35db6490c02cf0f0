// Migrations: step by step, each whole or not at all; a newer or foreign database is refused.
#include "store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/fake_disk.h"
#include "store/store_private.h"

static const struct migration steps[] = {
    {"make things", "CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT);"
                    "INSERT INTO thing(name) VALUES('a'), ('b'), ('c');"},
    {"give them sizes", "ALTER TABLE thing ADD COLUMN size INTEGER;"
                        "UPDATE thing SET size = id * 10;"},
    {"count them", "CREATE TABLE tally(n); INSERT INTO tally SELECT sum(size) FROM thing;"},
};
enum { STEPS = 3 };

struct place {
    char path[300];
    struct fixture f; // for its folder
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    fixture_make(&p->f);
    snprintf(p->path, sizeof p->path, "%s/fettle.db", p->f.dir);
    fake_disk_reset();
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    fixture_remove(&p->f);
    fake_disk_forget();
    store_test_hooks = (struct store_test_hooks){0};
    free(p);
    return 0;
}

static int64_t ask(const struct place *p, const char *sql)
{
    struct conn c;
    struct err err;
    assert_ok(conn_open(&c, p->path, CONN_WRITE, &err), err);
    struct query q = query_text(&c, sql);
    int64_t answer = query_row(&q) ? query_int(&q) : -1;
    assert_ok(query_end(&q, &err), err);
    conn_close(&c);
    return answer;
}

static enum err_code migrate(const struct place *p, const struct migration *with, size_t count,
                             struct err *err)
{
    struct conn c;
    enum err_code code = conn_open(&c, p->path, CONN_WRITE, err);
    if (code == ERR_OK)
        code = store_migrate(&c, with, count, err);
    conn_close(&c);
    return code;
}

static void each_version_is_reached_from_each_before_it(void **state)
{
    struct place *p = *state;
    struct err err;
    for (size_t from = 0; from <= STEPS; from++) {
        unlink(p->path);
        assert_ok(migrate(p, steps, from, &err), err);
        assert_ok(migrate(p, steps, STEPS, &err), err);
        assert_ok(migrate(p, steps, STEPS, &err), err); // nothing left to do
        assert_int_equal(ask(p, "SELECT n FROM tally"), 60);
        assert_int_equal(ask(p, "SELECT value FROM meta WHERE key = 'schema_version'"), STEPS);
    }
}

static void a_step_that_fails_leaves_the_version_before_it(void **state)
{
    struct place *p = *state;
    struct err err;
    struct migration broken[STEPS];
    memcpy(broken, steps, sizeof broken);
    broken[1].sql = "ALTER TABLE thing ADD COLUMN size INTEGER; UPDATE nothing SET size = 1;";
    assert_int_equal(migrate(p, broken, STEPS, &err), ERR_INTERNAL);
    assert_non_null(strstr(err.text, "give them sizes"));
    assert_non_null(strstr(err.text, "nothing"));
    assert_int_equal(ask(p, "SELECT value FROM meta"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM pragma_table_info('thing')"), 2);
    assert_ok(migrate(p, steps, STEPS, &err), err); // the mended program goes on
    assert_int_equal(ask(p, "SELECT n FROM tally"), 60);
}

static void power_cuts_during_migration_lose_nothing(void **state)
{
    struct place *p = *state;
    struct err err;
    struct rng rng;
    rng_seed(&rng, 1);
    store_test_hooks.vfs = FAKE_DISK;
    long cut = 1;
    for (bool done = false; !done; cut++) {
        fake_disk_forget();
        unlink(p->path);
        assert_ok(migrate(p, steps, 1, &err), err); // a database of version 1 with three things
        fake_disk_reset();
        fake_disk.cut_at = cut;
        done = migrate(p, steps, STEPS, &err) == ERR_OK && !fake_disk.off;
        fake_disk_lose_unsynced(&rng);
        assert_ok(migrate(p, steps, STEPS, &err), err);
        assert_int_equal(ask(p, "SELECT n FROM tally"), 60);
        assert_int_equal(ask(p, "SELECT count(*) FROM thing"), 3);
    }
    print_message("%ld places to cut\n", cut);
    assert_true(cut > 10);
}

static void a_newer_database_is_refused(void **state)
{
    struct place *p = *state;
    struct err err;
    assert_ok(migrate(p, steps, STEPS, &err), err);
    assert_int_equal(migrate(p, steps, STEPS - 1, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, p->path));
    assert_non_null(strstr(err.text, "version 3"));
    assert_int_equal(ask(p, "SELECT n FROM tally"), 60);
}

static void a_database_of_another_program_is_refused(void **state)
{
    struct place *p = *state;
    struct err err;
    ask(p, "CREATE TABLE theirs(a)");
    assert_int_equal(migrate(p, steps, STEPS, &err), ERR_CONFLICT);
    assert_int_equal(ask(p, "SELECT count(*) FROM sqlite_schema"), 1);
    assert_int_equal(fixture_try_open(&p->f, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "another program"));
}

// A database of the version before diagnoses, with an incident: it stays, its diagnosis goes with
// it.
static void diagnoses_come_to_a_database_that_has_incidents(void **state)
{
    struct place *p = *state;
    struct err err;
    assert_ok(migrate(p, store_migrations, 2, &err), err);
    ask(p, "INSERT INTO incident VALUES(5, 'pump', 'open', 'warning', 'none', 1, 1, 2, NULL, NULL, "
           "1, 1, 'pump: flow spike', '', '')");
    assert_ok(migrate(p, store_migrations, store_migration_count, &err), err);
    assert_int_equal(ask(p, "SELECT count(*) FROM incident WHERE id = 5"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM diagnosis"), 0);
    ask(p, "INSERT INTO diagnosis VALUES(5, 0, 9, 1, 'facts', '', '', '', 'a spike')");
    assert_int_equal(ask(p, "SELECT count(*) FROM diagnosis"), 1);
    ask(p, "DELETE FROM incident WHERE id = 5");
    assert_int_equal(ask(p, "SELECT count(*) FROM diagnosis"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_version_is_reached_from_each_before_it),
        TEST(diagnoses_come_to_a_database_that_has_incidents),
        TEST(a_step_that_fails_leaves_the_version_before_it),
        TEST(power_cuts_during_migration_lose_nothing),
        TEST(a_newer_database_is_refused),
        TEST(a_database_of_another_program_is_refused),
    };
    fake_disk_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
