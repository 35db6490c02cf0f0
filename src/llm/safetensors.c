// Reads safetensors files: the header as JSON, then the places of all tensors against each other.
#include "llm/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_scan.h"
#include "base/map.h"

enum { LENGTH_BYTES = 8 };

static const struct dtype {
    const char *name;
    uint32_t bytes;
    int format; // quant_type; -1: weights are not taken from it
} dtypes[] = {
    {"F32", 4, QUANT_F32}, {"F16", 2, QUANT_F16}, {"BF16", 2, QUANT_BF16}, {"F64", 8, -1},
    {"F8_E4M3", 1, -1},    {"F8_E5M2", 1, -1},    {"I64", 8, -1},          {"I32", 4, -1},
    {"I16", 2, -1},        {"I8", 1, -1},         {"U64", 8, -1},          {"U32", 4, -1},
    {"U16", 2, -1},        {"U8", 1, -1},         {"BOOL", 1, -1},
};

struct safetensors {
    char *name;
    struct file_map map; // zero when over bytes
    const unsigned char *bytes;
    size_t n, header; // bytes of all, of the JSON
    struct safetensors_tensor *tensors;
    size_t cap;
    struct map index; // name to place in tensors; owns the names
};

// What is being read: the scanner and the tensor for messages.
struct reader {
    struct safetensors *s;
    struct json_scan scan;
    struct safetensors_tensor t;
    uint32_t dtype_bytes;
    uint64_t begin, end; // of the data
    bool has_shape, has_place;
    struct err *err;
};

const char *safetensors_name(const struct safetensors *s)
{
    return s->name;
}

size_t safetensors_count(const struct safetensors *s)
{
    return s->index.n;
}

const struct safetensors_tensor *safetensors_at(const struct safetensors *s, size_t i)
{
    return i < s->index.n ? &s->tensors[i] : NULL;
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *s, struct str name)
{
    const uint64_t *at = map_find(&s->index, name);
    return at ? &s->tensors[*at] : NULL;
}

__attribute__((format(printf, 3, 4))) static enum err_code
bad(const struct reader *r, enum err_code code, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    int n = r->t.name.n > 80 ? 80 : (int)r->t.name.n;
    err_set(r->err, code, "%s: byte %zu: %s%.*s%s%s", r->s->name,
            LENGTH_BYTES + json_scan_byte(&r->scan), n ? "tensor '" : "", n, n ? r->t.name.p : "",
            n ? "': " : "", text.p ? text.p : "");
    buf_free(&text);
    return code;
}

// The next token, which must be of a kind; a syntax error is told as such.
static enum err_code expect(struct reader *r, enum json_token kind, const char *what)
{
    enum json_token t = json_scan_next(&r->scan);
    if (t == kind)
        return ERR_OK;
    return bad(r, ERR_INPUT, "%s", t == JSON_TOKEN_ERROR ? r->scan.why : what);
}

static enum err_code take_number(struct reader *r, const char *what, uint64_t *out)
{
    enum err_code code = expect(r, JSON_TOKEN_NUMBER, what);
    if (code)
        return code;
    return str_to_u64(r->scan.text, out) ? ERR_OK : bad(r, ERR_INPUT, "%s", what);
}

static enum err_code read_dtype(struct reader *r)
{
    enum err_code code = expect(r, JSON_TOKEN_STRING, "'dtype' is no text");
    if (code)
        return code;
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (str_is(r->scan.text, dtypes[i].name)) {
            r->t.dtype = dtypes[i].name;
            r->dtype_bytes = dtypes[i].bytes;
            r->t.format =
                dtypes[i].format < 0 ? NULL : quant_format_of((enum quant_type)dtypes[i].format);
            return ERR_OK;
        }
    return bad(r, ERR_UNSUPPORTED, "dtype '%.*s' is not known",
               r->scan.text.n > 32 ? 32 : (int)r->scan.text.n, r->scan.text.p);
}

static enum err_code read_shape(struct reader *r)
{
    enum err_code code = expect(r, JSON_TOKEN_ARRAY, "'shape' is no array");
    r->t.count = 1;
    r->t.dims = 0;
    r->has_shape = true;
    for (enum json_token t; !code && (t = json_scan_next(&r->scan)) != JSON_TOKEN_ARRAY_END;) {
        uint64_t size;
        if (t != JSON_TOKEN_NUMBER || !str_to_u64(r->scan.text, &size))
            return bad(r, ERR_INPUT, "'shape' holds something that is no size");
        if (r->t.dims == SAFETENSORS_DIMS)
            return bad(r, ERR_LIMIT, "'shape' has more than %d sizes", SAFETENSORS_DIMS);
        if (__builtin_mul_overflow(r->t.count, size, &r->t.count))
            return bad(r, ERR_INPUT, "'shape' overflows");
        r->t.shape[r->t.dims++] = size;
    }
    for (uint32_t d = r->t.dims; d < SAFETENSORS_DIMS; d++)
        r->t.shape[d] = 1;
    return code;
}

