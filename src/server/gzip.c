// Packing and bounded unpacking with zlib.
#include "server/gzip.h"

#include <limits.h>
#include <string.h>

#include <zlib.h>

enum { WINDOW_GZIP = 15 + 16, WINDOW_AUTO = 15 + 32, STEP = 65536 };

bool gzip_pack(struct str in, int level, struct buf *out)
{
    z_stream z = {0};
    if (in.n > UINT_MAX / 2 ||
        deflateInit2(&z, level, Z_DEFLATED, WINDOW_GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&z, (uLong)in.n);
    char *to = buf_reserve(out, bound);
    bool ok = to != NULL;
    if (ok) {
        z.next_in = (Bytef *)(uintptr_t)in.p;
        z.avail_in = (uInt)in.n;
        z.next_out = (Bytef *)to;
        z.avail_out = (uInt)bound;
        ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
    }
    if (ok) {
        out->n += z.total_out;
        out->p[out->n] = '\0';
    }
    deflateEnd(&z);
    return ok;
}

// Unpacks what fits into STEP more bytes.
static int unpack_step(z_stream *z, size_t room, struct buf *out)
{
    size_t step = room < STEP ? room : STEP;
    char *to = buf_reserve(out, step);
    if (!to)
        return Z_MEM_ERROR;
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)step;
    int rc = inflate(z, Z_NO_FLUSH);
    out->n += step - z->avail_out;
    out->p[out->n] = '\0';
    return rc;
}

enum err_code gzip_unpack(struct str in, size_t limit, struct buf *out, struct err *err)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n};
    if (in.n > UINT_MAX / 2)
        return err_set(err, ERR_LIMIT, "a packed body of %zu bytes is too large", in.n);
    if (inflateInit2(&z, WINDOW_AUTO) != Z_OK)
        return err_set(err, ERR_NO_MEMORY, "out of memory while unpacking");
    size_t begin = out->n;
    enum err_code code = ERR_OK;
    for (;;) {
        // One byte more than the limit shows that there is more.
        int rc = unpack_step(&z, limit + 1 - (out->n - begin), out);
        if (out->n - begin > limit) {
            code = err_set(err, ERR_LIMIT, "the packed body unpacks to more than %zu bytes", limit);
        } else if (rc == Z_MEM_ERROR) {
            code = err_set(err, ERR_NO_MEMORY, "out of memory while unpacking");
        } else if (rc == Z_STREAM_END) {
            if (z.avail_in == 0)
                break;
            if (inflateReset(&z) == Z_OK) // a further member
                continue;
            code = err_set(err, ERR_INTERNAL, "zlib does not start again");
        } else if (rc == Z_OK && (z.avail_in || z.avail_out == 0)) {
            continue;
        } else if (rc == Z_OK || rc == Z_BUF_ERROR) {
            code = err_set(err, ERR_INPUT, "the packed body ends early, after byte %zu", in.n);
        } else {
            code = err_set(err, ERR_INPUT, "the packed body is damaged at byte %zu: %s",
                           (size_t)(in.n - z.avail_in), z.msg ? z.msg : "no gzip");
        }
        break;
    }
    inflateEnd(&z);
    return code;
}

// "gzip;q=0" refuses, "gzip", "*" and "gzip;q=0.5" accept.
static bool item_accepts(struct str item)
{
    struct str rest = item, name = str_trim(str_cut(&rest, ';'));
    if (!str_eq_nocase(name, STR_LIT("gzip")) && !str_is(name, "*"))
        return false;
    rest = str_trim(rest);
    double q = 1;
    if (rest.n > 2 && (rest.p[0] | 32) == 'q' && rest.p[1] == '=')
        return str_to_double(str_trim((struct str){rest.p + 2, rest.n - 2}), &q) && q > 0;
    return true;
}

bool gzip_accepted(const char *accept_encoding)
{
    struct str rest = str_of(accept_encoding);
    while (rest.n)
        if (item_accepts(str_trim(str_cut(&rest, ','))))
            return true;
    return false;
}
