// Each layer against its formula in double; each gradient against the slope of that formula.
//
// The loss is always the sum of `weight` times the layer's output, whose gradient `weight` is.
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "slopes.h"

static struct nn_work k;

static int open_work(void **state)
{
    (void)state;
    struct err err;
    assert_ok(nn_work_open(2, GEMM_F32, &k, &err), err);
    return 0;
}

static int close_work(void **state)
{
    (void)state;
    nn_work_close(&k);
    return 0;
}

static double weighed(const double *y, const float *weight, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += y[i] * (double)weight[i];
    return sum;
}

static void assert_all_close(const float *y, const double *expected, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++)
        assert_close((double)y[i], expected[i], tolerance);
}

// ---- linear ----

struct linear_case {
    size_t T, in, out;
    double *x, *w, *bias, *y;
    const float *dy;
};

static double linear_loss(void *arg)
{
    const struct linear_case *c = arg;
    reference_linear(c->x, c->w, c->bias, c->T, c->in, c->out, c->y);
    return weighed(c->y, c->dy, c->T * c->out);
}

static void linear_is_a_product_with_its_slopes(void **state)
{
    (void)state;
    enum { T = 70, IN = 9, OUT = 37 };
    float *x = noise(T * IN, 1, 1), *w = noise(OUT * IN, 2, 1), *bias = noise(OUT, 3, 1),
          *dy = noise(T * OUT, 4, 1), *y = noise(T * OUT, 5, 1), *dx = noise(T * IN, 6, 1),
          *dw = noise(OUT * IN, 7, 0), *dbias = noise(OUT, 8, 0);
    struct linear_case c = {T,
                            IN,
                            OUT,
                            doubles_of(x, T * IN),
                            doubles_of(w, OUT * IN),
                            doubles_of(bias, OUT),
                            reference_new(T * OUT),
                            dy};
    struct nn_linear l = {.in = IN, .out = OUT, .w = w, .bias = bias, .dw = dw, .dbias = dbias};
    nn_linear_forward(&k, &l, x, T, y, false);
    linear_loss(&c);
    assert_all_close(y, c.y, T * OUT, 1e-5);
    nn_linear_backward(&k, &l, x, dy, T, dx);
    assert_slopes("dx", linear_loss, &c, c.x, dx, T * IN, 5, 1e-5);
    assert_slopes("dw", linear_loss, &c, c.w, dw, OUT * IN, 5, 1e-5);
    assert_slopes("dbias", linear_loss, &c, c.bias, dbias, OUT, 1, 1e-5);
    double *all[] = {c.x, c.w, c.bias, c.y};
    for (size_t i = 0; i < 4; i++)
        free(all[i]);
    float *floats[] = {x, w, bias, dy, y, dx, dw, dbias};
    for (size_t i = 0; i < 8; i++)
        free(floats[i]);
}

// ---- norm ----

struct norm_case {
    size_t T, C;
    double *x, *w, *y;
    const float *dy;
};

static double norm_loss(void *arg)
{
    const struct norm_case *c = arg;
    reference_norm(c->x, c->w, c->T, c->C, 1e-5, c->y);
    return weighed(c->y, c->dy, c->T * c->C);
}

static void the_norm_has_its_slopes(void **state)
{
    (void)state;
    enum { T = 45, C = 21 };
    float *x = noise(T * C, 1, 1), *w = noise(C, 2, 1), *dy = noise(T * C, 3, 1),
          *y = noise(T * C, 4, 1), *again = noise(T * C, 4, 1), *copy = noise(T * C, 5, 1),
          *inverse = noise(T, 6, 1), *dx = noise(T * C, 7, 0), *dw = noise(C, 8, 0),
          *parts = noise(NN_NORM_PARTS * C, 9, 1);
    struct norm_case c = {T, C, doubles_of(x, T * C), doubles_of(w, C), reference_new(T * C), dy};
    nn_norm_forward(&k, w, x, T, C, 1e-5f, y, inverse, copy);
    nn_norm_again(&k, w, x, inverse, T, C, again);
    norm_loss(&c);
    assert_all_close(y, c.y, T * C, 1e-5);
    assert_memory_equal(y, again, T * C * sizeof *y);
    assert_memory_equal(x, copy, T * C * sizeof *y);
    nn_norm_backward(&k, w, x, inverse, dy, T, C, parts, dx, dw);
    assert_slopes("dx", norm_loss, &c, c.x, dx, T * C, 3, 1e-4);
    assert_slopes("dw", norm_loss, &c, c.w, dw, C, 1, 1e-4);
    free(c.x);
    free(c.w);
    free(c.y);
    float *floats[] = {x, w, dy, y, again, copy, inverse, dx, dw, parts};
    for (size_t i = 0; i < 10; i++)
        free(floats[i]);
}

