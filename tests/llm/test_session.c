// Sessions: memory as promised, blocks shared by content, the same bits as computing anew.
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "llm/engine.h"
#include "llm/llm_tiny.h"

enum { TEXT = 200, BLOCK = ATTENTION_BLOCK };

static int32_t text[TEXT];

static int make_text(void **state)
{
    (void)state;
    tiny_text(text, TEXT, 4);
    return 0;
}

// The last logits of n tokens of `text` in a session of its own.
static void anew(struct engine *e, enum cache_type cache, size_t n, float *out)
{
    struct session *s = tiny_session(e, 0, cache);
    memcpy(out, tiny_feed(e, s, text, n), TINY_V * sizeof *out);
    session_close(&s);
}

static void expect_anew(struct engine *e, struct session *s, const float *logits)
{
    float want[TINY_V];
    anew(e, CACHE_F16, session_length(s), want);
    assert_memory_equal(logits, want, sizeof want);
}

static void a_session_takes_what_it_says(void **state)
{
    (void)state;
    static const enum cache_type types[] = {CACHE_F16, CACHE_Q8_0};
    static const size_t position[] = {2 * 2 * 2 * 32 * 2, 2 * 2 * 2 * 34}; // L, H_kv, k and v, D
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(session_bytes(e, TEXT, types[i]), 256 * position[i]);
        struct session *s = tiny_session(e, TEXT, types[i]);
        assert_int_equal(engine_cache_bytes(e), 0);
        tiny_feed(e, s, text, 65);
        assert_int_equal(engine_cache_bytes(e), 128 * position[i]);
        tiny_feed(e, s, text + 65, TEXT - 65);
        assert_int_equal(engine_cache_bytes(e), session_bytes(e, TEXT, types[i]));
        session_truncate(s, 64);
        assert_int_equal(engine_cache_bytes(e), 64 * position[i]);
        session_close(&s);
        assert_int_equal(engine_cache_bytes(e), 0);
    }
    engine_close(&e);
}

static void bytes_instead_of_halves_move_probabilities_little(void **state)
{
    (void)state;
    static const char *const archs[] = {"llama", "qwen2", "qwen3", "phi3"};
    for (size_t a = 0; a < 4; a++) {
        struct engine *e = tiny_engine(archs[a], "Q8_0", 2);
        struct session *halves = tiny_session(e, 0, CACHE_F16);
        struct session *bytes = tiny_session(e, 0, CACHE_Q8_0);
        double divergence = 0;
        for (size_t i = 0; i < TEXT; i++) {
            float p[TINY_V], sum_p = 0, sum_q = 0;
            memcpy(p, tiny_feed(e, halves, text + i, 1), sizeof p);
            const float *q = tiny_feed(e, bytes, text + i, 1);
            for (size_t k = 0; k < TINY_V; k++) {
                sum_p += expf(p[k]);
                sum_q += expf(q[k]);
            }
            for (size_t k = 0; k < TINY_V; k++)
                divergence += (double)(expf(p[k]) / sum_p * (p[k] - q[k] - logf(sum_p / sum_q)));
        }
        printf("%s: mean divergence %.2e\n", archs[a], divergence / TEXT);
        assert_true(divergence / TEXT < 5e-4);
        session_close(&halves);
        session_close(&bytes);
        engine_close(&e);
    }
}

static void the_same_beginning_is_computed_once(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("qwen3", "Q4_0", 2);
    struct session *first = tiny_session(e, 0, CACHE_F16), *second = tiny_session(e, 0, CACHE_F16);
    assert_int_equal(session_reuse(second, text, TEXT), 0);
    tiny_feed(e, first, text, TEXT);
    size_t before = engine_cache_bytes(e);
    assert_int_equal(session_reuse(second, text, TEXT), 3 * BLOCK);
    assert_int_equal(session_length(second), 3 * BLOCK);
    assert_memory_equal(session_tokens(second), text, 3 * BLOCK * sizeof *text);
    assert_int_equal(engine_cache_bytes(e), before);
    expect_anew(e, second, tiny_feed(e, second, text + 3 * BLOCK, TEXT - 3 * BLOCK));
    session_close(&first);
    session_close(&second);
    engine_close(&e);
}

static void one_token_is_left_to_be_computed(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    struct session *first = tiny_session(e, 0, CACHE_F16), *second = tiny_session(e, 0, CACHE_F16);
    tiny_feed(e, first, text, TEXT);
    assert_int_equal(session_reuse(second, text, 2 * BLOCK), BLOCK);
    assert_int_equal(session_reuse(second, text + BLOCK, BLOCK + 1), BLOCK);
    session_close(&second);
    second = tiny_session(e, 100, CACHE_F16); // room for one block
    assert_int_equal(session_reuse(second, text, TEXT), BLOCK);
    session_close(&first);
    session_close(&second);
    engine_close(&e);
}