static enum err_code read_place(struct reader *r)
{
    static const char two[] = "'data_offsets' must be an array of two offsets";
    enum err_code code;
    r->has_place = true;
    if ((code = expect(r, JSON_TOKEN_ARRAY, two)) || (code = take_number(r, two, &r->begin)) ||
        (code = take_number(r, two, &r->end)))
        return code;
    return expect(r, JSON_TOKEN_ARRAY_END, two);
}

static enum err_code place(struct reader *r)
{
    uint64_t bytes, room = r->s->n - LENGTH_BYTES - r->s->header;
    const char *missing = !r->t.dtype     ? "dtype"
                          : !r->has_shape ? "shape"
                          : !r->has_place ? "data_offsets"
                                          : NULL;
    if (missing)
        return bad(r, ERR_INPUT, "'%s' is missing", missing);
    if (__builtin_mul_overflow(r->t.count, (uint64_t)r->dtype_bytes, &bytes))
        return bad(r, ERR_INPUT, "'shape' overflows");
    if (r->begin > r->end || r->end > room)
        return bad(r, ERR_INPUT,
                   "'data_offsets' %llu to %llu are not within the %llu bytes of data; is the "
                   "file complete?",
                   (unsigned long long)r->begin, (unsigned long long)r->end,
                   (unsigned long long)room);
    if (r->end - r->begin != bytes)
        return bad(r, ERR_INPUT, "%llu values of %s are %llu bytes, but 'data_offsets' span %llu",
                   (unsigned long long)r->t.count, r->t.dtype, (unsigned long long)bytes,
                   (unsigned long long)(r->end - r->begin));
    r->t.bytes = (size_t)bytes;
    r->t.data = r->s->bytes + LENGTH_BYTES + r->s->header + r->begin;
    return ERR_OK;
}

static enum err_code keep(struct reader *r)
{
    struct safetensors *s = r->s;
    if (map_find(&s->index, r->t.name))
        return bad(r, ERR_INPUT, "the name is there twice");
    if (s->index.n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 64;
        struct safetensors_tensor *tensors = realloc(s->tensors, cap * sizeof *tensors);
        if (!tensors)
            return bad(r, ERR_NO_MEMORY, "out of memory");
        s->tensors = tensors;
        s->cap = cap;
    }
    size_t i = s->index.n;
    if (!map_put(&s->index, r->t.name, i))
        return bad(r, ERR_NO_MEMORY, "out of memory");
    s->tensors[i] = r->t;
    s->tensors[i].name = (struct str){s->index.entries[i].key, s->index.entries[i].key_n};
    return ERR_OK;
}

static enum err_code read_fields(struct reader *r)
{
    enum err_code code = expect(r, JSON_TOKEN_OBJECT, "an object is expected");
    enum json_token t = JSON_TOKEN_ERROR;
    while (!code && (t = json_scan_next(&r->scan)) == JSON_TOKEN_KEY) {
        struct str key = r->scan.text;
        if (str_is(key, "dtype"))
            code = read_dtype(r);
        else if (str_is(key, "shape"))
            code = read_shape(r);
        else if (str_is(key, "data_offsets"))
            code = read_place(r);
        else
            code =
                bad(r, ERR_INPUT, "field '%.*s' is not known", key.n > 32 ? 32 : (int)key.n, key.p);
    }
    if (!code && t == JSON_TOKEN_ERROR)
        code = bad(r, ERR_INPUT, "%s", r->scan.why);
    return code;
}

// A name that can stand in a message: UTF-8 without control characters.
static enum err_code take_name(struct reader *r, char name[SAFETENSORS_NAME_MAX + 1])
{
    if (r->scan.text.n == 0 || r->scan.text.n > SAFETENSORS_NAME_MAX)
        return bad(r, ERR_LIMIT, "a tensor's name of %zu bytes, 1 to %d are allowed",
                   r->scan.text.n, SAFETENSORS_NAME_MAX);
    struct str s = {name, json_unescape(r->scan.text, name)};
    bool plain = str_is_utf8(s);
    for (size_t i = 0; plain && i < s.n; i++)
        plain = (unsigned char)s.p[i] >= ' ' && s.p[i] != 127;
    if (!plain)
        return bad(r, ERR_INPUT, "a tensor's name is no printable text");
    r->t.name = s;
    return ERR_OK;
}

static enum err_code read_tensor(struct reader *r)
{
    char name[SAFETENSORS_NAME_MAX + 1];
    r->t = (struct safetensors_tensor){0};
    r->has_shape = r->has_place = false;
    enum err_code code;
    if (str_is(r->scan.text, "__metadata__")) {
        enum json_token t = json_scan_next(&r->scan);
        return t != JSON_TOKEN_ERROR && json_scan_skip(&r->scan, t)
                   ? ERR_OK
                   : bad(r, ERR_INPUT, "%s", r->scan.why);
    }
    if (!(code = take_name(r, name)) && !(code = read_fields(r)) && !(code = place(r)))
        code = keep(r);
    r->t.name = (struct str){0};
    return code;
}

