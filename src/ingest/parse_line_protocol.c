// Readings out of InfluxDB line protocol: measurement,tag=.. field=1.5,other=2i 1700000000000000000
//
// A blank, comma or equals sign after a backslash is part of a name, as in InfluxDB's own scanner.
#include <limits.h>
#include <math.h>

#include "ingest/formats.h"

// Measurement and tags may be this long. They are looked at for each field.
enum { KEY_MAX_BYTES = 4096 };

struct parser {
    struct ingest_emit *e;
    int64_t now_us;
    double precision_us;
    uint64_t line;
};

int ingest_asset_tag_rank(struct str tag)
{
    static const char *const tags[] = {"asset", "sensor", "sensor_id", "device", "host"};
    for (int i = 0; i < (int)(sizeof tags / sizeof *tags); i++)
        if (str_is(tag, tags[i]))
            return i;
    return -1;
}

// First unescaped `c` at or after p, or `end`.
static const char *find_plain(const char *p, const char *end, char c)
{
    for (const char *from = p; from < end;) {
        const char *at = memchr(from, c, (size_t)(end - from));
        if (!at)
            return end;
        if (at == p || at[-1] != '\\')
            return at;
        from = at + 1;
    }
    return end;
}

// Past the string whose opening quote is at p; NULL without a closing one.
static const char *past_string(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '"')
            return p + 1;
        if (*p == '\\' && p + 1 < end && (p[1] == '"' || p[1] == '\\'))
            p++;
    }
    return NULL;
}

// Past the value at p.
static const char *past_value(const char *p, const char *end)
{
    if (p < end && *p == '"') {
        const char *after = past_string(p, end);
        if (after)
            return after;
    }
    while (p < end && *p != ',' && *p != ' ')
        p++;
    return p;
}

// A name with its escapes resolved. NULL span when it is too long for any name.
static struct str unescape(struct str s, char room[PLANT_FULL_NAME_BYTES])
{
    if (!memchr(s.p, '\\', s.n))
        return s;
    if (s.n > PLANT_FULL_NAME_BYTES)
        return (struct str){NULL, 0};
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool escape = s.p[i] == '\\' && i + 1 < s.n && memchr(",= \\", s.p[i + 1], 4);
        room[n++] = s.p[escape ? ++i : i];
    }
    return (struct str){room, n};
}

// The asset that a key (measurement and tags) speaks of.
static struct str asset_of_key(struct str key)
{
    const char *end = key.p + key.n, *p = find_plain(key.p, end, ',');
    struct str best = {key.p, (size_t)(p - key.p)};
    int best_rank = INT_MAX;
    while (p < end) {
        const char *name = p + 1, *stop = find_plain(name, end, ','),
                   *eq = find_plain(name, stop, '=');
        int rank = ingest_asset_tag_rank((struct str){name, (size_t)(eq - name)});
        if (rank >= 0 && rank < best_rank && eq < stop) {
            best = (struct str){eq + 1, (size_t)(stop - eq - 1)};
            best_rank = rank;
        }
        p = stop;
    }
    return best;
}

static bool sensor_of(struct parser *p, struct str key, struct str field, bool lone,
                      uint32_t *sensor)
{
    // Alone, "value" means another sensor than in company: "value=" is remembered for it.
    bool named_by_key = lone && str_is(field, "value");
    struct str known_as = {field.p, field.n + named_by_key};
    if (ingest_emit_recall(p->e, key, known_as, sensor))
        return true;
    char asset_room[PLANT_FULL_NAME_BYTES], field_room[PLANT_FULL_NAME_BYTES];
    struct str parameter = field;
    if (named_by_key)
        parameter = (struct str){key.p, (size_t)(find_plain(key.p, key.p + key.n, ',') - key.p)};
    struct str asset = unescape(asset_of_key(key), asset_room);
    parameter = unescape(parameter, field_room);
    if (!asset.n || !parameter.n) {
        ingest_emit_refuse(p->e, p->line, "a name that is empty or far too long");
        return false;
    }
    if (!ingest_emit_sensor(p->e, p->line, asset, parameter, (struct str){"", 0}, sensor))
        return false;
    ingest_emit_remember(p->e, key, known_as, *sensor);
    return true;
}

