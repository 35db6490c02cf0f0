// How blocks of weights are laid out: shared by weights and adapters.
#ifndef FETTLE_NN_WEIGHTS_PRIVATE_H
#define FETTLE_NN_WEIGHTS_PRIVATE_H

#include "nn/weights.h"

// Adds a tensor to the table, which has room; `joined` to the one before, else on a boundary.
// Returns its index.
size_t nn_weights_add(struct nn_weights *w, const char *name, size_t rows, size_t cols,
                      bool joined);

// Takes zeroed memory for the blocks; false when it is out.
bool nn_weights_take(struct nn_weights *w);

#endif
