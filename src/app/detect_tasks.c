// Work that other threads have the detect thread do, because only it may touch the engine.
#include "app/app_private.h"

struct detect_task {
    detect_task_fn *run;
    void *arg;
    struct err err;
    enum err_code code;
    bool done;
    struct detect_task *next;
};

enum err_code detect_stage_do(struct app *a, detect_task_fn *run, void *arg, struct err *err)
{
    struct detect_task task = {.run = run, .arg = arg};
    pthread_mutex_lock(&a->tasks_lock);
    if (!a->tasks_taken) {
        pthread_mutex_unlock(&a->tasks_lock);
        return err_set(err, ERR_CONFLICT, "nothing is being detected now");
    }
    struct detect_task **last = &a->tasks;
    while (*last)
        last = &(*last)->next;
    *last = &task;
    // The thread looks for tasks a few times a second by itself; this makes it look now.
    struct reading wake = {.sensor = SENSOR_WAKE};
    ring_put(a->to_detect, &wake, 1, 0);
    while (!task.done)
        pthread_cond_wait(&a->tasks_done, &a->tasks_lock);
    pthread_mutex_unlock(&a->tasks_lock);
    if (task.code != ERR_OK && err)
        *err = task.err;
    return task.code;
}

bool detect_tasks_run(struct app *a)
{
    bool any = false;
    for (;;) {
        pthread_mutex_lock(&a->tasks_lock);
        struct detect_task *task = a->tasks;
        if (task)
            a->tasks = task->next;
        pthread_mutex_unlock(&a->tasks_lock);
        if (!task)
            return any;
        any = true;
        task->code = task->run(a, task->arg, &task->err);
        detect_stage_store(a);
        pthread_mutex_lock(&a->tasks_lock);
        task->done = true;
        pthread_cond_broadcast(&a->tasks_done);
        pthread_mutex_unlock(&a->tasks_lock);
    }
}

void detect_tasks_take(struct app *a, bool taken)
{
    pthread_mutex_lock(&a->tasks_lock);
    a->tasks_taken = taken;
    pthread_mutex_unlock(&a->tasks_lock);
}
