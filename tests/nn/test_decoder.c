// A whole tiny decoder: logits and loss against the formulas in double, gradients against slopes.
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "slopes.h"

enum { T = 23 };

static const struct nn_shape shapes[] = {
    {.L = 2,
     .C = 12,
     .V = 19,
     .H = 4,
     .H_kv = 2,
     .D = 6,
     .hidden = 20,
     .context = 16,
     .eps = 1e-5f,
     .rope_base = 1e4f,
     .rope = NN_ROPE_PAIRS,
     .tied = true},
    {.L = 2,
     .C = 10,
     .V = 19,
     .H = 3,
     .H_kv = 1,
     .D = 4,
     .hidden = 18,
     .context = 16,
     .eps = 1e-6f,
     .rope_base = 1e6f,
     .rope = NN_ROPE_HALVES,
     .biases = true},
    {.L = 2,
     .C = 12,
     .V = 19,
     .H = 4,
     .H_kv = 2,
     .D = 8,
     .hidden = 18,
     .context = 16,
     .eps = 1e-6f,
     .rope_base = 1e6f,
     .rope = NN_ROPE_HALVES,
     .head_norms = true,
     .tied = true},
    {.L = 2,
     .C = 12,
     .V = 19,
     .H = 2,
     .H_kv = 2,
     .D = 6,
     .hidden = 18,
     .context = 16,
     .eps = 1e-5f,
     .rope_base = 1e4f,
     .rope = NN_ROPE_HALVES,
     .rope_factors = (const float[]){1, 1.5f, 4},
     .rope_amplitude = 1.2f,
     .fused = true},
};

struct rig {
    struct nn_work k;
    struct nn_weights w;
    struct nn_decoder *d;
    double *doubles;
    int32_t tokens[T], targets[T];
    uint32_t starts[4];
    struct nn_batch batch;
};

static void open_rig(struct rig *r, const struct nn_shape *s, bool recompute, unsigned threads,
                     enum gemm_precision precision)
{
    struct err err;
    struct rng rng;
    *r = (struct rig){.starts = {0, 9, 10, T}};
    assert_ok(nn_work_open(threads, precision, &r->k, &err), err);
    assert_ok(nn_weights_open(s, &r->w, &err), err);
    rng_seed(&rng, 5);
    nn_weights_init(&r->w, &rng);
    for (size_t i = 0; i < r->w.n; i++)
        r->w.w[i] += (float)(0.3 * rng_normal(&rng)); // so that every slope is seen
    r->doubles = doubles_of(r->w.w, r->w.n);
    struct nn_decoder_options o = {.rows = T, .training = true, .recompute = recompute};
    assert_ok(nn_decoder_open(&r->k, &r->w, &o, &r->d, &err), err);
    for (size_t t = 0; t < T; t++) {
        r->tokens[t] = (int32_t)rng_below(&rng, s->V);
        r->targets[t] = t % 4 == 1 ? -1 : (int32_t)rng_below(&rng, s->V);
    }
    r->batch = (struct nn_batch){T, r->tokens, r->targets, {r->starts, 3}};
}

static void close_rig(struct rig *r)
{
    nn_decoder_close(&r->d);
    nn_weights_close(&r->w);
    nn_work_close(&r->k);
    free(r->doubles);
}

static double loss_of(void *arg)
{
    const struct rig *r = arg;
    return reference_loss(&r->w, r->doubles, &r->batch);
}

static void logits_and_loss_are_those_of_the_formulas(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct rig r;
        open_rig(&r, &shapes[i], false, 1, GEMM_F32);
        size_t V = shapes[i].V;
        float *logits = noise(T * V, 1, 1);
        double *expected = reference_new(T * V);
        nn_decoder_logits(r.d, &r.batch, logits);
        reference_logits(&r.w, r.doubles, &r.batch, expected);
        for (size_t k = 0; k < T * V; k++)
            assert_close((double)logits[k], expected[k], 1e-5);
        assert_close(nn_decoder_loss(r.d, &r.batch, 0), loss_of(&r), 1e-4);
        free(logits);
        free(expected);
        close_rig(&r);
    }
}

