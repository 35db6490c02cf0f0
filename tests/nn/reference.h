// The layers of a decoder in double, written down one formula after another: what the fast ones are
// measured against.
#ifndef FETTLE_TESTS_NN_REFERENCE_H
#define FETTLE_TESTS_NN_REFERENCE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/decoder.h"
#include "test.h"

static inline double *reference_new(size_t n)
{
    double *p = calloc(n ? n : 1, sizeof *p);
    assert_non_null(p);
    return p;
}

// y = x w^T + bias
static inline void reference_linear(const double *x, const double *w, const double *bias, size_t T,
                                    size_t in, size_t out, double *y)
{
    for (size_t t = 0; t < T; t++)
        for (size_t o = 0; o < out; o++) {
            double sum = bias ? bias[o] : 0;
            for (size_t i = 0; i < in; i++)
                sum += x[t * in + i] * w[o * in + i];
            y[t * out + o] = sum;
        }
}

static inline void reference_norm(const double *x, const double *w, size_t T, size_t C, double eps,
                                  double *y)
{
    for (size_t t = 0; t < T; t++) {
        double sum = 0;
        for (size_t i = 0; i < C; i++)
            sum += x[t * C + i] * x[t * C + i];
        for (size_t i = 0; i < C; i++)
            y[t * C + i] = x[t * C + i] / sqrt(sum / (double)C + eps) * w[i];
    }
}

static inline void reference_turn(double *head, size_t position, const struct nn_attention_shape *s)
{
    size_t D = s->D;
    enum nn_rope rope = s->rope;
    for (size_t i = 0; i < D / 2; i++) {
        double angle = (double)position / pow((double)s->rope_base, 2.0 * (double)i / (double)D);
        angle /= s->rope_factors ? (double)s->rope_factors[i] : 1;
        double amplitude = s->rope_amplitude != 0 ? (double)s->rope_amplitude : 1;
        double *a = rope == NN_ROPE_PAIRS ? head + 2 * i : head + i;
        double *b = rope == NN_ROPE_PAIRS ? head + 2 * i + 1 : head + i + D / 2;
        double x = *a, y = *b;
        *a = amplitude * (x * cos(angle) - y * sin(angle));
        *b = amplitude * (x * sin(angle) + y * cos(angle));
    }
}

// What keys (turned) and values become when they are kept; NULL: what they are.
static double (*reference_kept)(double);

// qkv is not changed.
static inline void reference_attention(const struct nn_attention_shape *s,
                                       const struct nn_segments *segments, const double *qkv,
                                       double *y)
{
    size_t D = s->D, width = (s->H + 2 * s->H_kv) * D, T = segments->start[segments->count];
    double *turned = reference_new(T * width), *p = reference_new(T);
    memcpy(turned, qkv, T * width * sizeof *qkv);
    for (size_t g = 0; g < segments->count; g++) {
        size_t first = segments->start[g], end = segments->start[g + 1];
        for (size_t t = first; t < end; t++)
            for (size_t h = 0; h < s->H + s->H_kv; h++)
                reference_turn(turned + t * width + h * D, t - first, s);
        for (size_t t = first; t < end && reference_kept; t++)
            for (size_t i = s->H * D; i < width; i++)
                turned[t * width + i] = reference_kept(turned[t * width + i]);
        for (size_t t = first; t < end; t++)
            for (size_t h = 0; h < s->H; h++) {
                size_t kv = h / (s->H / s->H_kv);
                double sum = 0, *out = y + (t * s->H + h) * D;
                for (size_t u = first; u <= t; u++) {
                    double dot = 0;
                    for (size_t i = 0; i < D; i++)
                        dot +=
                            turned[t * width + h * D + i] * turned[u * width + (s->H + kv) * D + i];
                    sum += p[u] = exp(dot / sqrt((double)D));
                }
                memset(out, 0, D * sizeof *out);
                for (size_t u = first; u <= t; u++)
                    for (size_t i = 0; i < D; i++)
                        out[i] += p[u] / sum * turned[u * width + (s->H + s->H_kv + kv) * D + i];
            }
    }
    free(turned);
    free(p);
}

