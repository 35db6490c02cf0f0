// Files with a model's packed weights: pieces, a trailer over them, and its checking.
#include "llm/packed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "llm/packed_room.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

enum { VERSION = 1, PIECE = 4 << 20, NAME_BYTES = 64 };

// Follows the weights; the sums of the pieces follow it.
struct trailer {
    char magic[8];
    uint32_t version, piece_bytes;
    uint64_t weight_bytes, layout;
    struct gguf_stamp stamp;
    uint64_t sums; // sum of the pieces' sums
    uint64_t self; // sum of the above
};

struct packed_file {
    const struct model *model;
    int fd, lock;
    char path[PATH_MAX], temp[PATH_MAX];
};

// Eight lanes, so that multiplications overlap. Every step can be undone, so no change of one word
// goes unseen. n is a multiple of 8.
static uint64_t sum_of(const void *bytes, size_t n)
{
    static const uint64_t prime = 0x9e3779b97f4a7c15;
    const unsigned char *p = bytes;
    uint64_t lanes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, sum = n;
    for (; n >= 64; n -= 64, p += 64)
        for (size_t k = 0; k < 8; k++) {
            uint64_t word;
            memcpy(&word, p + 8 * k, 8);
            lanes[k] = (lanes[k] ^ word) * prime;
        }
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        sum = (sum ^ word) * prime;
    }
    for (size_t k = 0; k < 8; k++)
        sum = ((sum ^ sum >> 32) + lanes[k]) * prime;
    return sum ^ sum >> 32;
}

// ---- what a model's file must say ----

static size_t piece_count(const struct model *m)
{
    return (m->packed_bytes + PIECE - 1) / PIECE;
}

static size_t trailer_bytes(const struct model *m)
{
    return sizeof(struct trailer) + piece_count(m) * sizeof(uint64_t);
}

static uint64_t layout_of(const struct model *m)
{
    uint64_t sum = m->weight_count;
    for (size_t i = 0; i < m->weight_count; i++) {
        const struct weight *w = &m->weights[i];
        uint64_t words[] = {sum,
                            str_hash(w->tensor->name),
                            w->matrix->format->type,
                            w->matrix->rows,
                            w->matrix->cols,
                            w->matrix->group_bytes,
                            w->at};
        sum = sum_of(words, sizeof words);
    }
    return sum;
}

// False for a model that is no file.
static bool trailer_of(const struct model *m, const uint64_t *sums, struct trailer *out)
{
    *out = (struct trailer){.magic = "fettlepk",
                            .version = VERSION,
                            .piece_bytes = PIECE,
                            .weight_bytes = m->packed_bytes,
                            .layout = layout_of(m),
                            .sums = sum_of(sums, piece_count(m) * sizeof *sums)};
    bool file = gguf_stamp(m->file, &out->stamp);
    out->self = sum_of(out, offsetof(struct trailer, self));
    return file;
}

static bool path_of(const struct packed_folder *folder, const struct model *m, char out[PATH_MAX])
{
    char whole[PATH_MAX], name[NAME_BYTES];
    if (!realpath(gguf_name(m->file), whole))
        return false;
    str_copy(name, sizeof name, str_of(strrchr(whole, '/') + 1));
    return snprintf(out, PATH_MAX, "%s/%s.%016llx.packed", folder->dir, name,
                    (unsigned long long)str_hash(str_of(whole))) < PATH_MAX;
}

// ---- sums of the pieces, by all threads ----

struct summing {
    struct team *team;
    const unsigned char *p;
    size_t bytes;
    uint64_t *sums;
    atomic_bool failed; // to read
};

static void sum_pieces(void *arg, unsigned thread)
{
    (void)thread;
    struct summing *s = arg;
    for (size_t i; (i = team_claim(s->team, 1)) * PIECE < s->bytes && !atomic_load(&s->failed);) {
        size_t at = i * PIECE, n = s->bytes - at < PIECE ? s->bytes - at : PIECE;
        // A piece that cannot be read is an error here, where touching it would end the program.
        // (EINVAL: a kernel before 5.14.)
        if (madvise((void *)(uintptr_t)(s->p + at), n, MADV_POPULATE_READ) != 0 && errno != EINVAL)
            atomic_store(&s->failed, true);
        else
            s->sums[i] = sum_of(s->p + at, n);
    }
}

