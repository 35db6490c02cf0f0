// One table of the fits' inner loops per CPU level, filled from the same body: 16 candidates at
// once.
#ifndef FETTLE_KERNELS_QUANT_FIT_KERNEL_H
#define FETTLE_KERNELS_QUANT_FIT_KERNEL_H

#include <stddef.h>
#include <stdint.h>

enum { FIT_CANDIDATES = 16 };

// n values, what the square of each one's error counts, and the whole numbers q that may stand for
// them.
struct fit_values {
    const float *x, *weights;
    size_t n;
    int lo, hi;
};

// A candidate takes q = round((x + add) * inverse), within lo .. hi, and x ~ scale * q + offset.
struct fit_tries {
    float add[FIT_CANDIDATES], inverse[FIT_CANDIDATES];
    float scale[FIT_CANDIDATES], offset[FIT_CANDIDATES];
};

// Every lane sums over the values in their order, so all levels give the same bits.
struct fit_kernels {
    // Sums of w * x * q and of w * q * q; `add` is not looked at. Values and weights are finite.
    void (*gains)(const struct fit_values *v, const float *inverse, float *xq, float *qq);
    // The same, with the level of IQ4 that is nearest to x * inverse as q.
    void (*gains_iq4)(const struct fit_values *v, const float *inverse, float *xq, float *qq);
    // Sums of w * q, w * q * q and w * x * q.
    void (*sums)(const struct fit_values *v, const struct fit_tries *t, double *q, double *qq,
                 double *xq);
    // Sums of w * (scale * q + offset - x)^2.
    void (*errors)(const struct fit_values *v, const struct fit_tries *t, float *error);
    // q of n values, a multiple of 16, for one candidate.
    void (*round)(const float *x, size_t n, float add, float inverse, int lo, int hi, int8_t *q);
};

extern const struct fit_kernels fit_kernels_plain;
#if defined(__x86_64__)
extern const struct fit_kernels fit_kernels_avx2, fit_kernels_avx512;
#elif defined(__aarch64__)
extern const struct fit_kernels fit_kernels_neon;
#endif

#endif
