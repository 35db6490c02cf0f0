// Scoring answers to diagnostics.
#include "eval/diagnoses.h"

#include <math.h>
#include <stdlib.h>

#include "diagnose/causes.h"
#include "diagnose/claims.h"
#include "diagnose/event_words.h"
#include "diagnose/facts.h"
#include "eval/answer_words.h"

static const char *const names[] = {
#define X(NAME, name) #name,
    DIAGNOSES_METRICS(X)
#undef X
};

// ---- what an answer has ----

// The deciding value, and the limit that it breaks; a state is cited by its word.
static bool cites_deciding(struct str answer, const struct json_node *deciding)
{
    struct str unit = str_of(json_get_text(deciding, "unit"));
    struct str text = str_of(json_get_text(deciding, "value"));
    double low = json_get_number(deciding, "low"), high = json_get_number(deciding, "high"), value;
    if (!str_to_double(text, &value))
        return cause_words_match(answer, text.p) || memmem(answer.p, answer.n, text.p, text.n);
    if (!answer_cites(answer, value, unit))
        return false;
    return !(value < low && !answer_cites(answer, low, unit)) &&
           !(value > high && !answer_cites(answer, high, unit));
}

static uint64_t expected_causes(const struct json_node *truth)
{
    uint64_t set = 0;
    const struct json_node *list = json_get(truth, "causes");
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next) {
        const struct cause *c = cause_find(n->text);
        set |= c ? (uint64_t)1 << (c - causes) : 0;
    }
    return set;
}

static bool is_supported(struct str instruction, struct str input, struct str answer)
{
    struct facts *facts = calloc(1, sizeof *facts);
    struct claim claims[CLAIMS_MAX];
    struct str texts[] = {instruction, input};
    size_t count;
    if (!facts || facts_read(input, facts, NULL) != ERR_OK) {
        free(facts);
        return false;
    }
    facts_join_known(facts);
    facts_read_events(facts, input);
    size_t bad = claims_check(answer, facts, texts, 2, claims, &count);
    free(facts);
    return bad == 0;
}

void diagnoses_judge(struct str instruction, struct str input, const struct json_node *truth,
                     struct str answer, unsigned *applied, unsigned *failed)
{
    struct str state = str_of(json_get_text(truth, "state"));
    uint64_t named = causes_named(answer);
    *applied = *failed = 0;
    if (str_is(state, "incomplete")) {
        const struct json_node *missing = json_get(truth, "missing");
        bool good = answer_asks(answer);
        for (const struct json_node *n = missing ? missing->first : NULL; n; n = n->next)
            good = good && answer_mentions(answer, n->text);
        score_note(applied, failed, DIAGNOSES_ASKS, good);
    } else {
        score_note(applied, failed, DIAGNOSES_NO_ASKING, !answer_asks(answer));
    }
    if (str_is(state, "fault")) {
        const struct json_node *deciding = json_get(truth, "deciding");
        bool cited = true;
        for (const struct json_node *n = deciding ? deciding->first : NULL; n; n = n->next)
            cited = cited && cites_deciding(answer, n);
        score_note(applied, failed, DIAGNOSES_CAUSE, named == expected_causes(truth));
        score_note(applied, failed, DIAGNOSES_EVIDENCE, cited);
    }
    if (str_is(state, "normal"))
        score_note(applied, failed, DIAGNOSES_NORMAL, answer_says_normal(answer) && named == 0);
    score_note(applied, failed, DIAGNOSES_SUPPORTED, is_supported(instruction, input, answer));
}

// The causes of the truth are known ones and its state is one of the three.
static enum err_code check_truth(const struct json_node *truth, struct err *err)
{
    const struct json_node *list = json_get(truth, "causes");
    struct str state = str_of(json_get_text(truth, "state"));
    if (!str_is(state, "fault") && !str_is(state, "normal") && !str_is(state, "incomplete"))
        return err_set(err, ERR_INPUT, "truth.state must be fault, normal or incomplete");
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next)
        if (!cause_find(n->text))
            return err_set(err, ERR_INPUT, "truth.causes has the unknown cause %.*s",
                           STR_ARG(n->text));
    return ERR_OK;
}

const struct score_suite score_diagnostics = {
    .name = "diagnostics",
    .metrics = names,
    .count = DIAGNOSES_METRIC_COUNT,
    .confided = 1u << DIAGNOSES_CAUSE | 1u << DIAGNOSES_ASKS | 1u << DIAGNOSES_NO_ASKING |
                1u << DIAGNOSES_NORMAL,
    .check = check_truth,
    .judge = diagnoses_judge,
};
