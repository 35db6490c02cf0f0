// Reads the structure of a GGUF file: keys and tensors, checked whole before anything is used.
#include <stdlib.h>
#include <string.h>

#include "llm/gguf_private.h"

enum { MAGIC_BYTES = 4, KEY_LEAST = 8 + 1 + 4 + 1, TENSOR_LEAST = 8 + 1 + 4 + 8 + 4 + 8 };

// What is being read, and where: `what` names it in messages.
struct cursor {
    const struct gguf *g;
    size_t at;
    const char *what;
    struct str key; // of which key or tensor; empty before its name is known
    struct err *err;
};

static const uint8_t type_bytes[GGUF_TYPE_COUNT] = {
#define X(NAME, id, bytes, name) [id] = bytes,
    GGUF_TYPES(X)
#undef X
};

static uint64_t load(const unsigned char *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

__attribute__((format(printf, 4, 5))) static enum err_code
bad(const struct cursor *c, enum err_code code, size_t at, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    int key_n = c->key.n > 80 ? 80 : (int)c->key.n;
    err_set(c->err, code, "%s: %s%s%.*s%s at byte %zu: %s", c->g->name, c->what, key_n ? " '" : "",
            key_n, key_n ? c->key.p : "", key_n ? "'" : "", at, text.p ? text.p : "");
    buf_free(&text);
    return code;
}

static size_t left(const struct cursor *c)
{
    return c->g->n - c->at;
}

static enum err_code take(struct cursor *c, size_t bytes, const char *what, uint64_t *out)
{
    *out = 0;
    if (left(c) < bytes)
        return bad(c, ERR_INPUT, c->at, "the file ends within the %s", what);
    *out = load(c->g->bytes + c->at, bytes);
    c->at += bytes;
    return ERR_OK;
}

static enum err_code take_string(struct cursor *c, size_t limit, const char *what, struct str *out)
{
    size_t start = c->at;
    uint64_t n;
    enum err_code code = take(c, 8, what, &n);
    if (code)
        return code;
    if (n > left(c))
        return bad(c, ERR_INPUT, start, "the %s is said to have %llu bytes, %zu are left", what,
                   (unsigned long long)n, left(c));
    if (n > limit)
        return bad(c, ERR_LIMIT, start, "the %s has %llu bytes, at most %zu are allowed", what,
                   (unsigned long long)n, limit);
    *out = (struct str){(const char *)c->g->bytes + c->at, (size_t)n};
    c->at += (size_t)n;
    return ERR_OK;
}

// A name that can stand in a message: UTF-8 without control characters.
static enum err_code take_name(struct cursor *c, size_t limit, struct str *out)
{
    size_t start = c->at;
    enum err_code code = take_string(c, limit, "name", out);
    if (code)
        return code;
    bool plain = out->n > 0 && str_is_utf8(*out);
    for (size_t i = 0; plain && i < out->n; i++)
        plain = (unsigned char)out->p[i] >= ' ' && out->p[i] != 127;
    if (!plain)
        return bad(c, ERR_INPUT, start, "the name is empty or no printable text");
    c->key = *out;
    return ERR_OK;
}

static enum err_code check_bools(struct cursor *c, const struct gguf_value *v)
{
    for (uint64_t i = 0; i < v->count; i++)
        if (v->p[i] > 1)
            return bad(c, ERR_INPUT, (size_t)(v->p - c->g->bytes) + i,
                       "a bool is 0 or 1, this is %u", v->p[i]);
    return ERR_OK;
}

// The `count` scalars or strings that follow.
static enum err_code take_elements(struct cursor *c, struct gguf_value *v)
{
    enum err_code code = ERR_OK;
    v->p = c->g->bytes + c->at;
    if (v->element == GGUF_STRING) {
        struct str s;
        for (uint64_t i = 0; i < v->count && !code; i++)
            code = take_string(c, GGUF_STRING_MAX, "string", &s);
    } else if (v->count > left(c) / type_bytes[v->element]) {
        code = bad(c, ERR_INPUT, c->at, "%llu values of type %s do not fit into the %zu bytes left",
                   (unsigned long long)v->count, gguf_type_name(v->element), left(c));
    } else {
        c->at += (size_t)v->count * type_bytes[v->element];
        if (v->element == GGUF_BOOL)
            code = check_bools(c, v);
    }
    v->end = c->g->bytes + c->at;
    return code;
}

static enum err_code take_type(struct cursor *c, enum gguf_type *out)
{
    size_t start = c->at;
    uint64_t type;
    *out = GGUF_U8;
    enum err_code code = take(c, 4, "type", &type);
    if (code)
        return code;
    if (type >= GGUF_TYPE_COUNT)
        return bad(c, ERR_INPUT, start, "unknown type %llu", (unsigned long long)type);
    *out = (enum gguf_type)type;
    return ERR_OK;
}

static enum err_code take_value(struct cursor *c, struct gguf_value *v)
{
    enum err_code code = take_type(c, &v->type);
    if (code)
        return code;
    v->element = v->type;
    v->count = 1;
    if (v->type == GGUF_ARRAY) {
        size_t start = c->at;
        if ((code = take_type(c, &v->element)) || (code = take(c, 8, "count", &v->count)))
            return code;
        if (v->element == GGUF_ARRAY)
            return bad(c, ERR_INPUT, start, "arrays of arrays are not allowed");
        if (v->count > GGUF_ARRAY_MAX)
            return bad(c, ERR_LIMIT, start + 4, "an array of %llu elements, at most %d are allowed",
                       (unsigned long long)v->count, GGUF_ARRAY_MAX);
    }
    return take_elements(c, v);
}

static enum err_code index_name(struct cursor *c, struct map *index, size_t start, uint64_t value)
{
    if (map_find(index, c->key))
        return bad(c, ERR_INPUT, start, "the name is there twice");
    if (!map_put(index, c->key, value))
        return err_set(c->err, ERR_NO_MEMORY, "%s: out of memory", c->g->name);
    return ERR_OK;
}

static enum err_code read_keys(struct gguf *g, struct cursor *c, size_t count)
{
    c->what = "key";
    for (size_t i = 0; i < count; i++) {
        struct gguf_value *v = &g->keys[i];
        size_t start = c->at;
        c->key = (struct str){0};
        enum err_code code = take_name(c, GGUF_KEY_MAX, &v->key);
        if (code || (code = take_value(c, v)) || (code = index_name(c, &g->key_index, start, i)))
            return code;
    }
    return ERR_OK;
}

static enum err_code read_shape(struct cursor *c, struct gguf_tensor *t)
{
    size_t start = c->at;
    uint64_t dims;
    enum err_code code = take(c, 4, "number of dimensions", &dims);
    if (code)
        return code;
    if (dims < 1 || dims > GGUF_DIMS)
        return bad(c, ERR_INPUT, start, "%llu dimensions, 1 to %d are allowed",
                   (unsigned long long)dims, GGUF_DIMS);
    t->dims = (uint32_t)dims;
    t->count = 1;
    for (uint32_t d = 0; d < GGUF_DIMS; d++) {
        t->ne[d] = 1;
        start = c->at;
        if (d < dims && (code = take(c, 8, "dimensions", &t->ne[d])))
            return code;
        if (t->ne[d] == 0 || t->ne[d] > INT64_MAX ||
            __builtin_mul_overflow(t->count, t->ne[d], &t->count) || t->count > INT64_MAX)
            return bad(c, ERR_INPUT, start, "dimension %u is %llu", d,
                       (unsigned long long)t->ne[d]);
    }
    return ERR_OK;
}

// The offset is kept in `data` as a number until the data section's start is known.
static enum err_code read_tensor(struct cursor *c, struct gguf_tensor *t, uint64_t *offset)
{
    enum err_code code = take_name(c, GGUF_NAME_MAX, &t->name);
    if (code || (code = read_shape(c, t)))
        return code;
    size_t start = c->at;
    uint64_t type;
    if ((code = take(c, 4, "type", &type)))
        return code;
    t->format = quant_format_by_gguf((uint32_t)type);
    if (!t->format)
        return bad(c, ERR_UNSUPPORTED, start, "tensor type %llu is not supported",
                   (unsigned long long)type);
    if (t->ne[0] % t->format->block)
        return bad(c, ERR_INPUT, start, "rows of %llu weights are no multiple of %s's block of %u",
                   (unsigned long long)t->ne[0], t->format->name, t->format->block);
    t->bytes = quant_bytes(t->format, t->count);
    if (!t->bytes)
        return bad(c, ERR_INPUT, start, "the size overflows");
    return take(c, 8, "offset", offset);
}

static int by_data(const void *a, const void *b)
{
    const struct gguf_tensor *x = *(const struct gguf_tensor *const *)a;
    const struct gguf_tensor *y = *(const struct gguf_tensor *const *)b;
    return (x->data > y->data) - (x->data < y->data);
}

static enum err_code check_overlap(struct gguf *g, struct cursor *c, size_t count)
{
    const struct gguf_tensor **order = malloc((count + 1) * sizeof *order);
    if (!order)
        return err_set(c->err, ERR_NO_MEMORY, "%s: out of memory", g->name);
    for (size_t i = 0; i < count; i++)
        order[i] = &g->tensors[i];
    qsort(order, count, sizeof *order, by_data);
    enum err_code code = ERR_OK;
    for (size_t i = 1; i < count && !code; i++) {
        c->key = order[i]->name;
        if (order[i]->data < order[i - 1]->data + order[i - 1]->bytes)
            code = bad(c, ERR_INPUT, (size_t)(order[i]->data - g->bytes),
                       "its data overlaps that of '%.*s'", STR_ARG(order[i - 1]->name));
    }
    free(order);
    return code;
}

static enum err_code place_tensors(struct gguf *g, struct cursor *c, const uint64_t *offsets,
                                   size_t count, uint32_t alignment)
{
    size_t base = c->at + (alignment - c->at % alignment) % alignment;
    for (size_t i = 0; i < count; i++) {
        struct gguf_tensor *t = &g->tensors[i];
        c->key = t->name;
        if (offsets[i] % alignment)
            return bad(c, ERR_INPUT, c->at, "its offset %llu is no multiple of the alignment %u",
                       (unsigned long long)offsets[i], alignment);
        if (base > g->n || offsets[i] > g->n - base || t->bytes > g->n - base - offsets[i])
            return bad(
                c, ERR_INPUT, c->at,
                "its data (%zu bytes at offset %llu of the data) goes beyond the file's end; "
                "is the file complete?",
                t->bytes, (unsigned long long)offsets[i]);
        t->data = g->bytes + base + offsets[i];
    }
    return check_overlap(g, c, count);
}

static enum err_code read_alignment(struct gguf *g, uint32_t *out, struct err *err)
{
    *out = 32;
    enum err_code code = gguf_u32(g, "general.alignment", out, err);
    if (code && code != ERR_NOT_FOUND)
        return code;
    if (*out == 0 || *out > 1 << 16 || (*out & (*out - 1)))
        return err_set(err, ERR_INPUT, "%s: key 'general.alignment' is %u, expected a power of two",
                       g->name, *out);
    return ERR_OK;
}

static enum err_code read_tensors(struct gguf *g, struct cursor *c, size_t count)
{
    uint64_t *offsets = calloc(count + 1, sizeof *offsets);
    if (!offsets)
        return err_set(c->err, ERR_NO_MEMORY, "%s: out of memory", g->name);
    enum err_code code = ERR_OK;
    uint32_t alignment;
    c->what = "tensor";
    for (size_t i = 0; i < count; i++) {
        size_t start = c->at;
        c->key = (struct str){0};
        if ((code = read_tensor(c, &g->tensors[i], &offsets[i])) ||
            (code = index_name(c, &g->tensor_index, start, i)))
            goto out;
    }
    if ((code = read_alignment(g, &alignment, c->err)))
        goto out;
    code = place_tensors(g, c, offsets, count, alignment);
out:
    free(offsets);
    return code;
}

// Bounds a count by its limit and by the bytes that so many entries would need at least.
static enum err_code take_count(struct cursor *c, size_t least, size_t limit, const char *what,
                                size_t *out)
{
    size_t start = c->at;
    uint64_t count;
    *out = 0;
    enum err_code code = take(c, 8, what, &count);
    if (code)
        return code;
    if (count > left(c) / least)
        return bad(c, ERR_INPUT, start,
                   "%s of %llu does not fit into the %zu bytes left; is the file complete?", what,
                   (unsigned long long)count, left(c));
    if (count > limit)
        return bad(c, ERR_LIMIT, start, "%s of %llu, at most %zu are allowed", what,
                   (unsigned long long)count, limit);
    *out = (size_t)count;
    return ERR_OK;
}

static enum err_code read_header(struct gguf *g, struct cursor *c)
{
    if (g->n < MAGIC_BYTES || memcmp(g->bytes, "GGUF", MAGIC_BYTES) != 0)
        return bad(c, ERR_INPUT, 0, "this is no GGUF file (it does not start with GGUF)");
    c->at = MAGIC_BYTES;
    uint64_t version;
    enum err_code code = take(c, 4, "version", &version);
    if (code)
        return code;
    g->version = (uint32_t)version;
    if (version == 0x02000000 || version == 0x03000000)
        return bad(c, ERR_UNSUPPORTED, 4, "big-endian files are not supported");
    if (version != 2 && version != 3)
        return bad(c, ERR_UNSUPPORTED, 4, "version %u, expected 2 or 3", g->version);
    size_t tensors, keys;
    if ((code = take_count(c, TENSOR_LEAST, GGUF_TENSORS_MAX, "a tensor count", &tensors)) ||
        (code = take_count(c, KEY_LEAST, GGUF_KEYS_MAX, "a key count", &keys)))
        return code;
    g->keys = calloc(keys + 1, sizeof *g->keys);
    g->tensors = calloc(tensors + 1, sizeof *g->tensors);
    if (!g->keys || !g->tensors)
        return err_set(c->err, ERR_NO_MEMORY, "%s: out of memory", g->name);
    if ((code = read_keys(g, c, keys)))
        return code;
    return read_tensors(g, c, tensors);
}

enum err_code gguf_read(struct gguf *g, struct err *err)
{
    struct cursor c = {g, 0, "header", {0}, err};
    return read_header(g, &c);
}
