// Statistics over the last few values, as the leaderboards smooth with them.
#ifndef FETTLE_EVAL_ROLLING_H
#define FETTLE_EVAL_ROLLING_H

#include <stdbool.h>
#include <stddef.h>

enum { ROLLING_MAX = 32 };

struct rolling {
    size_t width; // values looked at, 1 to ROLLING_MAX
    size_t taken;
    double last[ROLLING_MAX];
};

void rolling_open(struct rolling *r, size_t width);
void rolling_push(struct rolling *r, double value);

// Of the last `width` values; NaN as long as there are fewer.
double rolling_median(const struct rolling *r); // of the middle two for an even width: their mean
double rolling_max(const struct rolling *r);

// Change points out of labels: where a label differs from the one before; the first is one itself.
struct label_change {
    bool begun, last;
};
bool label_change_push(struct label_change *c, bool label);

#endif
