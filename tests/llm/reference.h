// A language model's forward pass in double precision, straight from the file: what the engine is
// tested against. Keys and values are rounded to halves, as the engine's cache holds them.
#ifndef FETTLE_TESTS_LLM_REFERENCE_H
#define FETTLE_TESTS_LLM_REFERENCE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/half.h"
#include "llm/gguf.h"

struct reference {
    const struct gguf *g;
    const char *arch;
    uint32_t L, C, H, H_kv, D, hidden;
    float base, eps;
    double *k, *v; // [L][position][H_kv * D]
    uint32_t most, n;
};

static uint32_t ref_u32(const struct reference *r, const char *name)
{
    char key[96];
    uint32_t v = 0;
    snprintf(key, sizeof key, "%s.%s", r->arch, name);
    gguf_u32(r->g, key, &v, NULL);
    return v;
}

static void ref_open(struct reference *r, const struct gguf *g, const char *arch, uint32_t most)
{
    char key[96];
    *r = (struct reference){.g = g, .arch = arch, .most = most};
    r->L = ref_u32(r, "block_count");
    r->C = ref_u32(r, "embedding_length");
    r->H = ref_u32(r, "attention.head_count");
    r->H_kv = ref_u32(r, "attention.head_count_kv");
    r->D = ref_u32(r, "attention.key_length");
    r->hidden = ref_u32(r, "feed_forward_length");
    snprintf(key, sizeof key, "%s.rope.freq_base", arch);
    gguf_f32(g, key, &r->base, NULL);
    snprintf(key, sizeof key, "%s.attention.layer_norm_rms_epsilon", arch);
    gguf_f32(g, key, &r->eps, NULL);
    r->k = calloc((size_t)r->L * most * r->H_kv * r->D, sizeof *r->k);
    r->v = calloc((size_t)r->L * most * r->H_kv * r->D, sizeof *r->v);
}

static void ref_close(struct reference *r)
{
    free(r->k);
    free(r->v);
}

static const struct gguf_tensor *ref_tensor(const struct reference *r, uint32_t l, const char *name)
{
    char full[96];
    snprintf(full, sizeof full, "blk.%u.%s", l, name);
    return gguf_find_tensor(r->g, l == UINT32_MAX ? name : full);
}

// y = rows [from, from + n) of t times x
static void ref_multiply(const struct gguf_tensor *t, size_t from, size_t n, const double *x,
                         double *y)
{
    size_t cols = (size_t)t->ne[0], bytes = quant_bytes(t->format, cols);
    float *row = malloc(cols * sizeof *row);
    for (size_t i = 0; i < n; i++) {
        t->format->dequantize(t->data + (from + i) * bytes, row, cols);
        y[i] = 0;
        for (size_t k = 0; k < cols; k++)
            y[i] += (double)row[k] * x[k];
    }
    free(row);
}

static float ref_at(const struct gguf_tensor *t, size_t i)
{
    float v;
    memcpy(&v, t->data + 4 * i, 4);
    return v;
}

static void ref_norm(const struct reference *r, const struct gguf_tensor *w, const double *x,
                     size_t n, double *y)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    double scale = 1 / sqrt(sum / (double)n + (double)r->eps);
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * scale * (double)ref_at(w, i);
}

static void ref_turn(const struct reference *r, double *head, uint32_t position)
{
    const struct gguf_tensor *factors = ref_tensor(r, UINT32_MAX, "rope_freqs.weight");
    bool pairs = strcmp(r->arch, "llama") == 0;
    for (uint32_t i = 0; i < r->D / 2; i++) {
        double angle = position * pow((double)r->base, -2.0 * i / r->D);
        if (factors)
            angle /= (double)ref_at(factors, i);
        double *a = &head[pairs ? 2 * i : i], *b = &head[pairs ? 2 * i + 1 : i + r->D / 2],
               was = *a;
        *a = was * cos(angle) - *b * sin(angle);
        *b = was * sin(angle) + *b * cos(angle);
    }
}

static void ref_bias(const struct gguf_tensor *t, double *x)
{
    for (size_t i = 0; t && i < t->count; i++)
        x[i] += (double)ref_at(t, i);
}

static void ref_qkv(const struct reference *r, uint32_t l, const double *x, double *q, double *k,
                    double *v)
{
    size_t nq = (size_t)r->H * r->D, nkv = (size_t)r->H_kv * r->D;
    const struct gguf_tensor *fused = ref_tensor(r, l, "attn_qkv.weight");
    if (fused) {
        ref_multiply(fused, 0, nq, x, q);
        ref_multiply(fused, nq, nkv, x, k);
        ref_multiply(fused, nq + nkv, nkv, x, v);
        return;
    }
    ref_multiply(ref_tensor(r, l, "attn_q.weight"), 0, nq, x, q);
    ref_multiply(ref_tensor(r, l, "attn_k.weight"), 0, nkv, x, k);
    ref_multiply(ref_tensor(r, l, "attn_v.weight"), 0, nkv, x, v);
    ref_bias(ref_tensor(r, l, "attn_q.bias"), q);
    ref_bias(ref_tensor(r, l, "attn_k.bias"), k);
    ref_bias(ref_tensor(r, l, "attn_v.bias"), v);
}

