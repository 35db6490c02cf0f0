// Readings out of JSON: an object each, in an array, on lines of their own, or as Telegraf's batch.
//
// An object is taken in two steps: its fields are noted as it is scanned, and only when it is
// complete are readings made of them, so that a broken object leaves none behind.
#include <math.h>

#include "base/json_scan.h"
#include "ingest/formats.h"

// Room for names with escapes in them, and the longest key that can be one of ours however it is
// escaped.
enum { UNESCAPED_BYTES = 1024, KEY_BYTES = 64 };

struct parser {
    struct ingest_emit *e;
    struct json_scan s;
    int64_t now_us;
    uint64_t line;     // of what is being parsed
    bool count_values; // `line` counts elements; otherwise it stands still
    bool lost;         // after an error there was no telling where the next value begins
};

struct scalar {
    enum json_token token; // JSON_TOKEN_END: not there
    struct str text;
};

// What an object said about one reading or several.
struct element {
    struct scalar sensor, asset, parameter, unit, quality, name; // texts
    struct scalar value, time;
    struct json_scan values, fields, tags; // stand before the value, if has_...
    bool has_values, has_fields, has_tags, has_metrics;
    bool moved;      // a text lies in `room`
    const char *bad; // why the object must be refused
    size_t room_used;
    char room[UNESCAPED_BYTES];
};

enum field {
    FIELD_SENSOR,
    FIELD_ASSET,
    FIELD_PARAMETER,
    FIELD_VALUE,
    FIELD_TIME,
    FIELD_UNIT,
    FIELD_QUALITY,
    FIELD_NAME,
    FIELD_VALUES,
    FIELD_FIELDS,
    FIELD_TAGS,
    FIELD_METRICS,
    FIELD_UNKNOWN,
};

