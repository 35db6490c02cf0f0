// Memory for one job: many small allocations, one release.
#ifndef FETTLE_BASE_ARENA_H
#define FETTLE_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena;

// `limit` bounds the bytes ever held (0: none). NULL when memory is out.
struct arena *arena_open(size_t limit);
void arena_close(struct arena **a);

// Forgets everything allocated, keeps the newest block for the next job.
void arena_reset(struct arena *a);

// Zeroed memory aligned to 16 bytes; NULL when the limit or memory is reached. `count` times `size`
// is checked for overflow.
void *arena_new(struct arena *a, size_t count, size_t size);

// A terminated copy.
char *arena_copy(struct arena *a, struct str s);

size_t arena_used(const struct arena *a); // bytes handed out since the last reset

#endif