static bool boolean_of(struct str s, double *out)
{
    static const char *const words[] = {"f", "F", "false", "False", "FALSE",
                                        "t", "T", "true",  "True",  "TRUE"};
    for (int i = 0; i < 10; i++) {
        if (str_is(s, words[i])) {
            *out = i >= 5;
            return true;
        }
    }
    return false;
}

static bool value_of(struct str s, double *out)
{
    char last = s.n > 1 ? s.p[s.n - 1] : ' ';
    if (last == 'i' || last == 'u') {
        int64_t i;
        uint64_t u;
        struct str digits = {s.p, s.n - 1};
        if (last == 'i' ? !str_to_i64(digits, &i) : !str_to_u64(digits, &u))
            return false;
        *out = last == 'i' ? (double)i : (double)u;
        return true;
    }
    return str_to_reading(s, out) || boolean_of(s, out);
}

static bool time_of(const struct parser *p, struct str s, int64_t *time_us)
{
    int64_t v;
    if (s.n == 0) {
        *time_us = p->now_us;
        return true;
    }
    if (!str_to_i64(s, &v))
        return false;
    // Nanoseconds and other parts of a microsecond divide, everything else multiplies: both
    // exactly.
    if (p->precision_us < 1) {
        int64_t parts = p->precision_us > 0 ? llround(1 / p->precision_us) : 1000;
        *time_us = v / parts - (v % parts < 0);
        return true;
    }
    return !__builtin_mul_overflow(v, llround(p->precision_us), time_us);
}

static void take_field(struct parser *p, struct str key, struct str field, struct str value,
                       bool lone, int64_t time_us)
{
    double v;
    uint32_t sensor;
    if (value.n && value.p[0] == '"') {
        if (value.n > 1 && value.p[value.n - 1] == '"')
            p->e->counts->skipped++;
        else
            ingest_emit_refuse(p->e, p->line, "field \"%.*s\": the closing quote is missing",
                               (int)(field.n < 80 ? field.n : 80), field.p);
    } else if (!value_of(value, &v)) {
        ingest_emit_refuse(p->e, p->line, "field \"%.*s\": \"%.*s\" is not a number",
                           (int)(field.n < 80 ? field.n : 80), field.p,
                           (int)(value.n < 60 ? value.n : 60), value.p);
    } else if (sensor_of(p, key, field, lone, &sensor)) {
        ingest_emit_reading(p->e, p->line, sensor, time_us, v, QUALITY_GOOD);
    }
}

// Where the field set that begins at p ends: at its first blank outside quotes and names.
static const char *past_fields(const char *p, const char *end, bool quotes)
{
    if (!quotes)
        return find_plain(p, end, ' ');
    while (p < end) {
        const char *eq = find_plain(p, end, '='), *blank = find_plain(p, eq, ' ');
        if (blank < eq || eq == end)
            return blank;
        p = past_value(eq + 1, end);
        if (p < end && *p == ' ')
            return p;
        p += p < end;
    }
    return end;
}

static void parse_fields(struct parser *p, struct str line, struct str key, struct str fields,
                         int64_t time_us)
{
    const char *at = fields.p, *end = at + fields.n;
    while (at < end && p->e->code == ERR_OK) {
        // The nearer end first: looking for an equals sign that is far away, field after field,
        // would cost the square of the line's length.
        const char *comma = find_plain(at, end, ','), *eq = find_plain(at, comma, '=');
        if (eq == comma || eq == at) {
            ingest_emit_refuse(p->e, p->line, "byte %zu: field=value expected",
                               (size_t)(at - line.p));
            at = comma + 1;
            continue;
        }
        const char *stop = past_value(eq + 1, end);
        if (stop < end && *stop != ',') {
            ingest_emit_refuse(p->e, p->line, "byte %zu: ',' expected after the value",
                               (size_t)(stop - line.p));
            at = find_plain(stop, end, ',') + 1;
            continue;
        }
        take_field(p, key, (struct str){at, (size_t)(eq - at)},
                   (struct str){eq + 1, (size_t)(stop - eq - 1)}, at == fields.p && stop == end,
                   time_us);
        at = stop + 1;
    }
}