// ---- attention ----

struct attention_case {
    struct nn_attention_shape shape;
    struct nn_segments segments;
    double *qkv, *y;
    const float *dy;
};

static double attention_loss(void *arg)
{
    const struct attention_case *c = arg;
    reference_attention(&c->shape, &c->segments, c->qkv, c->y);
    return weighed(c->y, c->dy, c->segments.start[c->segments.count] * c->shape.H * c->shape.D);
}

static void check_attention(enum nn_rope rope, size_t H, size_t H_kv, size_t D)
{
    // Segments below, at and beyond the block of 96 queries, and of one row.
    static const uint32_t start[] = {0, 5, 101, 102, 301};
    size_t T = start[4], width = (H + 2 * H_kv) * D;
    float *qkv = noise(T * width, 1, 1), *dy = noise(T * H * D, 2, 1), *y = noise(T * H * D, 3, 1),
          *log_sum = noise(T * H, 4, 1), *dqkv = noise(T * width, 5, 1);
    struct attention_case c = {
        {.H = H, .H_kv = H_kv, .D = D, .longest = 199, .rope = rope, .rope_base = 1e4f},
        {start, 4},
        doubles_of(qkv, T * width),
        reference_new(T * H * D),
        dy};
    struct nn_attention *a;
    struct err err;
    assert_ok(nn_attention_open(&k, &c.shape, &a, &err), err);
    nn_attention_forward(a, &c.segments, qkv, y, log_sum);
    attention_loss(&c);
    assert_all_close(y, c.y, T * H * D, 1e-5);
    nn_attention_backward(a, &c.segments, qkv, log_sum, dy, dqkv);
    assert_slopes("dqkv", attention_loss, &c, c.qkv, dqkv, T * width, 331, 1e-4);
    nn_attention_close(&a);
    free(c.qkv);
    free(c.y);
    float *floats[] = {qkv, dy, y, log_sum, dqkv};
    for (size_t i = 0; i < 5; i++)
        free(floats[i]);
}

static void attention_has_its_slopes(void **state)
{
    (void)state;
    check_attention(NN_ROPE_PAIRS, 4, 2, 6);
    check_attention(NN_ROPE_HALVES, 2, 2, 10);
}

// ---- gate ----

struct gate_case {
    size_t T, hidden;
    double *both, *y;
    const float *dy;
};

static double gate_loss(void *arg)
{
    const struct gate_case *c = arg;
    reference_gate(c->both, c->T, c->hidden, c->y);
    return weighed(c->y, c->dy, c->T * c->hidden);
}

static void the_gate_has_its_slopes(void **state)
{
    (void)state;
    enum { T = 33, HIDDEN = 21 };
    float *both = noise(T * 2 * HIDDEN, 1, 2), *dy = noise(T * HIDDEN, 2, 1),
          *y = noise(T * HIDDEN, 3, 1), *again = noise(T * HIDDEN, 4, 1);
    struct gate_case c = {T, HIDDEN, doubles_of(both, T * 2 * HIDDEN), reference_new(T * HIDDEN),
                          dy};
    nn_gate_forward(&k, both, T, HIDDEN, y);
    gate_loss(&c);
    assert_all_close(y, c.y, T * HIDDEN, 1e-5);
    nn_gate_backward(&k, dy, T, HIDDEN, both, again);
    assert_memory_equal(y, again, T * HIDDEN * sizeof *y);
    assert_slopes("dboth", gate_loss, &c, c.both, both, T * 2 * HIDDEN, 7, 1e-5);
    free(c.both);
    free(c.y);
    float *floats[] = {both, dy, y, again};
    for (size_t i = 0; i < 4; i++)
        free(floats[i]);
}

