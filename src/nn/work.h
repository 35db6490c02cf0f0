// What layers compute with: a team of threads and the blocks of its products.
#ifndef FETTLE_NN_WORK_H
#define FETTLE_NN_WORK_H

#include <stddef.h>

#include "base/err.h"
#include "kernels/gemm.h"
#include "kernels/team.h"

struct nn_work {
    struct team *team;
    struct gemm_work *gemm;
    float *thawed; // rows of frozen matrices; NULL until reserved
    float *low;    // of low-rank products
    size_t thawed_floats, low_floats;
};

enum err_code nn_work_open(unsigned threads, enum gemm_precision precision, struct nn_work *w,
                           struct err *err);
void nn_work_close(struct nn_work *w); // zeroes; safe on a zeroed one

// Makes room for linear layers over frozen matrices: at least so many floats of thawed rows, and
// of low-rank products (twice rows times rank; with dropout, the widest input's, too).
enum err_code nn_work_reserve(struct nn_work *w, size_t thawed, size_t low, struct err *err);

// Calls fn for 0 .. items in pieces [from, to) of at most `at_once`, on all threads; what a piece
// computes must not depend on its thread. Not from within fn.
typedef void nn_piece_fn(void *arg, unsigned thread, size_t from, size_t to);
void nn_split(struct nn_work *w, size_t items, size_t at_once, nn_piece_fn *fn, void *arg);

#endif
