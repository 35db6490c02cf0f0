// Writes GGUF model files (version 3): keys, then tensors, then their data, streamed.
#include "llm/gguf_write.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"

enum { ALIGNMENT = 32, FLUSH_BYTES = 1 << 20 };

struct gguf_writer {
    char *path, *part; // the final and the temporary name
    int fd;
    struct err err; // the first failure
    struct buf keys, tensors, data;
    struct map names;
    uint64_t key_count, tensor_count;
    uint64_t *sizes; // bytes of each tensor's data
    size_t sizes_cap;
    uint64_t offset;  // of the next tensor declared
    bool data_begun;  // keys and tensors are written
    uint64_t current; // tensor whose data comes next
    uint64_t given;   // bytes of it that came
};

static void fail(struct gguf_writer *w, enum err_code code, const char *what, const char *name)
{
    if (!w->err.code)
        err_set(&w->err, code, "%s: %s%s", w->path, what, name);
}

enum err_code gguf_write_open(const char *path, struct gguf_writer **out, struct err *err)
{
    *out = NULL;
    struct gguf_writer *w = calloc(1, sizeof *w);
    size_t n = strlen(path) + 6;
    if (!w || !(w->path = strdup(path)) || !(w->part = malloc(n))) {
        if (w)
            free(w->path);
        free(w);
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    }
    snprintf(w->part, n, "%s.part", path);
    w->fd = open(w->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (w->fd < 0) {
        enum err_code code = err_errno(err, errno, "cannot write %s", w->part);
        free(w->path);
        free(w->part);
        free(w);
        return code;
    }
    *out = w;
    return ERR_OK;
}

static void add_bytes(struct buf *b, uint64_t v, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(v >> 8 * i);
    buf_add(b, bytes, n);
}

static void add_string(struct buf *b, struct str s)
{
    add_bytes(b, s.n, 8);
    buf_add_str(b, s);
}

static void claim_name(struct gguf_writer *w, char kind, struct str name)
{
    struct buf key = {0};
    buf_add_char(&key, kind);
    buf_add_str(&key, name);
    if (map_find(&w->names, buf_str(&key)))
        fail(w, ERR_USAGE, "written twice: ", key.p + 1);
    else if (!map_put(&w->names, buf_str(&key), 0))
        fail(w, ERR_NO_MEMORY, "out of memory", "");
    buf_free(&key);
}

static bool begin_key(struct gguf_writer *w, struct str key, enum gguf_type type)
{
    if (w->tensor_count || w->data_begun)
        fail(w, ERR_USAGE, "a key after the first tensor", "");
    claim_name(w, 'k', key);
    if (w->err.code)
        return false;
    add_string(&w->keys, key);
    add_bytes(&w->keys, type, 4);
    w->key_count++;
    return true;
}

static bool begin_array(struct gguf_writer *w, const char *key, enum gguf_type type, size_t n)
{
    if (!begin_key(w, str_of(key), GGUF_ARRAY))
        return false;
    add_bytes(&w->keys, type, 4);
    add_bytes(&w->keys, n, 8);
    return true;
}

void gguf_write_u32(struct gguf_writer *w, const char *key, uint32_t v)
{
    if (begin_key(w, str_of(key), GGUF_U32))
        add_bytes(&w->keys, v, 4);
}

void gguf_write_f32(struct gguf_writer *w, const char *key, float v)
{
    if (begin_key(w, str_of(key), GGUF_F32))
        buf_add(&w->keys, &v, 4);
}

void gguf_write_bool(struct gguf_writer *w, const char *key, bool v)
{
    if (begin_key(w, str_of(key), GGUF_BOOL))
        add_bytes(&w->keys, v, 1);
}

void gguf_write_string(struct gguf_writer *w, const char *key, struct str v)
{
    if (begin_key(w, str_of(key), GGUF_STRING))
        add_string(&w->keys, v);
}

void gguf_write_strings(struct gguf_writer *w, const char *key, const struct str *v, size_t n)
{
    if (begin_array(w, key, GGUF_STRING, n))
        for (size_t i = 0; i < n; i++)
            add_string(&w->keys, v[i]);
}

void gguf_write_f32s(struct gguf_writer *w, const char *key, const float *v, size_t n)
{
    if (begin_array(w, key, GGUF_F32, n))
        buf_add(&w->keys, v, n * sizeof *v);
}

void gguf_write_i32s(struct gguf_writer *w, const char *key, const int32_t *v, size_t n)
{
    if (begin_array(w, key, GGUF_I32, n))
        buf_add(&w->keys, v, n * sizeof *v);
}

void gguf_write_copy(struct gguf_writer *w, const struct gguf_value *v)
{
    if (!begin_key(w, v->key, v->type))
        return;
    if (v->type == GGUF_ARRAY) {
        add_bytes(&w->keys, v->element, 4);
        add_bytes(&w->keys, v->count, 8);
    }
    buf_add(&w->keys, v->p, (size_t)(v->end - v->p));
}

static bool keep_size(struct gguf_writer *w, uint64_t bytes)
{
    if (w->tensor_count == w->sizes_cap) {
        size_t cap = w->sizes_cap ? 2 * w->sizes_cap : 64;
        uint64_t *sizes = realloc(w->sizes, cap * sizeof *sizes);
        if (!sizes)
            return false;
        w->sizes = sizes;
        w->sizes_cap = cap;
    }
    w->sizes[w->tensor_count++] = bytes;
    return true;
}

void gguf_write_tensor(struct gguf_writer *w, const char *name, const struct quant_format *format,
                       const uint64_t *ne, uint32_t dims)
{
    uint64_t count = 1;
    bool good = dims >= 1 && dims <= GGUF_DIMS && !w->data_begun && strlen(name) <= GGUF_NAME_MAX;
    for (uint32_t d = 0; good && d < dims; d++)
        good = ne[d] > 0 && !__builtin_mul_overflow(count, ne[d], &count);
    size_t bytes = good && ne[0] % format->block == 0 ? quant_bytes(format, count) : 0;
    if (!bytes)
        fail(w, ERR_USAGE, "a tensor that cannot be written: ", name);
    claim_name(w, 't', str_of(name));
    if (w->err.code)
        return;
    add_string(&w->tensors, str_of(name));
    add_bytes(&w->tensors, dims, 4);
    for (uint32_t d = 0; d < dims; d++)
        add_bytes(&w->tensors, ne[d], 8);
    add_bytes(&w->tensors, format->gguf_id, 4);
    add_bytes(&w->tensors, w->offset, 8);
    w->offset += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!keep_size(w, bytes))
        fail(w, ERR_NO_MEMORY, "out of memory", "");
}

