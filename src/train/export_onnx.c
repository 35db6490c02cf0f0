// The graph of a decoder in ONNX, layer by layer, and its weights.
#include "train/export_onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernels/half.h"
#include "llm/arch.h"
#include "nn/work.h"
#include "train/onnx.h"
#include "train/onnx_blocks.h"
#include "train/onnx_files.h"

enum { ROWS = 64, NAME = 96, HEAD_BITS = 8, INT32 = ONNX_I32, FLOAT = ONNX_F32 };

// Contribution operators of ONNX Runtime.
#define MS "com.microsoft."

struct job {
    const struct export_onnx *plan;
    const struct model *model;
    const struct model_shape *s;
    struct onnx *o;
    struct nn_work work;
    uint32_t context;
    uint64_t done, total;
    enum err_code code;
    struct err *err;
    uint32_t layer;
    char residual[NAME]; // the value that layers add to
};

// A value of the layer in progress, as in "l3.q"; at most eight are in use at once.
static const char *value(const struct job *j, const char *what)
{
    static _Thread_local char names[8][NAME];
    static _Thread_local unsigned next;
    char *name = names[next++ % 8];
    snprintf(name, NAME, "l%u.%s", j->layer, what);
    return name;
}

static void node(struct job *j, const char *op, const char *inputs, const char *outputs)
{
    onnx_node(j->o, op, inputs, outputs, NULL, 0);
}