static inline void reference_gate(const double *both, size_t T, size_t hidden, double *y)
{
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < hidden; i++) {
            double g = both[t * 2 * hidden + i];
            y[t * hidden + i] = g / (1 + exp(-g)) * both[t * 2 * hidden + hidden + i];
        }
}

static inline double reference_cross_entropy(const double *logits, size_t V, int32_t target)
{
    double sum = 0;
    for (size_t i = 0; i < V; i++)
        sum += exp(logits[i] - logits[target]);
    return log(sum);
}

// The logits of a whole decoder whose weights are `w` in the layout of `names`.
static inline void reference_logits(const struct nn_weights *names, const double *w,
                                    const struct nn_batch *b, double *logits)
{
    const struct nn_shape *s = &names->shape;
    size_t T = b->T, C = s->C, width = ((size_t)s->H + 2 * s->H_kv) * s->D, HD = s->H * s->D;
    struct nn_attention_shape attention = {.H = s->H,
                                           .H_kv = s->H_kv,
                                           .D = s->D,
                                           .rope = s->rope,
                                           .rope_base = s->rope_base,
                                           .rope_factors = s->rope_factors,
                                           .rope_amplitude = s->rope_amplitude};
    double *x = reference_new(T * C), *n = reference_new(T * C), *add = reference_new(T * C),
           *qkv = reference_new(T * width), *heads = reference_new(T * HD),
           *both = reference_new(T * 2 * s->hidden), *inner = reference_new(T * s->hidden);
#define AT(tensor) (w + names->tensors[tensor].at)
    for (size_t t = 0; t < T; t++)
        memcpy(x + t * C, AT(names->embedding) + (size_t)b->tokens[t] * C, C * sizeof *x);
    for (size_t l = 0; l < s->L; l++) {
        const struct nn_layer_tensors *i = &names->layers[l];
        reference_norm(x, AT(i->attention_norm), T, C, (double)s->eps, n);
        reference_linear(n, AT(i->qkv), s->biases ? AT(i->bias) : NULL, T, C, width, qkv);
        for (size_t t = 0; s->head_norms && t < T; t++)
            for (size_t h = 0; h < s->H + s->H_kv; h++) {
                double *head = qkv + t * width + h * s->D;
                reference_norm(head, AT(i->head_norms) + (h < s->H ? 0 : s->D), 1, s->D,
                               (double)s->eps, head);
            }
        reference_attention(&attention, &b->segments, qkv, heads);
        reference_linear(heads, AT(i->out), NULL, T, HD, C, add);
        for (size_t k = 0; k < T * C; k++)
            x[k] += add[k];
        reference_norm(x, AT(i->hidden_norm), T, C, (double)s->eps, n);
        reference_linear(n, AT(i->gate_up), NULL, T, C, 2 * s->hidden, both);
        reference_gate(both, T, s->hidden, inner);
        reference_linear(inner, AT(i->down), NULL, T, s->hidden, C, add);
        for (size_t k = 0; k < T * C; k++)
            x[k] += add[k];
    }
    reference_norm(x, AT(names->final_norm), T, C, (double)s->eps, n);
    reference_linear(n, AT(names->head), NULL, T, C, s->V, logits);
#undef AT
    free(x);
    free(n);
    free(add);
    free(qkv);
    free(heads);
    free(both);
    free(inner);
}

static inline double reference_loss(const struct nn_weights *names, const double *w,
                                    const struct nn_batch *b)
{
    size_t V = names->shape.V;
    double *logits = reference_new(b->T * V), sum = 0;
    reference_logits(names, w, b, logits);
    for (size_t t = 0; t < b->T; t++)
        if (b->targets[t] >= 0)
            sum += reference_cross_entropy(logits + t * V, V, b->targets[t]);
    free(logits);
    return sum;
}

#endif