// ---- embedding, cross-entropy ----

static void the_embedding_gathers_and_its_gradient_scatters(void **state)
{
    (void)state;
    enum { T = 5, C = 70, V = 4 };
    const int32_t tokens[T] = {3, 0, 3, 1, 3};
    float *w = noise(V * C, 1, 1), *y = noise(T * C, 2, 1), *dy = noise(T * C, 3, 1),
          *dw = noise(V * C, 4, 0);
    nn_embedding_forward(&k, w, tokens, T, C, y);
    nn_embedding_backward(&k, tokens, dy, T, C, dw);
    for (size_t t = 0; t < T; t++)
        assert_memory_equal(y + t * C, w + tokens[t] * C, C * sizeof *w);
    for (size_t i = 0; i < C; i++) {
        double sum = (double)dy[i] + (double)dy[2 * C + i] + (double)dy[4 * C + i];
        assert_close((double)dw[3 * C + i], sum, 1e-6);
        assert_true(dw[C + i] == dy[3 * C + i] && dw[2 * C + i] == 0);
    }
    float *floats[] = {w, y, dy, dw};
    for (size_t i = 0; i < 4; i++)
        free(floats[i]);
}

struct entropy_case {
    size_t n, V;
    double *logits;
    const int32_t *targets;
};

static double entropy_loss(void *arg)
{
    const struct entropy_case *c = arg;
    double sum = 0;
    for (size_t t = 0; t < c->n; t++)
        sum += reference_cross_entropy(c->logits + t * c->V, c->V, c->targets[t]);
    return 0.25 * sum;
}

static void cross_entropy_has_its_slopes(void **state)
{
    (void)state;
    enum { N = 9, V = 50 };
    const int32_t targets[N] = {0, 49, 7, 7, 31, 2, 48, 16, 15};
    float *logits = noise(N * V, 1, 3);
    double losses[N];
    struct entropy_case c = {N, V, doubles_of(logits, N * V), targets};
    double loss = nn_cross_entropy(&k, logits, targets, N, V, 0.25f, losses);
    assert_close(0.25 * loss, entropy_loss(&c), 1e-5);
    assert_slopes("dlogits", entropy_loss, &c, c.logits, logits, N * V, 1, 1e-5);
    free(c.logits);
    free(logits);
}

// ---- dropout ----

static void dropout_leaves_out_its_share_and_keeps_the_mean(void **state)
{
    (void)state;
    enum { T = 100, C = 203 };
    float *x = noise(T * C, 1, 0), *y = noise(T * C, 2, 0), *again = noise(T * C, 3, 0);
    for (size_t i = 0; i < T * C; i++)
        x[i] = 1;
    nn_dropout(&k, 0.25f, 9, x, T, C, y, false);
    size_t out = 0;
    double sum = 0;
    for (size_t i = 0; i < T * C; i++) {
        assert_true(y[i] == 0 || y[i] == 1 / 0.75f);
        out += y[i] == 0;
        sum += (double)y[i];
    }
    // Five standard deviations of 20,300 draws.
    assert_close((double)out / (T * C), 0.25, 5 * sqrt(0.25 * 0.75 / (T * C)));
    assert_close(sum / (T * C), 1, 5 * sqrt(0.25 / 0.75 / (T * C)));

    struct nn_work one;
    struct err err;
    assert_ok(nn_work_open(1, GEMM_F32, &one, &err), err);
    memcpy(again, x, T * C * sizeof *again);
    nn_dropout(&one, 0.25f, 9, x, T / 2, C, again, true);
    for (size_t i = 0; i < T / 2 * C; i++)
        assert_true(again[i] == 1 + y[i]);
    nn_work_close(&one);
    free(x);
    free(y);
    free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_is_a_product_with_its_slopes),
        cmocka_unit_test(the_norm_has_its_slopes),
        cmocka_unit_test(attention_has_its_slopes),
        cmocka_unit_test(the_gate_has_its_slopes),
        cmocka_unit_test(the_embedding_gathers_and_its_gradient_scatters),
        cmocka_unit_test(cross_entropy_has_its_slopes),
        cmocka_unit_test(dropout_leaves_out_its_share_and_keeps_the_mean),
    };
    return cmocka_run_group_tests(tests, open_work, close_work);
}
