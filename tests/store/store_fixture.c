// The test fixture of the store.
#include "store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fixture_make(struct fixture *f)
{
    *f = (struct fixture){0};
    const char *tmp = getenv("TMPDIR");
    snprintf(f->dir, sizeof f->dir, "%s/fettle-test-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    static const struct setting_def *const tables[] = {store_settings};
    f->settings = settings_open(tables, 1);
    assert_non_null(f->settings);
}

void fixture_set(struct fixture *f, const char *name, const char *value)
{
    struct err err;
    assert_ok(settings_set(f->settings, name, str_of(value), "test", &err), err);
}

enum err_code fixture_try_open(struct fixture *f, struct err *err)
{
    f->catalog = catalog_open(0);
    assert_non_null(f->catalog);
    enum err_code code = store_open(f->dir, f->settings, f->catalog, &f->store, err);
    if (code != ERR_OK)
        catalog_close(&f->catalog);
    return code;
}

void fixture_open(struct fixture *f)
{
    struct err err;
    assert_ok(fixture_try_open(f, &err), err);
}

void fixture_close(struct fixture *f)
{
    struct err err;
    assert_ok(store_close(&f->store, &err), err);
    catalog_close(&f->catalog);
}

void fixture_remove(struct fixture *f)
{
    char command[300];
    store_close(&f->store, NULL);
    if (f->catalog)
        catalog_close(&f->catalog);
    settings_close(&f->settings);
    snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
}

void fixture_sensors(struct fixture *f, size_t count)
{
    struct err err;
    for (size_t i = 0; i < count; i++) {
        char asset[32];
        snprintf(asset, sizeof asset, "a%zu", i);
        assert_ok(catalog_intern(f->catalog, str_of(asset), STR_LIT("temperature"), STR_LIT("°C"),
                                 &f->sensors[i], &err),
                  err);
    }
}

void fixture_write(struct fixture *f, const struct reading *readings, size_t count)
{
    struct err err;
    struct store_batch batch = {.readings = readings, .reading_count = count};
    assert_ok(store_write(f->store, &batch, &err), err);
}

struct all {
    struct reading *readings;
    size_t count, capacity;
};

static bool keep(void *arg, const struct reading *readings, size_t count)
{
    struct all *a = arg;
    if (a->count + count > a->capacity) {
        a->capacity = (a->count + count) * 2;
        a->readings = realloc(a->readings, a->capacity * sizeof *a->readings);
        assert_non_null(a->readings);
    }
    memcpy(a->readings + a->count, readings, count * sizeof *readings);
    a->count += count;
    return true;
}

struct reading *fixture_scan(struct fixture *f, int64_t from_us, int64_t to_us, size_t *count)
{
    struct err err;
    struct all a = {0};
    assert_ok(store_scan(f->store, from_us, to_us, keep, &a, &err), err);
    *count = a.count;
    return a.readings;
}

bool same_value(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}
