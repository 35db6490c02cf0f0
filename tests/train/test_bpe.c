// Learning BPE against a counter that does nothing cleverly, and the file against the tokenizer.
#include "test.h"

#include <string.h>

#include "base/rng.h"
#include "llm/pretokenize.h"
#include "llm/tokenizer.h"
#include "scratch.h"
#include "train/bpe.h"
#include "train/tokenizer_train.h"

enum { WORDS = 4000, LENGTH = 64, MERGES = 60 };

// All words of a text as symbols, counted anew for each merge.
struct plain {
    int32_t symbols[WORDS][LENGTH];
    size_t n[WORDS], words;
};

static bool keep_word(void *arg, struct str piece)
{
    struct plain *p = arg;
    assert_true(p->words < WORDS && piece.n <= LENGTH);
    for (size_t i = 0; i < piece.n; i++)
        p->symbols[p->words][i] = (unsigned char)piece.p[i];
    p->n[p->words++] = piece.n;
    return true;
}

static uint64_t count_pair(const struct plain *p, int32_t left, int32_t right)
{
    uint64_t count = 0;
    for (size_t w = 0; w < p->words; w++)
        for (size_t i = 0; i + 1 < p->n[w]; i++)
            count += p->symbols[w][i] == left && p->symbols[w][i + 1] == right;
    return count;
}

static void merge_pair(struct plain *p, int32_t left, int32_t right, int32_t id)
{
    for (size_t w = 0; w < p->words; w++) {
        size_t to = 0;
        for (size_t i = 0; i < p->n[w]; i++) {
            bool here =
                i + 1 < p->n[w] && p->symbols[w][i] == left && p->symbols[w][i + 1] == right;
            p->symbols[w][to++] = here ? id : p->symbols[w][i];
            i += here;
        }
        p->n[w] = to;
    }
}

// Words of few letters, so that pairs overlap, tie and vanish.
static void random_text(struct buf *out, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    for (int w = 0; w < 700; w++) {
        buf_add_char(out, ' ');
        for (uint64_t i = 1 + rng_below(&r, 9); i > 0; i--)
            buf_add_char(out, (char)('a' + rng_below(&r, 1 + rng_below(&r, 4))));
    }
}

static void merges_are_those_of_plain_counting(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct buf text = {0};
        struct err err;
        struct bpe *b;
        const struct bpe_pair *pairs;
        size_t count;
        random_text(&text, seed);
        assert_ok(bpe_open(STR_LIT("gpt-2"), &b, &err), err);
        assert_ok(bpe_add(b, buf_str(&text), &err), err);
        assert_ok(bpe_learn(b, MERGES, 2, &pairs, &count, &err), err);
        assert_int_equal(count, MERGES);
        static struct plain p;
        p.words = 0;
        pretokenize(pretokenizer_by_name(STR_LIT("gpt-2")), buf_str(&text), keep_word, &p);
        for (size_t m = 0; m < count; m++) {
            uint64_t best = 0;
            int32_t left = -1, right = -1;
            for (int32_t x = 0; x < (int32_t)(256 + m); x++)
                for (int32_t y = 0; y < (int32_t)(256 + m); y++) {
                    if ((x < 'a' || x > 'd') && x != ' ' && x < 256)
                        break;
                    if ((y < 'a' || y > 'd') && y < 256)
                        continue;
                    uint64_t n = count_pair(&p, x, y);
                    if (n > best) {
                        best = n;
                        left = x;
                        right = y;
                    }
                }
            assert_int_equal(pairs[m].left, left);
            assert_int_equal(pairs[m].right, right);
            assert_int_equal(pairs[m].count, best);
            merge_pair(&p, left, right, (int32_t)(256 + m));
        }
        bpe_close(&b);
        buf_free(&text);
    }
}

static void the_papers_words_merge_as_in_the_paper(void **state)
{
    (void)state;
    // low x 5, lower x 2, newest x 6, widest x 3: es, est, lo, low come first.
    struct err err;
    struct bpe *b;
    const struct bpe_pair *pairs;
    size_t count;
    assert_ok(bpe_open(STR_LIT("gpt-2"), &b, &err), err);
    for (int i = 0; i < 6; i++)
        assert_ok(bpe_add(b, STR_LIT("newest"), &err), err);
    for (int i = 0; i < 5; i++)
        assert_ok(bpe_add(b, STR_LIT("low"), &err), err);
    for (int i = 0; i < 3; i++)
        assert_ok(bpe_add(b, STR_LIT("widest"), &err), err);
    for (int i = 0; i < 2; i++)
        assert_ok(bpe_add(b, STR_LIT("lower"), &err), err);
    assert_ok(bpe_learn(b, 4, 1, &pairs, &count, &err), err);
    static const char *const expected[] = {"es", "est", "lo", "low"};
    for (int32_t i = 0; i < 4; i++)
        assert_true(str_is(bpe_token(b, 256 + i), expected[i]));
    bpe_close(&b);
}

