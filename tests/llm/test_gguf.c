// Reading and writing GGUF: what is written is read back, and no damaged file does harm.
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "llm/gguf.h"
#include "llm/gguf_write.h"

static struct buf sample; // a small good file
static char path[64];

static int make_sample(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/fettle-gguf-%d", (int)getpid());
    struct err err;
    struct gguf_writer *w;
    assert_ok(gguf_write_open(path, &w, &err), err);
    gguf_write_string(w, "general.architecture", STR_LIT("llama"));
    gguf_write_u32(w, "llama.block_count", 2);
    gguf_write_f32(w, "llama.rope.freq_base", 10000);
    gguf_write_bool(w, "tokenizer.ggml.add_bos_token", true);
    struct str tokens[] = {STR_LIT("a"), STR_LIT(""), STR_LIT("\xff\x01")};
    gguf_write_strings(w, "tokenizer.ggml.tokens", tokens, 3);
    gguf_write_f32s(w, "tokenizer.ggml.scores", (float[]){1, -2.5f, 3}, 3);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", (int32_t[]){1, -3, 6}, 3);
    gguf_write_tensor(w, "token_embd.weight", quant_format_of(QUANT_Q8_0), (uint64_t[]){64, 3}, 2);
    gguf_write_tensor(w, "norm.weight", quant_format_of(QUANT_F32), (uint64_t[]){5}, 1);
    gguf_write_tensor(w, "last.weight", quant_format_of(QUANT_F16), (uint64_t[]){2, 3, 4, 1}, 4);
    unsigned char bytes[64 * 3 / 32 * 34 + 20 + 48];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    gguf_write_data(w, bytes, 100);
    gguf_write_data(w, bytes + 100, sizeof bytes - 100);
    assert_ok(gguf_write_finish(&w, &err), err);
    assert_ok(file_read(path, 1 << 20, &sample, &err), err);
    return 0;
}

static int drop_sample(void **state)
{
    (void)state;
    unlink(path);
    buf_free(&sample);
    return 0;
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct err err;
    struct gguf *g;
    assert_ok(gguf_open(path, &g, &err), err);
    assert_int_equal(gguf_version(g), 3);
    assert_int_equal(gguf_key_count(g), 7);
    struct str s;
    uint32_t u = 0;
    float f = 0;
    bool b = false;
    assert_ok(gguf_string(g, "general.architecture", &s, &err), err);
    assert_true(str_is(s, "llama"));
    assert_ok(gguf_u32(g, "llama.block_count", &u, &err), err);
    assert_int_equal(u, 2);
    assert_ok(gguf_f32(g, "llama.rope.freq_base", &f, &err), err);
    assert_true(f == 10000);
    assert_ok(gguf_bool(g, "tokenizer.ggml.add_bos_token", &b, &err), err);
    assert_true(b);
    const struct gguf_value *v;
    assert_ok(gguf_array(g, "tokenizer.ggml.tokens", GGUF_STRING, &v, &err), err);
    assert_int_equal(v->count, 3);
    const unsigned char *at = v->p;
    assert_true(str_is(gguf_next_string(&at), "a"));
    assert_true(str_is(gguf_next_string(&at), ""));
    assert_true(str_is(gguf_next_string(&at), "\xff\x01"));
    assert_ptr_equal(at, v->end);
    assert_ok(gguf_array(g, "tokenizer.ggml.scores", GGUF_F32, &v, &err), err);
    assert_true(gguf_element_f32(v, 1) == -2.5f);
    assert_ok(gguf_array(g, "tokenizer.ggml.token_type", GGUF_I32, &v, &err), err);
    assert_int_equal(gguf_element_i64(v, 1), -3);
    const struct gguf_tensor *t = gguf_find_tensor(g, "last.weight");
    assert_non_null(t);
    assert_int_equal(t->count, 24);
    assert_int_equal(t->dims, 4);
    assert_int_equal(t->ne[1], 3);
    assert_int_equal(t->data[0], (unsigned char)((204 + 20) * 7));
    assert_int_equal((t->data - gguf_tensor_at(g, 0)->data) % 32, 0);
    gguf_close(&g);
    assert_null(g);
}

static void a_key_of_the_wrong_type_is_named(void **state)
{
    (void)state;
    struct err err;
    struct gguf *g;
    uint32_t u;
    struct str s;
    const struct gguf_value *v;
    assert_ok(gguf_open(path, &g, &err), err);
    assert_int_equal(gguf_u32(g, "general.architecture", &u, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "'general.architecture' is of type string"));
    assert_int_equal(gguf_string(g, "tokenizer.ggml.tokens", &s, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "array of string"));
    assert_int_equal(gguf_array(g, "tokenizer.ggml.tokens", GGUF_I32, &v, &err), ERR_INPUT);
    assert_int_equal(gguf_u32(g, "nothing", &u, &err), ERR_NOT_FOUND);
    gguf_close(&g);
}

