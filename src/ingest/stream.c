// Readings from a descriptor: standard input, a pipe, a file.
#include "ingest/stream.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/formats.h"

enum { READ_BYTES = 1 << 18, JSON_MAX_BYTES = 256 << 20 };

struct stream {
    int fd;
    const char *name;
    const struct ingest_stream_options *options;
    const struct ingest_sink *sink;
    struct ingest_counts *counts;
    struct err *err;
    struct buf window; // what was read and not yet parsed
    uint64_t done, total;
    uint64_t line; // number of the window's first line
    bool skipping; // the window begins inside a line that was given up
    bool ended;
};

static enum err_code read_more(struct stream *s)
{
    char *to = buf_reserve(&s->window, READ_BYTES);
    if (!to)
        return err_set(s->err, ERR_NO_MEMORY, "%s: out of memory", s->name);
    ssize_t got;
    do
        got = read(s->fd, to, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_errno(s->err, errno, "%s", s->name);
    s->ended = got == 0;
    s->window.n += (size_t)got;
    s->done += (uint64_t)got;
    const struct csv_replay_options *o = &s->options->csv;
    if (o->progress && !o->progress(o->progress_arg, s->done, s->total))
        return err_set(s->err, ERR_CANCELLED, "%s: cancelled", s->name);
    return ERR_OK;
}

static enum err_code parse_lines(struct stream *s, enum ingest_format format, struct str lines)
{
    struct ingest_emit e;
    int64_t now_us = clock_wall_us();
    if (ingest_emit_open(&e, s->sink, s->counts, lines.n, s->err) == ERR_OK) {
        if (format == INGEST_NDJSON)
            ingest_parse_ndjson(&e, lines, s->line, now_us);
        else
            ingest_parse_line_protocol(&e, lines, s->line, now_us, s->options->precision_us);
    }
    return ingest_emit_close(&e);
}

static enum err_code refuse_long_line(struct stream *s)
{
    struct ingest_emit e;
    if (ingest_emit_open(&e, s->sink, s->counts, 0, s->err) == ERR_OK)
        ingest_emit_refuse(&e, s->line, "a line of more than %d bytes", INGEST_LINE_MAX_BYTES);
    return ingest_emit_close(&e);
}

static void drop_front(struct stream *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s->line += s->window.p[i] == '\n';
    s->window.n -= n;
    if (n)
        memmove(s->window.p, s->window.p + n, s->window.n);
}

// Parses the whole lines that are there.
static enum err_code take_lines(struct stream *s, enum ingest_format format)
{
    if (!s->window.n)
        return ERR_OK;
    if (s->skipping) {
        const char *end = memchr(s->window.p, '\n', s->window.n);
        s->skipping = !end;
        drop_front(s, end ? (size_t)(end + 1 - s->window.p) : s->window.n);
        if (!s->window.n)
            return ERR_OK;
    }
    const char *last = memrchr(s->window.p, '\n', s->window.n);
    size_t n = s->ended ? s->window.n : last ? (size_t)(last + 1 - s->window.p) : 0;
    if (n == 0 && s->window.n > INGEST_LINE_MAX_BYTES) {
        s->skipping = true;
        return refuse_long_line(s);
    }
    enum err_code code = n ? parse_lines(s, format, (struct str){s->window.p, n}) : ERR_OK;
    drop_front(s, n);
    return code;
}

static enum err_code take_whole(struct stream *s)
{
    while (!s->ended) {
        enum err_code code = read_more(s);
        if (code != ERR_OK)
            return code;
        if (s->window.n > JSON_MAX_BYTES)
            return err_set(s->err, ERR_LIMIT, "%s: JSON of more than %d MiB", s->name,
                           JSON_MAX_BYTES >> 20);
    }
    return ingest_parse(INGEST_JSON, buf_str(&s->window), clock_wall_us(), 0, s->sink, s->counts,
                        s->err);
}

// A whole line that is neither blank nor a comment is there.
static bool can_tell(struct str text)
{
    while (text.n) {
        struct str line = str_cut(&text, '\n');
        if (!text.p)
            return false;
        line = str_trim(line);
        if (line.n && line.p[0] != '#')
            return true;
    }
    return false;
}

static enum err_code read_head(struct stream *s)
{
    enum err_code code = ERR_OK;
    while (code == ERR_OK && !s->ended && s->window.n <= INGEST_LINE_MAX_BYTES &&
           !can_tell(buf_str(&s->window)))
        code = read_more(s);
    return code;
}

static enum err_code take_all(struct stream *s)
{
    enum err_code code = read_head(s);
    if (code != ERR_OK)
        return code;
    if (ingest_is_utf16(buf_str(&s->window)))
        return err_set(s->err, ERR_INPUT, "%s: UTF-16 text; save it as UTF-8", s->name);
    enum ingest_format format = s->options->format;
    if (format == INGEST_AUTO)
        format = ingest_detect(buf_str(&s->window), !s->ended);
    if (format == INGEST_CSV)
        return csv_replay_fd(s->fd, s->name, buf_str(&s->window), &s->options->csv, s->sink,
                             s->counts, s->err);
    if (format == INGEST_JSON)
        return take_whole(s);
    if (str_starts(buf_str(&s->window), STR_LIT("\xef\xbb\xbf")))
        drop_front(s, 3);
    for (;;) {
        code = take_lines(s, format);
        if (code != ERR_OK || (s->ended && !s->window.n))
            return code;
        code = read_more(s);
        if (code != ERR_OK)
            return code;
    }
}

enum err_code ingest_stream(int fd, const char *name, const struct ingest_stream_options *options,
                            const struct ingest_sink *sink, struct ingest_counts *counts,
                            struct err *err)
{
    struct stat st;
    struct stream s = {.fd = fd,
                       .name = name,
                       .options = options,
                       .sink = sink,
                       .counts = counts,
                       .err = err,
                       .line = 1,
                       .total =
                           fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0};
    enum err_code code = take_all(&s);
    buf_free(&s.window);
    return code;
}
