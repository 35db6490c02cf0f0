// Encodes a text: one step of an encoder through its layers, and the pooling into one embedding.
//
// Devlin et al., "BERT" (2018): every token attends to all; norms with mean and bias come after
// each part. The gate is GELU in its tanh form (Hendrycks and Gimpel, 2016), as llama.cpp has it.
#include <math.h>

#include "llm/engine_private.h"

enum { LANES = 8, COLUMNS = 256 };

static double sum_of(const float *x, size_t n, double minus, int squared)
{
    double sums[LANES] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) {
        double v = (double)x[i] - minus;
        sums[i % LANES] += squared ? v * v : v;
    }
    for (size_t k = 0; k < LANES; k++)
        sum += sums[k];
    return sum;
}

// x = (x - mean) / deviation * weight + bias
static void norm(struct engine *e, float *x, const float *weight, const float *bias)
{
    size_t C = e->model->shape.C;
    double mean = sum_of(x, C, 0, 0) / (double)C;
    double variance = sum_of(x, C, mean, 1) / (double)C;
    if (!isfinite(variance))
        atomic_store_explicit(&e->not_finite, true, memory_order_relaxed);
    float inverse = (float)(1 / sqrt(variance + (double)e->model->shape.eps));
    for (size_t i = 0; i < C; i++)
        x[i] = (x[i] - (float)mean) * inverse * weight[i] + bias[i];
}

static void add_row(const struct gguf_tensor *t, size_t row, size_t C, float *work, float *x)
{
    t->format->dequantize(t->data + row * quant_bytes(t->format, C), work, C);
    for (size_t i = 0; i < C; i++)
        x[i] += work[i];
}

// The next product's input: the residual stream as it is.
static void hand_on(struct engine *e, size_t t)
{
    size_t C = e->model->shape.C;
    for (size_t i = 0; i < C; i++)
        e->width.x[t * C + i] = e->x[t * C + i];
    vectors_quantize(&e->width, t, 0, C / MATRIX_BLOCK);
}

static void begin(struct engine *e)
{
    const struct encoder *m = &e->model->encoder;
    size_t C = e->model->shape.C, t;
    while ((t = team_claim(e->team, 1)) < e->T) {
        float *x = e->x + t * C;
        for (size_t i = 0; i < C; i++)
            x[i] = m->type[i];
        add_row(e->model->embedding, (size_t)e->text[t], C, e->added + t * C, x);
        add_row(m->positions, t, C, e->added + t * C, x);
        norm(e, x, m->norm, m->norm_bias);
        hand_on(e, t);
    }
    team_barrier(e->team);
}

static void add_and_norm(struct engine *e, const float *product_bias, const float *weight,
                         const float *bias)
{
    size_t C = e->model->shape.C, t;
    while ((t = team_claim(e->team, 1)) < e->T) {
        float *x = e->x + t * C;
        for (size_t i = 0; i < C; i++)
            x[i] += e->added[t * C + i] + product_bias[i];
        norm(e, x, weight, bias);
        hand_on(e, t);
    }
    team_barrier(e->team);
}

static void attend(struct engine *e, const struct layer *l, unsigned thread)
{
    const struct model_shape *s = &e->model->shape;
    size_t D = s->D, head_bytes = attention_block_bytes(ATTENTION_F16, D), i;
    while ((i = team_claim(e->team, 1)) < e->T) {
        float *row = e->qkv + i * l->qkv.rows;
        for (size_t k = 0; k < l->qkv.rows; k++)
            row[k] += l->qkv.bias[k];
        unsigned char *block = e->encoded + i / ATTENTION_BLOCK * s->H * head_bytes;
        for (size_t h = 0; h < s->H; h++)
            attention_store(ATTENTION_F16, block + h * head_bytes, D, i % ATTENTION_BLOCK,
                            row + (s->H + h) * D, row + (2 * s->H + h) * D);
    }
    team_barrier(e->team);
    while ((i = team_claim(e->team, 1)) < e->T * s->H) {
        size_t t = i / s->H, h = i % s->H;
        struct attention a = {
            .type = ATTENTION_F16,
            .blocks = e->encoded_blocks,
            .at = h * head_bytes,
            .n = e->T,
            .D = D,
            .heads = 1,
            .q = e->qkv + t * l->qkv.rows + h * D,
            .scale = 1 / sqrtf((float)D),
        };
        float *sums = e->sums + thread * engine_sums_each(e);
        for (size_t part = 0; part < e->parts; part++)
            attention_part(&a, part, sums + part * attention_sums(1, D));
        attention_join(&a, sums, e->heads.x + t * s->C + h * D);
    }
    team_barrier(e->team);
    while ((i = team_claim(e->team, 1)) < e->T)
        vectors_quantize(&e->heads, i, 0, s->C / MATRIX_BLOCK);
    team_barrier(e->team);
}

