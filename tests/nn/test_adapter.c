// Adapters: what they add to frozen weights, and their gradients against slopes in double.
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "slopes.h"

enum { T = 19 };

static const struct nn_shape shape = {.L = 2,
                                      .C = 12,
                                      .V = 17,
                                      .H = 4,
                                      .H_kv = 2,
                                      .D = 6,
                                      .hidden = 20,
                                      .context = 16,
                                      .eps = 1e-5f,
                                      .rope_base = 1e4f,
                                      .rope = NN_ROPE_HALVES,
                                      .biases = true,
                                      .tied = true};

// A decoder of floats, and the same frozen with an adapter.
struct rig {
    struct nn_work k;
    struct nn_weights floats, frozen;
    struct nn_adapter adapter;
    struct nn_decoder *d;
    double *base, *learned, *joined; // weights in double; joined: base with the adapter's product
    int32_t tokens[T], targets[T];
    uint32_t starts[3];
    struct nn_batch batch;
};

static void freeze(struct rig *r)
{
    for (size_t i = 0; i < r->floats.tensor_count; i++) {
        const struct nn_tensor *from = &r->floats.tensors[i], *to = &r->frozen.tensors[i];
        assert_string_equal(from->name, to->name);
        if (from->rows == 1)
            memcpy(r->frozen.w + to->at, r->floats.w + from->at, from->cols * sizeof(float));
        else
            r->frozen.frozen[i] = (struct nn_frozen){
                quant_format_of(QUANT_F32), (const unsigned char *)(r->floats.w + from->at)};
    }
}

static void open_rig(struct rig *r, unsigned threads, const char *names)
{
    struct err err;
    struct rng rng;
    *r = (struct rig){.starts = {0, 8, T}};
    rng_seed(&rng, 3);
    assert_ok(nn_work_open(threads, GEMM_F32, &r->k, &err), err);
    assert_ok(nn_weights_open(&shape, &r->floats, &err), err);
    assert_ok(nn_weights_open_frozen(&shape, &r->frozen, &err), err);
    nn_weights_init(&r->floats, &rng);
    for (size_t i = 0; i < r->floats.n; i++)
        r->floats.w[i] += (float)(0.3 * rng_normal(&rng));
    freeze(r);
    assert_ok(nn_adapter_open(&r->frozen, 3, 6, names, &rng, &r->adapter, &err), err);
    struct nn_decoder_options o = {
        .rows = T, .training = true, .adapter = &r->adapter, .recompute = true};
    assert_ok(nn_decoder_open(&r->k, &r->frozen, &o, &r->d, &err), err);
    for (size_t t = 0; t < T; t++) {
        r->tokens[t] = (int32_t)rng_below(&rng, shape.V);
        r->targets[t] = t % 3 ? (int32_t)rng_below(&rng, shape.V) : -1;
    }
    r->batch = (struct nn_batch){T, r->tokens, r->targets, {r->starts, 2}};
    r->base = doubles_of(r->floats.w, r->floats.n);
    r->joined = doubles_of(r->floats.w, r->floats.n);
}

static void disturb(struct rig *r)
{
    struct rng rng;
    rng_seed(&rng, 8);
    for (size_t i = 0; i < r->adapter.w.n; i++)
        r->adapter.w.w[i] += (float)(0.2 * rng_normal(&rng));
    r->learned = doubles_of(r->adapter.w.w, r->adapter.w.n);
}

static void close_rig(struct rig *r)
{
    nn_decoder_close(&r->d);
    nn_adapter_close(&r->adapter);
    nn_weights_close(&r->frozen);
    nn_weights_close(&r->floats);
    nn_work_close(&r->k);
    free(r->base);
    free(r->learned);
    free(r->joined);
}

// The loss with every adapted matrix W + alpha / rank * B A.
static double loss_of(void *arg)
{
    struct rig *r = arg;
    for (size_t i = 0; i < r->floats.tensor_count; i++) {
        const struct nn_tensor *t = &r->floats.tensors[i];
        if (!r->adapter.at[i])
            continue;
        const double *a = r->learned + r->adapter.w.tensors[r->adapter.at[i] - 1].at;
        const double *b = r->learned + r->adapter.w.tensors[r->adapter.at[i]].at;
        for (size_t row = 0; row < t->rows; row++)
            for (size_t col = 0; col < t->cols; col++) {
                double sum = 0;
                for (size_t k = 0; k < 3; k++)
                    sum += b[row * 3 + k] * a[k * t->cols + col];
                r->joined[t->at + row * t->cols + col] =
                    r->base[t->at + row * t->cols + col] + 6.0 / 3 * sum;
            }
    }
    return reference_loss(&r->floats, r->joined, &r->batch);
}

static void every_gradient_is_the_losss_slope(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r, 2, "attn_q,attn_k,attn_v,attn_output,ffn_gate,ffn_up,ffn_down");
    assert_int_equal(r.adapter.w.tensor_count, 2 * 7 * shape.L);
    disturb(&r);
    assert_close(nn_decoder_loss(r.d, &r.batch, 1), loss_of(&r), 1e-4);
    for (size_t t = 0; t < r.adapter.w.tensor_count; t++) {
        const struct nn_tensor *at = &r.adapter.w.tensors[t];
        assert_slopes(at->name, loss_of, &r, r.learned + at->at, r.adapter.w.dw + at->at,
                      at->rows * at->cols, 3, 1e-4);
    }
    close_rig(&r);
}