static void a_corpus_too_small_gives_fewer_tokens(void **state)
{
    (void)state;
    struct err err;
    struct bpe *b;
    const struct bpe_pair *pairs;
    size_t count;
    assert_ok(bpe_open(STR_LIT("qwen2"), &b, &err), err);
    assert_ok(bpe_add(b, STR_LIT("ab ab aaa"), &err), err);
    assert_ok(bpe_learn(b, 100, 2, &pairs, &count, &err), err);
    // "ab" stands twice in different words, "aa" twice in one; " a" twice.
    assert_true(count >= 1 && count <= 3);
    bpe_close(&b);
    assert_int_equal(bpe_open(STR_LIT("nonsense"), &b, &err), ERR_NOT_FOUND);
    assert_null(b);
}

static void the_file_is_a_tokenizer_that_gives_every_text_back(void **state)
{
    (void)state;
    struct err err;
    struct buf text = {0};
    random_text(&text, 9);
    buf_add_z(&text, " h\xc3\xa9t\xc3\xa9 12345 <|im_end|> \xff\xfe\t\n\n  x");
    const char *corpus = scratch_write("corpus.txt", text.p), *out = scratch_path("tok.gguf");
    struct tokenizer_plan plan = {corpus, "qwen2", 300, 2};
    struct tokenizer_result result;
    assert_ok(train_tokenizer(&plan, out, &result, &err), err);
    assert_int_equal(result.vocabulary, 300);
    assert_int_equal(result.bytes, text.n);
    struct gguf *g;
    struct tokenizer *t;
    assert_ok(gguf_open(out, &g, &err), err);
    assert_ok(tokenizer_open(g, &t, &err), err);
    struct tokens tokens = {0};
    struct buf back = {0};
    assert_ok(tokenizer_encode(t, buf_str(&text), 0, &tokens, &err), err);
    assert_true(tokens.n < text.n * 2 / 3);
    tokenizer_decode(t, tokens.p, tokens.n, false, &back);
    assert_true(str_eq(buf_str(&back), buf_str(&text)));
    tokens.n = 0;
    assert_ok(tokenizer_encode(t, STR_LIT("12345"), 0, &tokens, &err), err);
    assert_int_equal(tokens.n, 5); // digits one by one
    assert_int_equal(tokenizer_find(t, STR_LIT("<|endoftext|>")), 297);
    assert_int_equal(tokenizer_find(t, STR_LIT("<|im_start|>")), 298);
    assert_int_equal(tokenizer_find(t, STR_LIT("<|im_end|>")), 299);
    assert_true(tokenizer_ends(t, 299) && tokenizer_ends(t, 297));
    tokens_free(&tokens);
    buf_free(&back);
    buf_free(&text);
    tokenizer_close(&t);
    gguf_close(&g);
}

static void what_cannot_be_learned_from_is_refused(void **state)
{
    (void)state;
    struct err err;
    struct tokenizer_result result;
    struct tokenizer_plan plan = {scratch_write("empty.txt", ""), "qwen2", 300, 2};
    assert_int_equal(train_tokenizer(&plan, scratch_path("no.gguf"), &result, &err), ERR_INPUT);
    assert_false(file_exists(scratch_path("no.gguf")));
    plan.vocabulary = 100;
    assert_int_equal(train_tokenizer(&plan, scratch_path("no.gguf"), &result, &err), ERR_USAGE);
    plan = (struct tokenizer_plan){"/nowhere/at/all", "qwen2", 300, 2};
    assert_int_equal(train_tokenizer(&plan, scratch_path("no.gguf"), &result, &err), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_are_those_of_plain_counting),
        cmocka_unit_test(the_papers_words_merge_as_in_the_paper),
        cmocka_unit_test(a_corpus_too_small_gives_fewer_tokens),
        cmocka_unit_test(the_file_is_a_tokenizer_that_gives_every_text_back),
        cmocka_unit_test(what_cannot_be_learned_from_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
