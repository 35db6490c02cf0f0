// The bounded queue: a circular array under a mutex, moved in blocks so that the lock is rare.
#include "bus/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct ring {
    pthread_mutex_t lock;
    pthread_cond_t room, items;
    size_t slots, item_bytes, first, used;
    bool stopped;
    unsigned char *bytes;
};

struct ring *ring_open(size_t slots, size_t item_bytes)
{
    struct ring *r = calloc(1, sizeof *r);
    pthread_condattr_t attr;
    if (!r || pthread_condattr_init(&attr) != 0) {
        free(r);
        return NULL;
    }
    r->bytes = calloc(slots, item_bytes);
    r->slots = slots;
    r->item_bytes = item_bytes;
    bool ok = r->bytes && pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
              pthread_mutex_init(&r->lock, NULL) == 0 && pthread_cond_init(&r->room, &attr) == 0 &&
              pthread_cond_init(&r->items, &attr) == 0;
    pthread_condattr_destroy(&attr);
    if (!ok) {
        free(r->bytes);
        free(r);
        return NULL;
    }
    return r;
}

void ring_close(struct ring **r)
{
    if (!*r)
        return;
    pthread_cond_destroy(&(*r)->room);
    pthread_cond_destroy(&(*r)->items);
    pthread_mutex_destroy(&(*r)->lock);
    free((*r)->bytes);
    free(*r);
    *r = NULL;
}

static struct timespec deadline_after(int64_t timeout_us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + timeout_us % 1000000 * 1000;
    t.tv_sec += timeout_us / 1000000 + ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    return t;
}

// Waits under the lock; false when the time is over.
static bool wait_on(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t timeout_us,
                    const struct timespec *deadline)
{
    if (timeout_us < 0)
        return pthread_cond_wait(cond, lock) == 0;
    return timeout_us > 0 && pthread_cond_timedwait(cond, lock, deadline) != ETIMEDOUT;
}

bool ring_put(struct ring *r, const void *items, size_t count, int64_t timeout_us)
{
    if (count > r->slots)
        return false;
    struct timespec deadline = deadline_after(timeout_us > 0 ? timeout_us : 0);
    pthread_mutex_lock(&r->lock);
    bool ok = true;
    while (ok && !r->stopped && r->slots - r->used < count)
        ok = wait_on(&r->room, &r->lock, timeout_us, &deadline);
    ok = !r->stopped && r->slots - r->used >= count;
    if (ok && count) {
        size_t at = (r->first + r->used) % r->slots;
        size_t head = count < r->slots - at ? count : r->slots - at;
        memcpy(r->bytes + at * r->item_bytes, items, head * r->item_bytes);
        memcpy(r->bytes, (const unsigned char *)items + head * r->item_bytes,
               (count - head) * r->item_bytes);
        r->used += count;
        pthread_cond_signal(&r->items);
    }
    pthread_mutex_unlock(&r->lock);
    return ok;
}

size_t ring_take(struct ring *r, void *items, size_t max, int64_t timeout_us)
{
    struct timespec deadline = deadline_after(timeout_us > 0 ? timeout_us : 0);
    pthread_mutex_lock(&r->lock);
    while (!r->stopped && r->used == 0)
        if (!wait_on(&r->items, &r->lock, timeout_us, &deadline))
            break;
    size_t count = r->used < max ? r->used : max;
    if (count) {
        size_t head = count < r->slots - r->first ? count : r->slots - r->first;
        memcpy(items, r->bytes + r->first * r->item_bytes, head * r->item_bytes);
        memcpy((unsigned char *)items + head * r->item_bytes, r->bytes,
               (count - head) * r->item_bytes);
        r->first = (r->first + count) % r->slots;
        r->used -= count;
        pthread_cond_broadcast(&r->room);
    }
    pthread_mutex_unlock(&r->lock);
    return count;
}

void ring_stop(struct ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->stopped = true;
    pthread_cond_broadcast(&r->room);
    pthread_cond_broadcast(&r->items);
    pthread_mutex_unlock(&r->lock);
}

bool ring_is_done(const struct ring *r)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)&r->lock;
    pthread_mutex_lock(lock);
    bool done = r->stopped && r->used == 0;
    pthread_mutex_unlock(lock);
    return done;
}

size_t ring_used(const struct ring *r)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)&r->lock;
    pthread_mutex_lock(lock);
    size_t used = r->used;
    pthread_mutex_unlock(lock);
    return used;
}
