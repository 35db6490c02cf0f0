// Scoring summaries: what each metric looks for in an answer.
#include "eval/summaries.h"

#include "eval/answer_words.h"

enum { WORST, VALUE, KIND, QUIET, SUPPORTED, BRIEF, RIGHT, METRICS };

enum { SENTENCES_MAX = 6 };

static const char *const names[METRICS] = {"worst",     "value", "kind", "quiet",
                                           "supported", "brief", "right"};

static enum err_code check(const struct json_node *truth, struct err *err)
{
    struct str state = str_of(json_get_text(truth, "state"));
    const struct json_node *worst = json_get(truth, "worst");
    if (!str_is(state, "quiet") && !str_is(state, "anomalies"))
        return err_set(err, ERR_INPUT, "truth.state must be quiet or anomalies");
    if (str_is(state, "anomalies") && !json_get_text(worst, "asset")[0])
        return err_set(err, ERR_INPUT, "truth.worst must have asset, parameter, kind and value");
    return ERR_OK;
}

static size_t sentences_of(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.n; i++)
        count += (text.p[i] == '.' || text.p[i] == '!' || text.p[i] == '?') &&
                 (i + 1 == text.n || text.p[i + 1] == ' ' || text.p[i + 1] == '\n');
    return count;
}

static bool says_none(struct str answer)
{
    static const struct str phrase = {"no anomal", sizeof "no anomal" - 1};
    for (size_t i = 0; i + phrase.n <= answer.n; i++)
        if (str_eq_nocase((struct str){answer.p + i, phrase.n}, phrase))
            return true;
    return false;
}

static void judge_worst(const struct json_node *worst, struct str answer, unsigned *applied,
                        unsigned *failed)
{
    double value;
    struct str asset = str_of(json_get_text(worst, "asset"));
    struct str parameter = str_of(json_get_text(worst, "parameter"));
    struct str unit = str_of(json_get_text(worst, "unit"));
    score_note(applied, failed, WORST,
               answer_names(answer, asset) && answer_names(answer, parameter));
    if (str_to_double(str_of(json_get_text(worst, "value")), &value))
        score_note(applied, failed, VALUE, answer_cites(answer, value, unit));
    score_note(applied, failed, KIND,
               answer_mentions(answer, str_of(json_get_text(worst, "kind"))));
}

static void judge(struct str instruction, struct str input, const struct json_node *truth,
                  struct str answer, unsigned *applied, unsigned *failed)
{
    bool quiet = str_is(str_of(json_get_text(truth, "state")), "quiet");
    if (!quiet)
        judge_worst(json_get(truth, "worst"), answer, applied, failed);
    score_note(applied, failed, QUIET, says_none(answer) == quiet);
    score_note(applied, failed, SUPPORTED, answer_is_supported(instruction, input, answer));
    score_note(applied, failed, BRIEF, sentences_of(answer) <= SENTENCES_MAX);
}

const struct score_suite score_summaries = {
    .name = "summaries",
    .metrics = names,
    .count = METRICS,
    .check = check,
    .judge = judge,
};