static void every_gradient_is_the_losss_slope(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct rig r;
        open_rig(&r, &shapes[i], false, 2, GEMM_F32);
        nn_decoder_loss(r.d, &r.batch, 1);
        for (size_t t = 0; t < r.w.tensor_count; t++) {
            const struct nn_tensor *at = &r.w.tensors[t];
            assert_slopes(at->name, loss_of, &r, r.doubles + at->at, r.w.dw + at->at,
                          at->rows * at->cols, at->rows > 1 ? 7 : 1, 1e-4);
        }
        close_rig(&r);
    }
}

static void recomputing_changes_no_bit(void **state)
{
    (void)state;
    struct rig kept, again;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        open_rig(&kept, &shapes[i], false, 1, GEMM_BF16);
        open_rig(&again, &shapes[i], true, 3, GEMM_BF16);
        assert_true(nn_decoder_loss(kept.d, &kept.batch, 0.5f) ==
                    nn_decoder_loss(again.d, &again.batch, 0.5f));
        assert_memory_equal(kept.w.dw, again.w.dw, kept.w.n * sizeof(float));
        close_rig(&kept);
        close_rig(&again);
    }
}

static void gradients_of_two_batches_add_up(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r, &shapes[0], false, 1, GEMM_F32);
    nn_decoder_loss(r.d, &r.batch, 1);
    float *once = noise(r.w.n, 1, 1);
    memcpy(once, r.w.dw, r.w.n * sizeof *once);
    nn_decoder_loss(r.d, &r.batch, 1);
    for (size_t i = 0; i < r.w.n; i++)
        assert_close((double)r.w.dw[i], 2 * (double)once[i], 1e-4);
    free(once);
    close_rig(&r);
}

static void documents_do_not_see_each_other(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r, &shapes[0], false, 1, GEMM_F32);
    size_t V = shapes[0].V;
    float *whole = noise(T * V, 1, 1), *alone = noise(T * V, 1, 1);
    nn_decoder_logits(r.d, &r.batch, whole);
    uint32_t starts[2] = {0, T - 10};
    struct nn_batch last = {T - 10, r.tokens + 10, r.targets + 10, {starts, 1}};
    nn_decoder_logits(r.d, &last, alone);
    assert_memory_equal(whole + 10 * V, alone, (T - 10) * V * sizeof *alone);
    free(whole);
    free(alone);
    close_rig(&r);
}

static void without_targets_there_is_no_loss(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r, &shapes[0], false, 1, GEMM_F32);
    for (size_t t = 0; t < T; t++)
        r.targets[t] = -1;
    assert_true(nn_decoder_loss(r.d, &r.batch, 1) == 0);
    for (size_t i = 0; i < r.w.n; i++)
        assert_true(r.w.dw[i] == 0);
    close_rig(&r);
}

static void a_wrong_shape_is_refused_by_name(void **state)
{
    (void)state;
    struct nn_weights w;
    struct err err;
    struct nn_shape s = shapes[0];
    s.H_kv = 3;
    assert_int_equal(nn_weights_open(&s, &w, &err), ERR_USAGE);
    assert_string_equal(err.text, "4 heads cannot share 3 key-value heads evenly");
    s = shapes[0];
    s.V = 0;
    assert_int_equal(nn_weights_open(&s, &w, &err), ERR_USAGE);
    assert_string_equal(err.text, "vocabulary is 0, 1 .. 2097152 expected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_and_loss_are_those_of_the_formulas),
        cmocka_unit_test(every_gradient_is_the_losss_slope),
        cmocka_unit_test(recomputing_changes_no_bit),
        cmocka_unit_test(gradients_of_two_batches_add_up),
        cmocka_unit_test(documents_do_not_see_each_other),
        cmocka_unit_test(without_targets_there_is_no_loss),
        cmocka_unit_test(a_wrong_shape_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
