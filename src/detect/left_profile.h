// The left matrix profile of a stream: how far is the newest window from the nearest earlier one?
//
// Windows have their mean taken away and are divided by sqrt(variance + floor), for several floors
// at once: 0 compares shapes alone, larger floors keep small ripples small, a negative floor stands
// for no division. The history is bounded. O(history) per reading. One thread owns an instance.
#ifndef FETTLE_DETECT_LEFT_PROFILE_H
#define FETTLE_DETECT_LEFT_PROFILE_H

#include <stddef.h>

#include "kernels/lag_sweep.h"

enum { LEFT_PROFILE_FLOORS = LAG_SWEEP_SCALINGS };

struct left_profile;

// `window` readings a window (at least 4), `history` windows back are compared with, the nearest
// `window` back (nearer ones overlap). NULL when memory is out.
struct left_profile *left_profile_open(int window, int history,
                                       const float floors[LEFT_PROFILE_FLOORS]);
void left_profile_close(struct left_profile **p);

// The next reading (finite). Sets `distance` (root mean square, per floor), to -1 while there is no
// earlier window.
void left_profile_push(struct left_profile *p, float value, float distance[LEFT_PROFILE_FLOORS]);

size_t left_profile_bytes(const struct left_profile *p);

#endif
