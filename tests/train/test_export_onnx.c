// Export to ONNX: blocks of weights, the wire format, and what is refused. That ONNX Runtime
// computes what the engine does is seen in onnx.py.
#include "test.h"

#include <math.h>

#include "base/rng.h"
#include "llm/synth.h"
#include "scratch.h"
#include "train/export_onnx.h"
#include "train/onnx_blocks.h"
#include "train/protobuf.h"

// As MatMulNBits reads them.
static void read_blocks(const uint8_t *q, const float *scales, const uint8_t *zeros, unsigned bits,
                        size_t cols, float *out)
{
    for (size_t i = 0; i < cols; i++) {
        size_t block = i / 32;
        int v = bits == 8 ? q[i] : q[i / 2] >> i % 2 * 4 & 15;
        int zero = bits == 8 ? zeros[block] : zeros[block / 2] >> block % 2 * 4 & 15;
        out[i] = scales[block] * (float)(v - zero);
    }
}

static void formats_with_blocks_of_32_are_kept_as_they_are(void **state)
{
    (void)state;
    static const struct {
        enum quant_type type;
        unsigned bits;
    } cases[] = {
        {QUANT_Q4_0, 4}, {QUANT_Q4_0, 8}, {QUANT_Q5_0, 8}, {QUANT_Q8_0, 8}, {QUANT_IQ4_NL, 8}};
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct quant_format *f = quant_format_of(cases[c].type);
        float w[96], x[96], expected[96], got[96], scales[3];
        uint8_t row[3 * 34], q[96], zeros[3];
        for (int i = 0; i < 96; i++)
            w[i] = (float)rng_normal(&rng);
        f->quantize(w, row, 96);
        f->dequantize(row, expected, 96);
        assert_true(onnx_blocks_exact(f, cases[c].bits));
        onnx_blocks_quantize(f, row, 96, cases[c].bits, x, q, scales, zeros);
        read_blocks(q, scales, zeros, cases[c].bits, 96, got);
        for (int i = 0; i < 96; i++)
            assert_close(got[i], expected[i], 0);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(cases[c].bits == 8 ? zeros[i] : zeros[i / 2] >> i % 2 * 4 & 15,
                             cases[c].bits == 8 ? 128 : 8);
    }
    assert_false(onnx_blocks_exact(quant_format_of(QUANT_Q8_0), 4));
    assert_false(onnx_blocks_exact(quant_format_of(QUANT_Q4_K), 8));
}

// The usual rounding: scale from the range, zero and weights to the nearest.
static double error_of_plain_rounding(const float *w, size_t n, int top)
{
    double error = 0;
    for (size_t b = 0; b < n; b += 32) {
        double lo = 0, hi = 0;
        for (size_t i = b; i < b + 32; i++) {
            lo = fmin(lo, (double)w[i]);
            hi = fmax(hi, (double)w[i]);
        }
        double scale = (hi - lo) / top, zero = round(-lo / scale);
        for (size_t i = b; i < b + 32; i++) {
            double q = fmin(fmax(round((double)w[i] / scale) + zero, 0), top);
            error += pow(scale * (q - zero) - (double)w[i], 2);
        }
    }
    return error;
}

static void other_weights_are_rounded_better_than_from_their_range_alone(void **state)
{
    (void)state;
    enum { N = 4096 };
    static float w[N], x[N], got[N], scales[N / 32];
    static uint8_t q[N], zeros[N / 32];
    struct rng rng;
    rng_seed(&rng, 5);
    for (int i = 0; i < N; i++)
        w[i] = (float)rng_normal(&rng) + 0.5f;
    for (unsigned bits = 4; bits <= 8; bits += 4) {
        double error = 0;
        onnx_blocks_quantize(quant_format_of(QUANT_F32), w, N, bits, x, q, scales, zeros);
        read_blocks(q, scales, zeros, bits, N, got);
        for (int i = 0; i < N; i++)
            error += pow((double)got[i] - (double)w[i], 2);
        double plain = error_of_plain_rounding(w, N, (1 << bits) - 1);
        if (!(error < plain))
            fail_msg("%u bits: %g, plain rounding %g", bits, error, plain);
        assert_true(error > 0.5 * plain); // no format of so few bits can do that
    }
}