// inputs are given as a format.
static void node_of(struct job *j, const char *op, const char *output,
                    const struct onnx_attribute *attributes, size_t n, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
static void node_of(struct job *j, const char *op, const char *output,
                    const struct onnx_attribute *attributes, size_t n, const char *format, ...)
{
    char inputs[8 * NAME];
    va_list ap;
    va_start(ap, format);
    vsnprintf(inputs, sizeof inputs, format, ap);
    va_end(ap);
    onnx_node(j->o, op, inputs, output, attributes, n);
}

static void floats(struct job *j, const char *name, const float *v, uint64_t rows, uint64_t cols)
{
    onnx_tensor(j->o, name, ONNX_F32, rows > 1 ? (uint64_t[]){rows, cols} : (uint64_t[]){cols},
                rows > 1 ? 2 : 1);
    onnx_data(j->o, v, (size_t)(rows * cols) * sizeof *v);
}

// Rows [first, first + rows) of a tensor.
struct slice {
    const struct gguf_tensor *t;
    size_t first, rows, cols, blocks;
    unsigned bits;
    bool exact;
};

struct quantized {
    const struct slice *slice;
    float *x; // [thread][blocks * 32]
    uint8_t *q, *zeros;
    float *scales;
};

static void quantize_rows(void *arg, unsigned thread, size_t from, size_t to)
{
    const struct quantized *d = arg;
    const struct slice *s = d->slice;
    size_t q_bytes = s->blocks * ONNX_BLOCK * s->bits / 8,
           zero_bytes = (s->blocks * s->bits + 7) / 8;
    size_t row_bytes = quant_bytes(s->t->format, s->cols);
    for (size_t r = from; r < to; r++)
        onnx_blocks_quantize(s->t->format, s->t->data + (s->first + r) * row_bytes, s->cols,
                             s->bits, d->x + thread * s->blocks * ONNX_BLOCK, d->q + r * q_bytes,
                             d->scales + r * s->blocks, d->zeros + r * zero_bytes);
}

static void write_quantized(struct job *j, const char *name, const struct quantized *d)
{
    const struct slice *s = d->slice;
    size_t q_bytes = ONNX_BLOCK * s->bits / 8, zero_bytes = (s->blocks * s->bits + 7) / 8;
    char part[NAME];
    snprintf(part, sizeof part, "%s.q", name);
    onnx_tensor(j->o, part, ONNX_U8, (uint64_t[]){s->rows, s->blocks, q_bytes}, 3);
    onnx_data(j->o, d->q, s->rows * s->blocks * q_bytes);
    snprintf(part, sizeof part, "%s.scales", name);
    onnx_tensor(j->o, part, ONNX_F32, (uint64_t[]){s->rows, s->blocks}, 2);
    onnx_data(j->o, d->scales, s->rows * s->blocks * sizeof *d->scales);
    if (s->exact)
        return;
    snprintf(part, sizeof part, "%s.zeros", name);
    onnx_tensor(j->o, part, ONNX_U8, (uint64_t[]){s->rows, zero_bytes}, 2);
    onnx_data(j->o, d->zeros, s->rows * zero_bytes);
}

static void tell(struct job *j)
{
    const struct export_onnx *p = j->plan;
    j->done++;
    if (!j->code && p->progress && !p->progress(p->arg, j->done, j->total))
        j->code = err_set(j->err, ERR_CANCELLED, "stopped; nothing was written");
}

// output = input times the slice's rows, whose weights are written under the output's name.
static void multiply(struct job *j, const struct slice *s, const char *input, const char *output)
{
    if (j->code)
        return;
    struct quantized d = {
        .slice = s,
        .x = malloc(j->plan->threads * s->blocks * ONNX_BLOCK * sizeof(float)),
        .q = malloc(s->rows * s->blocks * ONNX_BLOCK * s->bits / 8),
        .zeros = malloc(s->rows * ((s->blocks * s->bits + 7) / 8)),
        .scales = malloc(s->rows * s->blocks * sizeof(float)),
    };
    if (!d.x || !d.q || !d.zeros || !d.scales) {
        j->code =
            err_set(j->err, ERR_NO_MEMORY, "out of memory for tensor '%.*s'", STR_ARG(s->t->name));
    } else {
        nn_split(&j->work, s->rows, ROWS, quantize_rows, &d);
        write_quantized(j, output, &d);
        struct onnx_attribute a[] = {
            ONNX_ATTRIBUTE_INT("K", (int64_t)s->cols), ONNX_ATTRIBUTE_INT("N", (int64_t)s->rows),
            ONNX_ATTRIBUTE_INT("bits", s->bits), ONNX_ATTRIBUTE_INT("block_size", ONNX_BLOCK),
            ONNX_ATTRIBUTE_INT("accuracy_level", 4)};
        node_of(j, MS "MatMulNBits", output, a, 5,
                s->exact ? "%s,%s.q,%s.scales" : "%s,%s.q,%s.scales,%s.zeros", input, output,
                output, output);
    }
    free(d.x);
    free(d.q);
    free(d.zeros);
    free(d.scales);
    tell(j);
}

// `rows` rows from row `first` of matrices that lie one below the other: they are of one part.
static struct slice slice_of(const struct job *j, size_t place, const struct joined *joined,
                             uint32_t first, uint32_t rows, unsigned bits)
{
    uint32_t part = joined ? joined->parts - 1 : 0;
    while (joined && joined->from[part] > first)
        part--;
    struct slice s = {.rows = rows, .bits = bits};
    const struct matrix *m = model_matrix(j->model, place + part, &s.t);
    s.first = joined ? first - joined->from[part] : first;
    s.cols = m->cols;
    s.blocks = (m->cols + ONNX_BLOCK - 1) / ONNX_BLOCK;
    s.exact = onnx_blocks_exact(s.t->format, bits);
    return s;
}

static void multiply_joined(struct job *j, size_t place, const struct joined *joined,
                            uint32_t first, uint32_t rows, const char *input, const char *output)
{
    size_t at = (size_t)j->layer * MODEL_PLACES + place;
    struct slice s = slice_of(j, at, joined, first, rows, j->plan->bits);
    if (!joined || !joined->bias) {
        multiply(j, &s, input, output);
        return;
    }
    char product[NAME], bias[NAME];
    snprintf(product, sizeof product, "%s_product", output);
    snprintf(bias, sizeof bias, "%s.bias", output);
    multiply(j, &s, input, product);
    floats(j, bias, joined->bias + first, 1, rows);
    node_of(j, "Add", output, NULL, 0, "%s,%s", product, bias);
}

static void norm(struct job *j, const char *input, const char *name, const float *weight,
                 uint32_t n, const char *output)
{
    struct onnx_attribute a[] = {ONNX_ATTRIBUTE_INT("axis", -1),
                                 ONNX_ATTRIBUTE_FLOAT("epsilon", j->s->eps),
                                 ONNX_ATTRIBUTE_INT("stash_type", 1)};
    char stored[NAME];
    snprintf(stored, sizeof stored, "%s.weight", name);
    floats(j, stored, weight, 1, n);
    node_of(j, "SimplifiedLayerNormalization", output, a, 3, "%s,%s", input, stored);
}

// Adds what a layer's half gave to the residual and norms the sum.
static void add_and_norm(struct job *j, const char *added, const char *name, const float *weight,
                         const char *output)
{
    struct onnx_attribute a[] = {ONNX_ATTRIBUTE_FLOAT("epsilon", j->s->eps)};
    char stored[NAME], sum[NAME], outputs[3 * NAME];
    snprintf(stored, sizeof stored, "%s.weight", name);
    snprintf(sum, sizeof sum, "%s_sum", name);
    snprintf(outputs, sizeof outputs, "%s,,,%s", output, sum);
    floats(j, stored, weight, 1, j->s->C);
    node_of(j, MS "SkipSimplifiedLayerNormalization", outputs, a, 1, "%s,%s,%s", j->residual, added,
            stored);
    snprintf(j->residual, sizeof j->residual, "%s", sum);
}

// A norm over each head: [batch, tokens, heads * D] as [batch, tokens * heads, D] and back.
static void norm_heads(struct job *j, const char *what, const float *weight, const char *shape)
{
    char name[NAME], heads[NAME], normed[NAME], output[NAME];
    snprintf(name, sizeof name, "l%u.%s_norm", j->layer, what);
    snprintf(heads, sizeof heads, "l%u.%s_heads", j->layer, what);
    snprintf(normed, sizeof normed, "l%u.%s_heads_normed", j->layer, what);
    snprintf(output, sizeof output, "l%u.%s_normed", j->layer, what);
    node_of(j, "Reshape", heads, NULL, 0, "%s,shape.heads", value(j, what));
    norm(j, heads, name, weight, j->s->D, normed);
    node_of(j, "Reshape", output, NULL, 0, "%s,%s", normed, shape);
}

static void attend(struct job *j, const struct layer *l, const char *input)
{
    const struct model_shape *s = j->s;
    uint32_t q = s->H * s->D, kv = s->H_kv * s->D;
    const char *normed = l->q_norm ? "_normed" : "";
    multiply_joined(j, MODEL_QKV, &l->qkv, 0, q, input, value(j, "q"));
    multiply_joined(j, MODEL_QKV, &l->qkv, q, kv, input, value(j, "k"));
    multiply_joined(j, MODEL_QKV, &l->qkv, q + kv, kv, input, value(j, "v"));
    if (l->q_norm) {
        norm_heads(j, "q", l->q_norm, "shape.q");
        norm_heads(j, "k", l->k_norm, "shape.k");
    }
    struct onnx_attribute a[] = {
        ONNX_ATTRIBUTE_INT("num_heads", s->H), ONNX_ATTRIBUTE_INT("kv_num_heads", s->H_kv),
        ONNX_ATTRIBUTE_FLOAT("scale", 1 / sqrtf((float)s->D)), ONNX_ATTRIBUTE_INT("do_rotary", 1),
        ONNX_ATTRIBUTE_INT("rotary_interleaved", j->model->arch->rope == ROPE_PAIRS)};
    char outputs[3 * NAME];
    snprintf(outputs, sizeof outputs, "l%u.heads,present.%u.key,present.%u.value", j->layer,
             j->layer, j->layer);
    node_of(j, MS "GroupQueryAttention", outputs, a, 5,
            "l%u.q%s,l%u.k%s,l%u.v,past_key_values.%u.key,past_key_values.%u.value,lengths,total,"
            "cosines,sines",
            j->layer, normed, j->layer, normed, j->layer, j->layer, j->layer);
    multiply_joined(j, MODEL_OUT, NULL, 0, s->C, value(j, "heads"), value(j, "attended"));
}

static void feed_forward(struct job *j, const struct layer *l, const char *input)
{
    const struct model_shape *s = j->s;
    multiply_joined(j, MODEL_GATE_UP, &l->gate_up, 0, s->hidden, input, value(j, "gate"));
    multiply_joined(j, MODEL_GATE_UP, &l->gate_up, s->hidden, s->hidden, input, value(j, "up"));
    node(j, "Sigmoid", value(j, "gate"), value(j, "open"));
    node_of(j, "Mul", value(j, "silu"), NULL, 0, "%s,%s", value(j, "gate"), value(j, "open"));
    node_of(j, "Mul", value(j, "hidden"), NULL, 0, "%s,%s", value(j, "silu"), value(j, "up"));
    multiply_joined(j, MODEL_DOWN, NULL, 0, s->C, value(j, "hidden"), value(j, "down"));
}

static void layers(struct job *j)
{
    char added[NAME];
    snprintf(j->residual, sizeof j->residual, "embedded");
    for (j->layer = 0; j->layer < j->s->L && !j->code; j->layer++) {
        const struct layer *l = &j->model->layers[j->layer];
        char name[NAME], normed[NAME];
        snprintf(name, sizeof name, "l%u.attention_norm", j->layer);
        snprintf(normed, sizeof normed, "l%u.attention_normed", j->layer);
        if (j->layer == 0)
            norm(j, j->residual, name, l->attention_norm, j->s->C, normed);
        else
            add_and_norm(j, added, name, l->attention_norm, normed);
        attend(j, l, normed);
        snprintf(name, sizeof name, "l%u.hidden_norm", j->layer);
        snprintf(normed, sizeof normed, "l%u.hidden_normed", j->layer);
        add_and_norm(j, value(j, "attended"), name, l->hidden_norm, normed);
        feed_forward(j, l, normed);
        snprintf(added, sizeof added, "%s", value(j, "down"));
    }
    add_and_norm(j, added, "final_norm", j->model->final_norm, "final_normed");
    struct slice head = slice_of(j, (size_t)j->s->L * MODEL_PLACES, NULL, 0, j->s->V, HEAD_BITS);
    multiply(j, &head, "final_normed", "logits");
}

// Halves, one row at a time.
static void embed(struct job *j)
{
    const struct gguf_tensor *t = j->model->embedding;
    size_t C = j->s->C, row_bytes = quant_bytes(t->format, C);
    float *x = malloc(C * sizeof *x);
    uint16_t *h = malloc(C * sizeof *h);
    onnx_tensor(j->o, "embedding", ONNX_F16, (uint64_t[]){j->s->V, C}, 2);
    for (size_t r = 0; x && h && r < j->s->V; r++) {
        t->format->dequantize(t->data + r * row_bytes, x, C);
        for (size_t i = 0; i < C; i++)
            h[i] = half_from_float(x[i]);
        onnx_data(j->o, h, C * sizeof *h);
    }
    if (!x || !h)
        j->code = err_set(j->err, ERR_NO_MEMORY, "out of memory for the embedding");
    free(x);
    free(h);
    struct onnx_attribute cast[] = {ONNX_ATTRIBUTE_INT("to", FLOAT)};
    node(j, "Gather", "embedding,input_ids", "embedded_half");
    node_of(j, "Cast", "embedded", cast, 1, "embedded_half");
    tell(j);
}

// Tables of the rotations' cosines and sines, [context][rope_dims / 2].
static void rotations(struct job *j)
{
    const struct model_shape *s = j->s;
    const struct model *m = j->model;
    size_t half = s->rope_dims / 2, n = (size_t)j->context * half;
    bool is_long = s->rope_original && j->context > s->rope_original && m->rope_long;
    const float *factors = is_long ? m->rope_long : m->rope_short;
    float *v = malloc(n * sizeof *v);
    if (!v) {
        j->code = err_set(j->err, ERR_NO_MEMORY, "out of memory for %u positions", j->context);
        return;
    }
    for (int sine = 0; sine < 2; sine++) {
        for (size_t i = 0; i < n; i++) {
            double frequency = pow((double)s->rope_base, -2.0 * (double)(i % half) / s->rope_dims);
            double angle = (double)(i / half) * frequency * (double)s->rope_scale;
            if (factors)
                angle /= (double)factors[i % half];
            v[i] = (float)(sine ? sin(angle) : cos(angle)) * s->rope_amplitude;
        }
        floats(j, sine ? "sines" : "cosines", v, j->context, half);
    }
    free(v);
}

static void declare(struct job *j)
{
    const struct model_shape *s = j->s;
    char name[NAME], dims[2 * NAME];
    onnx_input(j->o, "input_ids", ONNX_I64, "batch_size,sequence_length");
    onnx_input(j->o, "attention_mask", ONNX_I64, "batch_size,total_sequence_length");
    snprintf(dims, sizeof dims, "batch_size,sequence_length,%u", s->V);
    onnx_output(j->o, "logits", ONNX_F32, dims);
    for (uint32_t l = 0; l < s->L; l++)
        for (int v = 0; v < 2; v++) {
            const char *what = v ? "value" : "key";
            snprintf(dims, sizeof dims, "batch_size,%u,past_sequence_length,%u", s->H_kv, s->D);
            snprintf(name, sizeof name, "past_key_values.%u.%s", l, what);
            onnx_input(j->o, name, ONNX_F32, dims);
            snprintf(dims, sizeof dims, "batch_size,%u,total_sequence_length,%u", s->H_kv, s->D);
            snprintf(name, sizeof name, "present.%u.%s", l, what);
            onnx_output(j->o, name, ONNX_F32, dims);
        }
}

// What attention wants to know of the mask: the last position of each text, and the length of all.
static void measure_mask(struct job *j)
{
    struct onnx_attribute squeeze[] = {ONNX_ATTRIBUTE_INT("keepdims", 0)};
    struct onnx_attribute to_int32[] = {ONNX_ATTRIBUTE_INT("to", INT32)};
    onnx_ints(j->o, "axis.tokens", (int64_t[]){1}, 1);
    onnx_ints(j->o, "one", (int64_t[]){1}, 0);
    onnx_node(j->o, "ReduceSum", "attention_mask,axis.tokens", "mask.sums", squeeze, 1);
    node(j, "Sub", "mask.sums,one", "mask.last");
    onnx_node(j->o, "Cast", "mask.last", "lengths", to_int32, 1);
    node(j, "Shape", "attention_mask", "mask.shape");
    node(j, "Gather", "mask.shape,one", "mask.total");
    onnx_node(j->o, "Cast", "mask.total", "total", to_int32, 1);
}

// For norms over each head.
static void declare_shapes(struct job *j)
{
    const struct model_shape *s = j->s;
    onnx_ints(j->o, "shape.heads", (int64_t[]){0, -1, s->D}, 3);
    onnx_ints(j->o, "shape.q", (int64_t[]){0, -1, (int64_t)s->H * s->D}, 3);
    onnx_ints(j->o, "shape.k", (int64_t[]){0, -1, (int64_t)s->H_kv * s->D}, 3);
}

static enum err_code write_model(struct job *j)
{
    j->code = onnx_open(j->plan->dir, ONNX_FILES_MODEL, &j->o, j->err);
    if (j->code)
        return j->code;
    declare(j);
    measure_mask(j);
    if (j->model->layers[0].q_norm)
        declare_shapes(j);
    rotations(j);
    embed(j);
    layers(j);
    if (j->code)
        onnx_abandon(&j->o);
    else
        j->code = onnx_finish(&j->o, j->err);
    return j->code;
}

enum err_code export_onnx(const struct export_onnx *e, struct err *err)
{
    struct job j = {.plan = e, .err = err};
    struct model *m = NULL;
    if (e->bits != 4 && e->bits != 8)
        return err_set(err, ERR_USAGE, "%u bits to a weight: 4 or 8 expected", e->bits);
    enum err_code code = nn_work_open(e->threads, GEMM_F32, &j.work, err);
    if (!code)
        code = model_open(e->model, NULL, j.work.team, &m, err);
    if (!code && m->arch->encoder)
        code = err_set(err, ERR_UNSUPPORTED, "%s: '%s' is no decoder", e->model, m->arch->name);
    if (!code && e->context > m->shape.context)
        code = err_set(err, ERR_LIMIT, "a context of %u is wanted, the model has %u", e->context,
                       m->shape.context);
    if (!code)
        code = file_make_dirs(e->dir, err);
    if (!code) {
        j.model = m;
        j.s = &m->shape;
        j.context = e->context ? e->context : m->shape.context;
        j.total = 2 + 7 * (uint64_t)m->shape.L;
        struct onnx_files files = {m, j.context, e->dir, e->note};
        code = onnx_files_write(&files, err);
    }
    if (!code)
        code = write_model(&j);
    model_close(&m);
    nn_work_close(&j.work);
    return code;
}
