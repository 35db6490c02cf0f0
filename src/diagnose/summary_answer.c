// Checks a summary against its facts.
#include "diagnose/summary_answer.h"

#include <math.h>
#include <string.h>

#include "diagnose/claims.h"

static bool has(struct str text, struct str part)
{
    for (size_t i = 0; part.n && i + part.n <= text.n; i++)
        if (str_eq_nocase((struct str){text.p + i, part.n}, part))
            return true;
    return false;
}

static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\n')
            return false;
    return str_is_utf8(s);
}

// The value of the worst line as it is written there, without its unit.
static void worst_value(const struct summary_line *l, char out[SUMMARY_PHRASE_BYTES])
{
    if (l->kind == ANOMALY_DROPOUT)
        summary_duration_text(l->silent_us, out);
    else
        summary_value_text(l->value, summary_line_edge(l), "", out);
}

static enum err_code check_worst(const struct summary_facts *f, struct str answer, struct err *err)
{
    const struct summary_line *l = &f->lines[0];
    char value[SUMMARY_PHRASE_BYTES];
    worst_value(l, value);
    if (!has(answer, str_of(l->sensor->asset_name)) || !has(answer, str_of(l->sensor->parameter)))
        return err_set(err, ERR_INPUT, "the model's summary does not mention %s %s",
                       l->sensor->asset_name, l->sensor->parameter);
    if (value[0] && !has(answer, str_of(value)))
        return err_set(err, ERR_INPUT, "the model's summary does not say %s of %s %s", value,
                       l->sensor->asset_name, l->sensor->parameter);
    return ERR_OK;
}

static enum err_code check_claims(struct str lines, struct str answer, struct err *err)
{
    struct claim claims[CLAIMS_MAX];
    size_t count;
    if (claims_check(answer, NULL, &lines, 1, claims, &count) == 0)
        return ERR_OK;
    for (size_t i = 0; i < count; i++)
        if (!claims[i].supported)
            return err_set(err, ERR_INPUT, "the model's summary says %.*s, which no fact does",
                           STR_ARG(claims[i].text));
    return err_set(err, ERR_INPUT, "the model's summary says more than can be checked");
}

enum err_code summary_answer_check(const struct summary_facts *f, struct str lines,
                                   struct str answer, struct err *err)
{
    bool says_none = has(answer, STR_LIT("no anomal"));
    if (str_trim(answer).n == 0 || !is_text(answer))
        return err_set(err, ERR_INPUT, "the model's summary is %s", answer.n ? "no text" : "empty");
    if (f->anomalies == 0 && !says_none)
        return err_set(err, ERR_INPUT, "the model's summary does not say that all is quiet");
    if (f->anomalies > 0 && says_none)
        return err_set(err, ERR_INPUT, "the model's summary calls the window quiet");
    enum err_code code = f->anomalies ? check_worst(f, answer, err) : ERR_OK;
    return code == ERR_OK ? check_claims(lines, answer, err) : code;
}
