// The grammar of answers: what the evidence has may be said, other numbers and names may not.
#include "diagnose/evidence_grammar.h"

#include "diagnose/claims.h"
#include "llm/engine.h"
#include "llm/grammar/grammar.h"
#include "llm/synth.h"
#include "test.h"

#include <stdio.h>
#include <unistd.h>

static const char evidence[] =
    "device: P-101\ntime: 2026-06-12 13:00:05\n"
    "- V_IN: 8.4 V, below 10-30 V, flag LOW\n"
    "- flow \"a\\b\": 71 %\n- heatCurrent: -0.5 A, falling from -0.3 over 6 samples";

static struct engine *engine;
static struct grammar *grammar;
static struct token_trie *trie;
static struct grammar_masks *masks;

static int open_all(void **state)
{
    (void)state;
    char path[64];
    struct synth s = {.like = "tiny-llama", .type = "F16", .seed = 1};
    struct buf gbnf = {0};
    struct str text = str_of(evidence);
    struct err err;
    snprintf(path, sizeof path, "/tmp/fettle-grammar-%d.gguf", (int)getpid());
    assert_ok(synth_write(&s, path, &err), err);
    assert_ok(engine_open(path, 1, &engine, &err), err);
    unlink(path);
    evidence_grammar_write(&text, 1, &gbnf);
    assert_ok(grammar_from_gbnf(buf_str(&gbnf), "evidence", &grammar, &err), err);
    buf_free(&gbnf);
    assert_ok(token_trie_open(engine_tokenizer(engine), engine_model(engine)->shape.V, &trie, &err),
              err);
    assert_ok(grammar_masks_open(grammar, trie, 0, &masks, &err), err);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    grammar_masks_close(&masks);
    token_trie_close(&trie);
    grammar_close(&grammar);
    engine_close(&engine);
    return 0;
}

static bool allows(const char *answer)
{
    struct matcher *m;
    struct err err;
    assert_ok(matcher_open(masks, &m, &err), err);
    bool all = matcher_accept_bytes(m, str_of(answer), &err) == ERR_OK && matcher_complete(m);
    matcher_close(&m);
    return all;
}

static void what_the_evidence_has_may_be_said(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "The supply voltage is too low: V_IN is 8.4 V, below the range of 10-30 V (flag LOW).",
        "P-101 stopped at 2026-06-12 13:00:05.",
        " Check the feeding supply; it's well-known, isn't it?",
        "It stood at -0.5 A on heatCurrent over 6 samples, from -0.3. Flow is 71 %.",
        "No fault",
        "Too low: 8.4 V at V_IN, and 71 % (flag LOW) and -0.5 A attracts a look at it.",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (!allows(answers[i]))
            fail_msg("refused: %s", answers[i]);
}

static void what_it_lacks_may_not(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "V_IN is 8.5 V.",
        "V_IN is 8.4 A.",
        "V_OUT is low.",
        "P-102 stopped.",
        "It was 14:00.",
        "It is 8.48.4 V.",
        "8.4 V10 V",
        "8.4V is low.",
        "It fell from -0.3 bar.",
        "Over 6 A.",
        "8.4 V at V_OUT.",
        "8.4 V at flow",
        "8.4 V 10-30 V",
        "heatVoltage is open.",
        "CAVITATION it is",
        "10",
        "It fell by 1.6 V.",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (allows(answers[i]))
            fail_msg("allowed: %s", answers[i]);
}

static void all_that_it_allows_of_the_evidence_passes_the_check(void **state)
{
    (void)state;
    struct claim claims[CLAIMS_MAX];
    struct str text = str_of(evidence);
    size_t count;
    const char *answer = "At 2026-06-12 13:00:05 V_IN on P-101 was 8.4 V, not 10-30 V, and "
                         "heatCurrent -0.5 A.";
    assert_true(allows(answer));
    assert_int_equal(claims_check(str_of(answer), NULL, &text, 1, claims, &count), 0);
    assert_int_equal(count, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_evidence_has_may_be_said),
        cmocka_unit_test(what_it_lacks_may_not),
        cmocka_unit_test(all_that_it_allows_of_the_evidence_passes_the_check),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