static int by_place(const void *a, const void *b)
{
    const struct safetensors_tensor *x = *(const struct safetensors_tensor *const *)a;
    const struct safetensors_tensor *y = *(const struct safetensors_tensor *const *)b;
    if (x->data != y->data)
        return x->data > y->data ? 1 : -1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

// Every byte of the data belongs to one tensor.
static enum err_code check_cover(struct safetensors *s, struct err *err)
{
    const struct safetensors_tensor **order = malloc((s->index.n + 1) * sizeof *order);
    if (!order)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", s->name);
    for (size_t i = 0; i < s->index.n; i++)
        order[i] = &s->tensors[i];
    qsort(order, s->index.n, sizeof *order, by_place);
    const unsigned char *at = s->bytes + LENGTH_BYTES + s->header;
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < s->index.n && !code; i++) {
        if (order[i]->data != at)
            code = err_set(err, ERR_INPUT, "%s: byte %zu: the data of tensor '%.*s' %s", s->name,
                           (size_t)(order[i]->data - s->bytes), STR_ARG(order[i]->name),
                           order[i]->data < at ? "overlaps that of another"
                                               : "follows bytes that belong to no tensor");
        at = order[i]->data + order[i]->bytes;
    }
    free(order);
    if (!code && at != s->bytes + s->n)
        code = err_set(err, ERR_INPUT, "%s: byte %zu: the last %zu bytes belong to no tensor",
                       s->name, (size_t)(at - s->bytes), (size_t)(s->bytes + s->n - at));
    return code;
}

static enum err_code read_length(struct safetensors *s, struct err *err)
{
    uint64_t length = 0;
    if (s->n < LENGTH_BYTES)
        return err_set(err, ERR_INPUT, "%s: %zu bytes are no safetensors file", s->name, s->n);
    for (int i = LENGTH_BYTES; i-- > 0;)
        length = length << 8 | s->bytes[i];
    if (length > s->n - LENGTH_BYTES)
        return err_set(err, ERR_INPUT,
                       "%s: byte 0: the header is said to have %llu bytes, the file has %zu more; "
                       "is it complete, and a safetensors file?",
                       s->name, (unsigned long long)length, s->n - LENGTH_BYTES);
    if (length > SAFETENSORS_HEADER_MAX)
        return err_set(err, ERR_LIMIT, "%s: a header of %llu bytes, at most %d are allowed",
                       s->name, (unsigned long long)length, SAFETENSORS_HEADER_MAX);
    s->header = (size_t)length;
    return ERR_OK;
}

static enum err_code read_all(struct safetensors *s, struct err *err)
{
    enum err_code code = read_length(s, err);
    if (code)
        return code;
    struct reader r = {.s = s, .err = err};
    json_scan_open(&r.scan, (struct str){(const char *)s->bytes + LENGTH_BYTES, s->header}, 0, 0);
    if ((code = expect(&r, JSON_TOKEN_OBJECT, "the header is no JSON object")))
        return code;
    enum json_token t;
    while (!code && (t = json_scan_next(&r.scan)) == JSON_TOKEN_KEY)
        code = read_tensor(&r);
    if (!code)
        code = expect(&r, JSON_TOKEN_END, "more than one object in the header");
    return code ? code : check_cover(s, err);
}

static enum err_code open_any(struct safetensors *s, struct safetensors **out, struct err *err)
{
    enum err_code code = read_all(s, err);
    *out = s;
    if (code)
        safetensors_close(out);
    return code;
}

enum err_code safetensors_open(const char *path, struct safetensors **out, struct err *err)
{
    *out = NULL;
    struct file_map map;
    enum err_code code = file_map_open(path, &map, err);
    if (code)
        return code;
    struct safetensors *s = calloc(1, sizeof *s);
    if (!s || !(s->name = strdup(path))) {
        free(s);
        file_map_close(&map);
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    }
    s->map = map;
    s->bytes = map.p;
    s->n = map.n;
    return open_any(s, out, err);
}

enum err_code safetensors_open_bytes(const void *bytes, size_t n, const char *name,
                                     struct safetensors **out, struct err *err)
{
    *out = NULL;
    struct safetensors *s = calloc(1, sizeof *s);
    if (!s || !(s->name = strdup(name))) {
        free(s);
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", name);
    }
    s->bytes = bytes;
    s->n = n;
    return open_any(s, out, err);
}

void safetensors_close(struct safetensors **out)
{
    struct safetensors *s = *out;
    if (!s)
        return;
    map_free(&s->index);
    free(s->tensors);
    file_map_close(&s->map);
    free(s->name);
    free(s);
    *out = NULL;
}
