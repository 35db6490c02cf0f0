// The graph of a decoder in ONNX, layer by layer, and its weights.
#include "train/export_onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "kernels/half.h"
#include "llm/arch.h"
#include "train/export_onnx_private.h"
#include "train/onnx_files.h"

enum { HEAD_BITS = 8, INT32 = ONNX_I32, FLOAT = ONNX_F32 };

// A value of the layer in progress, as in "l3.q"; at most eight are in use at once.
static const char *value(const struct onnx_job *j, const char *what)
{
    static _Thread_local char names[8][ONNX_NAME_BYTES];
    static _Thread_local unsigned next;
    char *name = names[next++ % 8];
    snprintf(name, ONNX_NAME_BYTES, "l%u.%s", j->layer, what);
    return name;
}

static void node(struct onnx_job *j, const char *op, const char *inputs, const char *outputs)
{
    onnx_node(j->o, op, inputs, outputs, NULL, 0);
}

static void norm(struct onnx_job *j, const char *input, const char *name, const float *weight,
                 uint32_t n, const char *output)
{
    struct onnx_attribute a[] = {ONNX_ATTRIBUTE_INT("axis", -1),
                                 ONNX_ATTRIBUTE_FLOAT("epsilon", j->s->eps),
                                 ONNX_ATTRIBUTE_INT("stash_type", 1)};
    char stored[ONNX_NAME_BYTES + 8];
    snprintf(stored, sizeof stored, "%s.weight", name);
    onnx_job_floats(j, stored, weight, 1, n);
    onnx_job_node(j, "SimplifiedLayerNormalization", output, a, 3, "%s,%s", input, stored);
}

// Adds what a layer's half gave to the residual and norms the sum.
static void add_and_norm(struct onnx_job *j, const char *added, const char *name,
                         const float *weight, const char *output)
{
    struct onnx_attribute a[] = {ONNX_ATTRIBUTE_FLOAT("epsilon", j->s->eps)};
    char stored[ONNX_NAME_BYTES], sum[ONNX_NAME_BYTES], outputs[3 * ONNX_NAME_BYTES];
    snprintf(stored, sizeof stored, "%s.weight", name);
    snprintf(sum, sizeof sum, "%s_sum", name);
    snprintf(outputs, sizeof outputs, "%s,,,%s", output, sum);
    onnx_job_floats(j, stored, weight, 1, j->s->C);
    onnx_job_node(j, MS "SkipSimplifiedLayerNormalization", outputs, a, 1, "%s,%s,%s", j->residual,
                  added, stored);
    snprintf(j->residual, sizeof j->residual, "%s", sum);
}

// A norm over each head: [batch, tokens, heads * D] as [batch, tokens * heads, D] and back.
static void norm_heads(struct onnx_job *j, const char *what, const float *weight, const char *shape)
{
    char name[ONNX_NAME_BYTES], heads[ONNX_NAME_BYTES], normed[ONNX_NAME_BYTES],
        output[ONNX_NAME_BYTES];
    snprintf(name, sizeof name, "l%u.%s_norm", j->layer, what);
    snprintf(heads, sizeof heads, "l%u.%s_heads", j->layer, what);
    snprintf(normed, sizeof normed, "l%u.%s_heads_normed", j->layer, what);
    snprintf(output, sizeof output, "l%u.%s_normed", j->layer, what);
    onnx_job_node(j, "Reshape", heads, NULL, 0, "%s,shape.heads", value(j, what));
    norm(j, heads, name, weight, j->s->D, normed);
    onnx_job_node(j, "Reshape", output, NULL, 0, "%s,%s", normed, shape);
}

