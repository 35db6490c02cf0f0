// The units that logs write, with their spellings, and what converts into what.
#ifndef FETTLE_DIAGNOSE_UNITS_H
#define FETTLE_DIAGNOSE_UNITS_H

#include <stdbool.h>

#include "base/str.h"

struct unit {
    const char *symbol;    // the usual one: "C", "m3/h"
    const char *spellings; // all others, separated by blanks
    const char *dimension; // units of one dimension convert into each other by their scales
    double scale;          // to the dimension's first unit
};

// The unit of a spelling (case counts, since mA is not MA), or NULL.
const struct unit *unit_find(struct str spelling);

// True if the bytes at the start of `text` spell a unit that ends there or before something that
// is no letter or digit; `*n` is the length of the longest such.
const struct unit *unit_at(struct str text, size_t *n);

// True if both spell the same unit, or are the same bytes.
bool unit_same(struct str a, struct str b);

// `value` in unit `from`, converted to unit `to`; NaN if they are not of one dimension.
double unit_convert(double value, struct str from, struct str to);

#endif
