// The SQL that the factory teaches runs on a filled store and answers rightly.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "factory/factory.h"
#include "plant/catalog.h"
#include "store/store.h"
#include "test.h"

static char *first_value(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q;
    char *value = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sqlite3_errmsg(db), sql);
    assert_true(sqlite3_stmt_readonly(q));
    int step = sqlite3_step(q);
    assert_true(step == SQLITE_ROW || step == SQLITE_DONE);
    const char *text = step == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
    value = text ? strdup(text) : NULL;
    sqlite3_finalize(q);
    return value;
}

static void expect(sqlite3 *db, const char *sql, const char *value)
{
    char *got = first_value(db, sql);
    assert_non_null(got);
    assert_string_equal(got, value);
    free(got);
}

static void exec(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", why, sql);
}

// A store as the program makes it, with rows put into its tables.
static void make_store(char dir[64], sqlite3 **db)
{
    static const struct setting_def *const tables[] = {store_settings};
    struct settings *settings = settings_open(tables, 1);
    struct catalog *catalog = catalog_open(0);
    struct store *store;
    struct err err;
    char path[96];
    strcpy(dir, "/tmp/fettle-sql-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_non_null(settings);
    assert_non_null(catalog);
    assert_ok(store_open(dir, settings, catalog, &store, &err), err);
    assert_ok(store_close(&store, &err), err);
    catalog_close(&catalog);
    settings_close(&settings);
    snprintf(path, sizeof path, "%s/fettle.db", dir);
    assert_int_equal(sqlite3_open(path, db), SQLITE_OK);
    exec(*db,
         "INSERT INTO sensor(id, asset, parameter, unit) VALUES(1, 'a', 'p', 'bar'),"
         "(2, 'b', 'q', 'C');"
         "INSERT INTO anomaly(id, incident, sensor, kind, side, severity, detector, start_us, "
         "end_us, score, count, message) VALUES"
         "(1, 1, 1, 'spike', 'high', 'warning', 'spike', (unixepoch('now') - 60) * 1000000, "
         "NULL, 9, 1, 'm'),"
         "(2, 1, 1, 'spike', 'high', 'warning', 'spike', 1000000, 2000000, 12, 1, 'm');"
         "INSERT INTO incident(id, asset, state, severity, verdict, active, start_us, last_us, "
         "anomaly_count, kinds, title, note, cause) VALUES"
         "(7, 'a', 'open', 'warning', 'none', 1, (unixepoch('now') - 60) * 1000000, 1, 1, 1, "
         "'t', '', ''),"
         "(8, 'a', 'resolved', 'warning', 'false_alarm', 0, (unixepoch('now') - 60) * 1000000, "
         "1, 1, 1, 't', '', '');"
         "INSERT INTO summary(id, time_us, from_us, to_us, generated_by, text) VALUES"
         "(1, 5, 1, 5, 'facts', 'old'), (2, 9, 5, 9, 'facts', 'all quiet');");
}

// The text between `before` and the next quote.
static void quoted(const char *sql, const char *before, char to[64])
{
    const char *at = strstr(sql, before);
    assert_non_null(at);
    at += strlen(before);
    assert_true(str_copy(to, 64, (struct str){at, strcspn(at, "'")}));
}

// Gives the sensor of a query two hours of values, and expects its extremes.
static void expect_extreme(sqlite3 *db, const char *sql, const char *value)
{
    char asset[64], parameter[64], rows[800];
    quoted(sql, "s.asset = '", asset);
    quoted(sql, "s.parameter = '", parameter);
    snprintf(rows, sizeof rows,
             "DELETE FROM rollup_hour; DELETE FROM sensor WHERE id = 40;"
             "INSERT INTO sensor(id, asset, parameter, unit) VALUES(40, '%s', '%s', 'bar');"
             "INSERT INTO rollup_hour(sensor, start_us, count, sum, min, max) VALUES"
             "(40, (unixepoch('now') - 5) * 1000000, 2, 6, 2.5, 3.5),"
             "(40, (unixepoch('now') - 9) * 1000000, 2, 12, 4.5, 7.5), (40, 1, 2, 2, 0.5, 99);",
             asset, parameter);
    exec(db, rows);
    expect(db, sql, value);
}

static void check_query(sqlite3 *db, const char *kind, const char *sql)
{
    static const struct {
        const char *kind, *value;
    } answers[] = {{"count_anomalies", "1"}, {"worst_asset", "a"}, {"list_open", "a"},
                   {"unacknowledged", "7"},  {"top_peaks", "a"},   {"latest_summary", "all quiet"},
                   {"false_alarms", "1"}};
    static const struct {
        const char *kind, *value;
    } extremes[] = {{"average", "4.5"}, {"highest", "7.5"}, {"lowest", "2.5"}};
    free(first_value(db, sql));
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(kind, answers[i].kind) == 0)
            expect(db, sql, answers[i].value);
    for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++)
        if (strcmp(kind, extremes[i].kind) == 0)
            expect_extreme(db, sql, extremes[i].value);
}

static void every_query_runs_and_answers_on_a_filled_store(void **state)
{
    (void)state;
    char dir[64], command[96];
    sqlite3 *db;
    make_store(dir, &db);
    for (int split = FACTORY_TRAIN; split <= FACTORY_EVAL; split++) {
        struct factory_options o = {.task = "sql", .seed = 4, .split = (enum factory_split)split};
        struct factory_example e = {0};
        struct factory *f;
        struct err err;
        assert_ok(factory_open(&f, &o, &err), err);
        for (int i = 0; i < 300; i++) {
            assert_ok(factory_next(f, &e, &err), err);
            check_query(db, e.state, e.output.p);
        }
        factory_close(&f);
        factory_example_free(&e);
    }
    sqlite3_close(db);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_query_runs_and_answers_on_a_filled_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
