// The mean of models: every weight, and what cannot be averaged.
#include "train/average.h"

#include <math.h>

#include "kernels/quant.h"
#include "llm/gguf.h"
#include "llm/synth.h"
#include "scratch.h"

static void synth(const char *name, const char *like, const char *type, uint64_t seed)
{
    struct synth s = {.like = like, .type = type, .seed = seed};
    struct err err;
    assert_ok(synth_write(&s, scratch_path(name), &err), err);
}

static int make_models(void **state)
{
    if (scratch_open(state))
        return -1;
    synth("a.gguf", "tiny-llama", "F32", 1);
    synth("b.gguf", "tiny-llama", "F16", 2);
    synth("c.gguf", "tiny-llama", "Q8_0", 3);
    synth("chat.gguf", "tiny-chat", "F32", 1);
    return 0;
}

static float *weights_of(const struct gguf *g, size_t i, size_t *count)
{
    const struct gguf_tensor *t = gguf_tensor_at(g, i);
    float *x = malloc(t->count * sizeof *x);
    assert_non_null(x);
    t->format->dequantize(t->data, x, t->count);
    *count = t->count;
    return x;
}

static void keep_done(void *arg, uint64_t done, uint64_t all)
{
    uint64_t *kept = arg;
    assert_true(done > *kept && done <= all);
    *kept = done;
}

// Progress is told up to the last weight.
static enum err_code average(const char *const *models, size_t count, const char *out,
                             uint64_t *weights, struct err *err)
{
    uint64_t done = 0;
    struct average_plan plan = {models, count, scratch_path(out), keep_done, &done};
    enum err_code code = average_models(&plan, weights, err);
    if (!code)
        assert_int_equal(done, *weights);
    return code;
}

static void every_weight_is_the_mean_of_its_own(void **state)
{
    (void)state;
    const char *const models[] = {scratch_path("a.gguf"), scratch_path("b.gguf"),
                                  scratch_path("c.gguf")};
    static const char *const names[] = {"a.gguf", "b.gguf", "c.gguf", "out.gguf"};
    struct gguf *g[4];
    struct err err;
    uint64_t weights, seen = 0;
    assert_ok(average(models, 3, "out.gguf", &weights, &err), err);
    for (int i = 0; i < 4; i++)
        assert_ok(gguf_open(scratch_path(names[i]), &g[i], &err), err);
    assert_int_equal(gguf_key_count(g[3]), gguf_key_count(g[0]));
    for (size_t t = 0; t < gguf_tensor_count(g[0]); t++) {
        float *x[4];
        size_t n;
        for (int i = 0; i < 4; i++)
            x[i] = weights_of(g[i], t, &n);
        for (size_t k = 0; k < n; k++)
            if (fabsf(x[3][k] - (x[0][k] + x[1][k] + x[2][k]) / 3) > 1e-6f)
                fail_msg("tensor %zu, weight %zu: %g", t, k, (double)x[3][k]);
        seen += n;
        for (int i = 0; i < 4; i++)
            free(x[i]);
    }
    assert_int_equal(seen, weights);
    for (int i = 0; i < 4; i++)
        gguf_close(&g[i]);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    uint64_t weights;
    struct err err;
    const char *const other[] = {scratch_path("a.gguf"), scratch_path("chat.gguf")};
    assert_int_equal(average(other, 2, "out.gguf", &weights, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "chat.gguf"));
    assert_non_null(strstr(err.text, "tensor '"));
    const char *const same[] = {scratch_path("a.gguf"), scratch_path("b.gguf")};
    assert_int_equal(average(same, 2, "b.gguf", &weights, &err), ERR_USAGE);
    assert_int_equal(average(same, 1, "out.gguf", &weights, &err), ERR_USAGE);
    const char *const gone[] = {scratch_path("a.gguf"), scratch_path("gone.gguf")};
    assert_int_not_equal(average(gone, 2, "out.gguf", &weights, &err), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_weight_is_the_mean_of_its_own),
        cmocka_unit_test(what_does_not_fit_is_named),
    };
    return cmocka_run_group_tests(tests, make_models, scratch_close);
}
