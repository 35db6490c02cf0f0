// One table of row kernels per CPU level, filled from the same body.
#ifndef FETTLE_KERNELS_ROWS_KERNEL_H
#define FETTLE_KERNELS_ROWS_KERNEL_H

#include "kernels/rows.h"

struct rows_kernels {
    void (*add_scaled)(const float *x, size_t n, float f, float *to);
    void (*scale)(float *x, size_t n, float factor);
    double (*product)(const float *x, const float *y, size_t n);
    void (*norm_again)(const float *x, const float *w, size_t n, float inverse, float *out);
    void (*norm_back)(const float *dy, const float *x, const float *w, size_t n, float inverse,
                      float *dx, float *dw);
    void (*gate)(const float *gate, const float *up, size_t n, float *out);
    void (*gate_back)(const float *dout, size_t n, float *gate, float *up, float *out);
    float (*softmax)(float *x, size_t n, float scale);
    void (*softmax_again)(float *x, size_t n, float scale, float log_sum);
    void (*softmax_back)(const float *p, float *dp, size_t n, float scale, float dot);
    void (*adamw)(const struct rows_adamw *a, size_t n, float *w, const float *dw, float *m,
                  float *v);
};

extern const struct rows_kernels rows_kernels_plain;
#if defined(__x86_64__)
extern const struct rows_kernels rows_kernels_avx2, rows_kernels_avx512;
#elif defined(__aarch64__)
extern const struct rows_kernels rows_kernels_neon;
#endif

#endif