static void the_writer_reports_what_is_missing_or_too_much(void **state)
{
    (void)state;
    struct err err;
    struct gguf_writer *w;
    char other[80];
    snprintf(other, sizeof other, "%s-other", path);
    assert_ok(gguf_write_open(other, &w, &err), err);
    gguf_write_tensor(w, "a", quant_format_of(QUANT_F32), (uint64_t[]){4}, 1);
    gguf_write_data(w, "1234", 4);
    assert_int_equal(gguf_write_finish(&w, &err), ERR_USAGE);
    assert_ok(gguf_write_open(other, &w, &err), err);
    gguf_write_tensor(w, "a", quant_format_of(QUANT_F32), (uint64_t[]){1}, 1);
    gguf_write_data(w, "12345", 5);
    assert_int_equal(gguf_write_finish(&w, &err), ERR_USAGE);
    assert_ok(gguf_write_open(other, &w, &err), err);
    gguf_write_u32(w, "a", 1);
    gguf_write_u32(w, "a", 1);
    assert_int_equal(gguf_write_finish(&w, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "twice: a"));
    assert_ok(gguf_write_open(other, &w, &err), err);
    gguf_write_tensor(w, "a", quant_format_of(QUANT_Q4_K), (uint64_t[]){100}, 1);
    gguf_write_abandon(&w);
    assert_false(file_exists(other));
    assert_int_equal(gguf_write_open("/nowhere/x", &w, &err), ERR_NOT_FOUND);
}

// Reads everything the accessors give, so that a sanitizer sees any place outside the file.
static uint64_t touch(const struct gguf *g)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < gguf_key_count(g); i++) {
        const struct gguf_value *v = gguf_key_at(g, i);
        const unsigned char *at = v->p;
        for (uint64_t k = 0; k < v->count; k++) {
            if (v->element == GGUF_STRING) {
                struct str s = gguf_next_string(&at);
                sum += str_hash(s);
            } else if (v->element == GGUF_F32 || v->element == GGUF_F64) {
                sum += gguf_element_f32(v, k) > 0;
            } else {
                sum += (uint64_t)gguf_element_i64(v, k);
            }
        }
    }
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        for (size_t k = 0; k < t->bytes; k++)
            sum += t->data[k];
    }
    return sum;
}

// Opens exact copies of the bytes (so that a read past the end is seen); true if accepted.
static bool try_bytes(const void *bytes, size_t n, struct err *err)
{
    unsigned char *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    struct gguf *g;
    err->text[0] = '\0';
    int64_t start = clock_mono_us();
    enum err_code code = gguf_open_bytes(copy, n, "mutant", &g, err);
    assert_in_range(clock_mono_us() - start, 0, 100 * US_PER_MS);
    if (code == ERR_OK) {
        volatile uint64_t sum = touch(g);
        (void)sum;
    } else {
        assert_int_equal(err->code, code);
        assert_non_null(strstr(err->text, "mutant"));
        assert_null(g);
    }
    gguf_close(&g);
    free(copy);
    return code == ERR_OK;
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct err err;
    assert_true(try_bytes(sample.p, sample.n, &err));
    // The last tensor's padding may be missing.
    const size_t data_end = sample.n - 16;
    for (size_t n = 0; n < data_end; n++)
        assert_false(try_bytes(sample.p, n, &err));
}

static void every_byte_changed_is_read_or_refused(void **state)
{
    (void)state;
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct err err;
    size_t tried = 0;
    for (size_t at = 0; at < sample.n; at++) {
        char kept = sample.p[at];
        for (size_t v = 0; v < sizeof values; v++, tried++) {
            sample.p[at] = (char)values[v];
            try_bytes(sample.p, sample.n, &err);
        }
        sample.p[at] = kept;
    }
    assert_true(tried > 200 * 10); // 7 keys and 3 tensors
}

static void random_words_in_every_place_are_read_or_refused(void **state)
{
    (void)state;
    static const uint64_t words[] = {0,         1,         UINT32_MAX, INT32_MAX,
                                     INT64_MAX, INT64_MIN, UINT64_MAX, UINT64_C(1) << 40};
    struct rng rng;
    rng_seed(&rng, 5);
    struct err err;
    unsigned char *mutant = malloc(sample.n);
    for (int i = 0; i < 20000; i++) {
        memcpy(mutant, sample.p, sample.n);
        for (uint64_t k = 1 + rng_below(&rng, 3); k > 0; k--) {
            uint64_t word = rng_below(&rng, 2) ? rng_u64(&rng) >> rng_below(&rng, 64)
                                               : words[rng_below(&rng, 8)];
            size_t bytes = (size_t)1 << rng_below(&rng, 4);
            memcpy(mutant + rng_below(&rng, sample.n - bytes), &word, bytes);
        }
        try_bytes(mutant, sample.n, &err);
    }
    free(mutant);
}

static size_t find(const char *text)
{
    char *at = memmem(sample.p, sample.n, text, strlen(text));
    assert_non_null(at);
    return (size_t)(at - sample.p);
}