static enum field field_of(struct str key)
{
    static const struct {
        const char *name;
        size_t n;
        enum field field;
    } known[] = {{"value", 5, FIELD_VALUE},     {"time", 4, FIELD_TIME},
                 {"sensor", 6, FIELD_SENSOR},   {"parameter", 9, FIELD_PARAMETER},
                 {"timestamp", 9, FIELD_TIME},  {"sensor_id", 9, FIELD_SENSOR},
                 {"asset", 5, FIELD_ASSET},     {"unit", 4, FIELD_UNIT},
                 {"quality", 7, FIELD_QUALITY}, {"values", 6, FIELD_VALUES},
                 {"fields", 6, FIELD_FIELDS},   {"tags", 4, FIELD_TAGS},
                 {"name", 4, FIELD_NAME},       {"metrics", 7, FIELD_METRICS}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (key.n == known[i].n && memcmp(key.p, known[i].name, key.n) == 0)
            return known[i].field;
    return FIELD_UNKNOWN;
}

// The text of the scanner's latest key or string, with escapes resolved.
static struct str plain_text(struct element *el, const struct json_scan *s)
{
    if (!s->escaped)
        return s->text;
    if (s->text.n > sizeof el->room - el->room_used) {
        el->bad = "too many escaped characters in names";
        return (struct str){"", 0};
    }
    char *to = el->room + el->room_used;
    size_t n = json_unescape(s->text, to);
    el->room_used += n;
    el->moved = true;
    return (struct str){to, n};
}

static const char *token_name(enum json_token t)
{
    static const char *const names[] = {"an error", "nothing", "an object", "",
                                        "an array", "",        "a key",     "text",
                                        "a number", "true",    "false",     "null"};
    return names[t];
}

static void take_scalar(struct element *el, struct scalar *to, struct json_scan *s,
                        enum json_token t)
{
    to->token = t;
    to->text = t == JSON_TOKEN_STRING   ? plain_text(el, s)
               : t == JSON_TOKEN_NUMBER ? s->text
                                        : (struct str){"", 0};
}

// ---- from fields to readings ----

static bool value_of(const struct scalar *v, double *out)
{
    switch (v->token) {
    case JSON_TOKEN_NUMBER:
        return str_to_double(v->text, out);
    case JSON_TOKEN_STRING:
        return str_to_reading(v->text, out);
    case JSON_TOKEN_NULL:
        *out = (double)NAN;
        return true;
    case JSON_TOKEN_TRUE:
    case JSON_TOKEN_FALSE:
        *out = v->token == JSON_TOKEN_TRUE;
        return true;
    default:
        return false;
    }
}

static void refuse_value(struct parser *p, struct str field, const struct scalar *v)
{
    int n = v->text.n < 60 ? (int)v->text.n : 60;
    if (v->token == JSON_TOKEN_STRING || v->token == JSON_TOKEN_NUMBER)
        ingest_emit_refuse(p->e, p->line, "field \"%.*s\": \"%.*s\" is not a number%s",
                           STR_ARG(field), n, v->text.p,
                           v->token == JSON_TOKEN_NUMBER ? " that a double can hold" : "");
    else
        ingest_emit_refuse(p->e, p->line, "field \"%.*s\": %s is not a number", STR_ARG(field),
                           token_name(v->token));
}

static bool time_of(struct parser *p, const struct element *el, int64_t *time_us)
{
    *time_us = p->now_us;
    if (el->time.token == JSON_TOKEN_END || el->time.token == JSON_TOKEN_NULL)
        return true;
    bool scalar = el->time.token == JSON_TOKEN_NUMBER || el->time.token == JSON_TOKEN_STRING;
    if (scalar && time_from_any(el->time.text, time_us))
        return true;
    ingest_emit_refuse(
        p->e, p->line,
        "field \"time\": %s%.*s%s is no time (RFC 3339 text or a number of s, ms, us "
        "or ns since 1970 expected)",
        scalar ? "\"" : token_name(el->time.token),
        scalar ? (int)(el->time.text.n < 60 ? el->time.text.n : 60) : 0,
        scalar ? el->time.text.p : "", scalar ? "\"" : "");
    return false;
}

static bool quality_of(struct parser *p, const struct element *el, enum reading_quality *quality)
{
    *quality = QUALITY_GOOD;
    if (el->quality.token == JSON_TOKEN_END || el->quality.token == JSON_TOKEN_NULL)
        return true;
    for (int q = QUALITY_GOOD; q <= QUALITY_SUSPECT; q++) {
        if (el->quality.token == JSON_TOKEN_STRING &&
            str_is(el->quality.text, reading_quality_name((enum reading_quality)q))) {
            *quality = (enum reading_quality)q;
            return true;
        }
    }
    ingest_emit_refuse(p->e, p->line, "field \"quality\": good, missing or suspect expected");
    return false;
}

static bool lookup(struct parser *p, const struct element *el, struct str asset,
                   struct str parameter, uint32_t *sensor)
{
    if (!el->moved && ingest_emit_recall(p->e, asset, parameter, sensor))
        return true;
    if (!ingest_emit_sensor(p->e, p->line, asset, parameter, el->unit.text, sensor))
        return false;
    if (!el->moved)
        ingest_emit_remember(p->e, asset, parameter, *sensor);
    return true;
}

// Which sensor the object speaks of: as asset and parameter, or as a full name with an empty
// parameter.
static bool name_of(struct parser *p, const struct element *el, struct str *asset,
                    struct str *parameter)
{
    *asset = el->asset.text;
    *parameter = el->parameter.text;
    struct str sensor = el->sensor.text;
    bool full = sensor.n && memchr(sensor.p, '/', sensor.n);
    if (full && (parameter->n == 0 || (str_ends(sensor, *parameter) && sensor.n > parameter->n &&
                                       sensor.p[sensor.n - parameter->n - 1] == '/'))) {
        *asset = sensor;
        *parameter = (struct str){"", 0};
        return true;
    }
    if (asset->n == 0)
        *asset = sensor;
    else if (parameter->n == 0)
        *parameter = sensor;
    if (asset->n && parameter->n)
        return true;
    if (asset->n == 0)
        ingest_emit_refuse(p->e, p->line, "field \"sensor\" is missing");
    else
        ingest_emit_refuse(p->e, p->line,
                           "\"%.*s\" names no parameter: \"asset/parameter\" or a field "
                           "\"parameter\" expected",
                           (int)(asset->n < 80 ? asset->n : 80), asset->p);
    return false;
}

static void emit_single(struct parser *p, struct element *el)
{
    struct str asset, parameter;
    int64_t time_us;
    double value;
    enum reading_quality quality;
    uint32_t sensor;
    if (!name_of(p, el, &asset, &parameter))
        return;
    if (el->value.token == JSON_TOKEN_END) {
        ingest_emit_refuse(p->e, p->line, "field \"value\" is missing");
        return;
    }
    if (!value_of(&el->value, &value)) {
        refuse_value(p, STR_LIT("value"), &el->value);
        return;
    }
    if (time_of(p, el, &time_us) && quality_of(p, el, &quality) &&
        lookup(p, el, asset, parameter, &sensor))
        ingest_emit_reading(p->e, p->line, sensor, time_us, value, quality);
}

// The best of Telegraf's tags, or its name.
static struct str asset_of_tags(struct element *el)
{
    struct str best = el->name.text;
    int best_rank = -1;
    if (!el->has_tags)
        return best;
    struct json_scan s = el->tags;
    json_scan_next(&s);
    while (json_scan_next(&s) == JSON_TOKEN_KEY) {
        int rank = ingest_asset_tag_rank(plain_text(el, &s));
        enum json_token t = json_scan_next(&s);
        if (rank >= 0 && t == JSON_TOKEN_STRING && (best_rank < 0 || rank < best_rank)) {
            best = plain_text(el, &s);
            best_rank = rank;
        }
        json_scan_skip(&s, t);
    }
    return best;
}

static size_t member_count(struct json_scan s)
{
    size_t n = 0;
    json_scan_next(&s);
    for (; json_scan_next(&s) == JSON_TOKEN_KEY; n++)
        json_scan_skip(&s, json_scan_next(&s));
    return n;
}

// One reading for each member of an object: {"temperature":21.5,"flow":60}. `typed`: text in it is
// text by intent.
static void emit_members(struct parser *p, struct element *el, struct json_scan s, struct str asset,
                         bool typed)
{
    int64_t time_us;
    enum reading_quality quality;
    if (!time_of(p, el, &time_us) || !quality_of(p, el, &quality))
        return;
    bool lone = typed && el->name.text.n && member_count(s) == 1;
    size_t members = 0, room_used = el->room_used;
    json_scan_next(&s);
    for (; p->e->code == ERR_OK && json_scan_next(&s) == JSON_TOKEN_KEY; members++) {
        el->room_used = room_used;
        struct str key = plain_text(el, &s), parameter = key;
        struct scalar value;
        double v;
        uint32_t sensor;
        enum json_token t = json_scan_next(&s);
        take_scalar(el, &value, &s, t);
        json_scan_skip(&s, t);
        if (typed && t == JSON_TOKEN_STRING) {
            p->e->counts->skipped++;
            continue;
        }
        if (lone && str_is(key, "value"))
            parameter = el->name.text;
        struct str of = asset;
        if (!of.n && memchr(parameter.p, '/', parameter.n)) {
            of = parameter;
            parameter = (struct str){"", 0};
        }
        if (!key.n)
            ingest_emit_refuse(p->e, p->line, "a value without a name");
        else if (!of.n)
            ingest_emit_refuse(p->e, p->line, "field \"asset\" is missing");
        else if (!value_of(&value, &v))
            refuse_value(p, key, &value);
        else if (lookup(p, el, of, parameter, &sensor))
            ingest_emit_reading(p->e, p->line, sensor, time_us, v, quality);
    }
    if (members == 0)
        ingest_emit_refuse(p->e, p->line, "the object holds no values");
}

static void emit_element(struct parser *p, struct element *el)
{
    if (el->bad) {
        ingest_emit_refuse(p->e, p->line, "%s", el->bad);
    } else if (el->has_values) {
        struct str asset = el->asset.text.n ? el->asset.text : el->sensor.text;
        emit_members(p, el, el->values, asset, false);
    } else if (el->has_fields) {
        struct str asset = asset_of_tags(el);
        emit_members(p, el, el->fields, asset.n ? asset : el->asset.text, true);
    } else if (!el->has_metrics) {
        emit_single(p, el);
    }
}

// ---- scanning ----

static bool parse_elements(struct parser *p);

// Notes what follows the key. False on a syntax error, or when the source must stop.
static bool take_field(struct parser *p, struct element *el, enum field field, bool outermost)
{
    struct json_scan before = p->s;
    enum json_token t = json_scan_next(&p->s);
    struct scalar *texts[] = {[FIELD_SENSOR] = &el->sensor,       [FIELD_ASSET] = &el->asset,
                              [FIELD_PARAMETER] = &el->parameter, [FIELD_VALUE] = &el->value,
                              [FIELD_TIME] = &el->time,           [FIELD_UNIT] = &el->unit,
                              [FIELD_QUALITY] = &el->quality,     [FIELD_NAME] = &el->name};
    switch (field) {
    case FIELD_VALUES:
        el->has_values = t == JSON_TOKEN_OBJECT;
        el->values = before;
        break;
    case FIELD_FIELDS:
        el->has_fields = t == JSON_TOKEN_OBJECT;
        el->fields = before;
        break;
    case FIELD_TAGS:
        el->has_tags = t == JSON_TOKEN_OBJECT;
        el->tags = before;
        break;
    case FIELD_METRICS:
        if (t == JSON_TOKEN_ARRAY && outermost) {
            // Its elements count, not the object around them.
            p->line -= p->count_values && !el->has_metrics;
            el->has_metrics = true;
            return parse_elements(p);
        }
        break;
    case FIELD_UNKNOWN:
        break;
    default:
        take_scalar(el, texts[field], &p->s, t);
    }
    return json_scan_skip(&p->s, t);
}

// The rest of an object whose '{' was read. False on a syntax error, or when the source must stop.
static bool parse_object(struct parser *p, bool outermost)
{
    struct element el;
    el.sensor = el.asset = el.parameter = el.unit = el.quality = el.name = el.value = el.time =
        (struct scalar){JSON_TOKEN_END, {"", 0}};
    el.has_values = el.has_fields = el.has_tags = el.has_metrics = el.moved = false;
    el.bad = NULL;
    el.room_used = 0;
    for (;;) {
        enum json_token t = json_scan_next(&p->s);
        if (t == JSON_TOKEN_OBJECT_END)
            break;
        if (t != JSON_TOKEN_KEY)
            return false;
        size_t used = el.room_used;
        enum field field =
            p->s.text.n > KEY_BYTES ? FIELD_UNKNOWN : field_of(plain_text(&el, &p->s));
        el.room_used = used;
        if (!take_field(p, &el, field, outermost))
            return false;
    }
    emit_element(p, &el);
    return p->e->code == ERR_OK;
}

// After a syntax error: refuses the value that began at `before` and goes to the next one. False
// when there is no telling where that would be.
static bool leave_behind(struct parser *p, const struct json_scan *before)
{
    struct json_scan broken = p->s;
    p->lost = !json_scan_recover(&p->s, before);
    // An object around no elements yet has no number of its own.
    ingest_emit_refuse(p->e, p->line ? p->line : 1, "byte %zu: %s%s%s", json_scan_byte(&broken),
                       broken.why, p->lost ? "; not read from there to the end of the " : "",
                       !p->lost          ? ""
                       : p->count_values ? "body"
                                         : "line");
    return !p->lost;
}

// The rest of an array whose '[' was read. False when the source must stop or nothing more can be
// read.
static bool parse_elements(struct parser *p)
{
    for (;;) {
        struct json_scan before = p->s;
        enum json_token t = json_scan_next(&p->s);
        if (t == JSON_TOKEN_ARRAY_END)
            return true;
        p->line += p->count_values;
        bool whole;
        if (t == JSON_TOKEN_OBJECT) {
            whole = parse_object(p, false);
        } else {
            whole = json_scan_skip(&p->s, t);
            if (whole)
                ingest_emit_refuse(p->e, p->line, "an object expected, not %s", token_name(t));
        }
        if (p->e->code != ERR_OK || (!whole && !leave_behind(p, &before)))
            return false;
    }
}

// One value at the top. False when nothing more can be read.
static bool parse_top(struct parser *p)
{
    struct json_scan before = p->s;
    enum json_token t = json_scan_next(&p->s);
    if (t == JSON_TOKEN_END)
        return false;
    if (t == JSON_TOKEN_ARRAY)
        return parse_elements(p);
    p->line += p->count_values;
    bool whole;
    if (t == JSON_TOKEN_OBJECT) {
        whole = parse_object(p, true);
    } else {
        whole = json_scan_skip(&p->s, t);
        if (whole)
            ingest_emit_refuse(p->e, p->line, "an object or array expected, not %s", token_name(t));
    }
    if (p->e->code != ERR_OK || p->lost)
        return false;
    return whole || leave_behind(p, &before);
}

void ingest_parse_json(struct ingest_emit *e, struct str body, int64_t now_us)
{
    struct parser p = {.e = e, .now_us = now_us, .count_values = true};
    json_scan_open(&p.s, body, 0, JSON_SCAN_MANY | JSON_SCAN_NAN);
    while (parse_top(&p))
        ;
}

void ingest_parse_ndjson(struct ingest_emit *e, struct str body, uint64_t first_line,
                         int64_t now_us)
{
    struct parser p = {.e = e, .now_us = now_us, .line = first_line};
    for (; body.n && e->code == ERR_OK; p.line++) {
        struct str line = ingest_cut_line(&body);
        if (line.n > INGEST_LINE_MAX_BYTES) {
            ingest_emit_refuse(e, p.line, "a line of %zu bytes: at most %d are read", line.n,
                               INGEST_LINE_MAX_BYTES);
            continue;
        }
        p.lost = false;
        json_scan_open(&p.s, line, 0, JSON_SCAN_MANY | JSON_SCAN_NAN);
        while (parse_top(&p))
            ;
    }
}
