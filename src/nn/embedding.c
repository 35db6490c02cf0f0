// The embedding: rows of a table, chosen by token.
#include <string.h>

#include "kernels/rows.h"
#include "nn/layers.h"

enum { ROWS = 64, COLUMNS = 64 };

struct job {
    const struct nn_frozen *frozen;
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
    nn_split(k, T, ROWS, forward, &(struct job){NULL, w, y, tokens, T, C});
}

static void thaw(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    const struct quant_format *f = j->frozen->format;
    for (size_t t = from; t < to; t++)
        f->dequantize(j->frozen->data + (size_t)j->tokens[t] * quant_bytes(f, j->C),
                      j->to + t * j->C, j->C);
}

void nn_embedding_frozen(struct nn_work *k, const struct nn_frozen *w, const int32_t *tokens,
                         size_t T, size_t C, float *y)
{
    nn_split(k, T, ROWS, thaw, &(struct job){w, NULL, y, tokens, T, C});
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
    nn_split(k, C, COLUMNS, backward, &(struct job){NULL, dy, dw, tokens, T, C});
}
