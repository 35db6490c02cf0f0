// A few threads that run one function together, with barriers cheap enough for every layer.
//
// A thread that waits spins for some microseconds, then sleeps: short waits cost no system call,
// long ones no processor time.
#ifndef FETTLE_KERNELS_TEAM_H
#define FETTLE_KERNELS_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { TEAM_MAX = 64 };

struct team;

// `threads` counts the caller: 1 .. TEAM_MAX.
enum err_code team_open(unsigned threads, struct team **out, struct err *err);
void team_close(struct team **t);
unsigned team_size(const struct team *t);

// Runs fn(arg, i) for i = 0 .. threads-1, i = 0 on the caller, and returns when all have returned.
// One thread at a time may call it.
typedef void team_fn(void *arg, unsigned thread);
void team_run(struct team *t, team_fn *fn, void *arg);

// Within fn: waits until all threads of the team are here.
void team_barrier(struct team *t);

// Within fn: the next `step` items that nobody has yet, counted from 0 since the last barrier or
// the start. Returns the first; the caller stops when it is past its number of items.
size_t team_claim(struct team *t, size_t step);

// Within fn: items [*from, *to) of n that nobody has yet, whole `least`s of them but at the end.
// They are many at first and fewer towards the end, so that a thread reads on in memory for long,
// and all end together. False: none are left. Not between two barriers with team_claim.
bool team_claim_part(struct team *t, size_t n, size_t least, size_t *from, size_t *to);

#endif
