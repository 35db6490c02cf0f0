// Packs a model's bound weights, or finds them packed by an earlier load.
#include "llm/pack.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernels/memory.h"
#include "llm/settle.h"

enum { PIECE = 2 << 20 }; // packed bytes of one write

// The weights go to `memory`, or without it to `fd` by way of a buffer for each thread.
struct packing {
    struct model *model;
    struct team *team;
    unsigned char *memory;
    int fd;
    unsigned char *buffers; // [thread][buffer_bytes]
    size_t buffer_bytes;
    atomic_bool failed; // to write
};

static bool write_at(int fd, const unsigned char *p, size_t n, size_t at)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, p, n, (off_t)at);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
        at += (size_t)done;
    }
    return true;
}

// Groups that are packed at once.
static size_t groups_of_piece(const struct packing *p, const struct weight *w)
{
    size_t fit = PIECE / w->matrix->group_bytes;
    return p->memory || fit == 0 ? 1 : fit;
}

static void pack_piece(struct packing *p, const struct weight *w, size_t from, size_t count,
                       unsigned thread)
{
    size_t each = w->matrix->group_bytes, at = w->at + from * each;
    unsigned char *to = p->memory ? p->memory + at : p->buffers + thread * p->buffer_bytes;
    for (size_t i = 0; i < count; i++)
        matrix_pack_group(w->matrix, w->tensor->data, from + i, to + i * each);
    if (!p->memory && !write_at(p->fd, to, count * each, at))
        atomic_store(&p->failed, true);
}

static void pack_all(void *arg, unsigned thread)
{
    struct packing *p = arg;
    for (size_t i = 0; i < p->model->weight_count; i++) {
        const struct weight *w = &p->model->weights[i];
        size_t groups = matrix_groups(w->matrix), step = groups_of_piece(p, w), g;
        while ((g = team_claim(p->team, step)) < groups && !atomic_load(&p->failed))
            pack_piece(p, w, g, groups - g < step ? groups - g : step, thread);
        team_barrier(p->team);
        if (thread == 0)
            gguf_forget(p->model->file, w->tensor);
    }
}

static bool pack_into_memory(struct model *m, struct team *team)
{
    struct packing p = {.model = m, .team = team, .memory = memory_take(m->packed_bytes)};
    if (!p.memory)
        return false;
    team_run(team, pack_all, &p);
    m->packed = p.memory;
    return true;
}

static bool pack_into_file(struct model *m, const struct packed_folder *folder, struct team *team)
{
    struct packing p = {.model = m, .team = team, .buffer_bytes = PIECE};
    for (size_t i = 0; i < m->weight_count; i++)
        if (m->weights[i].matrix->group_bytes > p.buffer_bytes)
            p.buffer_bytes = m->weights[i].matrix->group_bytes;
    struct packed_file *f = packed_file_begin(folder, m);
    if (!f)
        return false;
    p.fd = packed_file_descriptor(f);
    p.buffers = memory_take(p.buffer_bytes * team_size(team));
    if (p.buffers)
        team_run(team, pack_all, &p);
    memory_give(p.buffers, p.buffer_bytes * team_size(team));
    if (!p.buffers || p.failed) {
        packed_file_give_up(&f);
        return false;
    }
    m->packed = packed_file_finish(&f, team);
    m->packed_mapped = m->packed;
    return m->packed;
}

enum err_code pack_weights(struct model *m, const struct packed_folder *folder, struct team *team,
                           struct err *err)
{
    if (folder && (m->packed = packed_file_find(folder, m, team)))
        m->packed_mapped = true;
    else if (!(folder && pack_into_file(m, folder, team)) && !pack_into_memory(m, team))
        return err_set(err, ERR_NO_MEMORY, "%s: %zu MiB of memory are needed for the weights",
                       gguf_name(m->file), m->packed_bytes >> 20);
    for (size_t i = 0; i < m->weight_count; i++)
        m->weights[i].matrix->data = m->packed + m->weights[i].at;
    return ERR_OK;
}

void pack_release(struct model *m)
{
    settle_release(m);
    if (m->packed_mapped)
        packed_file_unmap(m->packed, m->packed_bytes);
    else
        memory_give((void *)(uintptr_t)m->packed, m->packed_bytes);
    m->packed = NULL;
}