static void parse_line(struct parser *p, struct str line)
{
    const char *end = line.p + line.n, *key_end = find_plain(line.p, end, ' '), *at = key_end;
    struct str key = {line.p, (size_t)(key_end - line.p)};
    while (at < end && *at == ' ')
        at++;
    if (key.n > KEY_MAX_BYTES) {
        ingest_emit_refuse(p->e, p->line, "%zu bytes of measurement and tags: at most %d are read",
                           key.n, KEY_MAX_BYTES);
        return;
    }
    if (at == end || key.n == 0 || key.p[0] == ',') {
        ingest_emit_refuse(p->e, p->line,
                           memchr(line.p, '\0', line.n) ? "not text: it holds a byte of zero"
                           : key.n == 0 || key.p[0] == ','
                               ? "the measurement's name is missing"
                               : "no field: \"measurement,tag=x field=1.5 time\" expected");
        return;
    }
    const char *fields_end = past_fields(at, end, memchr(at, '"', (size_t)(end - at)) != NULL);
    struct str time = str_trim((struct str){fields_end, (size_t)(end - fields_end)});
    int64_t time_us;
    if (!time_of(p, time, &time_us)) {
        ingest_emit_refuse(p->e, p->line, "time \"%.*s\": a whole number expected",
                           (int)(time.n < 60 ? time.n : 60), time.p);
        return;
    }
    parse_fields(p, line, key, (struct str){at, (size_t)(fields_end - at)}, time_us);
}

// A string may hold line ends: a line with an open quote goes on to the closing one, if what
// follows that is what can follow a value. Gives the line's end, and counts the line ends inside.
static struct str join_open_string(struct str line, struct str *rest, uint64_t *lines)
{
    const char *p = find_plain(line.p, line.p + line.n, ' '), *end = line.p + line.n;
    while (p < end && (p = memchr(p, '"', (size_t)(end - p)))) {
        if (p[-1] != '=') {
            p++;
            continue;
        }
        const char *after = past_string(p, end);
        if (after) {
            p = after;
            continue;
        }
        if (!rest->n)
            return line;
        const char *limit =
            rest->p + (rest->n < INGEST_LINE_MAX_BYTES ? rest->n : INGEST_LINE_MAX_BYTES);
        after = past_string(p, limit);
        if (!after || (after < limit && !memchr(", \r\n", *after, 4)))
            return line;
        for (const char *q = end; (q = memchr(q, '\n', (size_t)(after - q))); q++)
            ++*lines;
        *rest = (struct str){after, (size_t)(rest->p + rest->n - after)};
        struct str tail = ingest_cut_line(rest);
        line.n = (size_t)(tail.p + tail.n - line.p);
        end = line.p + line.n;
        p = after;
    }
    return line;
}

void ingest_parse_line_protocol(struct ingest_emit *e, struct str body, uint64_t first_line,
                                int64_t now_us, double precision_us)
{
    struct parser p = {e, now_us, precision_us, first_line};
    for (uint64_t inside = 0; body.n && e->code == ERR_OK; p.line += 1 + inside) {
        struct str line = ingest_cut_line(&body);
        inside = 0;
        while (line.n && (line.p[0] == ' ' || line.p[0] == '\t'))
            line.p++, line.n--;
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (memchr(line.p, '"', line.n))
            line = join_open_string(line, &body, &inside);
        if (line.n > INGEST_LINE_MAX_BYTES)
            ingest_emit_refuse(e, p.line, "a line of %zu bytes: at most %d are read", line.n,
                               INGEST_LINE_MAX_BYTES);
        else
            parse_line(&p, line);
    }
}
