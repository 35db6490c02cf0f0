// Causal attention with grouped queries, a block of queries at a time.
//
// One item of work is one key-value head of one segment with the query heads that share it. Scores
// are never kept: the backward pass computes them again from the logarithms of their sums (Dao et
// al., "FlashAttention", 2022).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/memory.h"
#include "kernels/rows.h"
#include "nn/layers.h"

enum { BLOCK = 96 }; // queries at once

// Operands of one thread, packed, and two blocks of scores.
struct room {
    unsigned char *keys_turned, *values_turned; // D x T: products with rows of queries
    unsigned char *keys, *values;               // T x D: products with rows of scores
    unsigned char *rows;                        // BLOCK x D
    float *scores, *slopes;                     // BLOCK x width
};

struct nn_attention {
    struct nn_work *k;
    struct nn_attention_shape shape;
    float *angles; // longest x D / 2 cosines and sines
    size_t width;  // of a row of scores
    float scale;   // of the scores
    size_t turned_bytes, straight_bytes, rows_bytes, scores_bytes, room_bytes;
    unsigned char *rooms;
};

struct job {
    struct nn_attention *a;
    const struct nn_segments *segments;
    float *qkv, *y, *log_sum;
    const float *known, *sums, *dy; // of the backward pass: qkv, log_sum
    float *dqkv;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t padded(size_t bytes)
{
    return (bytes + 4095) / 4096 * 4096;
}

static size_t angles_bytes(const struct nn_attention *a)
{
    return a->shape.longest * a->shape.D * sizeof(float);
}

static void fill_angles(struct nn_attention *a)
{
    const struct nn_attention_shape *s = &a->shape;
    double amplitude = s->rope_amplitude != 0 ? (double)s->rope_amplitude : 1;
    for (size_t t = 0; t < s->longest; t++)
        for (size_t i = 0; i < s->D / 2; i++) {
            double frequency = pow((double)s->rope_base, -2.0 * (double)i / (double)s->D);
            if (s->rope_factors)
                frequency /= (double)s->rope_factors[i];
            a->angles[t * s->D + 2 * i] = (float)(amplitude * cos((double)t * frequency));
            a->angles[t * s->D + 2 * i + 1] = (float)(amplitude * sin((double)t * frequency));
        }
}

enum err_code nn_attention_open(struct nn_work *k, const struct nn_attention_shape *s,
                                struct nn_attention **out, struct err *err)
{
    struct nn_attention *a = *out = calloc(1, sizeof *a);
    if (!a)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    a->k = k;
    a->shape = *s;
    a->width = (s->longest + 31) / 32 * 32;
    a->scale = 1 / sqrtf((float)s->D);
    a->turned_bytes = padded(gemm_packed_bytes(s->longest, s->D));
    a->straight_bytes = padded(gemm_packed_bytes(s->D, s->longest));
    a->rows_bytes = padded(gemm_packed_bytes(s->D, BLOCK));
    a->scores_bytes = padded(BLOCK * a->width * sizeof(float));
    a->room_bytes = 2 * (a->turned_bytes + a->straight_bytes + a->scores_bytes) + a->rows_bytes;
    a->angles = memory_take(angles_bytes(a));
    a->rooms = memory_take(a->room_bytes * team_size(k->team));
    if (!a->angles || !a->rooms) {
        nn_attention_close(out);
        return err_set(err, ERR_NO_MEMORY, "out of memory for attention over %zu positions",
                       s->longest);
    }
    fill_angles(a);
    return ERR_OK;
}

void nn_attention_close(struct nn_attention **attention)
{
    struct nn_attention *a = *attention;
    if (!a)
        return;
    memory_give(a->angles, angles_bytes(a));
    memory_give(a->rooms, a->room_bytes * team_size(a->k->team));
    free(a);
    *attention = NULL;
}

static struct room room_of(const struct nn_attention *a, unsigned thread)
{
    struct room r;
    r.keys_turned = a->rooms + thread * a->room_bytes;
    r.values_turned = r.keys_turned + a->turned_bytes;
    r.keys = r.values_turned + a->turned_bytes;
    r.values = r.keys + a->straight_bytes;
    r.rows = r.values + a->straight_bytes;
    r.scores = (float *)(void *)(r.rows + a->rows_bytes);
    r.slopes = (float *)(void *)(r.rows + a->rows_bytes + a->scores_bytes);
    return r;
}

static size_t row_width(const struct nn_attention *a)
{
    return (a->shape.H + 2 * a->shape.H_kv) * a->shape.D;
}

// Turns T rows of a head by their positions, or back.
static void turn(const struct nn_attention *a, float *head, size_t T, bool back)
{
    size_t D = a->shape.D, half = D / 2, width = row_width(a);
    bool pairs = a->shape.rope == NN_ROPE_PAIRS;
    size_t step = pairs ? 2 : 1, other = pairs ? 1 : half;
    for (size_t t = 0; t < T; t++, head += width)
        for (size_t i = 0; i < half; i++) {
            float c = a->angles[t * D + 2 * i], s = a->angles[t * D + 2 * i + 1];
            float x = head[step * i], y = head[step * i + other];
            s = back ? -s : s;
            head[step * i] = x * c - y * s;
            head[step * i + other] = x * s + y * c;
        }
}

// Where one item's heads lie in a row.
struct heads {
    size_t first, T;       // rows of the segment
    size_t q, k, v, share; // floats from the row's start; query heads
    size_t index;          // of the first query head
};

static struct heads heads_of(const struct job *j, size_t item)
{
    const struct nn_attention_shape *s = &j->a->shape;
    size_t segment = item / s->H_kv, h = item % s->H_kv, share = s->H / s->H_kv;
    size_t first = j->segments->start[segment];
    return (struct heads){.first = first,
                          .T = j->segments->start[segment + 1] - first,
                          .q = h * share * s->D,
                          .k = (s->H + h) * s->D,
                          .v = (s->H + s->H_kv + h) * s->D,
                          .share = share,
                          .index = h * share};
}

// A block's scores from the turned queries, [rows][width]: `n` columns of them.
static void score(const struct nn_attention *a, unsigned thread, const struct room *r,
                  const float *q, size_t rows, size_t n)
{
    struct gemm g = {.M = rows,
                     .N = n,
                     .K = a->shape.D,
                     .a = gemm_rows(q, row_width(a)),
                     .c = r->scores,
                     .ldc = a->width};
    gemm_run_packed(a->k->gemm, thread, &g, r->keys_turned, a->shape.D);
}

static void attend_head(struct job *j, unsigned thread, const struct room *r, const struct heads *h,
                        size_t share)
{
    const struct nn_attention *a = j->a;
    size_t D = a->shape.D, H = a->shape.H, width = row_width(a);
    const float *q = j->qkv + h->first * width + h->q + share * D;
    for (size_t from = 0; from < h->T; from += BLOCK) {
        size_t rows = least(BLOCK, h->T - from), n = from + rows;
        score(a, thread, r, q + from * width, rows, n);
        for (size_t i = 0; i < rows; i++) {
            float *p = r->scores + i * a->width;
            size_t t = h->first + from + i;
            j->log_sum[t * H + h->index + share] = rows_softmax(p, from + i + 1, a->scale);
            memset(p + from + i + 1, 0, (rows - i - 1) * sizeof *p);
        }
        struct gemm g = {.M = rows,
                         .N = D,
                         .K = n,
                         .a = gemm_rows(r->scores, a->width),
                         .c = j->y + ((h->first + from) * H + h->index + share) * D,
                         .ldc = H * D};
        gemm_run_packed(a->k->gemm, thread, &g, r->values, h->T);
    }
}

static void forward(void *arg, unsigned thread, size_t from, size_t to)
{
    struct job *j = arg;
    const struct nn_attention *a = j->a;
    size_t D = a->shape.D, width = row_width(a);
    struct room r = room_of(a, thread);
    for (size_t item = from; item < to; item++) {
        struct heads h = heads_of(j, item);
        float *rows = j->qkv + h.first * width;
        for (size_t i = 0; i < h.share; i++)
            turn(a, rows + h.q + i * D, h.T, false);
        turn(a, rows + h.k, h.T, false);
        gemm_pack(a->k->gemm, gemm_turned(rows + h.k, width), h.T, D, r.keys_turned);
        gemm_pack(a->k->gemm, gemm_rows(rows + h.v, width), D, h.T, r.values);
        for (size_t i = 0; i < h.share; i++)
            attend_head(j, thread, &r, &h, i);
    }
}

void nn_attention_forward(struct nn_attention *a, const struct nn_segments *s, float *qkv, float *y,
                          float *log_sum)
{
    struct job j = {.a = a, .segments = s, .qkv = qkv, .y = y, .log_sum = log_sum};
    nn_split(a->k, s->count * a->shape.H_kv, 1, forward, &j);
}

// Weights and their gradients of a block: what lies after a query's own position is 0 in both.
static void soften_back(const struct job *j, const struct room *r, const struct heads *h,
                        size_t share, size_t from, size_t rows)
{
    const struct nn_attention *a = j->a;
    for (size_t i = 0; i < rows; i++) {
        float *p = r->scores + i * a->width, *dp = r->slopes + i * a->width;
        size_t n = from + i + 1, t = h->first + from + i;
        rows_softmax_again(p, n, a->scale, j->sums[t * a->shape.H + h->index + share]);
        rows_softmax_back(p, dp, n, a->scale, (float)rows_dot(p, dp, n));
        memset(p + n, 0, (rows - i - 1) * sizeof *p);
        memset(dp + n, 0, (rows - i - 1) * sizeof *dp);
    }
}

// One block of queries of one head: its own gradient, and its share of the keys' and values'.
static void block_back(const struct job *j, unsigned thread, const struct room *r,
                       const struct heads *h, size_t share, size_t from)
{
    const struct nn_attention *a = j->a;
    struct gemm_work *k = a->k->gemm;
    size_t D = a->shape.D, H = a->shape.H, width = row_width(a);
    size_t rows = least(BLOCK, h->T - from), n = from + rows, at = h->first + from;
    const float *q = j->known + at * width + h->q + share * D;
    const float *dy = j->dy + (at * H + h->index + share) * D;
    float *to = j->dqkv + h->first * width;
    score(a, thread, r, q, rows, n);
    struct gemm slopes = {rows, n, D, gemm_rows(dy, H * D), {0}, r->slopes, a->width, false};
    gemm_run_packed(k, thread, &slopes, r->values_turned, D);
    soften_back(j, r, h, share, from, rows);
    struct gemm dv = {n, D, rows, gemm_turned(r->scores, a->width), {0}, to + h->v, width, true};
    gemm_pack(k, gemm_rows(dy, H * D), D, rows, r->rows);
    gemm_run_packed(k, thread, &dv, r->rows, rows);
    struct gemm dk = {n, D, rows, gemm_turned(r->slopes, a->width), {0}, to + h->k, width, true};
    gemm_pack(k, gemm_rows(q, width), D, rows, r->rows);
    gemm_run_packed(k, thread, &dk, r->rows, rows);
    struct gemm dq = {.M = rows,
                      .N = D,
                      .K = n,
                      .a = gemm_rows(r->slopes, a->width),
                      .c = to + from * width + h->q + share * D,
                      .ldc = width};
    gemm_run_packed(k, thread, &dq, r->keys, h->T);
}

static void backward(void *arg, unsigned thread, size_t from, size_t to)
{
    const struct job *j = arg;
    const struct nn_attention *a = j->a;
    size_t D = a->shape.D, width = row_width(a);
    struct room r = room_of(a, thread);
    for (size_t item = from; item < to; item++) {
        struct heads h = heads_of(j, item);
        const float *rows = j->known + h.first * width;
        float *slopes = j->dqkv + h.first * width;
        gemm_pack(a->k->gemm, gemm_turned(rows + h.k, width), h.T, D, r.keys_turned);
        gemm_pack(a->k->gemm, gemm_turned(rows + h.v, width), h.T, D, r.values_turned);
        gemm_pack(a->k->gemm, gemm_rows(rows + h.k, width), D, h.T, r.keys);
        for (size_t t = 0; t < h.T; t++) {
            memset(slopes + t * width + h.k, 0, D * sizeof *slopes);
            memset(slopes + t * width + h.v, 0, D * sizeof *slopes);
        }
        for (size_t i = 0; i < h.share; i++) {
            for (size_t at = 0; at < h.T; at += BLOCK)
                block_back(j, thread, &r, &h, i, at);
            turn(a, slopes + h.q + i * D, h.T, true);
        }
        turn(a, slopes + h.k, h.T, true);
    }
}

void nn_attention_backward(struct nn_attention *a, const struct nn_segments *s, const float *qkv,
                           const float *log_sum, const float *dy, float *dqkv)
{
    struct job j = {.a = a, .segments = s, .known = qkv, .sums = log_sum, .dy = dy, .dqkv = dqkv};
    nn_split(a->k, s->count * a->shape.H_kv, 1, backward, &j);
}
