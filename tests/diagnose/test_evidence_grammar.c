// The grammar of answers: what the evidence has may be said, other numbers and names may not.
#include "diagnose/evidence_grammar.h"

#include "diagnose/claims.h"
#include "llm/engine.h"
#include "llm/grammar/grammar.h"
#include "llm/synth.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char evidence[] =
    "device: P-101\ntime: 2026-06-12 13:00:05\n"
    "- V_IN: 8.4 V, below 10-30 V, flag LOW\n"
    "- flow \"a\\b\": 71 %\n- heatCurrent: -0.5 A, falling from -0.3 over 6 samples";

// Facts whose numbers stand with their keys only; of the texts there is the device.
static const char fact_log[] = "V_IN: 8.4 V (10-30 V)\nresets: 4 (max 3)\nflow out: 71 %\n"
                               "STATUS: SELF_TEST\nheatCurrent: 0.00 A\npump: on";

static struct engine *engine;
static struct grammar *grammar;
static struct token_trie *trie;
static struct grammar_masks *masks;

static void open_masks(enum evidence_words words, const struct str *texts, size_t count,
                       const struct facts *facts, struct grammar **g, struct grammar_masks **by)
{
    struct buf gbnf = {0};
    struct err err;
    evidence_grammar_write(texts, count, facts, words, &gbnf);
    assert_ok(grammar_from_gbnf(buf_str(&gbnf), "evidence", g, &err), err);
    buf_free(&gbnf);
    assert_ok(grammar_masks_open(*g, trie, 0, by, &err), err);
}

static int open_all(void **state)
{
    (void)state;
    char path[64];
    struct synth s = {.like = "tiny-llama", .type = "F16", .seed = 1};
    struct str text = str_of(evidence);
    struct err err;
    snprintf(path, sizeof path, "/tmp/fettle-grammar-%d.gguf", (int)getpid());
    assert_ok(synth_write(&s, path, &err), err);
    assert_ok(engine_open(path, 1, &engine, &err), err);
    unlink(path);
    assert_ok(token_trie_open(engine_tokenizer(engine), engine_model(engine)->shape.V, &trie, &err),
              err);
    open_masks(EVIDENCE_ANY_WORDS, &text, 1, NULL, &grammar, &masks);
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

static bool allows(struct grammar_masks *by, const char *answer)
{
    struct matcher *m;
    struct err err;
    assert_ok(matcher_open(by, &m, &err), err);
    bool all = matcher_accept_bytes(m, str_of(answer), &err) == ERR_OK && matcher_complete(m);
    matcher_close(&m);
    return all;
}

static void assert_allows(struct grammar_masks *by, const char *const *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!allows(by, answers[i]))
            fail_msg("refused: %s", answers[i]);
}

static void assert_refuses(struct grammar_masks *by, const char *const *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (allows(by, answers[i]))
            fail_msg("allowed: %s", answers[i]);
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
    assert_allows(masks, answers, sizeof answers / sizeof *answers);
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
    assert_refuses(masks, answers, sizeof answers / sizeof *answers);
}

static void all_that_it_allows_of_the_evidence_passes_the_check(void **state)
{
    (void)state;
    struct claim claims[CLAIMS_MAX];
    struct str text = str_of(evidence);
    size_t count;
    const char *answer = "At 2026-06-12 13:00:05 V_IN on P-101 was 8.4 V, not 10-30 V, and "
                         "heatCurrent -0.5 A.";
    assert_true(allows(masks, answer));
    assert_int_equal(claims_check(str_of(answer), NULL, &text, 1, claims, &count), 0);
    assert_int_equal(count, 8);
}

static void a_fact_is_said_with_its_own_value_and_limit(void **state)
{
    (void)state;
    static const char *const good[] = {
        "A supply voltage that is too low: V_IN is 8.4 V, below the operating range of 10-30 V.",
        "Here V_IN 8.4 V is below 10-30 V, which points to this; heatCurrent shows 0.00 A.",
        "8.4 V at V_IN is below the range 10-30 V on P-101.",
        "This is an undervoltage: 8.4 V at V_IN is below the range 10-30 V.",
        "resets is 4, above the maximum of 3, and STATUS is SELF_TEST.",
        "resets is 4 and flow out is low.",
        "No fault: flow out stays at 71%, and pump is on.",
        "I cannot tell. What is the limit of heatCurrent?",
    };
    static const char *const bad[] = {
        "V_IN is 10 V.",
        "V_IN is 8.4 V, above the operating range of 10-30 V.",
        "V_IN is 8.4 V, below the maximum of 3.",
        "resets is 8.4 V.",
        "It is 8.4 V.",
        "71% at V_IN.",
        "heatCurrent is low.",
        "V_IN is 71% at flow out.",
        "It is low.........",
        "resets is 4 bar.",
        "STATUS is 4.",
        "Below 10-30 V.",
    };
    struct facts *f = calloc(1, sizeof *f);
    struct grammar_masks *by;
    struct grammar *g;
    struct str text = STR_LIT("P-101"), log = str_of(fact_log);
    struct claim claims[CLAIMS_MAX];
    struct err err;
    size_t count;
    assert_non_null(f);
    assert_ok(facts_read(log, f, &err), err);
    open_masks(EVIDENCE_ANY_WORDS, &text, 1, f, &g, &by);
    assert_allows(by, good, sizeof good / sizeof *good);
    assert_refuses(by, bad, sizeof bad / sizeof *bad);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct str texts[] = {text, log};
        if (claims_check(str_of(good[i]), f, texts, 2, claims, &count))
            fail_msg("not supported: %s", good[i]);
    }
    grammar_masks_close(&by);
    grammar_close(&g);
    free(f);
}

