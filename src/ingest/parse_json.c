// Readings out of JSON: an object each, in an array, on lines of their own, or as Telegraf's batch.
//
// An object is taken in two steps: its fields are noted as it is scanned, and only when it is
// complete are readings made of them, so that a broken object leaves none behind.
#include "ingest/json_private.h"

enum { KEY_BYTES = 64 }; // of the longest key that can be one of ours, however it is escaped

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

static bool parse_elements(struct json_source *p);

// Notes what follows the key. False on a syntax error, or when the source must stop.
static bool take_field(struct json_source *p, struct json_element *el, enum field field,
                       bool outermost)
{
    struct json_scan before = p->s;
    enum json_token t = json_scan_next(&p->s);
    struct json_scalar *texts[] = {[FIELD_SENSOR] = &el->sensor,       [FIELD_ASSET] = &el->asset,
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
        json_element_scalar(el, texts[field], &p->s, t);
    }
    return json_scan_skip(&p->s, t);
}

// The rest of an object whose '{' was read. False on a syntax error, or when the source must stop.
static bool parse_object(struct json_source *p, bool outermost)
{
    struct json_element el;
    el.sensor = el.asset = el.parameter = el.unit = el.quality = el.name = el.value = el.time =
        (struct json_scalar){JSON_TOKEN_END, {"", 0}};
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
            p->s.text.n > KEY_BYTES ? FIELD_UNKNOWN : field_of(json_element_text(&el, &p->s));
        el.room_used = used;
        if (!take_field(p, &el, field, outermost))
            return false;
    }
    json_element_emit(p, &el);
    return p->e->code == ERR_OK;
}

// After a syntax error: refuses the value that began at `before` and goes to the next one. False
// when there is no telling where that would be.
static bool leave_behind(struct json_source *p, const struct json_scan *before)
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
static bool parse_elements(struct json_source *p)
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
                ingest_emit_refuse(p->e, p->line, "an object expected, not %s",
                                   json_source_token(t));
        }
        if (p->e->code != ERR_OK || (!whole && !leave_behind(p, &before)))
            return false;
    }
}

// One value at the top. False when nothing more can be read.
static bool parse_top(struct json_source *p)
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
            ingest_emit_refuse(p->e, p->line, "an object or array expected, not %s",
                               json_source_token(t));
    }
    if (p->e->code != ERR_OK || p->lost)
        return false;
    return whole || leave_behind(p, &before);
}

void ingest_parse_json(struct ingest_emit *e, struct str body, int64_t now_us)
{
    struct json_source p = {.e = e, .now_us = now_us, .count_values = true};
    json_scan_open(&p.s, body, 0, JSON_SCAN_MANY | JSON_SCAN_NAN);
    while (parse_top(&p))
        ;
}

void ingest_parse_ndjson(struct ingest_emit *e, struct str body, uint64_t first_line,
                         int64_t now_us)
{
    struct json_source p = {.e = e, .now_us = now_us, .line = first_line};
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
