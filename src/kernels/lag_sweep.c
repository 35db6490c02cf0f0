// The lag sweep, one source compiled for several instruction sets; the order of operations is the
// same in each, and so are the results.
#include "kernels/lag_sweep.h"

// BLOCK values of c stay in the first-level cache while each scaling looks at them; LANES running
// maxima are what the widest registers hold.
enum { LANES = 16, BLOCK = 512 };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef float lanes_anywhere
    __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int lane_masks __attribute__((vector_size(LANES * sizeof(float))));

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&      \
    !defined(__clang__)
#define FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_CPU
#endif

FOR_EACH_CPU
static void advance(float *restrict c, const float *restrict df, const float *restrict dg, int n,
                    float df_t, float dg_t)
{
    for (int k = 0; k < n; k++)
        c[k] = c[k] + df_t * dg[k] + dg_t * df[k];
}

FOR_EACH_CPU
static float largest(const float *restrict c, const float *restrict factor,
                     const float *restrict norm, int n, float newest, float so_far)
{
    lanes top;
    int k = 0;
    for (int l = 0; l < LANES; l++)
        top[l] = so_far;
    for (; k + LANES <= n; k += LANES) {
        lanes fit =
            *(const lanes_anywhere *)(c + k) * (*(const lanes_anywhere *)(factor + k) * newest) -
            *(const lanes_anywhere *)(norm + k);
        lane_masks larger = fit > top;
        top = (lanes)((larger & (lane_masks)fit) | (~larger & (lane_masks)top));
    }
    for (; k < n; k++) {
        float fit = c[k] * (factor[k] * newest) - norm[k];
        top[0] = fit > top[0] ? fit : top[0];
    }
    float best = top[0];
    for (int l = 1; l < LANES; l++)
        best = top[l] > best ? top[l] : best;
    return best;
}

void lag_sweep(float *c, const float *df, const float *dg, int n, float df_t, float dg_t,
               const struct lag_scaling scaling[LAG_SWEEP_SCALINGS], float best[LAG_SWEEP_SCALINGS])
{
    for (int s = 0; s < LAG_SWEEP_SCALINGS; s++)
        best[s] = -1e30f;
    for (int k = 0; k < n; k += BLOCK) {
        int count = n - k < BLOCK ? n - k : BLOCK;
        advance(c + k, df + k, dg + k, count, df_t, dg_t);
        for (int s = 0; s < LAG_SWEEP_SCALINGS; s++)
            best[s] = largest(c + k, scaling[s].factor + k, scaling[s].norm + k, count,
                              scaling[s].newest, best[s]);
    }
}