static void taught_words_are_whole_ones_of_a_diagnosis_or_of_the_texts(void **state)
{
    (void)state;
    static const char *const good[] = {
        "A supply voltage that is too low: V_IN is 8.4 V, below the operating range of 10-30 V.",
        "It is not a snowed funnel. Next, check the feeding supply.",
        "Snowed: 8.4 V at V_IN is below the range of 10-30 V, which points to CRC errors.",
        "The log does not show noise; what is the limit of cell temp?",
        "The cause is a blown fuse, as STATE is FAULTY.",
    };
    static const char *const bad[] = {
        "The supply is ve the.",        // part of a word
        "It is due to the funn.",       // part of a word of the question
        "It is a funnels.",             // and more than it
        "A basket is low.",             // words that nobody taught
        "The cell temp has failed.",    // parts of a key
        "The V is too low: resets.",    // parts of a key, too
        "Here it is above the others.", // which side is for statements
        "A yeti is here.",
        "V_IN is 8.4 V is low.",
        "The state is FAULTY is open.", // a value without its key
    };
    struct facts *f = calloc(1, sizeof *f);
    struct grammar_masks *by;
    struct grammar *g;
    struct str question = STR_LIT("Is it a snowed funnel?");
    struct err err;
    assert_non_null(f);
    assert_ok(facts_read(STR_LIT("V_IN: 8.4 V (10-30 V)\ncell temp: 3 C\nSTATE: FAULTY"), f, &err),
              err);
    open_masks(EVIDENCE_TAUGHT_WORDS, &question, 1, f, &g, &by);
    assert_allows(by, good, sizeof good / sizeof *good);
    assert_refuses(by, bad, sizeof bad / sizeof *bad);
    grammar_masks_close(&by);
    grammar_close(&g);
    free(f);
}

static void an_event_is_said_with_its_own_value_and_limit(void **state)
{
    (void)state;
    static const char *const good[] = {
        "Here pressure spiked to 4.2 bar, above the limit of 3.5 bar, from 12:33:11, while the "
        "other sensors stayed as usual. The cause is a disturbed signal. Check the cable.",
        "A loss of power or network: all 6 sensors sent no data from 12:41:30. Please check the "
        "power.",
        "A leak: pressure spiked to 4.2 bar, above the limit of 3.5 bar, from 12:33:11, and "
        "flow is 31.4 l/min, below 52.1-60.3 l/min."};
    static const char *const bad[] = {
        "Here pressure spiked to 3.5 bar.",
        "Here pressure spiked to 4.2 bar, below the limit of 3.5 bar.",
        "Here pressure spiked to 4.2 bar, above the limit of 4.2 bar.",
        "Here flow spiked to 31.4 l/min.",
    };
    struct facts *f = calloc(1, sizeof *f);
    struct grammar *g;
    struct grammar_masks *by;
    struct err err;
    assert_non_null(f);
    assert_ok(facts_read(STR_LIT("flow: 31.4 l/min (52.1-60.3 l/min)"), f, &err), err);
    facts_add_event(f, "pressure spike to 4.2 bar, above limit 3.5 bar, 12:33:11 to 12:40:02");
    facts_add_event(f, "all 6 sensors dropout, limit 10 s, open since 12:41:30");
    open_masks(EVIDENCE_ANY_WORDS, NULL, 0, f, &g, &by);
    assert_allows(by, good, sizeof good / sizeof *good);
    assert_refuses(by, bad, sizeof bad / sizeof *bad);
    grammar_masks_close(&by);
    grammar_close(&g);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_evidence_has_may_be_said),
        cmocka_unit_test(what_it_lacks_may_not),
        cmocka_unit_test(all_that_it_allows_of_the_evidence_passes_the_check),
        cmocka_unit_test(a_fact_is_said_with_its_own_value_and_limit),
        cmocka_unit_test(taught_words_are_whole_ones_of_a_diagnosis_or_of_the_texts),
        cmocka_unit_test(an_event_is_said_with_its_own_value_and_limit),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
