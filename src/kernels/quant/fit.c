// The searches for scales that the quantizers share.
#include "kernels/quant/fit.h"

#include "kernels/cpu.h"
#include "kernels/quant/fit_kernel.h"
#include "kernels/quant/iq4_levels.h"

static const struct fit_kernels *now(void)
{
    static const struct fit_kernels *const levels[CPU_LEVEL_COUNT] = {
        [CPU_PLAIN] = &fit_kernels_plain,
#if defined(__x86_64__)
        [CPU_AVX2] = &fit_kernels_avx2,
        [CPU_AVX512_VNNI] = &fit_kernels_avx512,
#elif defined(__aarch64__)
        [CPU_NEON] = &fit_kernels_neon,
#endif
    };
    return levels[cpu_level()];
}

float fit_largest(const float *x, size_t n)
{
    float largest = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i]) && fabsf(x[i]) > fabsf(largest))
            largest = x[i];
    return largest;
}

void fit_range(const float *x, size_t n, float *min, float *max)
{
    *min = INFINITY;
    *max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            continue;
        *min = x[i] < *min ? x[i] : *min;
        *max = x[i] > *max ? x[i] : *max;
    }
    if (*min > *max)
        *min = *max = 0;
}

void fit_weigh(const float *x, const float *importance, size_t n, enum fit_weighing without,
               float *weights)
{
    float squares = 0, sum = 0;
    for (size_t i = 0; importance && i < n; i++) {
        squares += x[i] * x[i];
        sum += importance[i];
    }
    for (size_t i = 0; i < n; i++)
        if (sum > 0)
            weights[i] = importance[i] * sqrtf(squares / (float)n + x[i] * x[i]);
        else
            weights[i] = without == FIT_EVENLY ? 1 : x[i] * x[i];
}

// The candidates of a search: the largest magnitude is mapped to from, from + by and so on.
struct search {
    float from, by;
    int first, count;
    void (*gains)(const struct fit_values *v, const float *inverse, float *xq, float *qq);
};

// Values whose weight is no number are left out.
static float search_scale(const struct search *s, const float *x, const float *importance,
                          struct fit_values v)
{
    float largest = fit_largest(x, v.n);
    if (largest == 0)
        return 0;
    float weights[FIT_MAX], values[FIT_MAX];
    fit_weigh(x, importance, v.n, FIT_BY_SQUARES, weights);
    for (size_t i = 0; i < v.n; i++) {
        bool counts = isfinite(weights[i]);
        values[i] = counts ? x[i] : 0;
        weights[i] = counts ? weights[i] : 0;
    }
    v.x = values;
    v.weights = weights;
    float best_scale = 0, best_gain = -1;
    for (int k = 0; k < s->count; k += FIT_CANDIDATES) {
        float inverse[FIT_CANDIDATES], xq[FIT_CANDIDATES], qq[FIT_CANDIDATES];
        int n = s->count - k < FIT_CANDIDATES ? s->count - k : FIT_CANDIDATES;
        for (int c = 0; c < FIT_CANDIDATES; c++)
            inverse[c] = (s->from + s->by * (float)(s->first + k + c)) / largest;
        s->gains(&v, inverse, xq, qq);
        // With the scale that is best for these q, the squared error falls by xq^2 / qq.
        for (int c = 0; c < n; c++)
            if (qq[c] > 0 && xq[c] * xq[c] > best_gain * qq[c]) {
                best_gain = xq[c] * xq[c] / qq[c];
                best_scale = xq[c] / qq[c];
            }
    }
    return isfinite(best_scale) ? best_scale : 0;
}

float fit_symmetric(const float *x, const float *importance, size_t n, int lo, int hi)
{
    // Where the largest is of little importance it may well be cut off.
    struct search s = {(float)lo, 0.1f, -9, 19, now()->gains};
    if (importance)
        s.first = -20, s.count = 33;
    return search_scale(&s, x, importance, (struct fit_values){.n = n, .lo = lo, .hi = hi});
}

