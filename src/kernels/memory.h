// Large blocks of memory, in huge pages where the system gives them.
#ifndef FETTLE_KERNELS_MEMORY_H
#define FETTLE_KERNELS_MEMORY_H

#include <stddef.h>

// Zeroed, aligned to 64 bytes and more; NULL when memory is out. Pages cost nothing until touched.
// From 1.5 MiB on a block lies in huge pages of 2 MiB, but for a tail of less than three quarters
// of one.
void *memory_take(size_t bytes);
size_t memory_room(size_t bytes);        // what a block of `bytes` takes
void memory_give(void *p, size_t bytes); // the size that was asked for; NULL is fine

// What this machine, or the control group that this program runs in, has in all.
size_t memory_total(void);

#endif
