// Checks a summary against its facts.
#include "diagnose/summary_answer.h"

#include <string.h>

#include "diagnose/claims.h"

enum { TEXTS_MAX = 16 };

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

// What a sentence may say: the lines about the whole window, and those of the assets it names.
static size_t texts_for(const struct summary_facts *f, struct str lines, struct str sentence,
                        struct str out[TEXTS_MAX])
{
    size_t count = 0, anomaly = 0, shown = summary_facts_shown(f);
    bool listed = false; // the lines of the anomalies have begun
    while (lines.p && lines.n && count < TEXTS_MAX) {
        struct str line = str_cut(&lines, '\n');
        if (listed && anomaly < shown) {
            const struct summary_line *l = &f->lines[anomaly++];
            if (has(sentence, str_of(l->sensor->asset_name)))
                out[count++] = line;
            continue;
        }
        listed |= str_starts(line, STR_LIT("- anomalies: "));
        out[count++] = line;
    }
    return count;
}

// The next sentence: up to a full stop before a blank or the end.
static struct str cut_sentence(struct str *rest)
{
    size_t n = 0;
    while (n < rest->n && !(rest->p[n] == '.' &&
                            (n + 1 == rest->n || rest->p[n + 1] == ' ' || rest->p[n + 1] == '\n')))
        n++;
    n += n < rest->n;
    struct str sentence = {rest->p, n};
    *rest = (struct str){rest->p + n, rest->n - n};
    return sentence;
}

static enum err_code check_claims(const struct summary_facts *f, struct str lines,
                                  struct str answer, struct err *err)
{
    while (answer.n) {
        struct claim claims[CLAIMS_MAX];
        struct str texts[TEXTS_MAX], sentence = cut_sentence(&answer);
        size_t text_count = texts_for(f, lines, sentence, texts), count;
        if (claims_check(sentence, NULL, texts, text_count, claims, &count) == 0)
            continue;
        for (size_t i = 0; i < count; i++)
            if (!claims[i].supported)
                return err_set(err, ERR_INPUT,
                               "the model's summary says %.*s, which no fact about this does",
                               STR_ARG(claims[i].text));
        return err_set(err, ERR_INPUT, "the model's summary says more than can be checked");
    }
    return ERR_OK;
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
    return code == ERR_OK ? check_claims(f, lines, answer, err) : code;
}