static float gelu(float x)
{
    const float root = 0.79788456080286535588f; // of 2 / pi
    return 0.5f * x * (1 + tanhf(root * x * (1 + 0.044715f * x * x)));
}

static void gate(struct engine *e, const struct layer *l)
{
    size_t n = e->model->shape.hidden, pieces = (n + COLUMNS - 1) / COLUMNS, i;
    while ((i = team_claim(e->team, 1)) < e->T * pieces) {
        size_t t = i / pieces, from = i % pieces * COLUMNS;
        size_t to = from + COLUMNS < n ? from + COLUMNS : n;
        for (size_t k = from; k < to; k++)
            e->inner.x[t * n + k] = gelu(e->hidden[t * n + k] + l->gate_up.bias[k]);
        vectors_quantize(&e->inner, t, from / MATRIX_BLOCK, to / MATRIX_BLOCK);
    }
    team_barrier(e->team);
}

static void encode(void *engine, unsigned thread)
{
    struct engine *e = engine;
    begin(e);
    for (uint32_t i = 0; i < e->model->shape.L; i++) {
        const struct layer *l = &e->model->layers[i];
        forward_multiply_joined(e, &l->qkv, &e->width, e->qkv);
        attend(e, l, thread);
        forward_multiply(e, &l->out, &e->heads, e->added);
        add_and_norm(e, l->out_bias, l->attention_norm, l->attention_norm_bias);
        forward_multiply_joined(e, &l->gate_up, &e->width, e->hidden);
        gate(e, l);
        forward_multiply(e, &l->down, &e->inner, e->added);
        add_and_norm(e, l->down_bias, l->hidden_norm, l->hidden_norm_bias);
    }
}

// One vector of length 1 from all tokens' or the first one's; false when it has no finite length.
static bool pool(const struct engine *e, float *out)
{
    size_t C = e->model->shape.C;
    size_t n = e->model->encoder.pooling == POOLING_FIRST ? 1 : e->T;
    double squares = 0;
    for (size_t i = 0; i < C; i++) {
        double sum = 0;
        for (size_t t = 0; t < n; t++)
            sum += (double)e->x[t * C + i];
        out[i] = (float)(sum / (double)n);
        squares += (double)out[i] * (double)out[i];
    }
    double length = sqrt(squares);
    for (size_t i = 0; i < C; i++)
        out[i] = (float)((double)out[i] / length);
    return isfinite(length) && length > 0;
}

static enum err_code check(const struct engine *e, const int32_t *ids, size_t n, struct err *err)
{
    const struct model_shape *s = &e->model->shape;
    size_t most = s->context < ENGINE_BATCH ? s->context : ENGINE_BATCH;
    if (!e->model->arch->encoder)
        return err_set(err, ERR_UNSUPPORTED, "%s: a model of architecture %s gives no embeddings",
                       gguf_name(e->model->file), e->model->arch->name);
    if (n == 0)
        return err_set(err, ERR_INPUT, "a text of no tokens has no embedding");
    if (n > most)
        return err_set(err, ERR_LIMIT, "a text of %zu tokens, %zu are possible", n, most);
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0 || (uint32_t)ids[i] >= s->V)
            return err_set(err, ERR_INPUT, "token %d is none of the model's %u", ids[i], s->V);
    return ERR_OK;
}

enum err_code engine_embed(struct engine *e, const int32_t *ids, size_t n, float *out,
                           struct err *err)
{
    enum err_code code = check(e, ids, n, err);
    if (!code)
        code = engine_take_sums(e, n, err);
    if (code)
        return code;
    const struct model_shape *s = &e->model->shape;
    vectors_shape(&e->width, n, s->C);
    vectors_shape(&e->heads, n, s->C);
    vectors_shape(&e->inner, n, s->hidden);
    atomic_store(&e->not_finite, false);
    e->T = n;
    e->text = ids;
    team_run(e->team, encode, e);
    if (!pool(e, out) || atomic_load(&e->not_finite))
        return err_set(err, ERR_CORRUPT, "%s: the weights give numbers that are not finite",
                       gguf_name(e->model->file));
    return ERR_OK;
}
