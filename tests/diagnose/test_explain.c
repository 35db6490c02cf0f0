// Diagnoses by a tiny model that was taught its answers: what is shown, checked and written anew.
#include "diagnose/explain.h"

#include <stdlib.h>

#include "taught.h"

static const char reset_question[] = "Diagnose the intermittent resets.";
static const char reset_facts[] = "- V_IN: 8.4 V, below 10-30 V, flag LOW\n- REF_CHK: FAIL";

#define FORTY_E "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

static const struct parrot_lesson lessons[] = {
    {reset_question, reset_facts,
     "The supply voltage is too low. V_IN is 8.4 V, below the range of 10-30 V. Check the supply."},
    {"What howls?", "- FAN: 3 rpm",
     "The fan is " FORTY_E FORTY_E FORTY_E FORTY_E FORTY_E "loud. Check it."},
    {"Is all well?", "- T_OUT: 45 C, within max 80 C", "No fault. T_OUT is 45 C, within max 80 C."},
};

static struct taught taught;

static int open_all(void **state)
{
    (void)state;
    taught_open(&taught, lessons, sizeof lessons / sizeof *lessons, 4, 8);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    taught_close(&taught);
    return 0;
}

static struct facts *facts_of(const char *log)
{
    struct facts *f = calloc(1, sizeof *f);
    struct err err;
    assert_non_null(f);
    assert_ok(facts_read(str_of(log), f, &err), err);
    return f;
}

static struct explanation *explained(const struct explain_request *r, struct explained *out)
{
    struct explanation *x;
    struct err err;
    assert_ok(explain_begin(&taught.model, r, &x, &err), err);
    assert_ok(explain_finish(x, &err), err);
    explain_result(x, out);
    return x;
}

static void a_supported_answer_is_given_as_the_model_wrote_it(void **state)
{
    (void)state;
    struct facts *f = facts_of(reset_facts);
    struct explain_request r = {
        .question = str_of(reset_question), .reading = str_of(reset_facts), .facts = f};
    struct explained e;
    struct explanation *x = explained(&r, &e);
    assert_true(str_is(e.text, lessons[0].answer));
    assert_false(e.regenerated);
    assert_false(e.cut);
    assert_int_equal(e.unsupported, 0);
    assert_int_equal(e.claim_count, 4); // V_IN, 8.4 V, 10 and 30 V
    assert_int_equal(e.drawn_count, 0); // none were asked for
    assert_true(e.first_token_us > 0);
    explain_free(&x);
    free(f);
}

// Asked about 7.9 V and 11-29 V it still says 8.4 V: what it was taught.
static const char other_facts[] = "- V_IN: 7.9 V, below 11-29 V, flag LOW\n- REF_CHK: FAIL";

static void an_unsupported_number_is_written_anew_from_the_evidence(void **state)
{
    (void)state;
    struct facts *f = facts_of(other_facts);
    struct explain_request r = {
        .question = str_of(reset_question), .reading = str_of(other_facts), .facts = f};
    struct explained e;
    r.unchecked = true;
    struct explanation *x = explained(&r, &e);
    assert_true(e.unsupported > 0);
    assert_false(e.regenerated);
    explain_free(&x);
    r.unchecked = false;
    x = explained(&r, &e);
    assert_true(e.regenerated);
    assert_int_equal(e.unsupported, 0);
    assert_true(str_starts(e.text, STR_LIT("The supply voltage is too low."))); // was supported
    assert_null(memmem(e.text.p, e.text.n, "8.4", 3));
    explain_free(&x);
    free(f);
}

static void what_is_shown_piece_by_piece_is_the_answer_and_never_unsupported(void **state)
{
    (void)state;
    struct facts *f = facts_of(other_facts);
    struct explain_request r = {
        .question = str_of(reset_question), .reading = str_of(other_facts), .facts = f};
    struct explanation *x;
    struct explained e;
    struct buf shown = {0};
    struct err err;
    enum explain_state at = EXPLAIN_GOES_ON;
    assert_ok(explain_begin(&taught.model, &r, &x, &err), err);
    while (at != EXPLAIN_OVER) {
        assert_ok(explain_step(x, &shown, NULL, &at, &err), err);
        explain_wait(x, 1000);
    }
    explain_result(x, &e);
    assert_true(str_eq(buf_str(&shown), e.text));
    buf_free(&shown);
    explain_free(&x);
    free(f);
}

// What is written anew ends at the same place, however much of it came at once.
static void taken_whole_or_in_pieces_it_is_the_same_answer(void **state)
{
    (void)state;
    struct facts *f = facts_of(other_facts);
    struct explain_request r = {
        .question = str_of(reset_question), .reading = str_of(other_facts), .facts = f};
    struct explained pieces, whole;
    struct explanation *x = explained(&r, &pieces);
    r.whole = true;
    struct explanation *y = explained(&r, &whole);
    assert_true(pieces.regenerated && whole.regenerated);
    assert_true(str_eq(pieces.text, whole.text));
    assert_true(str_starts(pieces.text, STR_LIT("The supply voltage is too low.")));
    explain_free(&x);
    explain_free(&y);
    free(f);
}

