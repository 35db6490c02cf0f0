// The linear layer over frozen matrices, with something of low rank that is learned beside them.
#ifndef FETTLE_NN_LINEAR_FROZEN_H
#define FETTLE_NN_LINEAR_FROZEN_H

#include "nn/layers.h"

// As the functions of a linear layer without its bias, for one whose w is NULL. The work must have
// reserved 2 * T * rank floats, and the thawed rows that it shall use at once: one of the widest
// at least.
void nn_frozen_forward(struct nn_work *k, const struct nn_linear *l, const float *x, size_t T,
                       float *y, bool add);
void nn_frozen_backward_input(struct nn_work *k, const struct nn_linear *l, const float *dy,
                              size_t T, float *dx);
void nn_frozen_backward_weights(struct nn_work *k, const struct nn_linear *l, const float *x,
                                const float *dy, size_t T);

#endif
