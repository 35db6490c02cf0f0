// A training run while it goes on.
#ifndef FETTLE_TRAIN_LM_PRIVATE_H
#define FETTLE_TRAIN_LM_PRIVATE_H

#include <limits.h>

#include "nn/run_log.h"
#include "train/checkpoint.h"
#include "train/examples.h"
#include "train/lm.h"
#include "train/model_read.h"
#include "train/packer.h"

struct lm_run {
    const struct lm_plan *plan;
    const struct lm_files *files;
    char checkpoint_path[PATH_MAX];
    uint64_t steps;
    struct gguf *model_file; // with the tokenizer, and the weights to start from or adapt
    struct tokenizer *tokenizer;
    struct chat_template *chat; // of an adapter's base; NULL: ChatML
    struct examples train, eval;
    struct nn_work k;
    struct nn_weights w;
    struct nn_adapter adapter;
    struct nn_weights *learned; // w, or the adapter's
    float rope_factors[NN_FACTORS_MAX];
    struct nn_decoder *decoder;
    struct packer packer, eval_packer;
    struct checkpoint at;
    struct run_log *log;
    struct lm_progress now;
    int64_t speed_us;
    uint64_t speed_tokens, speed_steps;
};

// The tokenizer and the examples; then the weights to learn, a decoder over them, batches. What was
// opened before an error stays, for lm_run_close.
enum err_code lm_run_open_data(struct lm_run *r, struct err *err);
enum err_code lm_run_open_model(struct lm_run *r, struct err *err);
void lm_run_close(struct lm_run *r); // all but the log

// Whether the run's files find their place: ERR_USAGE names a file that would be lost, ERR_NO_SPACE
// says how much room is missing.
enum err_code lm_run_check(const struct lm_run *r, struct err *err);

// Why a gradient is not finite: weights of the file that are no numbers, or a rate too high.
enum err_code lm_run_blame(const struct lm_run *r, uint64_t step, struct err *err);

#endif
