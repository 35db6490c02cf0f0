// Within a step: adds the low-rank products of the tokens whose session has an adapter.
#include "llm/adapter_private.h"
#include "llm/engine_private.h"

enum { LANES = 16, ROWS = 256 };

// A sum in one order: 16 lanes, then a tree.
static float dot(const float *a, const float *b, size_t n)
{
    float sums[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sums[k] += a[i + k] * b[i + k];
    for (size_t k = 0; i + k < n; k++)
        sums[k] += a[i + k] * b[i + k];
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t k = 0; k < half; k++)
            sums[k] += sums[k + half];
    return sums[0];
}

// What adapts a product for vector i; NULL: nothing.
static const struct low_rank *low_rank_of(const struct engine *e, const struct product *p, size_t i)
{
    const struct adapter *a =
        e->at[p->tokens ? p->tokens[i % p->count] : i % p->count].session->adapter;
    const struct low_rank *l = a ? &a->at[p->place + i / p->count] : NULL;
    return l && l->rank ? l : NULL;
}

void adapt(struct engine *e, const struct product *p)
{
    if (!e->adapted)
        return;
    size_t items = p->parts * p->count, i;
    while ((i = team_claim(e->team, 1)) < items) {
        const struct low_rank *l = low_rank_of(e, p, i);
        for (size_t k = 0; l && k < l->rank; k++)
            e->low[i * ADAPTER_RANK_MAX + k] =
                dot(l->a + k * l->cols, p->x + i % p->count * l->cols, l->cols);
    }
    team_barrier(e->team);
    size_t pieces = (p->rows + ROWS - 1) / ROWS;
    while ((i = team_claim(e->team, 1)) < items * pieces) {
        const struct low_rank *l = low_rank_of(e, p, i / pieces);
        size_t from = i % pieces * ROWS, part = i / pieces / p->count;
        float *y = p->y + i / pieces % p->count * p->rows + (p->from ? p->from[part] : 0);
        for (size_t row = from; l && row < l->rows && row < from + ROWS; row++)
            y[row] += l->factor *
                      dot(l->b + row * l->rank, e->low + i / pieces * ADAPTER_RANK_MAX, l->rank);
    }
    team_barrier(e->team);
}
