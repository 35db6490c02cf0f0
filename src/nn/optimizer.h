// AdamW with clipping by the gradient's norm.
#ifndef FETTLE_NN_OPTIMIZER_H
#define FETTLE_NN_OPTIMIZER_H

#include "nn/weights.h"

struct nn_optimizer {
    float beta1, beta2, eps;
    float decay; // of matrices
    float clip;  // longest gradient; 0: any
};

// The Euclidean norm of all gradients.
double nn_gradient_norm(struct nn_work *k, const struct nn_weights *w);

// Step number `step` (from 1) at learning rate `rate`, with gradients that are `factor` times those
// in w->dw; those become 0. `norm` is that of w->dw. False, with nothing changed but gradients that
// are 0, when it is not finite.
bool nn_optimizer_step(struct nn_work *k, const struct nn_optimizer *o, struct nn_weights *w,
                       double norm, double factor, uint64_t step, double rate);

#endif
