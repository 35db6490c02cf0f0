// The catalogue: names to dense numbers, also from many threads at once.
#include "test.h"

#include <pthread.h>
#include <stdio.h>

#include "plant/catalog.h"

static uint32_t intern(struct catalog *c, const char *full, const char *unit)
{
    struct err err = {0};
    uint32_t id = 0;
    assert_ok(catalog_intern_full(c, str_of(full), STR_LIT("plant"), str_of(unit), &id, &err), err);
    return id;
}

static void a_name_gets_one_number_for_good(void **state)
{
    (void)state;
    struct catalog *c = catalog_open(0);
    assert_int_equal(intern(c, "wtf-pipe-1/temperature", ""), 0);
    assert_int_equal(intern(c, "wtf-pipe-1/flow", "m3/h"), 1);
    assert_int_equal(intern(c, "level", "m"), 2);
    assert_int_equal(intern(c, "wtf-pipe-1/temperature", "K"), 0);
    const struct sensor *s = catalog_sensor(c, 0);
    assert_string_equal(s->asset_name, "wtf-pipe-1");
    assert_string_equal(s->parameter, "temperature");
    assert_string_equal(s->unit, "°C"); // the quantity's own, since none was given
    assert_int_equal(s->quantity, QUANTITY_TEMPERATURE);
    assert_string_equal(catalog_sensor(c, 1)->unit, "m3/h");
    assert_int_equal(catalog_sensor(c, 1)->asset, s->asset);
    assert_string_equal(catalog_asset_name(c, catalog_sensor(c, 2)->asset), "plant");
    char name[PLANT_FULL_NAME_BYTES];
    assert_string_equal(sensor_full_name(catalog_sensor(c, 2), name), "plant/level");
    assert_int_equal(catalog_sensor_count(c), 3);
    assert_int_equal(catalog_asset_count(c), 2);
    assert_null(catalog_sensor(c, 3));
    assert_null(catalog_asset_name(c, 2));
    uint32_t id = 9;
    assert_true(catalog_find(c, STR_LIT("wtf-pipe-1"), STR_LIT("flow"), &id) && id == 1);
    assert_true(catalog_find_full(c, STR_LIT("plant/level"), &id) && id == 2);
    assert_true(catalog_find_asset(c, STR_LIT("plant"), &id) && id == 1);
    assert_false(catalog_find(c, STR_LIT("plant"), STR_LIT("flow"), &id));
    catalog_close(&c);
    assert_null(c);
}

static void bad_names_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    struct catalog *c = catalog_open(0);
    char longest[PLANT_NAME_BYTES];
    memset(longest, 'x', sizeof longest);
    const struct str bad[] = {{"", 0},     {"a/b", 3},  {"a\nb", 3}, {"\x7f", 1},
                              {"\xFF", 1}, {"a\0b", 3}, {NULL, 0},   {longest, sizeof longest}};
    uint32_t id;
    struct err err = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(catalog_intern(c, bad[i], STR_LIT("p"), STR_LIT(""), &id, &err),
                         ERR_INPUT);
        assert_int_equal(catalog_intern(c, STR_LIT("a"), bad[i], STR_LIT(""), &id, &err),
                         ERR_INPUT);
    }
    assert_int_equal(catalog_intern_full(c, STR_LIT("a/b/c"), STR_LIT("d"), STR_LIT(""), &id, &err),
                     ERR_INPUT);
    assert_int_equal(catalog_sensor_count(c), 0);
    struct str full = {longest, PLANT_NAME_BYTES - 1};
    assert_ok(catalog_intern(c, full, full, STR_LIT(""), &id, &err), err);
    assert_true(catalog_find(c, full, full, &id));
    catalog_close(&c);
}

static void the_limit_is_kept(void **state)
{
    (void)state;
    struct catalog *c = catalog_open(2);
    intern(c, "a/x", "");
    intern(c, "a/y", "");
    uint32_t id;
    struct err err = {0};
    assert_int_equal(catalog_intern_full(c, STR_LIT("a/z"), STR_LIT(""), STR_LIT(""), &id, &err),
                     ERR_LIMIT);
    assert_string_equal(err.text, "no room for sensor a/z: the limit of 2 sensors is reached");
    assert_int_equal(intern(c, "a/x", ""), 0);
    catalog_close(&c);
}

enum { THREADS = 4, NAMES = 9000 }; // more than two blocks of entries

struct worker {
    struct catalog *catalog;
    unsigned number;
    uint32_t ids[NAMES];
    bool failed;
};

static void *intern_all(void *arg)
{
    struct worker *w = arg;
    for (unsigned i = 0; i < NAMES; i++) {
        char name[40], full[PLANT_FULL_NAME_BYTES];
        unsigned k = (i * 7 + w->number * 1999) % NAMES; // each thread in another order
        snprintf(name, sizeof name, "asset-%u/p%u", k % 500, k);
        if (catalog_intern_full(w->catalog, str_of(name), STR_LIT(""), STR_LIT("u"), &w->ids[k],
                                NULL) != ERR_OK)
            w->failed = true;
        // What was handed out must be readable without a lock at once.
        const struct sensor *s = catalog_sensor(w->catalog, w->ids[k]);
        if (!s || strcmp(sensor_full_name(s, full), name) != 0 ||
            strcmp(catalog_asset_name(w->catalog, s->asset), s->asset_name) != 0)
            w->failed = true;
    }
    return NULL;
}

static void threads_agree_on_the_numbers(void **state)
{
    (void)state;
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    struct catalog *c = catalog_open(0);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.catalog = c, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, intern_all, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(catalog_sensor_count(c), NAMES);
    assert_int_equal(catalog_asset_count(c), 500);
    for (int i = 0; i < THREADS; i++) {
        assert_false(workers[i].failed);
        assert_memory_equal(workers[i].ids, workers[0].ids, sizeof workers[i].ids);
    }
    catalog_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_gets_one_number_for_good),
        cmocka_unit_test(bad_names_are_refused_and_leave_nothing),
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(threads_agree_on_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
