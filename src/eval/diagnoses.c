// Scoring answers to diagnostics.
#include "eval/diagnoses.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "diagnose/causes.h"
#include "diagnose/claims.h"
#include "diagnose/facts.h"
#include "diagnose/units.h"
#include "eval/case_lines.h"

static const char *const names[] = {
#define X(NAME, name) #name,
    DIAGNOSES_METRICS(X)
#undef X
};

// ---- what an answer has ----

static bool cites(struct str answer, double value, struct str unit)
{
    struct claim claims[CLAIMS_MAX];
    size_t n = claims_read(answer, claims, CLAIMS_MAX);
    for (size_t i = 0; i < n && i < CLAIMS_MAX; i++) {
        double found = claims[i].value;
        if (claims[i].kind != CLAIM_NUMBER)
            continue;
        if (unit.n && claims[i].unit.n && !unit_same(unit, claims[i].unit))
            found = unit_convert(found, claims[i].unit, unit);
        if (fabs(found - value) <= 1e-6 * fabs(value))
            return true;
    }
    return false;
}

// The deciding value, and the limit that it breaks; a state is cited by its word.
static bool cites_deciding(struct str answer, const struct json_node *deciding)
{
    struct str unit = str_of(json_get_text(deciding, "unit"));
    struct str text = str_of(json_get_text(deciding, "value"));
    double low = json_get_number(deciding, "low"), high = json_get_number(deciding, "high"), value;
    if (!str_to_double(text, &value))
        return cause_words_match(answer, text.p) || memmem(answer.p, answer.n, text.p, text.n);
    if (!cites(answer, value, unit))
        return false;
    return !(value < low && !cites(answer, low, unit)) &&
           !(value > high && !cites(answer, high, unit));
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The word stands in the answer, without case; '*' at its end is any ending.
static bool has_word(struct str answer, struct str word)
{
    bool any_ending = word.n && word.p[word.n - 1] == '*';
    word.n -= any_ending;
    for (size_t i = 0; i + word.n <= answer.n; i++) {
        bool begins = i == 0 || !is_letter(answer.p[i - 1]);
        bool ends = any_ending || i + word.n == answer.n || !is_letter(answer.p[i + word.n]);
        if (begins && ends && str_eq_nocase((struct str){answer.p + i, word.n}, word))
            return true;
    }
    return false;
}

// One of "supply voltage|input voltage" has all its words in the answer.
static bool mentions(struct str answer, struct str ways)
{
    while (ways.p && ways.n) {
        struct str words = str_cut(&ways, '|');
        bool all = true;
        while (words.p && words.n && all)
            all = has_word(answer, str_cut(&words, ' '));
        if (all)
            return true;
    }
    return false;
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
    size_t bad = claims_check(answer, facts, texts, 2, claims, &count);
    free(facts);
    return bad == 0;
}

static void note(unsigned *applied, unsigned *failed, enum diagnoses_metric metric, bool good)
{
    *applied |= 1u << metric;
    *failed |= good ? 0 : 1u << metric;
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
            good = good && mentions(answer, n->text);
        note(applied, failed, DIAGNOSES_ASKS, good);
    } else {
        note(applied, failed, DIAGNOSES_NO_ASKING, !answer_asks(answer));
    }
    if (str_is(state, "fault")) {
        const struct json_node *deciding = json_get(truth, "deciding");
        bool cited = true;
        for (const struct json_node *n = deciding ? deciding->first : NULL; n; n = n->next)
            cited = cited && cites_deciding(answer, n);
        note(applied, failed, DIAGNOSES_CAUSE, named == expected_causes(truth));
        note(applied, failed, DIAGNOSES_EVIDENCE, cited);
    }
    if (str_is(state, "normal"))
        note(applied, failed, DIAGNOSES_NORMAL, answer_says_normal(answer) && named == 0);
    note(applied, failed, DIAGNOSES_SUPPORTED, is_supported(instruction, input, answer));
    note(applied, failed, DIAGNOSES_RIGHT, *failed == 0);
}

// ---- files ----

// The causes of the truth are known ones and its state is one of the three.
static enum err_code check_truth(const struct case_lines *l, const struct json_node *c,
                                 struct err *err)
{
    const struct json_node *truth = json_get(c, "truth"), *list = json_get(truth, "causes");
    struct str state = str_of(json_get_text(truth, "state"));
    if (!str_is(state, "fault") && !str_is(state, "normal") && !str_is(state, "incomplete"))
        return err_set(err, ERR_INPUT, "%s:%llu: truth.state must be fault, normal or incomplete",
                       l->path, (unsigned long long)l->line);
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next)
        if (!cause_find(n->text))
            return err_set(err, ERR_INPUT, "%s:%llu: truth.causes has the unknown cause %.*s",
                           l->path, (unsigned long long)l->line, STR_ARG(n->text));
    return ERR_OK;
}

