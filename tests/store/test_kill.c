// kill -9 at random moments: nothing acknowledged is lost, nothing is doubled.
//
// FETTLE_STORE_KILLS sets how many (default 100).
#include "store/store_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store_private.h"

enum { BATCH = 40 };

static double value_of(size_t n)
{
    return (double)(n * 37 % 1000) / 8;
}

// Sends batches from reading `first` on and says on the pipe how far the acknowledgements are.
static _Noreturn void send_for_ever(struct fixture *f, size_t first, int pipe)
{
    struct reading r[BATCH];
    struct err err;
    if (fixture_try_open(f, &err) != ERR_OK)
        _exit(1);
    fixture_sensors(f, 1);
    for (size_t at = first;; at += BATCH) {
        for (size_t i = 0; i < BATCH; i++)
            r[i] = (struct reading){(int64_t)(at + i) * US_PER_SECOND, value_of(at + i),
                                    f->sensors[0], QUALITY_GOOD};
        struct store_batch b = {.readings = r, .reading_count = BATCH};
        if (store_write(f->store, &b, &err) != ERR_OK)
            _exit(2);
        size_t acknowledged = at + BATCH;
        if (write(pipe, &acknowledged, sizeof acknowledged) != sizeof acknowledged)
            _exit(3);
    }
}

static size_t kill_once(struct fixture *f, struct rng *rng, size_t first)
{
    int ends[2], status;
    size_t acknowledged = first, said;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        send_for_ever(f, first, ends[1]);
    }
    close(ends[1]);
    // After some acknowledgements and a while; without any: while it opens.
    uint64_t wait_for = rng_below(rng, 5);
    for (uint64_t i = 0; i < wait_for; i++) {
        assert_int_equal(read(ends[0], &said, sizeof said), sizeof said);
        acknowledged = said;
    }
    clock_sleep_us((int64_t)rng_below(rng, wait_for ? 6000 : 20000));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(ends[0], &said, sizeof said) == sizeof said)
        acknowledged = said;
    close(ends[0]);
    return acknowledged;
}

static size_t check(struct fixture *f, size_t acknowledged)
{
    size_t count;
    fixture_open(f);
    struct reading *all = fixture_scan(f, INT64_MIN, INT64_MAX, &count);
    assert_true(count >= acknowledged && count <= acknowledged + BATCH);
    assert_int_equal(count % BATCH, 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(all[i].time_us, (int64_t)i * US_PER_SECOND);
        assert_true(all[i].value == value_of(i));
    }
    free(all);
    fixture_close(f);
    return count;
}

static void kills_lose_nothing_acknowledged(void **state)
{
    (void)state;
    const char *wanted = getenv("FETTLE_STORE_KILLS");
    size_t kills = wanted ? strtoul(wanted, NULL, 10) : 100, acknowledged = 0, unsaid = 0;
    struct fixture f;
    struct rng rng;
    rng_seed(&rng, 1);
    store_test_hooks.hasty = true;
    fixture_make(&f);
    fixture_set(&f, "store.group_commit", "0");
    for (size_t i = 0; i < kills; i++) {
        acknowledged = kill_once(&f, &rng, acknowledged);
        // What was stored and not acknowledged is sent again from the next child on.
        unsaid += check(&f, acknowledged) > acknowledged;
    }
    print_message("%zu kills, %zu acknowledged, 0 lost, 0 doubled, %zu times more was stored\n",
                  kills, acknowledged, unsaid);
    assert_true(acknowledged > kills * BATCH);
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kills_lose_nothing_acknowledged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
