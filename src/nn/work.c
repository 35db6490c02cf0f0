// A team of threads and how work is split among them.
#include "nn/work.h"

#include <stdbool.h>

#include "kernels/memory.h"

struct split {
    struct team *team;
    size_t items, at_once;
    nn_piece_fn *fn;
    void *arg;
};

enum err_code nn_work_open(unsigned threads, enum gemm_precision precision, struct nn_work *w,
                           struct err *err)
{
    *w = (struct nn_work){0};
    enum err_code code = team_open(threads, &w->team, err);
    if (!code)
        code = gemm_work_open(w->team, precision, &w->gemm, err);
    if (code)
        nn_work_close(w);
    return code;
}

void nn_work_close(struct nn_work *w)
{
    gemm_work_close(&w->gemm);
    team_close(&w->team);
    memory_give(w->thawed, w->thawed_floats * sizeof(float));
    memory_give(w->low, w->low_floats * sizeof(float));
    *w = (struct nn_work){0};
}

static bool grow(float **p, size_t *have, size_t want)
{
    if (want <= *have)
        return true;
    float *more = memory_take(want * sizeof(float));
    if (!more)
        return false;
    memory_give(*p, *have * sizeof(float));
    *p = more;
    *have = want;
    return true;
}

enum err_code nn_work_reserve(struct nn_work *w, size_t thawed, size_t low, struct err *err)
{
    if (grow(&w->thawed, &w->thawed_floats, thawed) && grow(&w->low, &w->low_floats, low))
        return ERR_OK;
    return err_set(err, ERR_NO_MEMORY, "out of memory for %zu floats of frozen weights", thawed);
}

static void run(void *arg, unsigned thread)
{
    struct split *s = arg;
    size_t i;
    while ((i = team_claim(s->team, s->at_once)) < s->items)
        s->fn(s->arg, thread, i, i + s->at_once < s->items ? i + s->at_once : s->items);
}

void nn_split(struct nn_work *w, size_t items, size_t at_once, nn_piece_fn *fn, void *arg)
{
    struct split s = {w->team, items, at_once, fn, arg};
    team_run(w->team, run, &s);
}
