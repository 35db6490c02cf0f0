// Has a model answer the cases of a diagnostics file, several at once.
#ifndef FETTLE_EVAL_DIAGNOSES_ANSWER_H
#define FETTLE_EVAL_DIAGNOSES_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_out.h"

struct diagnoses_plan {
    const char *cases;
    const char *model;   // a GGUF file
    bool raw;            // the model reads the logs themselves, not the facts prepared from them
    bool checked;        // claims are checked and rewritten as fettle diagnose does
    unsigned threads;    // 0: as explain_threads
    uint32_t max_tokens; // of an answer; 0: 256
    bool (*progress)(void *arg, uint64_t done, uint64_t total); // false ends with ERR_CANCELLED
    void *arg;
};

// How the answers came about.
struct diagnoses_run {
    uint64_t cases;
    uint64_t prompt_tokens, tokens;
    uint64_t regenerated, cut; // answers
    double seconds;            // in all, the loading of the model left out
};

// Appends a line {"answer": ...} for each case, in order; with `checked` also "confidence". The
// answers depend on model, case and options alone. ERR_INPUT: a line that is no case; with `raw`,
// one whose input is prepared already. ERR_LIMIT: a case that does not fit the model's context.
enum err_code diagnoses_answer(const struct diagnoses_plan *plan, struct buf *lines,
                               struct diagnoses_run *run, struct err *err);

void diagnoses_run_text(const struct diagnoses_run *r, struct buf *to);
void diagnoses_run_json(const struct diagnoses_run *r, struct json_out *to); // within an object

#endif
