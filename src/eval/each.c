// Many files on all cores.
#include "eval/each.h"

#include <pthread.h>
#include <unistd.h>

#include "base/progress.h"

enum { THREADS_MAX = 32 };

struct each {
    void (*job)(void *arg, size_t i);
    void *arg;
    pthread_mutex_t lock; // of what follows
    size_t next, count, done;
    struct progress progress;
};

static void *work(void *p)
{
    struct each *e = p;
    pthread_mutex_lock(&e->lock);
    while (e->next < e->count) {
        size_t i = e->next++;
        pthread_mutex_unlock(&e->lock);
        e->job(e->arg, i);
        pthread_mutex_lock(&e->lock);
        progress_at(&e->progress, ++e->done, NULL);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

enum err_code eval_each(size_t count, const char *label, void (*job)(void *arg, size_t i),
                        void *arg, struct err *err)
{
    struct each e = {.job = job, .arg = arg, .count = count};
    pthread_t threads[THREADS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores, begun = 0;
    int failed = pthread_mutex_init(&e.lock, NULL);
    if (failed)
        return err_errno(err, failed, "mutex");
    progress_open(&e.progress, label, count);
    // This thread works, too: without any other one the work is done all the same.
    while (begun + 1 < wanted && begun + 1 < count &&
           pthread_create(&threads[begun], NULL, work, &e) == 0)
        begun++;
    work(&e);
    for (size_t i = 0; i < begun; i++)
        pthread_join(threads[i], NULL);
    progress_clear(&e.progress);
    pthread_mutex_destroy(&e.lock);
    return ERR_OK;
}
