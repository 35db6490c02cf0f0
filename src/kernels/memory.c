// Large blocks of memory, in huge pages where the system gives them.
#include "kernels/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE = 1 << 21 };

void *memory_take(size_t bytes)
{
    if (bytes == 0 || bytes > SIZE_MAX / 2)
        return NULL;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (bytes >= HUGE)
        madvise(p, bytes, MADV_HUGEPAGE); // a wish: without it everything works, more slowly
    return p;
}

void memory_give(void *p, size_t bytes)
{
    if (p)
        munmap(p, bytes);
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
