// Which fact a number in an answer is said of, and whether it is true of that fact.
//
// "V_IN is 8.4 V, below the minimum of 10 V" says 8.4 V of V_IN, and that this is below one of its
// limits. Only plain statements are read: a key with "is", "reads", "shows", "stays at" or nothing
// ahead of a number, a number with "at" ahead of a key, and "below", "above", "within" or "outside"
// with a limit behind. What is said in another way is bound to nothing.
#ifndef FETTLE_DIAGNOSE_BOUND_H
#define FETTLE_DIAGNOSE_BOUND_H

#include "diagnose/claims.h"
#include "diagnose/facts.h"

// False when `claim`, a number of the answer `text`, is said of a fact that has another value or
// other limits, or when it is put on the wrong side of a limit.
bool bound_holds(struct str text, const struct claim *claim, const struct facts *facts);

#endif
