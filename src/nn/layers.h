// The layers of a decoder, forward and backward, over T rows of floats.
//
// Forward functions overwrite their output. Backward functions take the gradient of the output and
// give that of the input; gradients of weights are always added to. Shapes are [rows][columns],
// row-major. Results are the same bits for any number of threads.
#ifndef FETTLE_NN_LAYERS_H
#define FETTLE_NN_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/quant.h"
#include "nn/work.h"

// Rows of a frozen matrix, as a file has them.
struct nn_frozen {
    const struct quant_format *format;
    const unsigned char *data;
};

// ---- embedding: y[t] = w[token[t]]; w is V x C ----

void nn_embedding_forward(struct nn_work *k, const float *w, const int32_t *tokens, size_t T,
                          size_t C, float *y);
void nn_embedding_frozen(struct nn_work *k, const struct nn_frozen *w, const int32_t *tokens,
                         size_t T, size_t C, float *y);
void nn_embedding_backward(struct nn_work *k, const int32_t *tokens, const float *dy, size_t T,
                           size_t C, float *dw);

// ---- linear: y = x w^T + bias; w is out x in; x is T x in ----

// Something of rank `rank` that is learned beside frozen weights (Hu et al., "LoRA", 2021):
// y += scale * (x a^T) b^T; a is rank x in, b is rows x rank. Rank 0: nothing.
struct nn_low_rank {
    const float *a, *b;
    float *da, *db;
    size_t rank;
    float scale;
    float dropout;   // share of x that is left out of this product; 0: none
    uint64_t stream; // what is left out depends on it and on the place in x
};

// y = x with each float left out by chance, or 1 / (1 - dropout) of it; with `add`, y += that. The
// same stream leaves out the same places, whatever T and the number of threads. 0 < dropout < 1.
void nn_dropout(struct nn_work *k, float dropout, uint64_t stream, const float *x, size_t T,
                size_t C, float *y, bool add);

enum { NN_PARTS = 3 };

struct nn_linear {
    size_t in, out;
    const float *w, *bias; // bias: NULL for none
    float *dw, *dbias;     // NULL: not learned

    // With w NULL: matrices one below the other, each with what is learned beside it.
    size_t parts;
    struct nn_part {
        size_t rows;
        struct nn_frozen frozen;
        struct nn_low_rank low;
    } part[NN_PARTS];
};

// `add`: y += instead.
void nn_linear_forward(struct nn_work *k, const struct nn_linear *l, const float *x, size_t T,
                       float *y, bool add);
// The gradient of x alone; of the weights alone; of both.
void nn_linear_backward_input(struct nn_work *k, const struct nn_linear *l, const float *dy,
                              size_t T, float *dx);
void nn_linear_backward_weights(struct nn_work *k, const struct nn_linear *l, const float *x,
                                const float *dy, size_t T);
void nn_linear_backward(struct nn_work *k, const struct nn_linear *l, const float *x,
                        const float *dy, size_t T, float *dx);

// ---- root mean square norm ----

// y = x * inverse * w by row; `inverse` (T) is kept for the gradient. `copy`, unless NULL, gets x.
void nn_norm_forward(struct nn_work *k, const float *w, const float *x, size_t T, size_t C,
                     float eps, float *y, float *inverse, float *copy);
// y once more.
void nn_norm_again(struct nn_work *k, const float *w, const float *x, const float *inverse,
                   size_t T, size_t C, float *y);
// Adds to dx and to dw. `parts` is working memory: NN_NORM_PARTS x C.
enum { NN_NORM_PARTS = 16 };
void nn_norm_backward(struct nn_work *k, const float *w, const float *x, const float *inverse,
                      const float *dy, size_t T, size_t C, float *parts, float *dx, float *dw);

// ---- norms of heads: every query and key head by itself, before it is turned ----

enum { NN_HEAD_NORM_MAX = 1024 }; // floats of a head

struct nn_head_norm {
    size_t H, H_kv, D;
    const float *w; // 2 x D: of queries, of keys
    float eps;
};

// qkv as attention has it, in place; `before` (T x (H + H_kv) D) and `inverse` (T x (H + H_kv)) are
// kept for the gradient.
void nn_head_norm_forward(struct nn_work *k, const struct nn_head_norm *n, size_t T, float *qkv,
                          float *before, float *inverse);
// dqkv in place; adds to dw (2 x D). `parts` is working memory: NN_NORM_PARTS x 2 D.
void nn_head_norm_backward(struct nn_work *k, const struct nn_head_norm *n, size_t T,
                           const float *before, const float *inverse, float *parts, float *dqkv,
                           float *dw);

// ---- attention: causal, grouped queries, within segments ----

enum nn_rope {
    NN_ROPE_PAIRS,  // dimension 2i turns with 2i + 1 (Llama)
    NN_ROPE_HALVES, // dimension i turns with i + D / 2 (Qwen2, Phi-3)
};

struct nn_attention_shape {
    size_t H, H_kv, D; // H is a multiple of H_kv
    size_t longest;    // segment
    enum nn_rope rope;
    float rope_base;
    const float *rope_factors; // D / 2 divisors of the frequencies; NULL: none
    float rope_amplitude;      // of sines and cosines; 0: 1
};

struct nn_attention; // tables of angles and working memory

enum err_code nn_attention_open(struct nn_work *k, const struct nn_attention_shape *s,
                                struct nn_attention **out, struct err *err);
void nn_attention_close(struct nn_attention **a);

// Rows of one document: [start[i], start[i + 1]) for i < count, no longer than `longest`. A row
// sees the rows before it in its own segment, and itself; positions count from the segment's start.
struct nn_segments {
    const uint32_t *start; // count + 1 of them
    size_t count;
};

// qkv is T x (H + 2 H_kv) D: queries, keys, values; queries and keys are turned in place. y is
// T x H D; `log_sum` (T x H) is kept for the gradient.
void nn_attention_forward(struct nn_attention *a, const struct nn_segments *s, float *qkv, float *y,
                          float *log_sum);
// dqkv (as before the turning) is overwritten.
void nn_attention_backward(struct nn_attention *a, const struct nn_segments *s, const float *qkv,
                           const float *log_sum, const float *dy, float *dqkv);

// ---- SwiGLU: y = gate / (1 + exp(-gate)) * up; both is T x 2 hidden: gate, then up ----

void nn_gate_forward(struct nn_work *k, const float *both, size_t T, size_t hidden, float *y);
// In place: `both` becomes its gradient; y is computed once more.
void nn_gate_backward(struct nn_work *k, const float *dy, size_t T, size_t hidden, float *both,
                      float *y);

// ---- cross-entropy: -log softmax(logits)[target] ----

// Returns the sum over n rows of V logits. With a `scale` that is not 0, logits become scale times
// their gradient. `losses` (n) is working memory.
double nn_cross_entropy(struct nn_work *k, float *logits, const int32_t *targets, size_t n,
                        size_t V, float scale, double *losses);

#endif
