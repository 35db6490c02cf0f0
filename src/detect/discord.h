// Shapes that were not there before: left matrix profiles of several lengths, combined.
//
// Trained on a span that is normal, from which it learns the usual period P, and how far windows
// usually are from their nearest earlier likeness. Windows of P/8, P/4, P/2, P and 2P are compared,
// each with four variance floors; a point's score is the sum over these twenty profiles of how far
// each is above the 0.99 quantile of the training span. Scores come 2P behind the readings.
#ifndef FETTLE_DETECT_DISCORD_H
#define FETTLE_DETECT_DISCORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct discord;

// `history` earlier windows are remembered for each length (8192 is what docs/detection.md
// measures). ERR_INPUT when there are fewer than 64 values or one is not finite.
enum err_code discord_open(const double *train, size_t count, int history, struct discord **out,
                           struct err *err);
void discord_close(struct discord **d);

// The next reading after the training span. True when a score came out: `*score` (0: nothing new)
// is that of the reading `*behind` before this one. A value that is not finite repeats the last.
bool discord_push(struct discord *d, double value, double *score, size_t *behind);

int discord_period(const struct discord *d); // readings; 100 when the span has none
size_t discord_bytes(const struct discord *d);

#endif