float fit_iq4(const float *x, const float *importance, size_t n)
{
    struct search s = {(float)iq4_levels[0], 1, -7, 15, now()->gains_iq4};
    return search_scale(&s, x, importance, (struct fit_values){.n = n});
}

// Least squares of x against each candidate's q: fills its scale and offset. False in `good` where
// all q are the same.
static void solve_affine(const struct fit_values *v, struct fit_tries *t, bool *good)
{
    double sum = 0, sum_x = 0;
    double sum_q[FIT_CANDIDATES], sum_qq[FIT_CANDIDATES], sum_xq[FIT_CANDIDATES];
    for (size_t i = 0; i < v->n; i++) {
        sum += (double)v->weights[i];
        sum_x += (double)v->weights[i] * (double)v->x[i];
    }
    now()->sums(v, t, sum_q, sum_qq, sum_xq);
    for (int c = 0; c < FIT_CANDIDATES; c++) {
        double det = sum * sum_qq[c] - sum_q[c] * sum_q[c];
        double scale = (sum * sum_xq[c] - sum_q[c] * sum_x) / det;
        double offset = (sum_qq[c] * sum_x - sum_q[c] * sum_xq[c]) / det;
        good[c] = det > 0;
        // The format holds no positive offset.
        t->scale[c] = (float)(offset > 0 ? sum_xq[c] / sum_qq[c] : scale);
        t->offset[c] = (float)(offset > 0 ? 0 : offset);
    }
}

float fit_affine(const float *x, const float *importance, size_t n, int hi, float *min)
{
    float lowest, highest;
    fit_range(x, n, &lowest, &highest);
    lowest = fminf(lowest, 0);
    *min = -lowest;
    if (highest <= lowest)
        return 0;
    float weights[FIT_MAX], error[FIT_CANDIDATES], least = INFINITY;
    float best_scale = (highest - lowest) / (float)hi;
    bool good[FIT_CANDIDATES];
    struct fit_tries t;
    struct fit_values v = {x, weights, n, 0, hi};
    fit_weigh(x, importance, n, FIT_EVENLY, weights);
    for (int c = 0; c < FIT_CANDIDATES; c++) {
        t.add[c] = -lowest;
        t.inverse[c] = ((float)hi + 0.1f * (float)(c - 5)) / (highest - lowest);
    }
    solve_affine(&v, &t, good);
    now()->errors(&v, &t, error);
    for (int c = 0; c < FIT_CANDIDATES; c++)
        if (good[c] && error[c] < least) {
            least = error[c];
            best_scale = t.scale[c];
            *min = -t.offset[c];
        }
    return best_scale;
}

void fit_affine_steps(const float *x, const float *importance, size_t n, int hi,
                      const struct fit_steps *f, int *scale, int *min)
{
    float weights[FIT_MAX], error[FIT_CANDIDATES], least = INFINITY;
    int first_scale = *scale - 1, first_min = *min - 1;
    struct fit_tries t = {0};
    struct fit_values v = {x, weights, n, 0, hi};
    fit_weigh(x, importance, n, FIT_EVENLY, weights);
    for (int c = 0; c < 9; c++) {
        t.scale[c] = f->scale * (float)(first_scale + c / 3);
        t.add[c] = f->min * (float)(first_min + c % 3);
        t.offset[c] = -t.add[c];
        t.inverse[c] = fit_inverse(t.scale[c]);
    }
    now()->errors(&v, &t, error);
    for (int c = 0; c < 9; c++) {
        int s = first_scale + c / 3, m = first_min + c % 3;
        if (s >= 0 && s <= f->top && m >= 0 && m <= f->top && error[c] < least) {
            least = error[c];
            *scale = s;
            *min = m;
        }
    }
}

void fit_round_all(const float *x, size_t n, float add, float inverse, int lo, int hi, int8_t *q)
{
    now()->round(x, n, add, inverse, lo, hi, q);
}
