// Work on rows: the way to the level's kernels.
#include "kernels/rows.h"

#include <math.h>

#include "kernels/cpu.h"
#include "kernels/rows_kernel.h"

static const struct rows_kernels *now(void)
{
    static const struct rows_kernels *const levels[CPU_LEVEL_COUNT] = {
        [CPU_PLAIN] = &rows_kernels_plain,
#if defined(__x86_64__)
        [CPU_AVX2] = &rows_kernels_avx2,
        [CPU_AVX512_VNNI] = &rows_kernels_avx512,
#elif defined(__aarch64__)
        [CPU_NEON] = &rows_kernels_neon,
#endif
    };
    return levels[cpu_level()];
}

void rows_add(const float *x, size_t n, float *to)
{
    now()->add_scaled(x, n, 1, to);
}

void rows_add_scaled(const float *x, size_t n, float f, float *to)
{
    now()->add_scaled(x, n, f, to);
}

void rows_scale(float *x, size_t n, float factor)
{
    now()->scale(x, n, factor);
}

double rows_dot(const float *x, const float *y, size_t n)
{
    return now()->product(x, y, n);
}

float rows_norm(const float *x, const float *w, size_t n, float eps, float *out)
{
    const struct rows_kernels *k = now();
    float inverse = (float)(1 / sqrt(k->product(x, x, n) / (double)n + (double)eps));
    k->norm_again(x, w, n, inverse, out);
    return inverse;
}

void rows_norm_again(const float *x, const float *w, size_t n, float inverse, float *out)
{
    now()->norm_again(x, w, n, inverse, out);
}

void rows_norm_back(const float *dy, const float *x, const float *w, size_t n, float inverse,
                    float *dx, float *dw)
{
    now()->norm_back(dy, x, w, n, inverse, dx, dw);
}

void rows_gate(const float *gate, const float *up, size_t n, float *out)
{
    now()->gate(gate, up, n, out);
}

void rows_gate_back(const float *dout, size_t n, float *gate, float *up, float *out)
{
    now()->gate_back(dout, n, gate, up, out);
}

float rows_softmax(float *x, size_t n, float scale)
{
    return now()->softmax(x, n, scale);
}

void rows_softmax_again(float *x, size_t n, float scale, float log_sum)
{
    now()->softmax_again(x, n, scale, log_sum);
}

void rows_softmax_back(const float *p, float *dp, size_t n, float scale, float dot)
{
    now()->softmax_back(p, dp, n, scale, dot);
}

void rows_adamw(const struct rows_adamw *a, size_t n, float *w, const float *dw, float *m, float *v)
{
    now()->adamw(a, n, w, dw, m, v);
}
