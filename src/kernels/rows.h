// Work on rows of floats that training does between dense products, forward and backward.
//
// Every row has n > 0 floats of any number. A row's result depends on the CPU level, on nothing
// else. "Adds" means that the result is added to what stands there.
#ifndef FETTLE_KERNELS_ROWS_H
#define FETTLE_KERNELS_ROWS_H

#include <stddef.h>

void rows_add(const float *x, size_t n, float *to);                 // to += x
void rows_scale(float *x, size_t n, float factor);                  // x *= factor
void rows_add_scaled(const float *x, size_t n, float f, float *to); // to += f * x
double rows_dot(const float *x, const float *y, size_t n);

// Root mean square norm: out = x * inverse * w with inverse = 1 / sqrt(mean(x^2) + eps), which is
// returned.
float rows_norm(const float *x, const float *w, size_t n, float eps, float *out);

// out = x * inverse * w again, with the inverse known.
void rows_norm_again(const float *x, const float *w, size_t n, float inverse, float *out);

// Its gradient: adds to dx and, unless NULL, to dw.
void rows_norm_back(const float *dy, const float *x, const float *w, size_t n, float inverse,
                    float *dx, float *dw);

// SwiGLU: out = gate / (1 + exp(-gate)) * up.
void rows_gate(const float *gate, const float *up, size_t n, float *out);

// Its gradient, in place: gate and up become dgate and dup; out is computed again.
void rows_gate_back(const float *dout, size_t n, float *gate, float *up, float *out);

// x = softmax(scale * x); returns log(sum(exp(scale * x))).
float rows_softmax(float *x, size_t n, float scale);

// The same with that logarithm known.
void rows_softmax_again(float *x, size_t n, float scale, float log_sum);

// From the weights p and their gradients dp: dp = scale * p * (dp - dot), the gradient of x, where
// `dot` is the sum of p * dp.
void rows_softmax_back(const float *p, float *dp, size_t n, float scale, float dot);

// One step of AdamW (Loshchilov and Hutter, 2019) on n weights.
struct rows_adamw {
    float rate, decay, beta1, beta2, eps;
    float correction1, correction2; // 1 - beta^step
    float gradient_scale;           // gradients are multiplied by it first (clipping)
};
void rows_adamw(const struct rows_adamw *a, size_t n, float *w, const float *dw, float *m,
                float *v);

#endif
