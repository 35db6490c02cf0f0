// Columns of a chunk: 64-bit integers and doubles, packed without loss.
#ifndef FETTLE_STORE_COLUMN_H
#define FETTLE_STORE_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/bits.h"

enum { COLUMN_MAX = 1024 }; // values in one column

// Integers: the better of two predictors (a constant step; the step before), common factor taken
// out, what remains as Rice codes (R. F. Rice, JPL 79-22). Any values do; differences may wrap.
// 1 to COLUMN_MAX values.
void column_ints_pack(const int64_t *v, size_t n, struct buf *out);

// False (or in->failed) when the bytes cannot be such a column of n values.
bool column_ints_unpack(struct bytes_in *in, int64_t *v, size_t n);

// Doubles, bit for bit: as integers over a power of ten when they are short decimals (with
// exceptions for NaN and the like), else each XORed with the one before (as in Gorilla, Pelkonen et
// al., VLDB 2015), or as they are when that is shorter.
void column_doubles_pack(const double *v, size_t n, struct buf *out);
bool column_doubles_unpack(struct bytes_in *in, double *v, size_t n);

// One double by itself: 2 to 11 bytes.
void column_double_put(double v, struct buf *out);
double column_double_get(struct bytes_in *in);

#endif
