// The memory of a decoder in training.
#include <stdlib.h>

#include "kernels/memory.h"
#include "nn/decoder_private.h"

enum { ALIGN = 64, THAWED = 1 << 22 };

// Apart from one another: what is left out at each pass, and of each tensor.
static const uint64_t STREAMS = 0x9e3779b97f4a7c15;

// Hands out a part of one block; with no block, only counts.
static float *take(struct nn_decoder *d, size_t rows, size_t cols)
{
    float *p = d->block ? (float *)(void *)(d->block + d->bytes) : NULL;
    d->bytes += (rows * cols * sizeof(float) + ALIGN - 1) / ALIGN * ALIGN;
    return p;
}

static void lay_layer(struct nn_decoder *d, struct nn_layer_values *v)
{
    const struct nn_shape *s = &d->shape;
    size_t T = d->options.rows;
    v->attention_inverse = take(d, T, 1);
    v->qkv = take(d, T, nn_qkv_width(s));
    v->log_sum = take(d, T, s->H);
    v->before = take(d, T, s->head_norms ? ((size_t)s->H + s->H_kv) * s->D : 0);
    v->head_inverse = take(d, T, s->head_norms ? (size_t)s->H + s->H_kv : 0);
    v->heads = take(d, T, (size_t)s->H * s->D);
    v->middle = take(d, T, s->C);
    v->hidden_inverse = take(d, T, 1);
    v->gate_up = take(d, T, 2 * (size_t)s->hidden);
}

static void lay(struct nn_decoder *d)
{
    const struct nn_shape *s = &d->shape;
    size_t T = d->options.rows, C = s->C;
    bool training = d->options.training;
    size_t inputs = training ? s->L + 1 : 2, values = nn_decoder_values(d, s->L);
    for (size_t l = 0; l < inputs; l++)
        d->inputs[l] = take(d, T, C);
    for (size_t l = 0; l < values; l++)
        lay_layer(d, &d->values[l]);
    d->normed = take(d, T, C);
    d->inner = take(d, T, s->hidden);
    d->head_in = take(d, NN_HEAD_ROWS, C);
    d->head_normed = take(d, NN_HEAD_ROWS, C);
    d->head_inverse = take(d, NN_HEAD_ROWS, 1);
    d->logits = take(d, NN_HEAD_ROWS, s->V);
    d->losses = (double *)(void *)take(d, NN_HEAD_ROWS, 2);
    if (!training)
        return;
    d->head_slope = take(d, NN_HEAD_ROWS, C);
    d->head_stream = take(d, NN_HEAD_ROWS, C);
    d->parts = take(d, NN_NORM_PARTS, s->head_norms && 2 * s->D > C ? 2 * s->D : C);
    d->stream = take(d, T, C);
    d->slope = take(d, T, C);
    d->inner_slope = take(d, T, s->hidden);
    d->heads_slope = take(d, T, (size_t)s->H * s->D);
    d->qkv_slope = take(d, T, nn_qkv_width(s));
}

size_t nn_decoder_values(const struct nn_decoder *d, size_t L)
{
    return d->options.training && !d->options.recompute ? L : 1;
}

size_t nn_decoder_bytes(const struct nn_shape *s, const struct nn_decoder_options *o)
{
    struct nn_decoder d = {.shape = *s, .options = *o};
    d.inputs = calloc(s->L + 2, sizeof *d.inputs);
    d.values = calloc(s->L, sizeof *d.values);
    if (d.inputs && d.values)
        lay(&d);
    free(d.inputs);
    free(d.values);
    return d.bytes;
}

// Enough rows of frozen matrices for products that run well, and one of the widest at least.
static size_t thawed_floats(const struct nn_shape *s)
{
    size_t widest = s->hidden > s->C ? s->hidden : s->C;
    return widest > THAWED ? widest : THAWED;
}

// Twice rows times rank, and with dropout what is left of the widest input.
static size_t low_floats(const struct nn_shape *s, const struct nn_decoder_options *o)
{
    if (!o->adapter)
        return 0;
    size_t heads = (size_t)s->H * s->D, widest = s->hidden > s->C ? s->hidden : s->C;
    widest = o->adapter->dropout > 0 ? (heads > widest ? heads : widest) : 0;
    return o->rows * (2 * o->adapter->rank + widest);
}