// Puts `bytes` of `word` at `at`, expects `code` with `text` in the message.
static void expect(size_t at, uint64_t word, size_t bytes, enum err_code code, const char *text)
{
    char kept[8];
    struct err err;
    memcpy(kept, sample.p + at, bytes);
    memcpy(sample.p + at, &word, bytes);
    bool accepted = try_bytes(sample.p, sample.n, &err);
    memcpy(sample.p + at, kept, bytes);
    assert_false(accepted);
    if (err.code != code || !strstr(err.text, text))
        fail_msg("got %s: %s; expected %s: %s", err_name(err.code), err.text, err_name(code), text);
}

static void damage_is_named_with_its_place(void **state)
{
    (void)state;
    expect(0, 0, 1, ERR_INPUT, "does not start with GGUF");
    expect(4, 1, 4, ERR_UNSUPPORTED, "version 1");
    expect(4, 0x03000000, 4, ERR_UNSUPPORTED, "big-endian");
    expect(8, UINT64_MAX, 8, ERR_INPUT, "tensor count of 18446744073709551615");
    expect(16, INT64_MAX, 8, ERR_INPUT, "key count");
    size_t key = find("llama.block_count");
    expect(key - 8, UINT64_MAX, 8, ERR_INPUT, "name is said to have 18446744073709551615 bytes");
    expect(key + 17, 77, 4, ERR_INPUT, "'llama.block_count' at byte 94: unknown type 77");
    expect(key, 0, 1, ERR_INPUT, "no printable text");
    size_t tokens = find("tokenizer.ggml.tokens") + 21;
    expect(tokens + 4, GGUF_ARRAY, 4, ERR_INPUT, "arrays of arrays");
    expect(tokens + 8, UINT64_C(1) << 60, 8, ERR_LIMIT, "'tokenizer.ggml.tokens'");
    expect(tokens + 16, INT64_MAX, 8, ERR_INPUT, "string is said to have");
    expect(find("add_bos_token") + 17, 2, 1, ERR_INPUT, "a bool is 0 or 1");
    size_t tensor = find("token_embd.weight") + 17;
    expect(tensor, 0, 4, ERR_INPUT, "0 dimensions");
    expect(tensor, 5, 4, ERR_INPUT, "'token_embd.weight'");
    expect(tensor + 4, 0, 8, ERR_INPUT, "dimension 0 is 0");
    expect(tensor + 4, 65, 8, ERR_INPUT, "no multiple of Q8_0's block");
    expect(tensor + 12, UINT64_C(1) << 61, 8, ERR_INPUT, "dimension 1");
    expect(tensor + 12, 1000, 8, ERR_INPUT, "is the file complete?");
    expect(tensor + 20, 4, 4, ERR_UNSUPPORTED, "tensor type 4");
    expect(tensor + 24, 1, 8, ERR_INPUT, "no multiple of the alignment");
    expect(tensor + 24, UINT64_MAX - 31, 8, ERR_INPUT, "beyond the file's end");
    expect(find("norm.weight") + 11 + 16, 0, 8, ERR_INPUT, "overlaps that of 'token_embd.weight'");
}

static void a_name_given_twice_is_refused(void **state)
{
    (void)state;
    size_t at = find("tokenizer.ggml.scores");
    char kept[8];
    memcpy(kept, sample.p + at + 15, 6);
    memcpy(sample.p + at + 15, "tokens", 6);
    struct err err;
    assert_false(try_bytes(sample.p, sample.n, &err));
    memcpy(sample.p + at + 15, kept, 6);
    assert_non_null(strstr(err.text, "twice"));
}

static void alignment_of_zero_or_of_the_wrong_type_is_refused(void **state)
{
    (void)state;
    static const uint32_t wrong[] = {0, 3, 1 << 17, UINT32_MAX};
    char other[80];
    snprintf(other, sizeof other, "%s-aligned", path);
    for (size_t i = 0; i <= sizeof wrong / sizeof *wrong; i++) {
        struct err err;
        struct gguf_writer *w;
        struct gguf *g;
        assert_ok(gguf_write_open(other, &w, &err), err);
        if (i < sizeof wrong / sizeof *wrong)
            gguf_write_u32(w, "general.alignment", wrong[i]);
        else
            gguf_write_string(w, "general.alignment", STR_LIT("32"));
        assert_ok(gguf_write_finish(&w, &err), err);
        assert_int_equal(gguf_open(other, &g, &err), ERR_INPUT);
        assert_non_null(strstr(err.text, "general.alignment"));
    }
    unlink(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_key_of_the_wrong_type_is_named),
        cmocka_unit_test(the_writer_reports_what_is_missing_or_too_much),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_byte_changed_is_read_or_refused),
        cmocka_unit_test(random_words_in_every_place_are_read_or_refused),
        cmocka_unit_test(damage_is_named_with_its_place),
        cmocka_unit_test(a_name_given_twice_is_refused),
        cmocka_unit_test(alignment_of_zero_or_of_the_wrong_type_is_refused),
    };
    return cmocka_run_group_tests(tests, make_sample, drop_sample);
}