static void flush(struct gguf_writer *w, struct buf *b)
{
    if (b->failed)
        fail(w, ERR_NO_MEMORY, "out of memory", "");
    if (!w->err.code && file_write_all(w->fd, b->p, b->n, &w->err))
        err_prefix(&w->err, "%s", w->part);
    buf_reset(b);
}

static void pad(struct gguf_writer *w, uint64_t n)
{
    for (; n % ALIGNMENT; n++)
        buf_add_char(&w->data, 0);
}

// Takes the room on the disk before the work that fills it; where the file system cannot do that,
// it is found out while writing.
static void reserve(struct gguf_writer *w, uint64_t bytes)
{
    if (!w->err.code && fallocate(w->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) != 0 &&
        errno == ENOSPC)
        err_errno(&w->err, errno, "cannot write %s, %.1f MB", w->part, (double)bytes / 1e6);
}

static void begin_data(struct gguf_writer *w)
{
    w->data_begun = true;
    struct buf head = {0};
    buf_add(&head, "GGUF", 4);
    add_bytes(&head, 3, 4);
    add_bytes(&head, w->tensor_count, 8);
    add_bytes(&head, w->key_count, 8);
    uint64_t n = head.n + w->keys.n + w->tensors.n;
    if (w->offset)
        reserve(w, n + w->offset);
    flush(w, &head);
    buf_free(&head);
    flush(w, &w->keys);
    flush(w, &w->tensors);
    pad(w, n);
}

void gguf_write_data(struct gguf_writer *w, const void *bytes, size_t n)
{
    if (!w->data_begun)
        begin_data(w);
    const unsigned char *p = bytes;
    while (n && !w->err.code) {
        if (w->current == w->tensor_count) {
            fail(w, ERR_USAGE, "more data than the tensors hold", "");
            return;
        }
        uint64_t room = w->sizes[w->current] - w->given;
        size_t now = n < room ? n : (size_t)room;
        buf_add(&w->data, p, now);
        p += now;
        n -= now;
        w->given += now;
        if (w->given == w->sizes[w->current]) {
            pad(w, w->given);
            w->current++;
            w->given = 0;
        }
        if (w->data.n >= FLUSH_BYTES || w->data.failed)
            flush(w, &w->data);
    }
}

static void sync_and_rename(struct gguf_writer *w)
{
    if (fsync(w->fd) != 0 || rename(w->part, w->path) != 0) {
        err_errno(&w->err, errno, "cannot write %s", w->path);
        return;
    }
    char *copy = strdup(w->path);
    int folder = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder < 0 || fsync(folder) != 0)
        err_errno(&w->err, errno, "cannot sync the folder of %s", w->path);
    if (folder >= 0)
        close(folder);
    free(copy);
}

static void release(struct gguf_writer **w)
{
    struct gguf_writer *old = *w;
    if (old->fd >= 0)
        close(old->fd);
    if (old->err.code)
        unlink(old->part);
    buf_free(&old->keys);
    buf_free(&old->tensors);
    buf_free(&old->data);
    map_free(&old->names);
    free(old->sizes);
    free(old->path);
    free(old->part);
    free(old);
    *w = NULL;
}

enum err_code gguf_write_finish(struct gguf_writer **w, struct err *err)
{
    struct gguf_writer *g = *w;
    if (!g->data_begun)
        begin_data(g);
    if (g->current != g->tensor_count)
        fail(g, ERR_USAGE, "data of tensors is missing", "");
    flush(g, &g->data);
    if (!g->err.code)
        sync_and_rename(g);
    if (g->err.code && err)
        *err = g->err;
    enum err_code code = g->err.code;
    release(w);
    return code;
}

void gguf_write_abandon(struct gguf_writer **w)
{
    if (!*w)
        return;
    fail(*w, ERR_CANCELLED, "given up", "");
    release(w);
}