static void ref_attend(struct reference *r, uint32_t l, double *q, double *k, double *v,
                       double *out)
{
    size_t D = r->D, row = (size_t)r->H_kv * D;
    const struct gguf_tensor *q_norm = ref_tensor(r, l, "attn_q_norm.weight");
    const struct gguf_tensor *k_norm = ref_tensor(r, l, "attn_k_norm.weight");
    double *keys = r->k + (size_t)l * r->most * row, *values = r->v + (size_t)l * r->most * row;
    for (uint32_t h = 0; h < r->H_kv; h++) {
        if (k_norm)
            ref_norm(r, k_norm, k + h * D, D, k + h * D);
        ref_turn(r, k + h * D, r->n);
    }
    for (size_t i = 0; i < row; i++) {
        keys[r->n * row + i] = (double)half_to_float(half_from_float((float)k[i]));
        values[r->n * row + i] = (double)half_to_float(half_from_float((float)v[i]));
    }
    double *p = malloc((r->n + 1) * sizeof *p);
    for (uint32_t h = 0; h < r->H; h++) {
        double *head = q + h * D, sum = 0, top = -INFINITY;
        size_t at = h / (r->H / r->H_kv) * D;
        if (q_norm)
            ref_norm(r, q_norm, head, D, head);
        ref_turn(r, head, r->n);
        for (uint32_t i = 0; i <= r->n; i++) {
            p[i] = 0;
            for (size_t d = 0; d < D; d++)
                p[i] += head[d] * keys[i * row + at + d] / sqrt((double)D);
            top = fmax(top, p[i]);
        }
        for (uint32_t i = 0; i <= r->n; i++)
            sum += p[i] = exp(p[i] - top);
        for (size_t d = 0; d < D; d++) {
            out[h * D + d] = 0;
            for (uint32_t i = 0; i <= r->n; i++)
                out[h * D + d] += p[i] / sum * values[i * row + at + d];
        }
    }
    free(p);
}

static void ref_feed_forward(const struct reference *r, uint32_t l, const double *x, double *out)
{
    size_t n = r->hidden;
    double *gate = malloc(2 * n * sizeof *gate), *up = gate + n;
    const struct gguf_tensor *g = ref_tensor(r, l, "ffn_gate.weight");
    const struct gguf_tensor *u = ref_tensor(r, l, "ffn_up.weight");
    ref_multiply(g ? g : u, 0, n, x, gate);
    ref_multiply(u, g ? 0 : n, n, x, up);
    for (size_t i = 0; i < n; i++)
        gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i];
    ref_multiply(ref_tensor(r, l, "ffn_down.weight"), 0, r->C, gate, out);
    free(gate);
}

// The logits (as many as the vocabulary has) after one more token.
static void ref_step(struct reference *r, int32_t token, double *logits)
{
    size_t C = r->C, wide = (size_t)(r->H + 2 * r->H_kv) * r->D;
    double *x = calloc(3 * C + 2 * wide, sizeof *x), *y = x + C, *add = y + C, *qkv = add + C;
    const struct gguf_tensor *e = ref_tensor(r, UINT32_MAX, "token_embd.weight");
    float *row = malloc(C * sizeof *row);
    e->format->dequantize(e->data + (size_t)token * quant_bytes(e->format, C), row, C);
    for (size_t i = 0; i < C; i++)
        x[i] = (double)row[i];
    free(row);
    for (uint32_t l = 0; l < r->L; l++) {
        double *k = qkv + (size_t)r->H * r->D, *v = k + (size_t)r->H_kv * r->D;
        ref_norm(r, ref_tensor(r, l, "attn_norm.weight"), x, C, y);
        ref_qkv(r, l, y, qkv, k, v);
        ref_attend(r, l, qkv, k, v, qkv + wide);
        ref_multiply(ref_tensor(r, l, "attn_output.weight"), 0, C, qkv + wide, add);
        for (size_t i = 0; i < C; i++)
            x[i] += add[i];
        ref_norm(r, ref_tensor(r, l, "ffn_norm.weight"), x, C, y);
        ref_feed_forward(r, l, y, add);
        for (size_t i = 0; i < C; i++)
            x[i] += add[i];
    }
    ref_norm(r, ref_tensor(r, UINT32_MAX, "output_norm.weight"), x, C, y);
    const struct gguf_tensor *head = ref_tensor(r, UINT32_MAX, "output.weight");
    ref_multiply(head ? head : e, 0, (size_t)e->ne[1], y, logits);
    free(x);
    r->n++;
}

#endif
