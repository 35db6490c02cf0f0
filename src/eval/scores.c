// Scoring a file of cases, and reporting.
#include "eval/scores.h"

#include <math.h>

#include "base/arena.h"
#include "eval/case_lines.h"

void score_note(unsigned *applied, unsigned *failed, unsigned metric, bool good)
{
    *applied |= 1u << metric;
    *failed |= good ? 0 : 1u << metric;
}

// ---- files ----

// `confidence`: of the answer; NULL or no number: none.
static void count_case(const struct json_node *c, struct str answer,
                       const struct json_node *confidence, uint64_t line, struct score_report *out)
{
    unsigned applied = 0, failed = 0;
    out->suite->judge(str_of(json_get_text(c, "instruction")), str_of(json_get_text(c, "input")),
                      json_get(c, "truth"), answer, &applied, &failed);
    score_note(&applied, &failed, (unsigned)out->suite->count - 1, failed == 0);
    out->cases++;
    if (out->suite->confided && confidence && confidence->type == JSON_NUMBER)
        calibration_add(&out->calibration, confidence->number, !(failed & out->suite->confided));
    for (size_t m = 0; m < out->suite->count; m++) {
        out->metrics[m].of += applied >> m & 1;
        out->metrics[m].good += (applied & ~failed) >> m & 1;
    }
    if (failed && out->failure_count < SCORE_FAILURES_MAX) {
        struct score_failure *f = &out->failures[out->failure_count++];
        f->line = line;
        f->failed = failed;
        str_copy(f->answer, sizeof f->answer, answer);
    }
}

static enum err_code score_all(struct case_lines *cases, struct case_lines *answers,
                               struct arena *arena, struct score_report *out, struct err *err)
{
    for (;;) {
        struct json_node *c, *a = NULL;
        arena_reset(arena);
        enum err_code code = case_lines_next(cases, arena, &c, err);
        if (code == ERR_OK && c) {
            code = out->suite->check(json_get(c, "truth"), err);
            if (code != ERR_OK)
                return err_prefix(err, "%s:%llu", cases->path, (unsigned long long)cases->line);
        }
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
        const struct json_node *confidence = a ? json_get(a, "confidence") : NULL;
        if (confidence && confidence->type == JSON_NUMBER &&
            !(confidence->number >= 0 && confidence->number <= 1))
            return err_set(err, ERR_INPUT, "%s:%llu: confidence %g: 0 to 1 expected", answers->path,
                           (unsigned long long)answers->line, confidence->number);
        struct str answer = str_of(a ? json_get_text(a, "answer") : json_get_text(c, "output"));
        count_case(c, answer, confidence, cases->line, out);
    }
}

static enum err_code score(const struct score_suite *suite, const char *cases,
                           struct case_lines *answers, struct score_report *out, struct err *err)
{
    struct case_lines c = {0};
    struct arena *arena = arena_open(CASE_BYTES_MAX);
    *out = (struct score_report){.suite = suite};
    enum err_code code = arena ? case_lines_open(&c, cases, err)
                               : err_set(err, ERR_NO_MEMORY, "no memory for the cases");
    if (code == ERR_OK)
        code = score_all(&c, answers, arena, out, err);
    case_lines_close(&c);
    arena_close(&arena);
    return code;
}

enum err_code score_file(const struct score_suite *suite, const char *cases, const char *answers,
                         struct score_report *out, struct err *err)
{
    struct case_lines a = {0};
    enum err_code code = answers ? case_lines_open(&a, answers, err) : ERR_OK;
    if (code == ERR_OK)
        code = score(suite, cases, &a, out, err);
    case_lines_close(&a);
    return code;
}

enum err_code score_lines(const struct score_suite *suite, const char *cases, struct str answers,
                          struct score_report *out, struct err *err)
{
    struct case_lines a = {.path = "the answers", .rest = answers};
    return score(suite, cases, &a, out, err);
}

// ---- reports ----

void score_text(const struct score_report *r, struct buf *to)
{
    enum { SHOWN = 10 };
    const char *const *names = r->suite->metrics;
    buf_printf(to, "%llu cases\n", (unsigned long long)r->cases);
    for (size_t m = 0; m < r->suite->count; m++)
        if (r->metrics[m].of)
            buf_printf(to, "%-10s %6.2f %%  (%llu of %llu)\n", names[m],
                       100 * (double)r->metrics[m].good / (double)r->metrics[m].of,
                       (unsigned long long)r->metrics[m].good,
                       (unsigned long long)r->metrics[m].of);
    calibration_text(&r->calibration, to);
    for (size_t i = 0; i < r->failure_count && i < SHOWN; i++) {
        buf_printf(to, "line %llu fails", (unsigned long long)r->failures[i].line);
        for (size_t m = 0; m + 1 < r->suite->count; m++)
            if (r->failures[i].failed >> m & 1)
                buf_printf(to, " %s", names[m]);
        buf_printf(to, ": %s\n", r->failures[i].answer);
    }
}

static void failure_json(const struct score_suite *suite, const struct score_failure *f,
                         struct json_out *to)
{
    json_object(to);
    json_key_int(to, "line", (int64_t)f->line);
    json_key(to, "failed");
    json_array(to);
    for (size_t m = 0; m + 1 < suite->count; m++)
        if (f->failed >> m & 1)
            json_text(to, suite->metrics[m]);
    json_end(to);
    json_key_text(to, "answer", f->answer);
    json_end(to);
}

void score_json(const struct score_report *r, struct json_out *to)
{
    json_key_int(to, "cases", (int64_t)r->cases);
    for (size_t m = 0; m < r->suite->count; m++) {
        double of = (double)r->metrics[m].of;
        json_key(to, r->suite->metrics[m]);
        json_object(to);
        json_key_int(to, "good", (int64_t)r->metrics[m].good);
        json_key_int(to, "of", (int64_t)r->metrics[m].of);
        json_key_real(to, "share", of > 0 ? (double)r->metrics[m].good / of : NAN);
        json_end(to);
    }
    if (calibration_result(&r->calibration).answers) {
        json_key(to, "confidence");
        calibration_json(&r->calibration, to);
    }
    json_key(to, "failures");
    json_array(to);
    for (size_t i = 0; i < r->failure_count; i++)
        failure_json(r->suite, &r->failures[i], to);
    json_end(to);
}
