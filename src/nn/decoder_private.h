// What the forward and the backward pass of a decoder share.
#ifndef FETTLE_NN_DECODER_PRIVATE_H
#define FETTLE_NN_DECODER_PRIVATE_H

#include "nn/decoder.h"

enum { NN_HEAD_ROWS = 256 }; // whose logits are in memory at once

// What a layer's gradient needs of its forward pass. T is options.rows.
struct nn_layer_values {
    float *attention_inverse; // T
    float *qkv;               // T x qkv width, turned
    float *log_sum;           // T x H
    float *before;            // T x (H + H_kv) D, queries and keys before their norm
    float *head_inverse;      // T x (H + H_kv)
    float *heads;             // T x H D
    float *middle;            // T x C, the stream between attention and feed-forward
    float *hidden_inverse;    // T
    float *gate_up;           // T x 2 hidden
};

struct nn_decoder {
    struct nn_work *k;
    struct nn_weights *weights;
    struct nn_shape shape;
    struct nn_decoder_options options;
    struct nn_attention *attention;
    unsigned char *block; // all floats below
    size_t bytes, block_bytes;
    bool drops; // a pass that learns: dropout of the adapter's inputs

    float **inputs;                 // the stream into each layer and out of the last: T x C
    struct nn_layer_values *values; // of each layer, or of one
    float *normed;                  // T x C
    float *inner;                   // T x hidden, behind the gate

    // Of NN_HEAD_ROWS rows that have a target.
    uint32_t *wanted; // T
    float *head_in, *head_normed, *head_inverse, *logits, *head_slope, *head_stream;
    double *losses;

    // Gradients.
    float *parts;       // of norms
    float *stream;      // T x C
    float *slope;       // T x C, of what is normed
    float *inner_slope; // T x hidden
    float *heads_slope; // T x H D
    float *qkv_slope;
};

static inline size_t nn_qkv_width(const struct nn_shape *s)
{
    return ((size_t)s->H + 2 * s->H_kv) * s->D;
}

// How many layers' values are kept.
size_t nn_decoder_values(const struct nn_decoder *d, size_t L);

// The matrix that begins at a tensor, with `out` rows, over as many tensors as they take.
struct nn_linear nn_linear_of(const struct nn_decoder *d, size_t tensor, size_t out);
struct nn_linear nn_linear_qkv(const struct nn_decoder *d, size_t l);
struct nn_head_norm nn_head_norm_of(const struct nn_decoder *d, size_t l);

static inline const float *nn_vector_of(const struct nn_weights *w, size_t tensor)
{
    return w->w + w->tensors[tensor].at;
}

// Computes layer l from its input; returns its values.
struct nn_layer_values *nn_layer_forward(struct nn_decoder *d, const struct nn_batch *b, size_t l);

// Adds the gradients of all weights below the head, from d->stream and the values of the forward
// pass.
void nn_decoder_backward(struct nn_decoder *d, const struct nn_batch *b);

#endif
