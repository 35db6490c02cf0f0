// AdamW over a decoder's weights, clipping, and the schedules.
#include "test.h"

#include <math.h>
#include <string.h>

#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "slopes.h"

static const struct nn_shape shape = {.L = 1,
                                      .C = 8,
                                      .V = 11,
                                      .H = 2,
                                      .H_kv = 1,
                                      .D = 4,
                                      .hidden = 12,
                                      .context = 8,
                                      .eps = 1e-5f,
                                      .rope_base = 1e4f,
                                      .tied = true};
static const struct nn_optimizer adamw = {0.9f, 0.95f, 1e-8f, 0.1f, 1};

static void the_step_decays_matrices_alone_and_clips(void **state)
{
    (void)state;
    struct nn_work k;
    struct nn_weights w;
    struct err err;
    assert_ok(nn_work_open(2, GEMM_F32, &k, &err), err);
    assert_ok(nn_weights_open(&shape, &w, &err), err);
    double squares = 0;
    for (size_t i = 0; i < w.tensor_count; i++)
        for (size_t n = 0; n < w.tensors[i].rows * w.tensors[i].cols; n++) {
            w.w[w.tensors[i].at + n] = 2;
            w.dw[w.tensors[i].at + n] = n % 2 ? -3 : 5;
            squares += n % 2 ? 9 : 25;
        }
    double norm = nn_gradient_norm(&k, &w);
    assert_close(norm, sqrt(squares), 1e-6 * norm);
    assert_true(nn_optimizer_step(&k, &adamw, &w, norm, 2, 1, 0.01));
    // The first step moves every weight by the rate, against its gradient's sign.
    for (size_t i = 0; i < w.tensor_count; i++) {
        const struct nn_tensor *t = &w.tensors[i];
        double decay = t->rows > 1 ? 0.01 * 0.1 * 2 : 0;
        assert_close((double)w.w[t->at], 2 - 0.01 - decay, 1e-5);
        assert_close((double)w.w[t->at + 1], 2 + 0.01 - decay, 1e-5);
        // The first moment shows the clipped gradient.
        assert_close((double)w.m[t->at], 0.1 * 5 / norm, 1e-6);
        assert_true(w.dw[t->at] == 0);
    }
    nn_weights_close(&w);
    nn_work_close(&k);
}

static void a_short_gradient_is_only_multiplied_by_the_factor(void **state)
{
    (void)state;
    struct nn_work k;
    struct nn_weights w;
    struct err err;
    assert_ok(nn_work_open(1, GEMM_F32, &k, &err), err);
    assert_ok(nn_weights_open(&shape, &w, &err), err);
    w.dw[5] = 0.25f;
    assert_true(nn_optimizer_step(&k, &adamw, &w, nn_gradient_norm(&k, &w), 2, 1, 0.01));
    assert_close((double)w.m[5], 0.1 * 0.5, 1e-7);
    nn_weights_close(&w);
    nn_work_close(&k);
}

static void a_gradient_that_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    struct nn_work k;
    struct nn_weights w;
    struct err err;
    assert_ok(nn_work_open(1, GEMM_F32, &k, &err), err);
    assert_ok(nn_weights_open(&shape, &w, &err), err);
    w.w[3] = 1;
    w.dw[3] = NAN;
    double norm = nn_gradient_norm(&k, &w);
    assert_true(isnan(norm));
    assert_false(nn_optimizer_step(&k, &adamw, &w, norm, 1, 1, 0.01));
    assert_true(w.w[3] == 1 && w.m[3] == 0 && w.dw[3] == 0);
    nn_weights_close(&w);
    nn_work_close(&k);
}

static void schedules_rise_and_fall(void **state)
{
    (void)state;
    struct nn_schedule s = {NN_SCHEDULE_COSINE, 10, 110, 1e-3, 1e-4};
    assert_close(nn_schedule_rate(&s, 1), 1e-4, 1e-12);
    assert_close(nn_schedule_rate(&s, 10), 1e-3, 1e-12);
    assert_close(nn_schedule_rate(&s, 35), 1e-4 + 9e-4 * (1 + sqrt(0.5)) / 2, 1e-12);
    assert_close(nn_schedule_rate(&s, 60), 5.5e-4, 1e-12);
    assert_close(nn_schedule_rate(&s, 110), 1e-4, 1e-12);
    assert_close(nn_schedule_rate(&s, 500), 1e-4, 1e-12);
    s.kind = NN_SCHEDULE_LINEAR;
    assert_close(nn_schedule_rate(&s, 35), 1e-4 + 9e-4 * 0.75, 1e-12);
    s.kind = NN_SCHEDULE_CONSTANT;
    assert_close(nn_schedule_rate(&s, 109), 1e-3, 1e-12);
    s.warmup = 0;
    assert_close(nn_schedule_rate(&s, 1), 1e-3, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_step_decays_matrices_alone_and_clips),
        cmocka_unit_test(a_short_gradient_is_only_multiplied_by_the_factor),
        cmocka_unit_test(a_gradient_that_is_not_finite_changes_nothing),
        cmocka_unit_test(schedules_rise_and_fall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
