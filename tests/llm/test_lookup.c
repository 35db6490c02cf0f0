// Prompt lookup: what it proposes, and that texts come out as without it, greedy and sampled.
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "llm/engine.h"
#include "llm/llm_tiny.h"
#include "llm/lookup.h"
#include "llm/sampler.h"

enum { PROMPT = 40, ANSWER = 80 };

static int32_t pick(void *arg, const float *logits)
{
    struct sampler *s = arg;
    int32_t token = sampler_pick(s, logits, NULL);
    sampler_accept(s, token);
    return token;
}

static struct sampler *open_sampler(float temperature, float penalty, uint64_t seed)
{
    struct sampler_settings o = SAMPLER_GREEDY;
    struct sampler *s;
    struct err err;
    o.temperature = temperature;
    o.repetition_penalty = penalty;
    o.seed = seed;
    assert_ok(sampler_open(&o, TINY_V, &s, &err), err);
    return s;
}

// A prompt that repeats itself, so that there is something to find.
static void make_prompt(int32_t *ids, uint64_t seed)
{
    tiny_text(ids, PROMPT, seed);
    memcpy(ids + PROMPT / 2, ids, PROMPT / 2 * sizeof *ids);
}

static void write_plainly(struct engine *e, const int32_t *prompt, struct sampler *p, int32_t *out)
{
    struct session *s = tiny_session(e, 0, CACHE_F16);
    out[0] = pick(p, tiny_feed(e, s, prompt, PROMPT));
    for (int i = 1; i < ANSWER; i++)
        out[i] = pick(p, tiny_feed(e, s, out + i - 1, 1));
    session_close(&s);
}

static void write_with_lookup(struct engine *e, const int32_t *prompt, struct sampler *p,
                              int32_t *out, struct lookup *l)
{
    struct session *s = tiny_session(e, 0, CACHE_F16);
    struct err err;
    lookup_start(l);
    out[0] = pick(p, tiny_feed(e, s, prompt, PROMPT));
    for (size_t n = 1; n < ANSWER;) {
        int32_t more[LOOKUP_MOST + 1];
        size_t count;
        bool ended;
        assert_ok(lookup_step(l, e, s, out[n - 1], pick, p, more, &count, &ended, &err), err);
        assert_false(ended);
        assert_int_equal(session_length(s), PROMPT + n - 1 + count);
        for (size_t i = 0; i < count && n < ANSWER; i++)
            out[n++] = more[i];
    }
    session_close(&s);
}

// Over many prompts; returns how many tokens came of a guess.
static uint64_t compare(struct engine *e, float temperature, float penalty, uint64_t prompts)
{
    uint64_t right = 0;
    for (uint64_t k = 0; k < prompts; k++) {
        int32_t prompt[PROMPT], want[ANSWER], got[ANSWER];
        make_prompt(prompt, 100 + k);
        struct sampler *plain = open_sampler(temperature, penalty, k);
        struct sampler *other = open_sampler(temperature, penalty, k);
        struct lookup l;
        write_plainly(e, prompt, plain, want);
        write_with_lookup(e, prompt, other, got, &l);
        assert_memory_equal(got, want, sizeof want);
        right += l.right;
        sampler_close(&plain);
        sampler_close(&other);
    }
    return right;
}

static void greedy_texts_are_the_same_token_for_token(void **state)
{
    (void)state;
    static const char *const archs[] = {"llama", "qwen2", "qwen3", "phi3"};
    for (size_t a = 0; a < 4; a++) {
        struct engine *e = tiny_engine(archs[a], a % 2 ? "Q4_0" : "Q4_K_M", 1);
        assert_true(compare(e, 0, 1, 10) > 40); // guesses were right, not only harmless
        engine_close(&e);
    }
}

// Every token is picked with the same random numbers from the same logits: more than the same
// distribution.
static void sampled_texts_are_the_same_token_for_token(void **state)
{
    (void)state;
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    assert_true(compare(e, 0.35f, 1, 20) > 10);
    compare(e, 1, 1.1f, 6);
    engine_close(&e);
}

