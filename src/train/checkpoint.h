// All that a run needs to go on as if it had never stopped, in one GGUF file.
#ifndef FETTLE_TRAIN_CHECKPOINT_H
#define FETTLE_TRAIN_CHECKPOINT_H

#include "base/settings.h"
#include "nn/weights.h"
#include "train/packer.h"

struct checkpoint {
    uint64_t step; // that was finished
    uint64_t tokens;
    struct packer_place place;
    double best_eval_loss; // NaN: none yet
    uint64_t evals_since_best;
    char run_id[33];
};

// Replaces `path` by weights and moments, in floats; the file is the old or the new one at every
// moment.
enum err_code checkpoint_write(const char *path, const struct checkpoint *c,
                               const struct nn_weights *w, const struct settings *s,
                               struct err *err);

// ERR_NOT_FOUND without a file; ERR_CONFLICT names a setting of the model, the data or the seed
// that is another now.
enum err_code checkpoint_read(const char *path, struct checkpoint *c, struct nn_weights *w,
                              const struct settings *s, struct err *err);

#endif