enum err_code nn_decoder_open(struct nn_work *k, struct nn_weights *w,
                              const struct nn_decoder_options *o, struct nn_decoder **out,
                              struct err *err)
{
    struct nn_decoder *d = *out = calloc(1, sizeof *d);
    const struct nn_shape *s = &w->shape;
    if (!d)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    d->k = k;
    d->weights = w;
    d->shape = *s;
    d->options = *o;
    d->block_bytes = nn_decoder_bytes(s, o);
    d->inputs = calloc(s->L + 2, sizeof *d->inputs);
    d->values = calloc(s->L, sizeof *d->values);
    d->wanted = calloc(o->rows + 1, sizeof *d->wanted);
    d->block = memory_take(d->block_bytes);
    struct nn_attention_shape a = {.H = s->H,
                                   .H_kv = s->H_kv,
                                   .D = s->D,
                                   .longest = s->context < o->rows ? s->context : o->rows,
                                   .rope = s->rope,
                                   .rope_base = s->rope_base,
                                   .rope_factors = s->rope_factors,
                                   .rope_amplitude = s->rope_amplitude};
    enum err_code code = ERR_OK;
    if (!d->inputs || !d->values || !d->wanted || !d->block)
        code = err_set(err, ERR_NO_MEMORY, "out of memory: %zu MiB are needed for %zu rows",
                       d->block_bytes >> 20, o->rows);
    if (!code)
        code = nn_attention_open(k, &a, &d->attention, err);
    if (!code && w->frozen)
        code = nn_work_reserve(k, thawed_floats(s), low_floats(s, o), err);
    if (code)
        nn_decoder_close(out);
    else
        lay(d);
    return code;
}

void nn_decoder_close(struct nn_decoder **decoder)
{
    struct nn_decoder *d = *decoder;
    if (!d)
        return;
    nn_attention_close(&d->attention);
    memory_give(d->block, d->block_bytes);
    free(d->inputs);
    free(d->values);
    free(d->wanted);
    free(d);
    *decoder = NULL;
}

// What is learned beside base tensor i.
static struct nn_low_rank low_rank_of(const struct nn_decoder *d, size_t i)
{
    const struct nn_adapter *a = d->options.adapter;
    if (!a || !a->at[i])
        return (struct nn_low_rank){0};
    size_t first = a->w.tensors[a->at[i] - 1].at, second = a->w.tensors[a->at[i]].at;
    return (struct nn_low_rank){.a = a->w.w + first,
                                .b = a->w.w + second,
                                .da = a->w.dw + first,
                                .db = a->w.dw + second,
                                .rank = a->rank,
                                .scale = a->scale,
                                .dropout = d->drops ? a->dropout : 0,
                                .stream = (a->seed * STREAMS + a->pass) * STREAMS + i};
}

struct nn_linear nn_linear_of(const struct nn_decoder *d, size_t tensor, size_t out)
{
    const struct nn_weights *w = d->weights;
    const struct nn_tensor *t = &w->tensors[tensor];
    struct nn_linear l = {.in = t->cols, .out = out};
    if (!w->frozen) {
        l.w = w->w + t->at;
        l.dw = w->dw + t->at;
        return l;
    }
    for (size_t rows = 0; rows < out; rows += w->tensors[tensor++].rows)
        l.part[l.parts++] =
            (struct nn_part){w->tensors[tensor].rows, w->frozen[tensor], low_rank_of(d, tensor)};
    return l;
}

struct nn_linear nn_linear_qkv(const struct nn_decoder *d, size_t l)
{
    const struct nn_weights *w = d->weights;
    const struct nn_layer_tensors *t = &w->layers[l];
    struct nn_linear linear = nn_linear_of(d, t->qkv, nn_qkv_width(&w->shape));
    if (w->shape.biases) {
        linear.bias = w->w + w->tensors[t->bias].at;
        linear.dbias = w->frozen ? NULL : w->dw + w->tensors[t->bias].at;
    }
    return linear;
}

struct nn_head_norm nn_head_norm_of(const struct nn_decoder *d, size_t l)
{
    const struct nn_shape *s = &d->shape;
    return (struct nn_head_norm){
        s->H, s->H_kv, s->D, nn_vector_of(d->weights, d->weights->layers[l].head_norms), s->eps};
}
