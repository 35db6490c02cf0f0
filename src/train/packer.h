// Packs documents into batches, in an order that a seed and the epoch decide.
#ifndef FETTLE_TRAIN_PACKER_H
#define FETTLE_TRAIN_PACKER_H

#include "nn/decoder.h"
#include "train/examples.h"

// A place in the data: what a checkpoint remembers.
struct packer_place {
    uint64_t epoch;    // from 0
    uint64_t document; // of the epoch's order, that comes next
};

struct packer {
    const struct examples *from;
    size_t rows; // of a batch, at most; not less than the context
    uint64_t seed;
    bool shuffles;
    struct packer_place place;
    uint64_t *order; // of the epoch

    int32_t *tokens, *targets;
    uint32_t *starts;
};

enum err_code packer_open(const struct examples *from, size_t rows, uint64_t seed, bool shuffles,
                          struct packer *out, struct err *err);
void packer_close(struct packer *p);

// Goes to a place; from there on the batches are those that came there before.
void packer_go(struct packer *p, struct packer_place place);

// The next batch: documents while they fit, within one epoch. Valid until the next call. False at
// the end of the epoch; then the place is the start of the next. `targets` counts rows with one.
bool packer_next(struct packer *p, struct nn_batch *out, size_t *targets);

#endif
