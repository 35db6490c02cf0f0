// A store in a folder of its own, for tests: open, close, write, and a model to compare with.
#ifndef FETTLE_TESTS_STORE_FIXTURE_H
#define FETTLE_TESTS_STORE_FIXTURE_H

#include "test.h"

#include "base/rng.h"
#include "store/store.h"

struct fixture {
    char dir[256];
    struct settings *settings;
    struct catalog *catalog;
    struct store *store;
    uint32_t sensors[64];
};

// A new empty folder below TMPDIR (or /tmp), settings by default.
void fixture_make(struct fixture *f);
void fixture_set(struct fixture *f, const char *name, const char *value);
enum err_code fixture_try_open(struct fixture *f, struct err *err);
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_remove(struct fixture *f); // closes, too, and deletes the folder

// The catalogue's sensors "a<n>/temperature" for n < count, in f->sensors.
void fixture_sensors(struct fixture *f, size_t count);

// Writes and fails the test unless the answer is ERR_OK.
void fixture_write(struct fixture *f, const struct reading *readings, size_t count);

// Every reading of the store through store_scan, in malloc'd memory.
struct reading *fixture_scan(struct fixture *f, int64_t from_us, int64_t to_us, size_t *count);

bool same_value(double a, double b); // bit for bit

#endif
