// Tells formats apart and hands a body to the parser of its format.
#include "base/json_scan.h"
#include "ingest/csv_replay.h"
#include "ingest/formats.h"

struct str ingest_cut_line(struct str *rest)
{
    struct str line = str_cut(rest, '\n');
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

bool ingest_is_utf16(struct str body)
{
    return str_starts(body, STR_LIT("\xff\xfe")) || str_starts(body, STR_LIT("\xfe\xff"));
}

// An object a line, or one object over several lines? A first line that is a whole value, or that
// ends as an object does while the next line begins as one, says the former.
static enum ingest_format json_or_ndjson(struct str body, bool more)
{
    struct str rest = body, line = ingest_cut_line(&rest);
    rest = str_trim(rest);
    if (rest.n == 0 && !more)
        return INGEST_JSON;
    struct json_scan s;
    json_scan_open(&s, line, 0, JSON_SCAN_NAN);
    enum json_token t;
    while ((t = json_scan_next(&s)) > JSON_TOKEN_END)
        ;
    line = str_trim(line);
    bool objects_meet = line.p[line.n - 1] == '}' && (rest.n == 0 || rest.p[0] == '{');
    return t == JSON_TOKEN_END || objects_meet ? INGEST_NDJSON : INGEST_JSON;
}

// "measurement[,tags] field=...": an equals sign behind the first blank.
static bool looks_like_line_protocol(struct str line)
{
    str_cut(&line, ' ');
    return line.n && memchr(line.p, '=', line.n);
}

enum ingest_format ingest_detect(struct str body, bool more)
{
    if (str_starts(body, STR_LIT("\xef\xbb\xbf")))
        body = (struct str){body.p + 3, body.n - 3};
    body = str_trim(body);
    if (body.n == 0)
        return INGEST_NDJSON;
    if (body.p[0] == '[')
        return INGEST_JSON;
    if (body.p[0] == '{')
        return json_or_ndjson(body, more);
    while (body.n) {
        struct str line = str_trim(ingest_cut_line(&body));
        if (line.n == 0 || line.p[0] == '#')
            continue;
        bool cells = memchr(line.p, ',', line.n) || memchr(line.p, ';', line.n) ||
                     memchr(line.p, '\t', line.n) || memchr(line.p, '|', line.n);
        return !cells || looks_like_line_protocol(line) ? INGEST_LINE_PROTOCOL : INGEST_CSV;
    }
    return INGEST_LINE_PROTOCOL;
}

enum err_code ingest_parse(enum ingest_format format, struct str body, int64_t now_us,
                           double precision_us, const struct ingest_sink *sink,
                           struct ingest_counts *counts, struct err *err)
{
    // CSV would make sensors of the words in any junk: it must be asked for.
    if (format == INGEST_AUTO && (format = ingest_detect(body, false)) == INGEST_CSV)
        format = INGEST_LINE_PROTOCOL;
    if (format == INGEST_CSV) {
        struct csv_replay_options options = {.asset = "csv"};
        return csv_replay_body(body, &options, sink, counts, err);
    }
    if (str_starts(body, STR_LIT("\xef\xbb\xbf")))
        body = (struct str){body.p + 3, body.n - 3};
    struct ingest_emit e;
    if (ingest_emit_open(&e, sink, counts, body.n, err) == ERR_OK) {
        if (format == INGEST_JSON)
            ingest_parse_json(&e, body, now_us);
        else if (format == INGEST_NDJSON)
            ingest_parse_ndjson(&e, body, 1, now_us);
        else
            ingest_parse_line_protocol(&e, body, 1, now_us, precision_us);
    }
    return ingest_emit_close(&e);
}