// The decoder's own loss with one weight moved; the same places are left out each time.
static double loss_at(struct rig *r, size_t i, float by)
{
    float own = r->adapter.w.w[i];
    r->adapter.w.w[i] += by;
    double loss = nn_decoder_loss(r->d, &r->batch, 1e-30f);
    r->adapter.w.w[i] = own;
    return loss;
}

static void with_dropout_gradients_are_those_of_what_is_left(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r, 1, "attn_q,attn_v,ffn_gate,ffn_down");
    disturb(&r);
    // Room for what is left of inputs is taken when a decoder is opened.
    struct err err;
    nn_decoder_close(&r.d);
    r.adapter.dropout = 0.4f;
    r.adapter.pass = 7;
    struct nn_decoder_options o = {.rows = T, .training = true, .adapter = &r.adapter};
    assert_ok(nn_decoder_open(&r.k, &r.frozen, &o, &r.d, &err), err);
    double whole = nn_decoder_loss(r.d, &r.batch, 0), less = nn_decoder_loss(r.d, &r.batch, 1);
    assert_close(whole, loss_of(&r), 1e-4);
    assert_true(fabs(less - whole) > 1e-3);
    float h = 1.0f / 128;
    double largest = 0, worst = 0;
    for (size_t i = 0; i < r.adapter.w.n; i += 5) {
        double slope = (loss_at(&r, i, h) - loss_at(&r, i, -h)) / (2 * (double)h);
        largest = fmax(largest, fabs(slope));
        worst = fmax(worst, fabs(slope - (double)r.adapter.w.dw[i]));
    }
    if (!(worst < 0.01 * largest) || largest == 0)
        fail_msg("a gradient is off by %g of %g", worst, largest);
    r.adapter.pass = 8;
    assert_true(nn_decoder_loss(r.d, &r.batch, 1e-30f) != less);
    close_rig(&r);
}

static void a_list_that_adapts_nothing_is_refused(void **state)
{
    (void)state;
    struct rig r;
    struct err err;
    struct rng rng;
    struct nn_adapter a;
    open_rig(&r, 2, "attn_q");
    rng_seed(&rng, 1);
    assert_int_equal(nn_adapter_open(&r.frozen, 3, 6, "", &rng, &a, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "names no matrix"));
    close_rig(&r);
}

static void a_fused_matrix_is_adapted_for_any_of_its_parts(void **state)
{
    (void)state;
    struct nn_shape fused = shape;
    struct nn_weights w;
    struct nn_adapter a;
    struct err err;
    struct rng rng;
    fused.biases = false;
    fused.fused = true;
    rng_seed(&rng, 1);
    assert_ok(nn_weights_open_frozen(&fused, &w, &err), err);
    assert_ok(nn_adapter_open(&w, 3, 6, "attn_k,ffn_gate", &rng, &a, &err), err);
    assert_int_equal(a.w.tensor_count, 2 * 2 * shape.L);
    assert_string_equal(a.w.tensors[0].name, "blk.0.attn_qkv.weight.lora_a");
    assert_string_equal(a.w.tensors[3].name, "blk.0.ffn_up.weight.lora_b");
    assert_int_equal(a.w.tensors[3].rows, 2 * shape.hidden);
    nn_adapter_close(&a);
    nn_weights_close(&w);
}

static void a_new_adapter_changes_nothing(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r, 2, "attn_v, ffn_down");
    assert_int_equal(r.adapter.w.tensor_count, 2 * 2 * shape.L);
    assert_string_equal(r.adapter.w.tensors[0].name, "blk.0.attn_v.weight.lora_a");
    assert_string_equal(r.adapter.w.tensors[1].name, "blk.0.attn_v.weight.lora_b");
    assert_close(nn_decoder_loss(r.d, &r.batch, 0), reference_loss(&r.floats, r.base, &r.batch),
                 1e-4);
    close_rig(&r);
}

static void what_cannot_be_adapted_is_named(void **state)
{
    (void)state;
    struct rig r;
    struct err err;
    struct rng rng;
    struct nn_adapter a;
    open_rig(&r, 2, "attn_q");
    rng_seed(&rng, 1);
    assert_int_equal(nn_adapter_open(&r.frozen, 3, 6, "attn_q,lm_head", &rng, &a, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "'lm_head' cannot be adapted"));
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_gradient_is_the_losss_slope),
        cmocka_unit_test(with_dropout_gradients_are_those_of_what_is_left),
        cmocka_unit_test(a_list_that_adapts_nothing_is_refused),
        cmocka_unit_test(a_fused_matrix_is_adapted_for_any_of_its_parts),
        cmocka_unit_test(a_new_adapter_changes_nothing),
        cmocka_unit_test(what_cannot_be_adapted_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
