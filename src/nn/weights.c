// The layout of a decoder's weights.
#include "nn/weights_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/memory.h"

enum { ALIGN = 16, LAYERS_MAX = 512, WIDTH_MAX = 1 << 16, VOCABULARY_MAX = 1 << 21 };

static enum err_code check(const struct nn_shape *s, struct err *err)
{
    const struct {
        const char *name;
        uint32_t value, most;
    } counts[] = {{"layers", s->L, LAYERS_MAX},
                  {"width", s->C, WIDTH_MAX},
                  {"vocabulary", s->V, VOCABULARY_MAX},
                  {"heads", s->H, WIDTH_MAX},
                  {"key-value heads", s->H_kv, WIDTH_MAX},
                  {"size of a head", s->D, WIDTH_MAX},
                  {"hidden", s->hidden, 4 * WIDTH_MAX},
                  {"context", s->context, 1 << 20}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].value < 1 || counts[i].value > counts[i].most)
            return err_set(err, ERR_USAGE, "%s is %u, 1 .. %u expected", counts[i].name,
                           counts[i].value, counts[i].most);
    if (s->H % s->H_kv)
        return err_set(err, ERR_USAGE, "%u heads cannot share %u key-value heads evenly", s->H,
                       s->H_kv);
    if (s->head_norms && s->D > NN_HEAD_NORM_MAX)
        return err_set(err, ERR_USAGE, "size of a head is %u, %d at most with norms of heads", s->D,
                       NN_HEAD_NORM_MAX);
    if (s->D % 2)
        return err_set(err, ERR_USAGE, "size of a head is %u, an even number expected", s->D);
    if ((uint64_t)s->H * s->D > WIDTH_MAX)
        return err_set(err, ERR_USAGE, "%u heads of %u are more than %d wide", s->H, s->D,
                       WIDTH_MAX);
    return ERR_OK;
}

size_t nn_weights_add(struct nn_weights *w, const char *name, size_t rows, size_t cols, bool joined)
{
    if (!joined)
        w->n = (w->n + ALIGN - 1) / ALIGN * ALIGN;
    struct nn_tensor *t = &w->tensors[w->tensor_count];
    snprintf(t->name, sizeof t->name, "%s", name);
    t->at = w->n;
    t->rows = rows;
    t->cols = cols;
    t->decays = rows > 1;
    w->n += w->frozen && rows > 1 ? 0 : rows * cols;
    w->parameters += rows * cols;
    return w->tensor_count++;
}

static size_t add_in(struct nn_weights *w, uint32_t l, const char *name, size_t rows, size_t cols,
                     bool joined)
{
    char full[NN_NAME_MAX + 1];
    snprintf(full, sizeof full, "blk.%u.%s", l, name);
    return nn_weights_add(w, full, rows, cols, joined);
}

static void add_layer(struct nn_weights *w, uint32_t l)
{
    const struct nn_shape *s = &w->shape;
    struct nn_layer_tensors *t = &w->layers[l];
    size_t q = (size_t)s->H * s->D, kv = (size_t)s->H_kv * s->D;
    t->attention_norm = add_in(w, l, "attn_norm.weight", 1, s->C, false);
    if (s->fused) {
        t->qkv = add_in(w, l, "attn_qkv.weight", q + 2 * kv, s->C, false);
    } else {
        t->qkv = add_in(w, l, "attn_q.weight", q, s->C, false);
        add_in(w, l, "attn_k.weight", kv, s->C, true);
        add_in(w, l, "attn_v.weight", kv, s->C, true);
    }
    if (s->biases) {
        t->bias = add_in(w, l, "attn_q.bias", 1, q, false);
        add_in(w, l, "attn_k.bias", 1, kv, true);
        add_in(w, l, "attn_v.bias", 1, kv, true);
    }
    if (s->head_norms) {
        t->head_norms = add_in(w, l, "attn_q_norm.weight", 1, s->D, false);
        add_in(w, l, "attn_k_norm.weight", 1, s->D, true);
    }
    t->out = add_in(w, l, "attn_output.weight", s->C, q, false);
    t->hidden_norm = add_in(w, l, "ffn_norm.weight", 1, s->C, false);
    if (s->fused) {
        t->gate_up = add_in(w, l, "ffn_up.weight", 2 * (size_t)s->hidden, s->C, false);
    } else {
        t->gate_up = add_in(w, l, "ffn_gate.weight", s->hidden, s->C, false);
        add_in(w, l, "ffn_up.weight", s->hidden, s->C, true);
    }
    t->down = add_in(w, l, "ffn_down.weight", s->C, s->hidden, false);
}

static size_t tensors_of(const struct nn_shape *s)
{
    return 3 + 14 * (size_t)s->L;
}

bool nn_weights_take(struct nn_weights *w)
{
    w->w = memory_take(w->n * sizeof(float));
    w->dw = memory_take(w->n * sizeof(float));
    w->m = memory_take(w->n * sizeof(float));
    w->v = memory_take(w->n * sizeof(float));
    return w->w && w->dw && w->m && w->v;
}

static enum err_code open_weights(const struct nn_shape *s, bool frozen, struct nn_weights *w,
                                  struct err *err)
{
    *w = (struct nn_weights){.shape = *s};
    enum err_code code = check(s, err);
    if (code)
        return code;
    w->tensors = calloc(tensors_of(s), sizeof *w->tensors);
    w->layers = calloc(s->L, sizeof *w->layers);
    w->frozen = frozen ? calloc(tensors_of(s), sizeof *w->frozen) : NULL;
    if (w->tensors && w->layers && (w->frozen || !frozen)) {
        w->embedding = w->head = nn_weights_add(w, "token_embd.weight", s->V, s->C, false);
        if (!s->tied)
            w->head = nn_weights_add(w, "output.weight", s->V, s->C, false);
        w->final_norm = nn_weights_add(w, "output_norm.weight", 1, s->C, false);
        for (uint32_t l = 0; l < s->L; l++)
            add_layer(w, l);
        if (nn_weights_take(w))
            return ERR_OK;
    }
    code = err_set(err, ERR_NO_MEMORY, "out of memory for %zu weights", w->parameters);
    nn_weights_close(w);
    return code;
}

enum err_code nn_weights_open(const struct nn_shape *s, struct nn_weights *w, struct err *err)
{
    return open_weights(s, false, w, err);
}

enum err_code nn_weights_open_frozen(const struct nn_shape *s, struct nn_weights *w,
                                     struct err *err)
{
    return open_weights(s, true, w, err);
}

void nn_weights_close(struct nn_weights *w)
{
    memory_give(w->w, w->n * sizeof(float));
    memory_give(w->dw, w->n * sizeof(float));
    memory_give(w->m, w->n * sizeof(float));
    memory_give(w->v, w->n * sizeof(float));
    free(w->tensors);
    free(w->layers);
    free(w->frozen);
    *w = (struct nn_weights){0};
}

// Matrices whose product is added to the stream.
static bool adds_to_stream(const struct nn_tensor *t)
{
    return strstr(t->name, "attn_output") || strstr(t->name, "ffn_down");
}

void nn_weights_init(struct nn_weights *w, struct rng *rng)
{
    for (size_t i = 0; i < w->tensor_count; i++) {
        const struct nn_tensor *t = &w->tensors[i];
        double spread = 0.02 / (adds_to_stream(t) ? sqrt(2.0 * w->shape.L) : 1);
        float constant = strstr(t->name, "norm") ? 1 : 0;
        for (size_t k = 0; k < t->rows * t->cols; k++)
            w->w[t->at + k] = t->decays ? (float)(spread * rng_normal(rng)) : constant;
    }
}