static void count_case(const struct json_node *c, struct str answer, uint64_t line,
                       struct diagnoses_report *out)
{
    unsigned applied, failed;
    diagnoses_judge(str_of(json_get_text(c, "instruction")), str_of(json_get_text(c, "input")),
                    json_get(c, "truth"), answer, &applied, &failed);
    out->cases++;
    for (int m = 0; m < DIAGNOSES_METRIC_COUNT; m++) {
        out->metrics[m].of += applied >> m & 1;
        out->metrics[m].good += (applied & ~failed) >> m & 1;
    }
    if (failed && out->failure_count < DIAGNOSES_FAILURES_MAX) {
        struct diagnoses_failure *f = &out->failures[out->failure_count++];
        f->line = line;
        f->failed = failed;
        str_copy(f->answer, sizeof f->answer, answer);
    }
}

static enum err_code score_lines(struct case_lines *cases, struct case_lines *answers,
                                 struct arena *arena, struct diagnoses_report *out, struct err *err)
{
    for (;;) {
        struct json_node *c, *a = NULL;
        arena_reset(arena);
        enum err_code code = case_lines_next(cases, arena, &c, err);
        if (code == ERR_OK && c)
            code = check_truth(cases, c, err);
        if (code == ERR_OK && answers->path)
            code = case_lines_next(answers, arena, &a, err);
        if (code != ERR_OK || (!c && !a))
            return code;
        if (answers->path && (!a || !c))
            return err_set(err, ERR_INPUT, "%s has %s answers than %s has cases", answers->path,
                           a ? "more" : "fewer", cases->path);
        if (a && !json_get(a, "answer"))
            return err_set(err, ERR_INPUT, "%s:%llu: a field \"answer\" expected", answers->path,
                           (unsigned long long)answers->line);
        struct str answer = str_of(a ? json_get_text(a, "answer") : json_get_text(c, "output"));
        count_case(c, answer, cases->line, out);
    }
}

static enum err_code score(const char *cases, struct case_lines *answers,
                           struct diagnoses_report *out, struct err *err)
{
    struct case_lines c = {0};
    struct arena *arena = arena_open(CASE_BYTES_MAX);
    *out = (struct diagnoses_report){0};
    enum err_code code = arena ? case_lines_open(&c, cases, err)
                               : err_set(err, ERR_NO_MEMORY, "no memory for the cases");
    if (code == ERR_OK)
        code = score_lines(&c, answers, arena, out, err);
    case_lines_close(&c);
    arena_close(&arena);
    return code;
}

enum err_code diagnoses_score(const char *cases, const char *answers, struct diagnoses_report *out,
                              struct err *err)
{
    struct case_lines a = {0};
    enum err_code code = answers ? case_lines_open(&a, answers, err) : ERR_OK;
    if (code == ERR_OK)
        code = score(cases, &a, out, err);
    case_lines_close(&a);
    return code;
}

enum err_code diagnoses_score_lines(const char *cases, struct str answers,
                                    struct diagnoses_report *out, struct err *err)
{
    struct case_lines a = {.path = "the answers", .rest = answers};
    return score(cases, &a, out, err);
}

// ---- reports ----

void diagnoses_text(const struct diagnoses_report *r, struct buf *to)
{
    enum { SHOWN = 10 };
    buf_printf(to, "%llu cases\n", (unsigned long long)r->cases);
    for (int m = 0; m < DIAGNOSES_METRIC_COUNT; m++)
        if (r->metrics[m].of)
            buf_printf(to, "%-10s %6.2f %%  (%llu of %llu)\n", names[m],
                       100 * (double)r->metrics[m].good / (double)r->metrics[m].of,
                       (unsigned long long)r->metrics[m].good,
                       (unsigned long long)r->metrics[m].of);
    for (size_t i = 0; i < r->failure_count && i < SHOWN; i++) {
        buf_printf(to, "line %llu fails", (unsigned long long)r->failures[i].line);
        for (int m = 0; m < DIAGNOSES_RIGHT; m++)
            if (r->failures[i].failed >> m & 1)
                buf_printf(to, " %s", names[m]);
        buf_printf(to, ": %s\n", r->failures[i].answer);
    }
}

void diagnoses_json(const struct diagnoses_report *r, struct json_out *to)
{
    json_key_int(to, "cases", (int64_t)r->cases);
    for (int m = 0; m < DIAGNOSES_METRIC_COUNT; m++) {
        double of = (double)r->metrics[m].of;
        json_key(to, names[m]);
        json_object(to);
        json_key_int(to, "good", (int64_t)r->metrics[m].good);
        json_key_int(to, "of", (int64_t)r->metrics[m].of);
        json_key_real(to, "share", of > 0 ? (double)r->metrics[m].good / of : NAN);
        json_end(to);
    }
    json_key(to, "failures");
    json_array(to);
    for (size_t i = 0; i < r->failure_count; i++) {
        json_object(to);
        json_key_int(to, "line", (int64_t)r->failures[i].line);
        json_key(to, "failed");
        json_array(to);
        for (int m = 0; m < DIAGNOSES_RIGHT; m++)
            if (r->failures[i].failed >> m & 1)
                json_text(to, names[m]);
        json_end(to);
        json_key_text(to, "answer", r->failures[i].answer);
        json_end(to);
    }
    json_end(to);
}