static void a_row_that_ends_within_a_block_is_filled_with_zeros(void **state)
{
    (void)state;
    float w[48], x[64], got[64], scales[2];
    uint8_t q[32], zeros[1];
    for (int i = 0; i < 48; i++)
        w[i] = 1 + (float)(i % 3);
    onnx_blocks_quantize(quant_format_of(QUANT_F32), w, 48, 4, x, q, scales, zeros);
    read_blocks(q, scales, zeros, 4, 64, got);
    for (int i = 0; i < 64; i++)
        assert_close(got[i], i < 48 ? w[i] : 0, 0.02);
}

// The first example of the encoding's documentation: field 1, 150 is 08 96 01.
static void numbers_and_messages_have_the_documented_bytes(void **state)
{
    (void)state;
    struct buf b = {0}, in = {0};
    protobuf_int(&b, 1, 150);
    assert_int_equal(b.n, 3);
    assert_memory_equal(b.p, "\x08\x96\x01", 3);
    buf_reset(&b);
    protobuf_int(&b, 1, -2); // ten bytes, as a two's complement of 64 bits
    assert_int_equal(b.n, 11);
    buf_reset(&b);
    protobuf_text(&b, 2, "testing");
    assert_memory_equal(b.p, "\x12\x07testing", 9);
    buf_reset(&b);
    protobuf_int(&in, 1, 150);
    protobuf_message(&b, 3, &in);
    assert_memory_equal(b.p, "\x1a\x03\x08\x96\x01", 5);
    assert_int_equal(in.n, 0);
    buf_free(&b);
    buf_free(&in);
}

static void refuses(const char *like, uint32_t context, unsigned bits, enum err_code expected,
                    const char *words)
{
    struct err err;
    struct synth s = {.like = like, .type = "F16", .seed = 1};
    assert_ok(synth_write(&s, scratch_path("m.gguf"), &err), err);
    struct export_onnx e = {.model = scratch_path("m.gguf"),
                            .dir = scratch_path("out"),
                            .context = context,
                            .bits = bits,
                            .threads = 1};
    assert_int_equal(export_onnx(&e, &err), expected);
    assert_non_null(strstr(err.text, words));
    assert_false(file_exists(scratch_path("out/model.onnx")));
    assert_false(file_exists(scratch_path("out/model.onnx_data.part")));
}

static void what_cannot_be_exported_is_refused_and_leaves_no_model(void **state)
{
    (void)state;
    refuses("tiny-bert", 0, 4, ERR_UNSUPPORTED, "'bert' is no decoder");
    refuses("tiny-llama", 513, 4, ERR_LIMIT, "513 is wanted, the model has 512");
    refuses("tiny-llama", 0, 3, ERR_USAGE, "3 bits to a weight");
    scratch_write("out", "a file where a folder should be");
    refuses("tiny-llama", 0, 4, ERR_CONFLICT, "out");
    remove(scratch_path("out"));
}

static bool stop_in_the_middle(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    return done < total / 2;
}

static void an_export_that_is_stopped_leaves_no_model(void **state)
{
    (void)state;
    struct err err;
    struct synth s = {.like = "tiny-phi3", .type = "Q4_0", .seed = 1};
    assert_ok(synth_write(&s, scratch_path("p.gguf"), &err), err);
    struct export_onnx e = {.model = scratch_path("p.gguf"),
                            .dir = scratch_path("stopped"),
                            .bits = 4,
                            .threads = 2,
                            .progress = stop_in_the_middle};
    assert_int_equal(export_onnx(&e, &err), ERR_CANCELLED);
    assert_false(file_exists(scratch_path("stopped/model.onnx")));
    assert_false(file_exists(scratch_path("stopped/model.onnx_data")));
    assert_false(file_exists(scratch_path("stopped/model.onnx_data.part")));
    e.progress = NULL;
    assert_ok(export_onnx(&e, &err), err);
    assert_true(file_exists(scratch_path("stopped/model.onnx")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_with_blocks_of_32_are_kept_as_they_are),
        cmocka_unit_test(other_weights_are_rounded_better_than_from_their_range_alone),
        cmocka_unit_test(a_row_that_ends_within_a_block_is_filled_with_zeros),
        cmocka_unit_test(numbers_and_messages_have_the_documented_bytes),
        cmocka_unit_test(what_cannot_be_exported_is_refused_and_leaves_no_model),
        cmocka_unit_test(an_export_that_is_stopped_leaves_no_model),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