static void without_facts_the_question_is_the_evidence(void **state)
{
    (void)state;
    struct explain_request r = {.question = str_of(reset_question),
                                .reading = STR_LIT("- V_IN: 7.9 V, below 11-29 V, flag LOW")};
    struct explained e;
    struct explanation *x = explained(&r, &e);
    assert_true(e.regenerated);
    assert_null(memmem(e.text.p, e.text.n, "8.4", 3));
    explain_free(&x);
}

static void the_same_request_gives_the_same_bytes_in_company(void **state)
{
    (void)state;
    enum { N = 6 };
    struct facts *f = facts_of(other_facts);
    struct explain_request r = {.question = str_of(reset_question),
                                .reading = str_of(other_facts),
                                .facts = f,
                                .temperature = 2,
                                .seed = 7,
                                .max_tokens = 60};
    struct explanation *x[N];
    struct explained first, other;
    struct err err;
    for (int i = 0; i < N; i++) {
        r.seed = i == N - 1 ? 8 : 7;
        assert_ok(explain_begin(&taught.model, &r, &x[i], &err), err);
    }
    for (int i = 0; i < N; i++)
        assert_ok(explain_finish(x[i], &err), err);
    explain_result(x[0], &first);
    for (int i = 1; i < N; i++) {
        explain_result(x[i], &other);
        assert_int_equal(str_eq(first.text, other.text), i < N - 1);
    }
    for (int i = 0; i < N; i++)
        explain_free(&x[i]);
    free(f);
}

static void a_word_without_end_is_written_anew(void **state)
{
    (void)state;
    struct facts *f = facts_of("- FAN: 3 rpm");
    struct explain_request r = {
        .question = str_of("What howls?"), .reading = str_of("- FAN: 3 rpm"), .facts = f};
    struct explained e;
    r.unchecked = true;
    struct explanation *x = explained(&r, &e);
    assert_non_null(memmem(e.text.p, e.text.n, FORTY_E FORTY_E FORTY_E FORTY_E, 160));
    explain_free(&x);
    r.unchecked = false;
    x = explained(&r, &e);
    assert_true(e.regenerated);
    explain_free(&x);
    free(f);
}

static void an_answer_that_is_cut_says_so(void **state)
{
    (void)state;
    struct explain_request r = {
        .question = str_of(reset_question), .reading = str_of(reset_facts), .max_tokens = 5};
    struct explained e;
    struct explanation *x = explained(&r, &e);
    assert_true(e.cut);
    assert_true(e.text.n > 0 && e.text.n < strlen(lessons[0].answer));
    explain_free(&x);
}

static void what_does_not_fit_is_refused_with_numbers(void **state)
{
    (void)state;
    struct buf many = {0};
    struct explanation *x;
    struct err err;
    for (int i = 0; i < 2000; i++)
        buf_printf(&many, "T_%d: 4 C\n", i);
    struct explain_request r = {.question = STR_LIT("Why?"), .reading = buf_str(&many)};
    assert_int_equal(explain_begin(&taught.model, &r, &x, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "512"));
    assert_null(x);
    // Nor is a prompt taken behind which an answer would be cut at once.
    r = (struct explain_request){.question = STR_LIT("Why?"), .reading = {many.p, 500}};
    assert_int_equal(explain_begin(&taught.model, &r, &x, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "no room for an answer"));
    r.max_tokens = 8;
    assert_ok(explain_begin(&taught.model, &r, &x, &err), err);
    explain_free(&x);
    r = (struct explain_request){.question = buf_str(&many)};
    assert_int_equal(explain_begin(&taught.model, &r, &x, &err), ERR_LIMIT);
    r = (struct explain_request){.question = STR_LIT("Why?"), .max_tokens = 1u << 20};
    assert_int_equal(explain_begin(&taught.model, &r, &x, &err), ERR_USAGE);
    buf_free(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_supported_answer_is_given_as_the_model_wrote_it),
        cmocka_unit_test(an_unsupported_number_is_written_anew_from_the_evidence),
        cmocka_unit_test(what_is_shown_piece_by_piece_is_the_answer_and_never_unsupported),
        cmocka_unit_test(taken_whole_or_in_pieces_it_is_the_same_answer),
        cmocka_unit_test(without_facts_the_question_is_the_evidence),
        cmocka_unit_test(the_same_request_gives_the_same_bytes_in_company),
        cmocka_unit_test(a_word_without_end_is_written_anew),
        cmocka_unit_test(an_answer_that_is_cut_says_so),
        cmocka_unit_test(what_does_not_fit_is_refused_with_numbers),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
