// Tokenizers against the vectors of real vocabularies; skipped where the data is absent.
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "llm/tokenizer.h"

static const struct {
    const char *file, *vectors, *kind;
    bool lossless;
} vocabularies[] = {
    {"ggml-vocab-gpt-2.gguf", "ggml-vocab-gpt-2", "gpt2", true},
    {"rebuilt-vocab-llama-bpe.gguf", "ggml-vocab-llama-bpe", "gpt2", true},
    {"rebuilt-vocab-qwen2.gguf", "ggml-vocab-qwen2", "gpt2", true},
    {"ggml-vocab-llama-spm.gguf", "ggml-vocab-llama-spm", "llama", true},
    {"ggml-vocab-phi-3.gguf", "ggml-vocab-phi-3", "llama", true},
    {"ggml-vocab-bert-bge.gguf", "ggml-vocab-bert-bge", "bert", false},
};

enum { COUNT = sizeof vocabularies / sizeof *vocabularies };

static struct tokenizer *tokenizers[COUNT];

static void data_path(char *out, size_t n, const char *file)
{
    const char *data = getenv("FETTLE_DATA");
    snprintf(out, n, "%s/tokenizers/%s", data ? data : "../shared/data", file);
}

static int open_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        char path[512];
        struct err err;
        struct gguf *g;
        data_path(path, sizeof path, vocabularies[i].file);
        assert_ok(gguf_open(path, &g, &err), err);
        assert_ok(tokenizer_open(g, &tokenizers[i], &err), err);
        gguf_close(&g);
    }
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        tokenizer_close(&tokenizers[i]);
    return 0;
}

static void check_vector(size_t i, size_t k, struct str text, struct str line)
{
    struct tokens got = {0};
    struct err err;
    assert_ok(tokenizer_encode(tokenizers[i], text, 0, &got, &err), err);
    struct buf want = {0}, have = {0};
    for (size_t n = 0; n < got.n; n++)
        buf_printf(&have, " %d", got.p[n]);
    line = str_trim(line);
    if (line.n)
        buf_add_char(&want, ' ');
    buf_add_str(&want, line);
    if (!str_eq(buf_str(&want), buf_str(&have)))
        fail_msg("%s vector %zu '%.*s':\nwant%s\ngot%s", vocabularies[i].file, k, STR_ARG(text),
                 want.p, have.p ? have.p : "");
    buf_free(&want);
    buf_free(&have);
    tokens_free(&got);
}

static void every_vector_gives_the_tokens_of_its_model(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        char path[512], name[128];
        struct buf inputs = {0}, outputs = {0};
        struct err err;
        snprintf(name, sizeof name, "%s.gguf.inp", vocabularies[i].vectors);
        data_path(path, sizeof path, name);
        assert_ok(file_read(path, 1 << 20, &inputs, &err), err);
        snprintf(name, sizeof name, "%s.gguf.out", vocabularies[i].vectors);
        data_path(path, sizeof path, name);
        assert_ok(file_read(path, 1 << 20, &outputs, &err), err);
        static const char mark[] = "\n__ggml_vocab_test__\n";
        char *p = inputs.p, *end = inputs.p + inputs.n;
        struct str lines = buf_str(&outputs);
        size_t k = 0;
        for (; p < end; k++) {
            char *next = memmem(p, (size_t)(end - p), mark, sizeof mark - 1);
            if (!next)
                break;
            check_vector(i, k, (struct str){p, (size_t)(next - p)}, str_cut(&lines, '\n'));
            p = next + sizeof mark - 1;
        }
        assert_in_range(k, 45, 60);
        buf_free(&inputs);
        buf_free(&outputs);
    }
}

// A string of letters, blanks, digits, rare scripts and broken bytes.
static size_t random_text(struct rng *rng, char *out, size_t limit)
{
    static const char *const bits[] = {
        " ",    "  ", "\n",   "\t",   "the",  "ing",  "'s",
        "'LL",  "0",  "12",   "345",  "e",    "A",    "Z",
        "ß",    "é",  "日本", "한국", "नमस्ते", "🙂", "👩🏽‍🚀",
        "\xff", ".",  ",",    "...",  "==",   "ab",   "\r",
        "ا",    "x",  "y",    "_",    "<",    "</t>", "<0x0A>"};
    size_t n = 0;
    for (uint64_t k = rng_below(rng, 24); k > 0; k--) {
        const char *bit = bits[rng_below(rng, sizeof bits / sizeof *bits)];
        char byte = (char)rng_u64(rng);
        struct str s = rng_below(rng, 8) ? str_of(bit) : (struct str){&byte, 1};
        if (n + s.n > limit)
            break;
        memcpy(out + n, s.p, s.n);
        n += s.n;
    }
    return n;
}

static void random_strings_come_back_unchanged(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 11);
    struct tokens ids = {0};
    struct buf back = {0};
    struct err err;
    for (int k = 0; k < 100000; k++) {
        char text[512];
        struct str s = {text, random_text(&rng, text, sizeof text)};
        size_t i = (size_t)k % COUNT;
        ids.n = 0;
        buf_reset(&back);
        assert_ok(tokenizer_encode(tokenizers[i], s, 0, &ids, &err), err);
        tokenizer_decode(tokenizers[i], ids.p, ids.n, true, &back);
        if (vocabularies[i].lossless && !str_eq(s, buf_str(&back)))
            fail_msg("%s: '%.*s' came back as '%s'", vocabularies[i].file, STR_ARG(s), back.p);
    }
    tokens_free(&ids);
    buf_free(&back);
}