static void propose(struct session *s, int32_t next, size_t room, const int32_t *want, size_t n)
{
    struct lookup l;
    int32_t draft[LOOKUP_MOST];
    lookup_start(&l);
    assert_int_equal(lookup_propose(&l, s, next, room, 0, draft), n);
    if (n)
        assert_memory_equal(draft, want, n * sizeof *want);
}

static void what_followed_the_longest_match_is_proposed(void **state)
{
    (void)state;
    static const int32_t text[] = {1, 2, 3, 40, 41, 42, 43, 9, 2, 3, 50, 51, 52, 53, 1, 2};
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    struct session *s = tiny_session(e, 24, CACHE_F16);
    tiny_feed(e, s, text, 16);
    propose(s, 3, 15, text + 3, 4); // 1 2 3, though 2 3 stands later
    propose(s, 3, 2, text + 3, 2);
    propose(s, 3, 0, NULL, 0);
    propose(s, 4, 15, NULL, 0);
    propose(s, 9, 15, NULL, 0); // one token alone says nothing
    static const int32_t more[] = {9, 2, 3, 50, 51};
    tiny_feed(e, s, more, 5);
    propose(s, 52, 15, text + 13, 2); // 24 positions: 21, this one, and two
    session_close(&s);
    engine_close(&e);
}

static void a_period_goes_on(void **state)
{
    (void)state;
    static const int32_t text[] = {5, 6, 7, 5, 6}, want[] = {5, 6, 7, 5};
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    struct session *s = tiny_session(e, 0, CACHE_F16);
    tiny_feed(e, s, text, 5);
    propose(s, 7, 15, want, 4);
    session_close(&s);
    engine_close(&e);
}

// A picker that follows a script and ends it.
struct script {
    const int32_t *tokens;
    size_t n, at;
};

static int32_t follow(void *arg, const float *logits)
{
    (void)logits;
    struct script *s = arg;
    return s->at < s->n ? s->tokens[s->at++] : -1;
}

static void trust_grows_with_right_guesses_and_rests_after_wrong_ones(void **state)
{
    (void)state;
    static const int32_t text[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1};
    struct engine *e = tiny_engine("llama", "Q4_0", 1);
    struct session *s = tiny_session(e, 0, CACHE_F16);
    struct lookup l;
    struct err err;
    int32_t out[LOOKUP_MOST + 1];
    size_t n;
    bool ended;
    lookup_start(&l);
    tiny_feed(e, s, text, 16);
    struct script right = {text + 2, 13, 0};
    assert_ok(lookup_step(&l, e, s, 2, follow, &right, out, &n, &ended, &err), err);
    assert_int_equal(n, 5);
    assert_ok(lookup_step(&l, e, s, out[4], follow, &right, out, &n, &ended, &err), err);
    assert_int_equal(n, 8); // 8 proposed, of which the script has 8 and then ends
    assert_true(ended);
    assert_int_equal(session_length(s), 16 + 5 + 1 + 8);
    static const int32_t wrong[] = {99, 1, 2, 98};
    struct script other = {wrong, 4, 0};
    lookup_start(&l);
    session_truncate(s, 16);
    assert_ok(lookup_step(&l, e, s, 2, follow, &other, out, &n, &ended, &err), err);
    assert_int_equal(n, 1);
    assert_int_equal(session_length(s), 17);
    assert_int_equal(l.proposed, 4);
    assert_ok(lookup_step(&l, e, s, 99, follow, &other, out, &n, &ended, &err), err);
    assert_ok(lookup_step(&l, e, s, 1, follow, &other, out, &n, &ended, &err), err);
    assert_int_equal(l.proposed, 4); // two picks of rest
    assert_ok(lookup_step(&l, e, s, 2, follow, &other, out, &n, &ended, &err), err);
    assert_int_equal(l.proposed, 8);
    session_close(&s);
    engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_texts_are_the_same_token_for_token),
        cmocka_unit_test(sampled_texts_are_the_same_token_for_token),
        cmocka_unit_test(what_followed_the_longest_match_is_proposed),
        cmocka_unit_test(a_period_goes_on),
        cmocka_unit_test(trust_grows_with_right_guesses_and_rests_after_wrong_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
