// The forward pass of a decoder, and its head, forward and backward.
#include <string.h>

#include "kernels/rows.h"
#include "nn/decoder_private.h"

static float *stream_at(const struct nn_decoder *d, size_t l)
{
    return d->inputs[d->options.training ? l : l % 2];
}

struct nn_layer_values *nn_layer_forward(struct nn_decoder *d, const struct nn_batch *b, size_t l)
{
    const struct nn_weights *w = d->weights;
    const struct nn_layer_tensors *t = &w->layers[l];
    const struct nn_shape *s = &d->shape;
    struct nn_layer_values *v = &d->values[l % nn_decoder_values(d, s->L)];
    size_t T = b->T, C = s->C;
    float *x = stream_at(d, l), *next = stream_at(d, l + 1);
    struct nn_linear qkv = nn_linear_qkv(d, l), out = nn_linear_of(d, t->out, C),
                     both = nn_linear_of(d, t->gate_up, 2 * (size_t)s->hidden),
                     down = nn_linear_of(d, t->down, C);

    nn_norm_forward(d->k, nn_vector_of(w, t->attention_norm), x, T, C, s->eps, d->normed,
                    v->attention_inverse, v->middle);
    nn_linear_forward(d->k, &qkv, d->normed, T, v->qkv, false);
    if (s->head_norms) {
        struct nn_head_norm n = nn_head_norm_of(d, l);
        nn_head_norm_forward(d->k, &n, T, v->qkv, v->before, v->head_inverse);
    }
    nn_attention_forward(d->attention, &b->segments, v->qkv, v->heads, v->log_sum);
    nn_linear_forward(d->k, &out, v->heads, T, v->middle, true);

    nn_norm_forward(d->k, nn_vector_of(w, t->hidden_norm), v->middle, T, C, s->eps, d->normed,
                    v->hidden_inverse, next);
    nn_linear_forward(d->k, &both, d->normed, T, v->gate_up, false);
    nn_gate_forward(d->k, v->gate_up, T, s->hidden, d->inner);
    nn_linear_forward(d->k, &down, d->inner, T, next, true);
    return v;
}

static const float *forward(struct nn_decoder *d, const struct nn_batch *b)
{
    const struct nn_weights *w = d->weights;
    float *first = stream_at(d, 0);
    if (w->frozen)
        nn_embedding_frozen(d->k, &w->frozen[w->embedding], b->tokens, b->T, d->shape.C, first);
    else
        nn_embedding_forward(d->k, w->w + w->tensors[w->embedding].at, b->tokens, b->T, d->shape.C,
                             first);
    for (size_t l = 0; l < d->shape.L; l++)
        nn_layer_forward(d, b, l);
    return stream_at(d, d->shape.L);
}

// Gathers n wanted rows of the stream, norms them and multiplies by the head.
static void head_forward(struct nn_decoder *d, const float *stream, const uint32_t *wanted,
                         size_t n, float *logits)
{
    const struct nn_weights *w = d->weights;
    size_t C = d->shape.C;
    for (size_t i = 0; i < n; i++)
        memcpy(d->head_in + i * C, stream + wanted[i] * C, C * sizeof *stream);
    nn_norm_forward(d->k, nn_vector_of(w, w->final_norm), d->head_in, n, C, d->shape.eps,
                    d->head_normed, d->head_inverse, NULL);
    struct nn_linear head = nn_linear_of(d, w->head, d->shape.V);
    nn_linear_forward(d->k, &head, d->head_normed, n, logits, false);
}

// From the logits' gradient to the stream's at the wanted rows.
static void head_backward(struct nn_decoder *d, const uint32_t *wanted, size_t n)
{
    const struct nn_weights *w = d->weights;
    size_t C = d->shape.C;
    struct nn_linear head = nn_linear_of(d, w->head, d->shape.V);
    nn_linear_backward(d->k, &head, d->head_normed, d->logits, n, d->head_slope);
    memset(d->head_stream, 0, n * C * sizeof(float));
    nn_norm_backward(d->k, nn_vector_of(w, w->final_norm), d->head_in, d->head_inverse,
                     d->head_slope, n, C, d->parts, d->head_stream,
                     w->dw + w->tensors[w->final_norm].at);
    for (size_t i = 0; i < n; i++)
        memcpy(d->stream + wanted[i] * C, d->head_stream + i * C, C * sizeof(float));
}

double nn_decoder_loss(struct nn_decoder *d, const struct nn_batch *b, float scale)
{
    d->drops = scale != 0;
    const float *stream = forward(d, b);
    int32_t targets[NN_HEAD_ROWS];
    size_t wanted = 0;
    double sum = 0;
    for (size_t t = 0; t < b->T; t++)
        if (b->targets[t] >= 0)
            d->wanted[wanted++] = (uint32_t)t;
    if (scale != 0)
        memset(d->stream, 0, b->T * d->shape.C * sizeof(float));
    for (size_t from = 0; from < wanted; from += NN_HEAD_ROWS) {
        size_t n = wanted - from < NN_HEAD_ROWS ? wanted - from : NN_HEAD_ROWS;
        head_forward(d, stream, d->wanted + from, n, d->logits);
        for (size_t i = 0; i < n; i++)
            targets[i] = b->targets[d->wanted[from + i]];
        sum += nn_cross_entropy(d->k, d->logits, targets, n, d->shape.V, scale, d->losses);
        if (scale != 0)
            head_backward(d, d->wanted + from, n);
    }
    if (scale != 0 && wanted)
        nn_decoder_backward(d, b);
    return sum;
}

void nn_decoder_logits(struct nn_decoder *d, const struct nn_batch *b, float *logits)
{
    d->drops = false;
    const float *stream = forward(d, b);
    for (size_t t = 0; t < b->T; t++)
        d->wanted[t] = (uint32_t)t;
    for (size_t from = 0; from < b->T; from += NN_HEAD_ROWS) {
        size_t n = b->T - from < NN_HEAD_ROWS ? b->T - from : NN_HEAD_ROWS;
        head_forward(d, stream, d->wanted + from, n, logits + from * d->shape.V);
    }
}