// Maps the weights and sums them.
static const unsigned char *map_weights(const struct model *m, int fd, struct team *team,
                                        uint64_t *sums)
{
    void *p = mmap(NULL, m->packed_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return NULL;
    madvise(p, m->packed_bytes, MADV_HUGEPAGE); // a wish
    madvise(p, m->packed_bytes, MADV_WILLNEED);
    struct summing s = {.team = team, .p = p, .bytes = m->packed_bytes, .sums = sums};
    team_run(team, sum_pieces, &s);
    if (!s.failed)
        return p;
    munmap(p, m->packed_bytes);
    return NULL;
}

void packed_file_unmap(const unsigned char *packed, size_t bytes)
{
    if (packed)
        munmap((void *)(uintptr_t)packed, bytes);
}

// ---- an earlier load's file ----

// What is wrong with it, or NULL and the mapped weights.
static const char *check(const struct model *m, int fd, struct team *team,
                         const unsigned char **out)
{
    size_t n = trailer_bytes(m), count = piece_count(m);
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != m->packed_bytes + n)
        return "of another size";
    struct {
        struct trailer trailer;
        uint64_t sums[];
    } *there = malloc(n);
    uint64_t *sums = malloc(count * sizeof *sums);
    struct trailer expected;
    const char *wrong = NULL;
    if (!there || !sums)
        wrong = "out of memory";
    else if (pread(fd, there, n, (off_t)m->packed_bytes) != (ssize_t)n)
        wrong = "its trailer cannot be read";
    else if (!trailer_of(m, there->sums, &expected) ||
             memcmp(&expected, &there->trailer, sizeof expected) != 0)
        wrong = "of another model, an earlier state of it, or another version";
    else if (!(*out = map_weights(m, fd, team, sums)))
        wrong = "cannot be mapped and read";
    else if (memcmp(sums, there->sums, count * sizeof *sums) != 0) {
        wrong = "damaged";
        packed_file_unmap(*out, m->packed_bytes);
        *out = NULL;
    }
    free(there);
    free(sums);
    return wrong;
}

const unsigned char *packed_file_find(const struct packed_folder *folder, const struct model *m,
                                      struct team *team)
{
    const unsigned char *packed = NULL;
    char path[PATH_MAX];
    if (m->packed_bytes == 0 || !path_of(folder, m, path))
        return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return NULL;
    const char *wrong = check(m, fd, team, &packed);
    if (wrong)
        log_debug("llm", "%s is not used: %s", path, wrong);
    else
        futimens(fd, NULL); // it was of use: see packed_room.h
    close(fd);
    return packed;
}

// ---- a new file ----

struct packed_file *packed_file_begin(const struct packed_folder *folder, const struct model *m)
{
    struct err err;
    uint64_t bytes = m->packed_bytes + trailer_bytes(m);
    struct packed_file *f = calloc(1, sizeof *f);
    struct gguf_stamp stamp;
    if (!f || m->packed_bytes == 0 || !gguf_stamp(m->file, &stamp) ||
        !path_of(folder, m, f->path)) {
        free(f);
        return NULL;
    }
    f->model = m;
    f->fd = f->lock = -1;
    enum err_code code = packed_room_make(folder, f->path, bytes, &f->lock, &err);
    if (!code && snprintf(f->temp, sizeof f->temp, "%s.tmp-XXXXXX", f->path) >= PATH_MAX)
        code = err_set(&err, ERR_LIMIT, "%s: path too long", f->path);
    if (!code && (f->fd = mkostemp(f->temp, O_CLOEXEC)) < 0)
        code = err_errno(&err, errno, "%s", f->temp);
    // Some file systems know no fallocate.
    if (!code && fallocate(f->fd, 0, 0, (off_t)bytes) != 0 &&
        (errno != EOPNOTSUPP || ftruncate(f->fd, (off_t)bytes) != 0))
        code = err_errno(&err, errno, "%s: no room for %llu bytes", f->temp,
                         (unsigned long long)bytes);
    if (code) {
        log_debug("llm", "packed weights are not kept: %s", err.text);
        packed_file_give_up(&f);
    }
    return f;
}

int packed_file_descriptor(const struct packed_file *f)
{
    return f->fd;
}

static void close_file(struct packed_file **f)
{
    if ((*f)->fd >= 0)
        close((*f)->fd);
    if ((*f)->lock >= 0)
        close((*f)->lock);
    free(*f);
    *f = NULL;
}

void packed_file_give_up(struct packed_file **f)
{
    if ((*f)->fd >= 0)
        unlink((*f)->temp);
    close_file(f);
}

static bool write_trailer(const struct packed_file *f, const uint64_t *sums)
{
    size_t at = f->model->packed_bytes, n = piece_count(f->model) * sizeof *sums;
    struct trailer t;
    return trailer_of(f->model, sums, &t) &&
           pwrite(f->fd, &t, sizeof t, (off_t)at) == (ssize_t)sizeof t &&
           pwrite(f->fd, sums, n, (off_t)(at + sizeof t)) == (ssize_t)n;
}

const unsigned char *packed_file_finish(struct packed_file **out, struct team *team)
{
    struct packed_file *f = *out;
    uint64_t *sums = malloc(piece_count(f->model) * sizeof *sums);
    const unsigned char *packed = sums ? map_weights(f->model, f->fd, team, sums) : NULL;
    // No fsync: what a power cut tears is found by the sums.
    if (packed && write_trailer(f, sums) && rename(f->temp, f->path) == 0) {
        close_file(out);
    } else {
        log_debug("llm", "packed weights are not kept: %s cannot be written", f->temp);
        packed_file_unmap(packed, f->model->packed_bytes);
        packed = NULL;
        packed_file_give_up(out);
    }
    free(sums);
    return packed;
}
