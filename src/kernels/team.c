// A few threads that run one function together, with barriers cheap enough for every layer.
#include "kernels/team.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPINS = 4000, LINE = 64 };

struct team {
    unsigned threads;
    team_fn *fn;
    void *arg;
    bool stop;
    struct member {
        struct team *team;
        unsigned index;
        pthread_t thread;
    } members[TEAM_MAX];
    _Alignas(LINE) atomic_uint arrived;
    _Alignas(LINE) atomic_uint generation; // counts barriers; sleepers wait for its change
    atomic_uint sleepers;
    _Alignas(LINE) atomic_size_t next; // item to claim
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void sleep_while(struct team *t, unsigned generation)
{
    atomic_fetch_add(&t->sleepers, 1);
    while (atomic_load(&t->generation) == generation)
        syscall(SYS_futex, &t->generation, FUTEX_WAIT_PRIVATE, generation, NULL, NULL, 0);
    atomic_fetch_sub(&t->sleepers, 1);
}

void team_barrier(struct team *t)
{
    unsigned generation = atomic_load(&t->generation);
    if (atomic_fetch_add(&t->arrived, 1) + 1 == t->threads) {
        atomic_store(&t->arrived, 0);
        atomic_store(&t->next, 0);
        atomic_fetch_add(&t->generation, 1);
        if (atomic_load(&t->sleepers))
            syscall(SYS_futex, &t->generation, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
        return;
    }
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&t->generation, memory_order_acquire) != generation)
            return;
        relax();
    }
    sleep_while(t, generation);
}

size_t team_claim(struct team *t, size_t step)
{
    return atomic_fetch_add_explicit(&t->next, step, memory_order_relaxed);
}

bool team_claim_part(struct team *t, size_t n, size_t least, size_t *from, size_t *to)
{
    size_t at = atomic_load_explicit(&t->next, memory_order_relaxed), end;
    do {
        if (at >= n)
            return false;
        size_t fair = (n - at) / (2 * t->threads) / least * least;
        end = at + (fair > least ? fair : least);
        end = end < n ? end : n;
    } while (!atomic_compare_exchange_weak_explicit(&t->next, &at, end, memory_order_relaxed,
                                                    memory_order_relaxed));
    *from = at;
    *to = end;
    return true;
}

static void *member_main(void *arg)
{
    struct member *m = arg;
    struct team *t = m->team;
    for (;;) {
        team_barrier(t); // a job is there
        if (t->stop)
            return NULL;
        t->fn(t->arg, m->index);
        team_barrier(t); // all have done it
    }
}

void team_run(struct team *t, team_fn *fn, void *arg)
{
    t->fn = fn;
    t->arg = arg;
    team_barrier(t);
    fn(arg, 0);
    team_barrier(t);
}

enum err_code team_open(unsigned threads, struct team **out, struct err *err)
{
    *out = NULL;
    if (threads < 1 || threads > TEAM_MAX)
        return err_set(err, ERR_USAGE, "%u threads, expected 1 to %d", threads, TEAM_MAX);
    struct team *t = aligned_alloc(LINE, sizeof *t);
    if (!t)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %u threads", threads);
    *t = (struct team){.threads = threads};
    for (unsigned i = 1; i < threads; i++) {
        t->members[i].team = t;
        t->members[i].index = i;
        int failure = pthread_create(&t->members[i].thread, NULL, member_main, &t->members[i]);
        if (failure) {
            // Those that run wait at the first barrier: make it theirs alone, and let them go.
            t->threads = i;
            team_close(&t);
            return err_errno(err, failure, "cannot start thread %u of %u", i + 1, threads);
        }
    }
    *out = t;
    return ERR_OK;
}

void team_close(struct team **t)
{
    if (!*t)
        return;
    (*t)->stop = true;
    team_barrier(*t);
    for (unsigned i = 1; i < (*t)->threads; i++)
        pthread_join((*t)->members[i].thread, NULL);
    free(*t);
    *t = NULL;
}

unsigned team_size(const struct team *t)
{
    return t->threads;
}
