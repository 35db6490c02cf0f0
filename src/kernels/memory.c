// Large blocks of memory, in huge pages where the system gives them.
#include "kernels/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE = 1 << 21 };

// Of `bytes`, those at the begin that are worth huge pages: a tail that nearly fills one, too.
static size_t huge_part(size_t bytes)
{
    return (bytes + HUGE / 4) / HUGE * HUGE;
}

size_t memory_room(size_t bytes)
{
    return huge_part(bytes) > bytes ? huge_part(bytes) : bytes;
}

static void *map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

// At a multiple of HUGE: maps more, gives back what lies around it. The advice is a wish: without
// it all works, more slowly. A short tail stays out of huge pages, which would be touched as a
// whole.
static void *map_huge(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), huge = huge_part(bytes);
    bytes = (bytes + page - 1) / page * page;
    unsigned char *p = map(bytes + HUGE);
    if (!p)
        return NULL;
    size_t before = (HUGE - (uintptr_t)p % HUGE) % HUGE;
    if (before)
        munmap(p, before);
    munmap(p + before + bytes, HUGE - before);
    p += before;
    madvise(p, huge, MADV_HUGEPAGE);
    if (bytes > huge)
        madvise(p + huge, bytes - huge, MADV_NOHUGEPAGE);
    return p;
}

void *memory_take(size_t bytes)
{
    if (bytes == 0 || bytes > SIZE_MAX / 2)
        return NULL;
    return huge_part(bytes) ? map_huge(memory_room(bytes)) : map(bytes);
}

void memory_give(void *p, size_t bytes)
{
    if (p)
        munmap(p, memory_room(bytes));
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
