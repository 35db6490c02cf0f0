// The team of threads: everyone takes part, barriers hold, items are claimed once.
#include "test.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "kernels/team.h"

enum { ROUNDS = 300, ITEMS = 100 };

struct job {
    struct team *team;
    atomic_uint ran[TEAM_MAX];
    atomic_uint in_phase;
    atomic_uint taken[ITEMS], shared_out[ITEMS];
    atomic_bool broken;
};

static void phases(void *arg, unsigned thread)
{
    struct job *job = arg;
    atomic_fetch_add(&job->ran[thread], 1);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        atomic_fetch_add(&job->in_phase, 1);
        team_barrier(job->team);
        if (atomic_load(&job->in_phase) != round * team_size(job->team))
            atomic_store(&job->broken, true);
        size_t i;
        while ((i = team_claim(job->team, 3)) < ITEMS)
            for (size_t k = i; k < i + 3 && k < ITEMS; k++)
                atomic_fetch_add(&job->taken[k], 1);
        team_barrier(job->team);
        size_t from, to, before = ITEMS;
        while (team_claim_part(job->team, ITEMS, 3, &from, &to)) {
            if (from >= to || to > ITEMS || from % 3 != 0 || (to % 3 != 0 && to != ITEMS) ||
                to - from > before)
                atomic_store(&job->broken, true);
            before = to - from;
            for (size_t k = from; k < to; k++)
                atomic_fetch_add(&job->shared_out[k], 1);
        }
        team_barrier(job->team);
    }
}

static void barriers_hold_and_items_are_taken_once(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 5; threads++) {
        struct job job;
        memset(&job, 0, sizeof job);
        struct err err;
        assert_ok(team_open(threads, &job.team, &err), err);
        team_run(job.team, phases, &job);
        assert_false(job.broken);
        for (unsigned t = 0; t < TEAM_MAX; t++)
            assert_int_equal(job.ran[t], t < threads);
        for (size_t k = 0; k < ITEMS; k++) {
            assert_int_equal(job.taken[k], ROUNDS);
            assert_int_equal(job.shared_out[k], ROUNDS);
        }
        team_close(&job.team);
        assert_null(job.team);
    }
}

static void a_wrong_number_of_threads_is_refused(void **state)
{
    (void)state;
    struct team *team;
    struct err err;
    assert_int_equal(team_open(0, &team, &err), ERR_USAGE);
    assert_int_equal(team_open(TEAM_MAX + 1, &team, &err), ERR_USAGE);
    assert_null(team);
    team_close(&team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(barriers_hold_and_items_are_taken_once),
        cmocka_unit_test(a_wrong_number_of_threads_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
