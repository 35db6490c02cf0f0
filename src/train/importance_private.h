// What measuring, reading and writing importance share.
#ifndef FETTLE_TRAIN_IMPORTANCE_PRIVATE_H
#define FETTLE_TRAIN_IMPORTANCE_PRIVATE_H

#include "base/map.h"
#include "train/importance.h"

struct importance_entry {
    size_t cols;
    float mean[]; // squares
};

struct importance {
    struct map entries; // pointers to struct importance_entry, by the tensor's name
    uint64_t tokens;
};

// Adds the entry of a tensor, whose numbers sum / count are; ERR_INPUT with `file` and the tensor's
// name for such as are negative or no numbers.
enum err_code importance_add(struct importance *m, const char *file, struct str tensor,
                             const float *sum, size_t cols, double count, struct err *err);

#endif
