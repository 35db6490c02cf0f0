// Moves weights that are mapped from a packed file into large pages, bit by bit.
#include "llm/settle.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernels/memory.h"
#include "llm/packed_file.h"

enum { PIECE = 1 << 18 }; // of a thread

struct moving {
    struct team *team;
    unsigned char *to;
    const unsigned char *from;
    size_t bytes;
};

static void move(void *arg, unsigned thread)
{
    (void)thread;
    struct moving *m = arg;
    size_t at;
    while ((at = team_claim(m->team, PIECE)) < m->bytes)
        memcpy(m->to + at, m->from + at, m->bytes - at < PIECE ? m->bytes - at : PIECE);
}

// The matrices that are copied to their end are read from the copy.
static void turn_over(struct model *m)
{
    for (size_t i = 0; i < m->weight_count; i++) {
        const struct weight *w = &m->weights[i];
        if (w->at + matrix_bytes(w->matrix) <= m->settled_bytes)
            w->matrix->data = m->settled + w->at;
    }
}

// Gives back the mapping's pages that nobody reads any more. They come again from the file if
// someone does: the last matrix is still read from its start.
static void give_back(const struct model *m, size_t from)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t first = from / page * page, end = m->settled_bytes / page * page;
    if (end > first)
        madvise((void *)(uintptr_t)(m->packed + first), end - first, MADV_DONTNEED);
}

bool settle_weights(struct model *m, struct team *team, size_t bytes)
{
    if (!m->packed_mapped || m->packed_bytes > memory_total() / 2)
        return false;
    if (!m->settled && !(m->settled = memory_take(m->packed_bytes)))
        return false;
    size_t from = m->settled_bytes, left = m->packed_bytes - from;
    struct moving moving = {.team = team,
                            .to = m->settled + from,
                            .from = m->packed + from,
                            .bytes = bytes < left ? bytes : left};
    team_run(team, move, &moving);
    m->settled_bytes += moving.bytes;
    turn_over(m);
    if (m->settled_bytes < m->packed_bytes) {
        give_back(m, from);
        return true;
    }
    packed_file_unmap(m->packed, m->packed_bytes);
    m->packed = m->settled;
    m->packed_mapped = false;
    m->settled = NULL;
    return false;
}

void settle_release(struct model *m)
{
    memory_give(m->settled, m->packed_bytes);
    m->settled = NULL;
}
