// One step of the streaming matrix profile: all lags at once.
//
// c[k] is the centred dot product of the newest window with the window k places into the history;
// when both move on by one reading it changes by df_t * dg[k] + dg_t * df[k] (Zimmerman et al.,
// "Matrix Profile XIV: SCAMP", 2019).
#ifndef FETTLE_KERNELS_LAG_SWEEP_H
#define FETTLE_KERNELS_LAG_SWEEP_H

enum { LAG_SWEEP_SCALINGS = 4 };

// For one way of scaling windows: the newest window's factor, and for each earlier one its factor
// and its squared norm after scaling.
struct lag_scaling {
    const float *factor, *norm; // n each
    float newest;               // twice the newest window's factor
};

// Brings c[0..n) up to date and sets best[s] to the largest of c[k] * factor[k] * newest - norm[k]
// for each of the LAG_SWEEP_SCALINGS scalings. Arrays do not overlap.
void lag_sweep(float *c, const float *df, const float *dg, int n, float df_t, float dg_t,
               const struct lag_scaling scaling[LAG_SWEEP_SCALINGS],
               float best[LAG_SWEEP_SCALINGS]);

#endif
