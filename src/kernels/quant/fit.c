// The searches for scales that the quantizers share.
#include "kernels/quant/fit.h"

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
        *min = fminf(*min, x[i]);
        *max = fmaxf(*max, x[i]);
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

float fit_symmetric(const float *x, const float *importance, size_t n, int lo, int hi)
{
    float largest = fit_largest(x, n);
    if (largest == 0)
        return 0;
    float weights[FIT_MAX], best_scale = 0, best_gain = -1;
    fit_weigh(x, importance, n, FIT_BY_SQUARES, weights);
    // Where the largest is of little importance it may well be cut off.
    int first = importance ? -20 : -9, last = importance ? 12 : 9;
    for (int step = first; step <= last; step++) {
        float inverse = ((float)lo + 0.1f * (float)step) / largest;
        float sum_xq = 0, sum_qq = 0;
        for (size_t i = 0; i < n; i++) {
            float q = (float)fit_round(x[i] * inverse, lo, hi), w = weights[i];
            if (!isfinite(w))
                continue;
            sum_xq += w * x[i] * q;
            sum_qq += w * q * q;
        }
        // With the scale that is best for these q, the squared error falls by sum_xq^2 / sum_qq.
        if (sum_qq > 0 && sum_xq * sum_xq > best_gain * sum_qq) {
            best_gain = sum_xq * sum_xq / sum_qq;
            best_scale = sum_xq / sum_qq;
        }
    }
    return isfinite(best_scale) ? best_scale : 0;
}

float fit_affine(const float *x, const float *importance, size_t n, int hi, float *min)
{
    float lowest, highest;
    fit_range(x, n, &lowest, &highest);
    lowest = fminf(lowest, 0);
    *min = -lowest;
    if (highest <= lowest)
        return 0;
    float weights[FIT_MAX];
    fit_weigh(x, importance, n, FIT_EVENLY, weights);
    float best_scale = (highest - lowest) / (float)hi, best_min = -lowest, best_error = INFINITY;
    for (int step = -5; step <= 10; step++) {
        float inverse = ((float)hi + 0.1f * (float)step) / (highest - lowest);
        // Least squares of x against q for these q.
        double sum = 0, sum_q = 0, sum_qq = 0, sum_x = 0, sum_xq = 0;
        for (size_t i = 0; i < n; i++) {
            double q = fit_round((x[i] - lowest) * inverse, 0, hi), w = (double)weights[i];
            sum += w;
            sum_q += w * q;
            sum_qq += w * q * q;
            sum_x += w * (double)x[i];
            sum_xq += w * (double)x[i] * q;
        }
        double det = sum * sum_qq - sum_q * sum_q;
        if (!(det > 0))
            continue;
        double scale = (sum * sum_xq - sum_q * sum_x) / det;
        double offset = (sum_qq * sum_x - sum_q * sum_xq) / det;
        if (offset > 0) { // the format holds no positive offset
            offset = 0;
            scale = sum_xq / sum_qq;
        }
        float error = 0;
        for (size_t i = 0; i < n; i++) {
            float q = (float)fit_round((x[i] - lowest) * inverse, 0, hi);
            float e = (float)scale * q + (float)offset - x[i];
            error += weights[i] * e * e;
        }
        if (error < best_error) {
            best_error = error;
            best_scale = (float)scale;
            best_min = (float)-offset;
        }
    }
    *min = best_min;
    return best_scale;
}

void fit_affine_steps(const float *x, const float *importance, size_t n, int hi,
                      const struct fit_steps *f, int *scale, int *min)
{
    float weights[FIT_MAX], least = INFINITY;
    int first_scale = *scale, first_min = *min;
    fit_weigh(x, importance, n, FIT_EVENLY, weights);
    for (int s = first_scale - 1; s <= first_scale + 1; s++)
        for (int m = first_min - 1; m <= first_min + 1; m++) {
            if (s < 0 || s > f->top || m < 0 || m > f->top)
                continue;
            float step = f->scale * (float)s, offset = f->min * (float)m, error = 0;
            float inverse = fit_inverse(step);
            for (size_t i = 0; i < n; i++) {
                float e = step * (float)fit_round((x[i] + offset) * inverse, 0, hi) - offset - x[i];
                error += weights[i] * e * e;
            }
            if (error < least) {
                least = error;
                *scale = s;
                *min = m;
            }
        }
}
