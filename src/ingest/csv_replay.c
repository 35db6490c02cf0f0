// Bytes of CSV into records, of which the first say what the columns are.
#include "ingest/csv_replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/csv_private.h"
#include "ingest/formats.h"

enum { READ_BYTES = 1 << 18, COLUMN_MEMORY_BYTES = 64 << 20 };

char *csv_replay_asset(const char *path, char out[PLANT_NAME_BYTES])
{
    struct str rest = str_of(path), folder = {"", 0}, name = {"", 0};
    while (rest.p) {
        struct str part = str_cut(&rest, '/');
        if (part.n == 0)
            continue;
        folder = name;
        name = part;
    }
    const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;
    if (dot && dot > name.p)
        name.n = (size_t)(dot - name.p);
    uint64_t number;
    char text[2 * PLANT_NAME_BYTES];
    if (str_to_u64(name, &number) && folder.n && !str_is(folder, ".") && !str_is(folder, ".."))
        snprintf(text, sizeof text, "%.*s-%.*s", STR_ARG(folder), STR_ARG(name));
    else
        snprintf(text, sizeof text, "%.*s", STR_ARG(name));
    struct str cut = str_of(text);
    while (cut.n && (cut.n >= PLANT_NAME_BYTES || !str_is_utf8(cut)))
        cut.n--;
    str_copy(out, PLANT_NAME_BYTES, plant_name_valid(cut) ? cut : STR_LIT("csv"));
    return out;
}

static enum err_code keep_first(struct csv_replay *r)
{
    r->first_count = r->csv.count;
    r->first_line = r->csv.line;
    r->first = arena_new(r->memory, r->csv.count, sizeof *r->first);
    for (size_t i = 0; r->first && i < r->csv.count; i++) {
        char *copy = arena_copy(r->memory, r->csv.fields[i]);
        if (!copy)
            r->first = NULL;
        else
            r->first[i] = (struct str){copy, r->csv.fields[i].n};
    }
    return r->first ? ERR_OK : err_set(r->e.err, ERR_NO_MEMORY, "%s: out of memory", r->source);
}

// Settles the columns. The record that is in r->csv (if `second`) is still to be taken as a row.
static enum err_code settle(struct csv_replay *r, bool second)
{
    enum err_code code = csv_columns_find(&r->columns, r->first, r->first_count, r->csv.fields,
                                          second ? r->csv.count : 0, r->options, r->asset,
                                          r->source, r->memory, &r->e, r->e.err);
    if (code != ERR_OK)
        return code;
    r->ready = true;
    if (r->columns.has_header)
        return ERR_OK;
    // The first record was a row, and is one now.
    struct csv now = r->csv;
    r->csv.fields = r->first;
    r->csv.count = r->first_count;
    r->csv.line = r->first_line;
    r->csv.unfinished = r->csv.unfinished && !second;
    csv_take_row(r);
    r->csv = now;
    return r->e.code;
}

static void take_record(struct csv_replay *r)
{
    if (!r->first) {
        r->e.code = keep_first(r);
        return;
    }
    if (!r->ready)
        r->e.code = settle(r, true);
    if (r->e.code == ERR_OK)
        csv_take_row(r);
}

static enum err_code check_text(const struct csv_replay *r, struct str head, struct err *err)
{
    struct str sample = {head.p, head.n < 512 ? head.n : 512};
    if (ingest_is_utf16(sample))
        return err_set(err, ERR_INPUT, "%s: UTF-16 text; save it as UTF-8", r->source);
    if (sample.n && memchr(sample.p, 0, sample.n))
        return err_set(err, ERR_INPUT, "%s: not a text file", r->source);
    return ERR_OK;
}

static enum err_code begin(struct csv_replay *r, struct str head, struct err *err)
{
    enum err_code code = check_text(r, head, err);
    char delimiter = r->options->delimiter;
    csv_open(&r->csv, delimiter ? delimiter : csv_find_delimiter(head));
    return code;
}

// Takes all records that the bytes fed so far hold.
static void take_records(struct csv_replay *r)
{
    for (;;) {
        enum csv_result result = csv_next(&r->csv);
        if (result == CSV_RECORD)
            take_record(r);
        else if (result == CSV_BROKEN)
            ingest_emit_refuse(&r->e, r->csv.line, "%s", r->csv.why);
        else if (result == CSV_NO_MEMORY)
            r->e.code = err_set(r->e.err, ERR_NO_MEMORY, "%s: out of memory", r->source);
        if ((result != CSV_RECORD && result != CSV_BROKEN) || r->e.code != ERR_OK)
            break;
    }
}

static void report_progress(struct csv_replay *r, uint64_t total)
{
    const struct csv_replay_options *o = r->options;
    if (o->progress && r->e.code == ERR_OK && !o->progress(o->progress_arg, r->csv.offset, total))
        r->e.code = err_set(r->e.err, ERR_CANCELLED, "%s: cancelled", r->source);
}

