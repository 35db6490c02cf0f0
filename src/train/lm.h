// Trains a language model from scratch, or an adapter of one that is there: data, steps,
// evaluation, checkpoints, the run's record.
#ifndef FETTLE_TRAIN_LM_H
#define FETTLE_TRAIN_LM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"

extern const struct setting_def train_lm_settings[];

struct lm_plan {
    const struct settings *settings; // that the plan was read from
    struct nn_shape shape;           // V is the tokenizer's
    const char *train_paths, *eval_paths, *tokenizer_path;
    bool answers_only;
    uint32_t rows, batch_tokens; // of one pass; of a step, at least
    double epochs;               // used when steps is 0
    struct nn_schedule schedule;
    struct nn_optimizer optimizer;
    uint64_t seed;
    unsigned threads;
    enum gemm_precision precision;
    bool recompute;
    uint64_t stop; // step to end at, with the schedule's rate there; 0: at its end
    uint64_t eval_every, checkpoint_every, patience; // steps; evaluations without a better one
    const char *format, *name;                       // of the file that comes out

    // Not "": the model whose weights are learned on; its shape but for the context, and its
    // tokenizer, are used.
    const char *from;

    // With `base` not "", an adapter of that model is trained, whose weights stay as they are; the
    // shape but for the context, and the tokenizer, are the base's.
    const char *base;
    const char *adapted; // names of matrices, separated by commas
    uint32_t rank;
    float alpha, dropout;
};

// From the settings; ERR_USAGE names what does not fit together.
enum err_code lm_plan_read(const struct settings *s, struct lm_plan *out, struct err *err);

struct lm_progress {
    uint64_t step, steps;
    double loss; // mean over the targets of this step
    double rate, gradient_norm, tokens_per_s;
    double eval_loss; // of the latest evaluation; NaN before
    double left_s;    // seconds, as far as can be told
};

// False stops the run: a checkpoint is written and ERR_CANCELLED comes back.
typedef bool lm_progress_fn(void *arg, const struct lm_progress *p);

struct lm_files {
    const char *out;  // the model or adapter: the best by evaluation, else the last
    const char *runs; // folder of runs
    bool resume;      // go on from the checkpoint beside `out`
};

struct lm_result {
    uint64_t steps, parameters, tokens, train_documents, eval_documents, skipped;
    double loss, eval_loss, best_eval_loss; // NaN: none
    double tokens_per_s;
    bool stopped_early;
    char run_id[33];
};

// The checkpoint is OUT with ".checkpoint.gguf" in place of ".gguf"; it goes when the run ends.
enum err_code train_lm(const struct lm_plan *plan, const struct lm_files *files,
                       lm_progress_fn *progress, void *arg, struct lm_result *result,
                       struct err *err);

#endif
