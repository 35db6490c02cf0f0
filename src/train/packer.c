// Batches of whole documents.
#include "train/packer.h"

#include <stdlib.h>

#include "base/rng.h"

enum err_code packer_open(const struct examples *from, size_t rows, uint64_t seed, bool shuffles,
                          struct packer *p, struct err *err)
{
    *p = (struct packer){.from = from, .rows = rows, .seed = seed, .shuffles = shuffles};
    p->order = calloc(from->count, sizeof *p->order);
    p->tokens = calloc(rows, sizeof *p->tokens);
    p->targets = calloc(rows, sizeof *p->targets);
    p->starts = calloc(rows + 1, sizeof *p->starts);
    if (!p->order || !p->tokens || !p->targets || !p->starts) {
        packer_close(p);
        return err_set(err, ERR_NO_MEMORY, "out of memory for batches of %zu rows", rows);
    }
    packer_go(p, p->place);
    return ERR_OK;
}

void packer_close(struct packer *p)
{
    free(p->order);
    free(p->tokens);
    free(p->targets);
    free(p->starts);
    *p = (struct packer){0};
}

void packer_go(struct packer *p, struct packer_place place)
{
    struct rng rng;
    rng_seed_stream(&rng, p->seed, place.epoch);
    for (size_t i = 0; i < p->from->count; i++)
        p->order[i] = i;
    for (size_t i = p->from->count; p->shuffles && i > 1; i--) {
        size_t k = rng_below(&rng, i);
        uint64_t swapped = p->order[i - 1];
        p->order[i - 1] = p->order[k];
        p->order[k] = swapped;
    }
    p->place = place;
}

// Rows of document `d` behind the first T.
static size_t add(struct packer *p, uint64_t d, size_t T)
{
    const struct examples *e = p->from;
    size_t n = e->starts[d + 1] - e->starts[d] - 1, targets = 0;
    const int32_t *tokens = e->tokens + e->starts[d];
    const bool *learn = e->learn + e->starts[d];
    for (size_t i = 0; i < n; i++) {
        p->tokens[T + i] = tokens[i];
        p->targets[T + i] = learn[i + 1] ? tokens[i + 1] : -1;
        targets += learn[i + 1];
    }
    return targets;
}

bool packer_next(struct packer *p, struct nn_batch *out, size_t *targets)
{
    const struct examples *e = p->from;
    size_t T = 0, documents = 0;
    *targets = 0;
    while (p->place.document < e->count) {
        uint64_t d = p->order[p->place.document];
        size_t n = e->starts[d + 1] - e->starts[d] - 1;
        if (T + n > p->rows)
            break;
        *targets += add(p, d, T);
        T += n;
        p->starts[++documents] = (uint32_t)T;
        p->place.document++;
    }
    if (T == 0) {
        packer_go(p, (struct packer_place){p->place.epoch + 1, 0});
        return false;
    }
    *out = (struct nn_batch){T, p->tokens, p->targets, {p->starts, documents}};
    return true;
}