static enum err_code open_replay(struct csv_replay *r, const char *source, const char *asset,
                                 const struct csv_replay_options *options,
                                 const struct ingest_sink *sink, struct ingest_counts *counts,
                                 struct err *err)
{
    *r = (struct csv_replay){.options = options, .source = source};
    if (options->asset)
        asset = options->asset;
    if (!plant_name_valid(str_of(asset)))
        return err_set(err, ERR_USAGE, "\"%.80s\" cannot be an asset's name", asset);
    str_copy(r->asset, sizeof r->asset, str_of(asset));
    r->memory = arena_open(COLUMN_MEMORY_BYTES);
    if (!r->memory)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", source);
    return ingest_emit_open(&r->e, sink, counts, 0, err);
}

static enum err_code close_replay(struct csv_replay *r, enum err_code code)
{
    // A file of one record has settled nothing yet.
    if (code == ERR_OK && r->e.code == ERR_OK && r->first && !r->ready)
        r->e.code = settle(r, false);
    if (r->e.names && ingest_emit_close(&r->e) != ERR_OK && code == ERR_OK)
        code = r->e.code;
    csv_close(&r->csv);
    arena_close(&r->memory);
    return code;
}

static struct str without_bom(struct str s)
{
    return str_starts(s, STR_LIT("\xef\xbb\xbf")) ? (struct str){s.p + 3, s.n - 3} : s;
}

enum err_code csv_replay_body(struct str body, const struct csv_replay_options *options,
                              const struct ingest_sink *sink, struct ingest_counts *counts,
                              struct err *err)
{
    struct csv_replay r;
    enum err_code code = open_replay(&r, "csv", "csv", options, sink, counts, err);
    body = without_bom(body);
    if (code == ERR_OK)
        code = begin(&r, (struct str){body.p, body.n < READ_BYTES ? body.n : READ_BYTES}, err);
    if (code == ERR_OK) {
        csv_feed(&r.csv, body, true);
        take_records(&r);
    }
    return close_replay(&r, code);
}

// Appends what can be read now. *n is 0 at the end.
static enum err_code read_more(int fd, const char *name, struct buf *window, size_t *n,
                               struct err *err)
{
    char *to = buf_reserve(window, READ_BYTES);
    if (!to)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", name);
    ssize_t got;
    do
        got = read(fd, to, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_errno(err, errno, "%s", name);
    window->n += (size_t)got;
    *n = (size_t)got;
    return ERR_OK;
}

// Moves what was not read to the front of the window.
static void keep_rest(struct buf *window, struct str rest)
{
    if (rest.n)
        memmove(window->p, rest.p, rest.n);
    window->n = rest.n;
}

enum err_code csv_replay_fd(int fd, const char *name, struct str head,
                            const struct csv_replay_options *options,
                            const struct ingest_sink *sink, struct ingest_counts *counts,
                            struct err *err)
{
    struct csv_replay r;
    struct buf window = {0};
    char asset[PLANT_NAME_BYTES];
    struct stat st;
    uint64_t total = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    enum err_code code =
        open_replay(&r, name, csv_replay_asset(name, asset), options, sink, counts, err);
    buf_add_str(&window, head);
    size_t n = head.n;
    // Enough to tell the dialect: what comes with the first bytes, and at least a whole line.
    while (code == ERR_OK && window.n < READ_BYTES &&
           !(window.n && memchr(window.p, '\n', window.n))) {
        code = read_more(fd, name, &window, &n, err);
        if (n == 0)
            break;
    }
    if (code == ERR_OK) {
        struct str text = without_bom(buf_str(&window));
        code = begin(&r, text, err);
        keep_rest(&window, text);
    }
    for (bool final = false; code == ERR_OK && r.e.code == ERR_OK && !final;) {
        final = n == 0;
        csv_feed(&r.csv, buf_str(&window), final);
        take_records(&r);
        keep_rest(&window, csv_rest(&r.csv));
        report_progress(&r, total);
        if (!final && ingest_emit_flush(&r.e))
            code = read_more(fd, name, &window, &n, err);
    }
    buf_free(&window);
    return close_replay(&r, code);
}

enum err_code csv_replay_file(const char *path, const struct csv_replay_options *options,
                              const struct ingest_sink *sink, struct ingest_counts *counts,
                              struct err *err)
{
    if (str_is(str_of(path), "-"))
        return csv_replay_fd(STDIN_FILENO, "stdin", (struct str){"", 0}, options, sink, counts,
                             err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    enum err_code code = csv_replay_fd(fd, path, (struct str){"", 0}, options, sink, counts, err);
    close(fd);
    return code;
}
