// Scoring support: what each metric looks for in an answer.
#include "eval/support.h"

#include "diagnose/causes.h"
#include "eval/answer_words.h"

enum { TERMS, CITES, UNKNOWN, ASKS, SUPPORTED, RIGHT, METRICS };

static const char *const names[METRICS] = {"terms", "cites",     "unknown",
                                           "asks",  "supported", "right"};

static enum err_code check(const struct json_node *truth, struct err *err)
{
    struct str state = str_of(json_get_text(truth, "state"));
    if (!str_is(state, "answered") && !str_is(state, "unknown") && !str_is(state, "asks"))
        return err_set(err, ERR_INPUT, "truth.state must be answered, unknown or asks");
    if (str_is(state, "answered") && !json_get_text(truth, "cite")[0])
        return err_set(err, ERR_INPUT, "truth.cite must say which document, as [1]");
    return ERR_OK;
}

static bool mentions_all(struct str answer, const struct json_node *list)
{
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next)
        if (!answer_mentions(answer, n->text))
            return false;
    return true;
}

// "[2]" and no other number in such brackets.
static bool cites_only(struct str answer, struct str cite)
{
    bool found = false;
    for (size_t i = 0; i + 2 < answer.n; i++) {
        if (answer.p[i] != '[' || answer.p[i + 1] < '0' || answer.p[i + 1] > '9')
            continue;
        if (!str_starts((struct str){answer.p + i, answer.n - i}, cite))
            return false;
        found = true;
    }
    return found;
}

static void judge(struct str instruction, struct str input, const struct json_node *truth,
                  struct str answer, unsigned *applied, unsigned *failed)
{
    const struct str unknown =
        STR_LIT("not say|not answer|not cover|not mention|nothing about|not something");
    struct str state = str_of(json_get_text(truth, "state"));
    if (str_is(state, "answered")) {
        score_note(applied, failed, TERMS, mentions_all(answer, json_get(truth, "terms")));
        score_note(applied, failed, CITES,
                   cites_only(answer, str_of(json_get_text(truth, "cite"))));
    } else if (str_is(state, "unknown")) {
        score_note(applied, failed, UNKNOWN, answer_mentions(answer, unknown));
    } else {
        score_note(applied, failed, ASKS,
                   answer_asks(answer) && mentions_all(answer, json_get(truth, "missing")));
    }
    score_note(applied, failed, SUPPORTED, answer_is_supported(instruction, input, answer));
}

const struct score_suite score_support = {
    .name = "support",
    .metrics = names,
    .count = METRICS,
    .check = check,
    .judge = judge,
};