static void attend(struct onnx_job *j, const struct layer *l, const char *input)
{
    const struct model_shape *s = j->s;
    uint32_t q = s->H * s->D, kv = s->H_kv * s->D;
    const char *normed = l->q_norm ? "_normed" : "";
    onnx_job_multiply_joined(j, MODEL_QKV, &l->qkv, 0, q, input, value(j, "q"));
    onnx_job_multiply_joined(j, MODEL_QKV, &l->qkv, q, kv, input, value(j, "k"));
    onnx_job_multiply_joined(j, MODEL_QKV, &l->qkv, q + kv, kv, input, value(j, "v"));
    if (l->q_norm) {
        norm_heads(j, "q", l->q_norm, "shape.q");
        norm_heads(j, "k", l->k_norm, "shape.k");
    }
    struct onnx_attribute a[] = {
        ONNX_ATTRIBUTE_INT("num_heads", s->H), ONNX_ATTRIBUTE_INT("kv_num_heads", s->H_kv),
        ONNX_ATTRIBUTE_FLOAT("scale", 1 / sqrtf((float)s->D)), ONNX_ATTRIBUTE_INT("do_rotary", 1),
        ONNX_ATTRIBUTE_INT("rotary_interleaved", j->model->arch->rope == ROPE_PAIRS)};
    char outputs[3 * ONNX_NAME_BYTES];
    snprintf(outputs, sizeof outputs, "l%u.heads,present.%u.key,present.%u.value", j->layer,
             j->layer, j->layer);
    onnx_job_node(
        j, MS "GroupQueryAttention", outputs, a, 5,
        "l%u.q%s,l%u.k%s,l%u.v,past_key_values.%u.key,past_key_values.%u.value,lengths,total,"
        "cosines,sines",
        j->layer, normed, j->layer, normed, j->layer, j->layer, j->layer);
    onnx_job_multiply_joined(j, MODEL_OUT, NULL, 0, s->C, value(j, "heads"), value(j, "attended"));
}

static void feed_forward(struct onnx_job *j, const struct layer *l, const char *input)
{
    const struct model_shape *s = j->s;
    onnx_job_multiply_joined(j, MODEL_GATE_UP, &l->gate_up, 0, s->hidden, input, value(j, "gate"));
    onnx_job_multiply_joined(j, MODEL_GATE_UP, &l->gate_up, s->hidden, s->hidden, input,
                             value(j, "up"));
    node(j, "Sigmoid", value(j, "gate"), value(j, "open"));
    onnx_job_node(j, "Mul", value(j, "silu"), NULL, 0, "%s,%s", value(j, "gate"), value(j, "open"));
    onnx_job_node(j, "Mul", value(j, "hidden"), NULL, 0, "%s,%s", value(j, "silu"), value(j, "up"));
    onnx_job_multiply_joined(j, MODEL_DOWN, NULL, 0, s->C, value(j, "hidden"), value(j, "down"));
}

static void layers(struct onnx_job *j)
{
    char added[ONNX_NAME_BYTES];
    snprintf(j->residual, sizeof j->residual, "embedded");
    for (j->layer = 0; j->layer < j->s->L && !j->code; j->layer++) {
        const struct layer *l = &j->model->layers[j->layer];
        char name[ONNX_NAME_BYTES], normed[ONNX_NAME_BYTES];
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
    struct onnx_slice head =
        onnx_job_slice(j, (size_t)j->s->L * MODEL_PLACES, NULL, 0, j->s->V, HEAD_BITS);
    onnx_job_multiply(j, &head, "final_normed", "logits");
}

// Halves, one row at a time.
static void embed(struct onnx_job *j)
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
    onnx_job_node(j, "Cast", "embedded", cast, 1, "embedded_half");
    onnx_job_tell(j);
}

// Tables of the rotations' cosines and sines, [context][rope_dims / 2].
static void rotations(struct onnx_job *j)
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
        onnx_job_floats(j, sine ? "sines" : "cosines", v, j->context, half);
    }
    free(v);
}

static void declare(struct onnx_job *j)
{
    const struct model_shape *s = j->s;
    char name[ONNX_NAME_BYTES], dims[2 * ONNX_NAME_BYTES];
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
static void measure_mask(struct onnx_job *j)
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
static void declare_shapes(struct onnx_job *j)
{
    const struct model_shape *s = j->s;
    onnx_ints(j->o, "shape.heads", (int64_t[]){0, -1, s->D}, 3);
    onnx_ints(j->o, "shape.q", (int64_t[]){0, -1, (int64_t)s->H * s->D}, 3);
    onnx_ints(j->o, "shape.k", (int64_t[]){0, -1, (int64_t)s->H_kv * s->D}, 3);
}

static enum err_code write_model(struct onnx_job *j)
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
    struct onnx_job j = {.plan = e, .err = err};
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
