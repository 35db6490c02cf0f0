// Large blocks of memory, in huge pages where the system gives them.
#include "kernels/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE = 1 << 21 };

// What is nearly a huge page, or more, takes whole ones.
static size_t room(size_t bytes)
{
    return bytes >= HUGE / 4 * 3 ? (bytes + HUGE - 1) / HUGE * HUGE : bytes;
}

static void *map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

// At a multiple of HUGE: maps more, gives back what lies around it.
static void *map_huge(size_t bytes)
{
    unsigned char *p = map(bytes + HUGE);
    if (!p)
        return NULL;
    size_t before = (HUGE - (uintptr_t)p % HUGE) % HUGE;
    if (before)
        munmap(p, before);
    munmap(p + before + bytes, HUGE - before);
    madvise(p + before, bytes, MADV_HUGEPAGE); // a wish: without it all works, more slowly
    return p + before;
}

void *memory_take(size_t bytes)
{
    if (bytes == 0 || bytes > SIZE_MAX / 2)
        return NULL;
    return room(bytes) >= HUGE ? map_huge(room(bytes)) : map(bytes);
}

void memory_give(void *p, size_t bytes)
{
    if (p)
        munmap(p, room(bytes));
}

size_t memory_total(void)
{
    size_t total = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    unsigned long long limit;
    FILE *f = fopen("/sys/fs/cgroup/memory.max", "re"); // "max" where there is no limit
    if (f && fscanf(f, "%llu", &limit) == 1 && limit < total)
        total = (size_t)limit;
    if (f)
        fclose(f);
    return total;
}
