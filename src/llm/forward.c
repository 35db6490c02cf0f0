// One step through the layers, run by all threads of the team together.
//
// Between two barriers each thread claims items of one phase: tokens, groups of rows, heads. Every
// number is computed by one thread in one order, so neither the number of threads nor the company
// in the batch changes a bit.
#include <math.h>
#include <string.h>

#include "kernels/attention.h"
#include "llm/engine_private.h"

enum { GATE_COLUMNS = 256, LANES = 8, GROUPS_TOGETHER = 4, PIECE_BYTES = 48 << 10 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Root mean square norm: out = x / rms(x) * weight.
static void norm(const float *x, const float *weight, size_t n, float eps, float *out,
                 atomic_bool *not_finite)
{
    double sums[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sums[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    for (size_t k = 0; k < LANES; k++)
        sum += sums[k];
    float inverse = (float)(1 / sqrt(sum / (double)n + (double)eps));
    if (!isfinite(sum))
        atomic_store_explicit(not_finite, true, memory_order_relaxed);
    for (i = 0; i < n; i++)
        out[i] = x[i] * inverse * weight[i];
}

static void check_finite(struct engine *e, const float *x, size_t n)
{
    if (!all_finite(x, n))
        atomic_store_explicit(&e->not_finite, true, memory_order_relaxed);
}

static void embed(struct engine *e, size_t t)
{
    const struct gguf_tensor *w = e->model->embedding;
    size_t C = e->model->shape.C;
    const unsigned char *row = w->data + (size_t)e->at[t].token * quant_bytes(w->format, C);
    w->format->dequantize(row, e->x + t * C, C);
}

// Cosines and sines of the token's position.
static void turn(struct engine *e, size_t t)
{
    const struct model_shape *s = &e->model->shape;
    const float *factors = e->at[t].session->rope_factors;
    size_t half = s->rope_dims / 2;
    float *out = e->rope + t * 2 * half;
    for (size_t i = 0; i < half; i++) {
        double frequency = pow((double)s->rope_base, -2.0 * (double)i / s->rope_dims);
        double angle = e->at[t].position * frequency * (double)s->rope_scale;
        if (factors)
            angle /= (double)factors[i];
        out[2 * i] = (float)cos(angle) * s->rope_amplitude;
        out[2 * i + 1] = (float)sin(angle) * s->rope_amplitude;
    }
}

static void begin(struct engine *e)
{
    size_t t;
    while ((t = team_claim(e->team, 1)) < e->T) {
        embed(e, t);
        turn(e, t);
    }
    team_barrier(e->team);
}

// Adds what the last matrix gave (unless it is the first layer), then norms into the vectors.
static void add_and_norm(struct engine *e, bool add, const float *weight)
{
    const struct model_shape *s = &e->model->shape;
    size_t C = s->C, t;
    while ((t = team_claim(e->team, 1)) < e->T) {
        float *x = e->x + t * C;
        for (size_t i = 0; add && i < C; i++)
            x[i] += e->added[t * C + i];
        norm(x, weight, C, s->eps, e->width.x + t * C, &e->not_finite);
        vectors_quantize(&e->width, t, 0, C / MATRIX_BLOCK);
    }
    team_barrier(e->team);
}

// The fewest groups that a thread takes at a time: little enough that none waits long for another,
// and as many as share a tile when there are many vectors.
static size_t least_groups(const struct matrix *m, const struct vectors *v)
{
    size_t n = PIECE_BYTES / m->group_bytes;
    return v->count > 1 ? GROUPS_TOGETHER : n ? n : 1;
}

void forward_multiply(struct engine *e, const struct matrix *m, const struct vectors *v, float *y)
{
    size_t from, to;
    while (team_claim_part(e->team, matrix_groups(m), least_groups(m, v), &from, &to))
        matrix_multiply(m, v, y, m->rows, from, to);
    team_barrier(e->team);
}

// Groups [from, to), counted through all parts.
static void multiply_groups(const struct joined *j, const struct vectors *v, float *y, size_t from,
                            size_t to)
{
    for (uint32_t p = 0; p < j->parts && to > 0; p++) {
        const struct matrix *m = &j->part[p];
        size_t groups = matrix_groups(m), end = least(to, groups);
        if (from < end)
            matrix_multiply(m, v, y + j->from[p], j->rows, from, end);
        from = from > groups ? from - groups : 0;
        to = to > groups ? to - groups : 0;
    }
}

void forward_multiply_joined(struct engine *e, const struct joined *j, const struct vectors *v,
                             float *y)
{
    size_t all = 0, from, to;
    for (uint32_t p = 0; p < j->parts; p++)
        all += matrix_groups(&j->part[p]);
    while (team_claim_part(e->team, all, least_groups(&j->part[0], v), &from, &to))
        multiply_groups(j, v, y, from, to);
    team_barrier(e->team);
}

static void rotate(float *head, const float *rope, size_t half, enum rope_style style)
{
    size_t step = style == ROPE_PAIRS ? 2 : 1, other = style == ROPE_PAIRS ? 1 : half;
    for (size_t i = 0; i < half; i++) {
        float a = head[step * i], b = head[step * i + other];
        head[step * i] = a * rope[2 * i] - b * rope[2 * i + 1];
        head[step * i + other] = a * rope[2 * i + 1] + b * rope[2 * i];
    }
}

static void turn_head(struct engine *e, size_t t, float *head, const float *weight)
{
    const struct model_shape *s = &e->model->shape;
    size_t half = s->rope_dims / 2;
    if (weight)
        norm(head, weight, s->D, s->eps, head, &e->not_finite);
    rotate(head, e->rope + t * 2 * half, half, e->model->arch->rope);
}

// Biases, head norms and rotation of one KV head with the query heads that share it; keys and
// values go to the cache.
static void place_head(struct engine *e, uint32_t l, size_t t, uint32_t h)
{
    const struct model_shape *s = &e->model->shape;
    const struct layer *layer = &e->model->layers[l];
    size_t D = s->D, share = s->H / s->H_kv;
    float *row = e->qkv + t * layer->qkv.rows;
    float *q = row + h * share * D, *k = row + (s->H + h) * D, *v = row + (s->H + s->H_kv + h) * D;
    if (layer->qkv.bias) {
        const float *bias = layer->qkv.bias;
        for (size_t i = 0; i < share * D; i++)
            q[i] += bias[q - row + (ptrdiff_t)i];
        for (size_t i = 0; i < D; i++) {
            k[i] += bias[k - row + (ptrdiff_t)i];
            v[i] += bias[v - row + (ptrdiff_t)i];
        }
    }
    for (size_t i = 0; i < share; i++)
        turn_head(e, t, q + i * D, layer->q_norm);
    turn_head(e, t, k, layer->k_norm);
    check_finite(e, q, share * D); // what is no number would vanish when it becomes bytes
    struct session *session = e->at[t].session;
    uint32_t position = e->at[t].position;
    unsigned char *block = session->blocks[position / ATTENTION_BLOCK]->data;
    attention_store((enum attention_type)session->type, block + session_head_at(session, l, h), D,
                    position % ATTENTION_BLOCK, k, v);
}

// The query heads that share KV head h, over all positions up to the token's.
static struct attention attention_of(const struct engine *e, uint32_t l, size_t t, size_t h)
{
    const struct model_shape *s = &e->model->shape;
    const struct session *session = e->at[t].session;
    size_t share = s->H / s->H_kv;
    return (struct attention){
        .type = (enum attention_type)session->type,
        .blocks = session->data,
        .at = session_head_at(session, l, (uint32_t)h),
        .n = (size_t)e->at[t].position + 1,
        .D = s->D,
        .heads = share,
        .q = e->qkv + t * e->model->layers[l].qkv.rows + h * share * s->D,
        .scale = 1 / sqrtf((float)s->D),
    };
}

// Whether one KV head's columns can be quantized by themselves.
static bool heads_are_blocks(const struct model_shape *s)
{
    return (size_t)s->H / s->H_kv * s->D % MATRIX_BLOCK == 0;
}

static void join_head(struct engine *e, const struct attention *a, size_t t, size_t h,
                      const float *sums)
{
    const struct model_shape *s = &e->model->shape;
    size_t columns = a->heads * a->D, from = h * columns / MATRIX_BLOCK;
    attention_join(a, sums, e->heads.x + t * s->H * s->D + h * columns);
    if (heads_are_blocks(s))
        vectors_quantize(&e->heads, t, from, from + columns / MATRIX_BLOCK);
}

static void attend_head(struct engine *e, uint32_t l, size_t t, size_t h, unsigned thread)
{
    struct attention a = attention_of(e, l, t, h);
    float *sums = e->sums + thread * engine_sums_each(e);
    for (size_t part = 0; part < attention_parts(a.n); part++)
        attention_part(&a, part, sums + part * attention_sums(a.heads, a.D));
    join_head(e, &a, t, h, sums);
}

// All parts of all heads at the same time, then their sums.
static void attend_parts(struct engine *e, uint32_t l)
{
    size_t H_kv = e->model->shape.H_kv, each = engine_sums_each(e), i;
    while ((i = team_claim(e->team, 1)) < e->T * H_kv * e->parts) {
        size_t item = i / e->parts, part = i % e->parts;
        struct attention a = attention_of(e, l, item / H_kv, item % H_kv);
        if (part < attention_parts(a.n))
            attention_part(&a, part, e->sums + item * each + part * attention_sums(a.heads, a.D));
    }
    team_barrier(e->team);
    while ((i = team_claim(e->team, 1)) < e->T * H_kv) {
        struct attention a = attention_of(e, l, i / H_kv, i % H_kv);
        join_head(e, &a, i / H_kv, i % H_kv, e->sums + i * each);
    }
}

static void attend(struct engine *e, uint32_t l, unsigned thread)
{
    const struct model_shape *s = &e->model->shape;
    size_t items = e->T * s->H_kv, i;
    bool together = e->apart && !e->parted; // a thread attends to what it has just placed
    while (!together && (i = team_claim(e->team, 1)) < items)
        place_head(e, l, i / s->H_kv, (uint32_t)(i % s->H_kv));
    if (!together)
        team_barrier(e->team);
    if (e->parted)
        attend_parts(e, l);
    while (!e->parted && (i = team_claim(e->team, 1)) < items) {
        size_t t = i / s->H_kv, h = i % s->H_kv;
        if (together)
            place_head(e, l, t, (uint32_t)h);
        attend_head(e, l, t, h, thread);
    }
    team_barrier(e->team);
    if (heads_are_blocks(s))
        return;
    while ((i = team_claim(e->team, 1)) < e->T)
        vectors_quantize(&e->heads, i, 0, (size_t)s->H * s->D / MATRIX_BLOCK);
    team_barrier(e->team);
}

static void gate_columns(struct engine *e, size_t t, size_t from, size_t to)
{
    size_t n = e->model->shape.hidden;
    const float *row = e->hidden + t * 2 * n;
    attention_gate(row + from, row + n + from, e->inner.x + t * n + from, to - from);
    vectors_quantize(&e->inner, t, from / MATRIX_BLOCK, to / MATRIX_BLOCK);
}

static void gate(struct engine *e)
{
    size_t n = e->model->shape.hidden, pieces = (n + GATE_COLUMNS - 1) / GATE_COLUMNS, i;
    while ((i = team_claim(e->team, 1)) < e->T * pieces) {
        size_t from = i % pieces * GATE_COLUMNS;
        gate_columns(e, i / pieces, from, least(from + GATE_COLUMNS, n));
    }
    team_barrier(e->team);
}

// Both products and the gate in one phase: who has multiplied some rows gates them, while they are
// near.
static void multiply_and_gate(struct engine *e, unsigned thread, uint32_t l)
{
    const struct joined *j = &e->model->layers[l].gate_up;
    size_t groups = e->model->shape.hidden / MATRIX_GROUP, step = MATRIX_BLOCK / MATRIX_GROUP;
    size_t pieces = (least_groups(&j->part[0], &e->width) + step - 1) / step * step, from, to;
    while (team_claim_part(e->team, groups, pieces, &from, &to)) {
        multiply_groups(j, &e->width, e->hidden, from, to);
        multiply_groups(j, &e->width, e->hidden, groups + from, groups + to);
        for (size_t t = 0; t < e->T; t++)
            gate_columns(e, t, from * MATRIX_GROUP, to * MATRIX_GROUP);
    }
    team_barrier(e->team);
    if (e->watch && thread == 0)
        e->watch(e->watch_arg, (size_t)l * MODEL_PLACES + MODEL_GATE_UP, e->width.x, e->T);
}

// The logits, looked at by who has computed them.
static void multiply_head(struct engine *e)
{
    const struct matrix *m = &e->model->head;
    size_t from, to;
    while (team_claim_part(e->team, matrix_groups(m), least_groups(m, &e->width), &from, &to)) {
        matrix_multiply(m, &e->width, e->logits, m->rows, from, to);
        size_t row = from * MATRIX_GROUP, end = least(to * MATRIX_GROUP, m->rows);
        for (size_t i = 0; i < e->wanted; i++)
            check_finite(e, e->logits + i * m->rows + row, end - row);
    }
    team_barrier(e->team);
}

// Norms the tokens whose logits are wanted into the first vectors, then multiplies by the head.
static void finish(struct engine *e, unsigned thread)
{
    const struct model_shape *s = &e->model->shape;
    size_t C = s->C, i;
    if (thread == 0)
        vectors_shape(&e->width, e->wanted, C);
    team_barrier(e->team);
    while ((i = team_claim(e->team, 1)) < e->wanted) {
        size_t t = e->wants[i];
        float *x = e->x + t * C;
        for (size_t k = 0; k < C; k++)
            x[k] += e->added[t * C + k];
        norm(x, e->model->final_norm, C, s->eps, e->width.x + i * C, &e->not_finite);
        vectors_quantize(&e->width, i, 0, C / MATRIX_BLOCK);
    }
    team_barrier(e->team);
    multiply_head(e);
    adapt(e, &(struct product){.place = (size_t)s->L * MODEL_PLACES,
                               .parts = 1,
                               .rows = s->V,
                               .count = e->wanted,
                               .tokens = e->wants,
                               .x = e->width.x,
                               .y = e->logits});
}

// A layer's product with all tokens, and what adapters add to it. Nobody writes the inputs before
// the barrier that follows, so one thread may look at them meanwhile.
static void multiply_adapted(struct engine *e, unsigned thread, uint32_t l, size_t place,
                             const struct vectors *v, float *y)
{
    const struct layer *layer = &e->model->layers[l];
    struct product p = {
        .place = (size_t)l * MODEL_PLACES + place, .parts = 1, .count = e->T, .x = v->x, .y = y};
    if (place == MODEL_OUT || place == MODEL_DOWN) {
        const struct matrix *m = place == MODEL_OUT ? &layer->out : &layer->down;
        forward_multiply(e, m, v, y);
        p.rows = m->rows;
    } else {
        const struct joined *j = place == MODEL_QKV ? &layer->qkv : &layer->gate_up;
        forward_multiply_joined(e, j, v, y);
        p.parts = j->parts;
        p.from = j->from;
        p.rows = j->rows;
    }
    adapt(e, &p);
    if (e->watch && thread == 0)
        e->watch(e->watch_arg, p.place, v->x, e->T);
}

void forward(void *engine, unsigned thread)
{
    struct engine *e = engine;
    begin(e);
    for (uint32_t l = 0; l < e->model->shape.L; l++) {
        const struct layer *layer = &e->model->layers[l];
        add_and_norm(e, l > 0, layer->attention_norm);
        multiply_adapted(e, thread, l, MODEL_QKV, &e->width, e->qkv);
        attend(e, l, thread);
        multiply_adapted(e, thread, l, MODEL_OUT, &e->heads, e->added);
        add_and_norm(e, true, layer->hidden_norm);
        if (e->adapted) {
            multiply_adapted(e, thread, l, MODEL_GATE_UP, &e->width, e->hidden);
            gate(e);
        } else {
            multiply_and_gate(e, thread, l);
        }
        multiply_adapted(e, thread, l, MODEL_DOWN, &e->inner, e->added);
    }
    if (e->wanted)
        finish(e, thread);
}