// Pieces do not reach over a line break between letters, so a text of many lines must give the
// tokens of its lines, which are too short for the cache.
static void the_cache_of_words_changes_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = {"bearing 3 of pump P-101 overheats\n",
                                        "the bearing's temperature is 71.5 degrees\n",
                                        "zwölf Boxkämpfer jagen Viktor\n"};
    struct buf text = {0};
    for (int k = 0; k < 300; k++)
        buf_add_z(&text, lines[k % 7 % 3]);
    for (size_t i = 0; i < 3; i++) { // byte-level BPE
        struct tokens whole = {0}, parts = {0};
        struct err err;
        assert_ok(tokenizer_encode(tokenizers[i], buf_str(&text), 0, &whole, &err), err);
        for (int k = 0; k < 300; k++)
            assert_ok(tokenizer_encode(tokenizers[i], str_of(lines[k % 7 % 3]), 0, &parts, &err),
                      err);
        assert_int_equal(parts.n, whole.n);
        assert_memory_equal(parts.p, whole.p, whole.n * sizeof *whole.p);
        tokens_free(&whole);
        tokens_free(&parts);
    }
    buf_free(&text);
}

static void special_tokens_are_only_read_when_asked_for(void **state)
{
    (void)state;
    const struct tokenizer *qwen = tokenizers[2];
    struct str text = STR_LIT("<|im_start|>user\nhi<|im_end|>");
    struct tokens with = {0}, without = {0};
    struct err err;
    assert_ok(tokenizer_encode(qwen, text, TOKENIZE_SPECIAL, &with, &err), err);
    assert_ok(tokenizer_encode(qwen, text, 0, &without, &err), err);
    assert_int_equal(with.p[0], 151644);
    assert_int_equal(with.p[with.n - 1], 151645);
    assert_true(tokenizer_ends(qwen, 151645));
    assert_false(tokenizer_ends(qwen, 151644));
    for (size_t i = 0; i < without.n; i++)
        assert_true(without.p[i] < 151643);
    struct buf shown = {0}, hidden = {0};
    tokenizer_decode(qwen, with.p, with.n, true, &shown);
    tokenizer_decode(qwen, with.p, with.n, false, &hidden);
    assert_true(str_eq(buf_str(&shown), text));
    assert_true(str_is(buf_str(&hidden), "user\nhi"));
    buf_free(&shown);
    buf_free(&hidden);
    tokens_free(&with);
    tokens_free(&without);
}

static void text_cannot_spell_a_control_token(void **state)
{
    (void)state;
    struct str text = STR_LIT("</s><s><unk>");
    struct tokens ids = {0};
    struct err err;
    assert_ok(tokenizer_encode(tokenizers[3], text, 0, &ids, &err), err);
    for (size_t k = 0; k < ids.n; k++)
        assert_true(ids.p[k] > 2);
    tokens_free(&ids);
}

static void ends_are_added_as_the_model_wants_them(void **state)
{
    (void)state;
    static const struct {
        size_t which;
        int32_t ids[4];
        size_t n;
    } want[] = {{3, {1, 15043}, 2}, {5, {101, 7592, 102}, 3}, {0, {15496}, 1}};
    for (size_t i = 0; i < 3; i++) {
        struct tokens ids = {0};
        struct err err;
        assert_ok(tokenizer_encode(tokenizers[want[i].which], STR_LIT("Hello"), TOKENIZE_ENDS, &ids,
                                   &err),
                  err);
        assert_int_equal(ids.n, want[i].n);
        assert_memory_equal(ids.p, want[i].ids, want[i].n * sizeof *ids.p);
        tokens_free(&ids);
    }
}

static void long_runs_take_no_quadratic_time(void **state)
{
    (void)state;
    static const char *const runs[] = {"a", " ", "1", "=", "\n", "é", "日", "\xff"};
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        struct buf text = {0};
        while (text.n < 1 << 18)
            buf_add_z(&text, runs[r]);
        for (size_t i = 0; i < COUNT; i++) {
            struct tokens ids = {0};
            struct err err;
            int64_t start = clock_mono_us();
            assert_ok(tokenizer_encode(tokenizers[i], buf_str(&text), 0, &ids, &err), err);
            assert_in_range(clock_mono_us() - start, 0, 5 * US_PER_SECOND);
            tokens_free(&ids);
        }
        buf_free(&text);
    }
}

static void ids_out_of_range_give_nothing(void **state)
{
    (void)state;
    struct buf out = {0};
    for (size_t i = 0; i < COUNT; i++) {
        tokenizer_piece(tokenizers[i], -1, true, &out);
        tokenizer_piece(tokenizers[i], INT32_MAX, true, &out);
        assert_false(tokenizer_ends(tokenizers[i], -5));
    }
    assert_int_equal(out.n, 0);
}

int main(void)
{
    char path[512];
    data_path(path, sizeof path, "");
    if (!file_is_dir(path)) {
        fprintf(stderr, "%s is not there: skipped\n", path);
        return TEST_SKIP;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_gives_the_tokens_of_its_model),
        cmocka_unit_test(random_strings_come_back_unchanged),
        cmocka_unit_test(the_cache_of_words_changes_nothing),
        cmocka_unit_test(special_tokens_are_only_read_when_asked_for),
        cmocka_unit_test(text_cannot_spell_a_control_token),
        cmocka_unit_test(ends_are_added_as_the_model_wants_them),
        cmocka_unit_test(long_runs_take_no_quadratic_time),
        cmocka_unit_test(ids_out_of_range_give_nothing),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