static void another_text_or_kind_shares_nothing(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    struct session *first = tiny_session(e, 0, CACHE_F16);
    tiny_feed(e, first, text, TEXT);
    int32_t other[TEXT];
    memcpy(other, text, sizeof other);
    other[BLOCK + 5]++;
    struct session *s = tiny_session(e, 0, CACHE_F16);
    assert_int_equal(session_reuse(s, text + BLOCK, BLOCK + 1), 0); // block 1 stands behind block 0
    assert_int_equal(session_reuse(s, other, TEXT), BLOCK);
    session_close(&s);
    s = tiny_session(e, 0, CACHE_Q8_0);
    assert_int_equal(session_reuse(s, text, TEXT), 0);
    session_close(&s);
    session_close(&first);
    engine_close(&e);
}

static void sessions_that_computed_the_same_hold_it_once(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    struct session *s[3];
    for (size_t k = 0; k < 3; k++)
        s[k] = tiny_session(e, 0, CACHE_F16);
    for (size_t k = 0; k < 3; k++)
        tiny_feed(e, s[k], text, 2 * BLOCK);
    assert_int_equal(engine_cache_bytes(e), session_bytes(e, 2 * BLOCK, CACHE_F16));
    for (size_t k = 0; k < 3; k++)
        session_close(&s[k]);
    engine_close(&e);
}

static void what_is_written_behind_a_shared_beginning_is_ones_own(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("llama", "Q4_0", 2);
    struct session *first = tiny_session(e, 0, CACHE_F16), *second = tiny_session(e, 0, CACHE_F16);
    int32_t other[BLOCK];
    tiny_text(other, BLOCK, 9);
    tiny_feed(e, first, text, TEXT - 1);
    session_reuse(second, text, TEXT);
    session_truncate(second, BLOCK + 10);
    tiny_feed(e, second, other, BLOCK);
    expect_anew(e, first, tiny_feed(e, first, text + TEXT - 1, 1));
    session_truncate(second, BLOCK + 10);
    expect_anew(e, second, tiny_feed(e, second, text + BLOCK + 10, 100));
    session_close(&first);
    session_close(&second);
    engine_close(&e);
}

// Blocks 1 and 2 stay published behind block 0, which then changes.
static void what_stood_behind_a_changed_block_is_not_found_behind_the_new(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    engine_keep(e, 1 << 30);
    struct session *s = tiny_session(e, 0, CACHE_F16), *other = tiny_session(e, 0, CACHE_F16);
    int32_t changed[TEXT];
    memcpy(changed, text, sizeof changed);
    changed[20]++;
    tiny_feed(e, s, text, TEXT);
    session_truncate(s, 20);
    tiny_feed(e, s, changed + 20, BLOCK - 20);
    assert_int_equal(session_reuse(other, changed, TEXT), BLOCK);
    session_close(&s);
    session_close(&other);
    engine_close(&e);
}

static void closed_sessions_leave_as_much_as_is_kept(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    size_t block = session_bytes(e, BLOCK, CACHE_F16);
    engine_keep(e, 2 * block);
    struct session *s = tiny_session(e, 0, CACHE_F16);
    tiny_feed(e, s, text, TEXT);
    session_close(&s);
    assert_int_equal(engine_cache_bytes(e), 2 * block);
    s = tiny_session(e, 0, CACHE_F16); // the first blocks stay longest
    assert_int_equal(session_reuse(s, text, TEXT), 2 * BLOCK);
    expect_anew(e, s, tiny_feed(e, s, text + 2 * BLOCK, 20));
    session_close(&s);
    engine_keep(e, 0);
    assert_int_equal(engine_cache_bytes(e), 0);
    engine_close(&e);
}

static void a_failed_step_leaves_shared_blocks_alone(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    struct session *first = tiny_session(e, 0, CACHE_F16), *second = tiny_session(e, 0, CACHE_F16);
    tiny_feed(e, first, text, TEXT - 1);
    session_reuse(second, text, TEXT);
    session_truncate(second, 70);
    int32_t wrong[] = {1, 2, TINY_V};
    const float *logits;
    struct err err;
    assert_int_equal(engine_feed(e, second, wrong, 3, &logits, &err), ERR_INPUT);
    assert_int_equal(session_length(second), 70);
    expect_anew(e, second, tiny_feed(e, second, text + 70, 30));
    expect_anew(e, first, tiny_feed(e, first, text + TEXT - 1, 1));
    session_close(&first);
    session_close(&second);
    engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_takes_what_it_says),
        cmocka_unit_test(bytes_instead_of_halves_move_probabilities_little),
        cmocka_unit_test(the_same_beginning_is_computed_once),
        cmocka_unit_test(one_token_is_left_to_be_computed),
        cmocka_unit_test(another_text_or_kind_shares_nothing),
        cmocka_unit_test(sessions_that_computed_the_same_hold_it_once),
        cmocka_unit_test(what_is_written_behind_a_shared_beginning_is_ones_own),
        cmocka_unit_test(what_stood_behind_a_changed_block_is_not_found_behind_the_new),
        cmocka_unit_test(closed_sessions_leave_as_much_as_is_kept),
        cmocka_unit_test(a_failed_step_leaves_shared_blocks_alone),
    };
    return cmocka_run_group_tests(tests, make_text, NULL);
}
