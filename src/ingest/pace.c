// Pacing against the monotonic clock.
#include "ingest/pace.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct pace {
    struct pace_options options;
    pthread_mutex_t lock; // guards `cancelled`
    pthread_cond_t wake;
    bool cancelled;
    bool started;
    int64_t latest_us;   // event time of the latest event so far
    int64_t due_mono_us; // when that one was due
    int64_t shift_us;
};

struct pace *pace_open(const struct pace_options *options)
{
    struct pace *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->options = *options;
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0) {
        free(p);
        return NULL;
    }
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    bool ok = pthread_cond_init(&p->wake, &attr) == 0;
    pthread_condattr_destroy(&attr);
    if (ok && pthread_mutex_init(&p->lock, NULL) != 0) {
        pthread_cond_destroy(&p->wake);
        ok = false;
    }
    if (!ok) {
        free(p);
        return NULL;
    }
    return p;
}

void pace_close(struct pace **p)
{
    if (!*p)
        return;
    pthread_cond_destroy(&(*p)->wake);
    pthread_mutex_destroy(&(*p)->lock);
    free(*p);
    *p = NULL;
}

// Moves on to the event: its due time follows from the one before, so that a cut silence moves all
// that comes after it.
static void advance(struct pace *p, int64_t time_us)
{
    if (!p->started) {
        p->started = true;
        p->latest_us = time_us;
        p->due_mono_us = clock_mono_us();
        p->shift_us = p->options.shift_to_now ? clock_wall_us() - time_us : 0;
        return;
    }
    if (time_us <= p->latest_us)
        return;
    if (p->options.speed > 0) {
        double wait = ((double)time_us - (double)p->latest_us) / p->options.speed;
        if (p->options.max_gap_us && wait > (double)p->options.max_gap_us)
            wait = (double)p->options.max_gap_us;
        // A century is for ever, and the sum stays within 64 bits.
        p->due_mono_us += (int64_t)(wait < 3.2e15 ? wait : 3.2e15);
    }
    p->latest_us = time_us;
}

int64_t pace_due_us(struct pace *p, int64_t time_us)
{
    advance(p, time_us);
    if (p->options.speed <= 0)
        return 0;
    int64_t left = p->due_mono_us - clock_mono_us();
    return left > 0 ? left : 0;
}

bool pace_wait(struct pace *p, int64_t time_us)
{
    bool due = pace_due_us(p, time_us) == 0;
    struct timespec until = {p->due_mono_us / US_PER_SECOND, p->due_mono_us % US_PER_SECOND * 1000};
    pthread_mutex_lock(&p->lock);
    while (!due && !p->cancelled)
        due = pthread_cond_timedwait(&p->wake, &p->lock, &until) != 0;
    bool cancelled = p->cancelled;
    pthread_mutex_unlock(&p->lock);
    return !cancelled;
}

int64_t pace_shifted(const struct pace *p, int64_t time_us)
{
    return time_us + p->shift_us;
}

void pace_cancel(struct pace *p)
{
    pthread_mutex_lock(&p->lock);
    p->cancelled = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

bool pace_cancelled(struct pace *p)
{
    pthread_mutex_lock(&p->lock);
    bool cancelled = p->cancelled;
    pthread_mutex_unlock(&p->lock);
    return cancelled;
}
