// A model card: what is known of a model from its file and from the record of its run.
#ifndef FETTLE_TRAIN_CARD_H
#define FETTLE_TRAIN_CARD_H

#include "base/buf.h"
#include "base/err.h"
#include "nn/run_read.h"

struct card {
    const char *model;     // GGUF file
    const struct run *run; // that made it; NULL: not known
    const char *picture;   // file of the curves, as the card names it; NULL: none
};

// Markdown with the head that Hugging Face reads (licence, languages are left to the writer). Says
// only what is known, and names what is not.
enum err_code card_write(const struct card *c, struct buf *out, struct err *err);

#endif
