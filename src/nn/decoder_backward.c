// The backward pass of a decoder, below its head.
#include "nn/decoder_private.h"

static float *slope_of(const struct nn_weights *w, size_t tensor)
{
    return w->dw + w->tensors[tensor].at;
}

static void feed_forward_backward(struct nn_decoder *d, const struct nn_layer_values *v, size_t l,
                                  size_t T)
{
    const struct nn_weights *w = d->weights;
    const struct nn_layer_tensors *t = &w->layers[l];
    const struct nn_shape *s = &d->shape;
    const float *norm = nn_vector_of(w, t->hidden_norm);
    struct nn_linear both = nn_linear_of(d, t->gate_up, 2 * (size_t)s->hidden),
                     down = nn_linear_of(d, t->down, s->C);
    nn_linear_backward_input(d->k, &down, d->stream, T, d->inner_slope);
    nn_gate_backward(d->k, d->inner_slope, T, s->hidden, v->gate_up, d->inner);
    nn_linear_backward_weights(d->k, &down, d->inner, d->stream, T);
    nn_norm_again(d->k, norm, v->middle, v->hidden_inverse, T, s->C, d->normed);
    nn_linear_backward(d->k, &both, d->normed, v->gate_up, T, d->slope);
    nn_norm_backward(d->k, norm, v->middle, v->hidden_inverse, d->slope, T, s->C, d->parts,
                     d->stream, slope_of(w, t->hidden_norm));
}

static void attention_backward(struct nn_decoder *d, const struct nn_batch *b,
                               const struct nn_layer_values *v, size_t l)
{
    const struct nn_weights *w = d->weights;
    const struct nn_layer_tensors *t = &w->layers[l];
    size_t T = b->T, C = d->shape.C;
    const float *norm = nn_vector_of(w, t->attention_norm), *x = d->inputs[l];
    struct nn_linear qkv = nn_linear_qkv(d, l), out = nn_linear_of(d, t->out, C);
    nn_linear_backward(d->k, &out, v->heads, d->stream, T, d->heads_slope);
    nn_attention_backward(d->attention, &b->segments, v->qkv, v->log_sum, d->heads_slope,
                          d->qkv_slope);
    if (d->shape.head_norms) {
        struct nn_head_norm n = nn_head_norm_of(d, l);
        nn_head_norm_backward(d->k, &n, T, v->before, v->head_inverse, d->parts, d->qkv_slope,
                              slope_of(w, t->head_norms));
    }
    nn_norm_again(d->k, norm, x, v->attention_inverse, T, C, d->normed);
    nn_linear_backward(d->k, &qkv, d->normed, d->qkv_slope, T, d->slope);
    nn_norm_backward(d->k, norm, x, v->attention_inverse, d->slope, T, C, d->parts, d->stream,
                     slope_of(w, t->attention_norm));
}

void nn_decoder_backward(struct nn_decoder *d, const struct nn_batch *b)
{
    const struct nn_weights *w = d->weights;
    for (size_t l = d->shape.L; l-- > 0;) {
        const struct nn_layer_values *v =
            d->options.recompute ? nn_layer_forward(d, b, l) : &d->values[l];
        feed_forward_backward(d, v, l, b->T);
        attention_backward(d, b, v, l);
    }
    if (!w->frozen)
        nn_embedding_backward(d->k, b->tokens, d->stream, b->T, d->shape.C,
                              slope_of(w, w->embedding));
}
