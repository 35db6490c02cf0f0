// The embedding: rows of a table, chosen by token.
#include <string.h>

#include "kernels/rows.h"
#include "nn/layers.h"

enum { ROWS = 64, COLUMNS = 64 };

struct job {
    const float *from;
    float *to;
    const int32_t *tokens;
    size_t T, C;
};

static void forward(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = from; t < to; t++)
        memcpy(j->to + t * j->C, j->from + (size_t)j->tokens[t] * j->C, j->C * sizeof *j->to);
}

void nn_embedding_forward(struct nn_work *k, const float *w, const int32_t *tokens, size_t T,
                          size_t C, float *y)
{
    nn_split(k, T, ROWS, forward, &(struct job){w, y, tokens, T, C});
}

// Columns [from, to) of all rows in order: a token that occurs twice is summed in one order.
static void backward(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = 0; t < j->T; t++)
        rows_add(j->from + t * j->C + from, to - from, j->to + (size_t)j->tokens[t] * j->C + from);
}

void nn_embedding_backward(struct nn_work *k, const int32_t *tokens, const float *dy, size_t T,
                           size_t C, float *dw)
{
    nn_split(k, C, COLUMNS, backward, &(struct job){dy, dw, tokens, T, C});
}
