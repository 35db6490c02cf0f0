// Reads a series of the UCR anomaly archive, with what its file name says.
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/clock.h"
#include "eval/load.h"

enum { CHUNK_BYTES = 1 << 18, NUMBER_BYTES_MAX = 64 };

static enum err_code parse_name(const char *path, struct ucr_labels *labels, struct err *err)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    struct str name = str_of(base);
    int64_t *parts[] = {&labels->end, &labels->begin, &labels->train};
    bool ok = true;
    if (str_ends(name, STR_LIT(".gz")))
        name.n -= 3;
    if (str_ends(name, STR_LIT(".txt")))
        name.n -= 4;
    for (size_t i = 0; i < 3 && ok; i++) {
        size_t at = name.n;
        while (at > 0 && name.p[at - 1] != '_')
            at--;
        ok = at > 1 && str_to_i64((struct str){name.p + at, name.n - at}, parts[i]);
        name.n = ok ? at - 1 : 0;
    }
    if (!ok || labels->train < 1 || labels->begin <= labels->train || labels->end < labels->begin)
        return err_set(err, ERR_INPUT,
                       "%s: the name must end in _<end of training>_<begin>_<end>.txt[.gz]", path);
    return ERR_OK;
}

struct values {
    const char *path;
    double *p;
    size_t n, room;
    struct err *err;
};

static enum err_code add_value(struct values *v, struct str word)
{
    if (v->n == v->room) {
        size_t room = v->room ? 2 * v->room : 1 << 16;
        double *p = room <= LOAD_ROWS_MAX ? realloc(v->p, room * sizeof *p) : NULL;
        if (!p)
            return err_set(v->err, room > LOAD_ROWS_MAX ? ERR_LIMIT : ERR_NO_MEMORY,
                           "%s: too many values (%zu)", v->path, v->n);
        v->p = p;
        v->room = room;
    }
    if (!str_to_reading(word, &v->p[v->n]))
        return err_set(v->err, ERR_INPUT, "%s: value %zu: \"%.*s\" is no number", v->path, v->n + 1,
                       (int)(word.n < NUMBER_BYTES_MAX ? word.n : NUMBER_BYTES_MAX), word.p);
    v->n++;
    return ERR_OK;
}

static bool blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Adds the words of `text`; what begins at its end and may go on is left in `*rest`.
static enum err_code add_words(struct values *v, struct str text, bool final, struct str *rest)
{
    size_t at = 0;
    for (;;) {
        while (at < text.n && blank(text.p[at]))
            at++;
        size_t end = at;
        while (end < text.n && !blank(text.p[end]))
            end++;
        *rest = (struct str){text.p + at, text.n - at};
        if (at == text.n || (end == text.n && !final))
            return ERR_OK;
        enum err_code code = add_value(v, (struct str){text.p + at, end - at});
        if (code != ERR_OK)
            return code;
        at = end;
    }
}

static enum err_code read_values(struct values *v, gzFile file)
{
    char *chunk = malloc(CHUNK_BYTES);
    size_t kept = 0;
    enum err_code code =
        chunk ? ERR_OK : err_set(v->err, ERR_NO_MEMORY, "%s: out of memory", v->path);
    while (code == ERR_OK) {
        struct str rest;
        int got = gzread(file, chunk + kept, (unsigned)(CHUNK_BYTES - kept));
        int status;
        const char *why = gzerror(file, &status);
        if (got < 0 || (status != Z_OK && status != Z_STREAM_END)) {
            code = err_set(v->err, ERR_INPUT, "%s: after value %zu: %s", v->path, v->n, why);
            break;
        }
        code = add_words(v, (struct str){chunk, kept + (size_t)got}, got == 0, &rest);
        if (got == 0)
            break;
        if (code == ERR_OK && rest.n > NUMBER_BYTES_MAX)
            code = err_set(v->err, ERR_INPUT, "%s: value %zu: a word of %zu bytes is no number",
                           v->path, v->n + 1, rest.n);
        if (code == ERR_OK)
            memmove(chunk, rest.p, rest.n);
        kept = rest.n;
    }
    free(chunk);
    return code;
}

static enum err_code to_series(const struct values *v, const struct ucr_labels *labels,
                               struct eval_series *out, struct err *err)
{
    if ((uint64_t)labels->end > v->n)
        return err_set(err, ERR_INPUT, "%s: %zu values, but the name speaks of value %lld", v->path,
                       v->n, (long long)labels->end);
    enum err_code code = eval_series_open(out, v->n, 1, err);
    if (code != ERR_OK)
        return code;
    str_copy(out->sensor_names[0], sizeof out->sensor_names[0], STR_LIT("value"));
    memcpy(out->values, v->p, v->n * sizeof *v->p);
    for (size_t i = 0; i < v->n; i++)
        out->times_us[i] = (int64_t)i * US_PER_SECOND;
    memset(out->anomaly + labels->begin - 1, 1, (size_t)(labels->end - labels->begin + 1));
    return ERR_OK;
}

enum err_code load_ucr(const char *path, struct eval_series *out, struct ucr_labels *labels,
                       struct err *err)
{
    struct values v = {.path = path, .err = err};
    *out = (struct eval_series){0};
    enum err_code code = parse_name(path, labels, err);
    if (code != ERR_OK)
        return code;
    gzFile file = gzopen(path, "rb");
    if (!file)
        return err_set(err, ERR_IO, "%s: cannot be opened", path);
    gzbuffer(file, CHUNK_BYTES);
    code = read_values(&v, file);
    gzclose(file);
    if (code == ERR_OK)
        code = to_series(&v, labels, out, err);
    free(v.p);
    return code;
}
