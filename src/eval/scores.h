// Scores answers to cases by exact rules, with nobody's judgement in them.
//
// A case is a line of JSON as the data factory writes it (docs/data-factory.md): `instruction`,
// `input`, `output`, `truth`. A suite is the rules for one task.
#ifndef FETTLE_EVAL_SCORES_H
#define FETTLE_EVAL_SCORES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "eval/calibration.h"

enum { SCORE_METRICS_MAX = 8, SCORE_FAILURES_MAX = 50, SCORE_TEXT_BYTES = 400 };

struct score_suite {
    const char *name;
    const char *const *metrics; // the last one, "right", is all the others
    size_t count;
    unsigned confided; // the set of metrics that an answer's confidence promises; 0: none
    // ERR_INPUT says what is wrong with a truth.
    enum err_code (*check)(const struct json_node *truth, struct err *err);
    // The set of metrics that apply to a case (bit m: metric m), and of those that fail.
    void (*judge)(struct str instruction, struct str input, const struct json_node *truth,
                  struct str answer, unsigned *applied, unsigned *failed);
};

struct score_report {
    const struct score_suite *suite;
    uint64_t cases;
    struct {
        uint64_t of, good;
    } metrics[SCORE_METRICS_MAX];
    struct calibration calibration; // of the answers that come with a confidence
    // The first answers that are not right.
    struct score_failure {
        uint64_t line;
        unsigned failed; // bit m: metric m
        char answer[SCORE_TEXT_BYTES];
    } failures[SCORE_FAILURES_MAX];
    size_t failure_count;
};

// `answers` is a file of JSON lines with `answer` (and `confidence`), one for each case in order;
// NULL scores the cases' own `output`, which shows what the rules hold of the reference. ERR_INPUT
// names file and line. About 30 KiB: keep the report off small stacks.
enum err_code score_file(const struct score_suite *suite, const char *cases, const char *answers,
                         struct score_report *out, struct err *err);

// The same with the answers' lines in memory.
enum err_code score_lines(const struct score_suite *suite, const char *cases, struct str answers,
                          struct score_report *out, struct err *err);

// For judges: the metric applies, and holds or not.
void score_note(unsigned *applied, unsigned *failed, unsigned metric, bool good);

void score_text(const struct score_report *r, struct buf *to);
void score_json(const struct score_report *r, struct json_out *to); // within an object

#endif
