// From the fields of an object of JSON to readings.
#include <math.h>

#include "ingest/json_private.h"

const char *json_source_token(enum json_token t)
{
    static const char *const names[] = {"an error", "nothing", "an object", "",
                                        "an array", "",        "a key",     "text",
                                        "a number", "true",    "false",     "null"};
    return names[t];
}

static bool value_of(const struct json_scalar *v, double *out)
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

static void refuse_value(struct json_source *p, struct str field, const struct json_scalar *v)
{
    int n = v->text.n < 60 ? (int)v->text.n : 60;
    if (v->token == JSON_TOKEN_STRING || v->token == JSON_TOKEN_NUMBER)
        ingest_emit_refuse(p->e, p->line, "field \"%.*s\": \"%.*s\" is not a number%s",
                           STR_ARG(field), n, v->text.p,
                           v->token == JSON_TOKEN_NUMBER ? " that a double can hold" : "");
    else
        ingest_emit_refuse(p->e, p->line, "field \"%.*s\": %s is not a number", STR_ARG(field),
                           json_source_token(v->token));
}

static bool time_of(struct json_source *p, const struct json_element *el, int64_t *time_us)
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
        scalar ? "\"" : json_source_token(el->time.token),
        scalar ? (int)(el->time.text.n < 60 ? el->time.text.n : 60) : 0,
        scalar ? el->time.text.p : "", scalar ? "\"" : "");
    return false;
}

static bool quality_of(struct json_source *p, const struct json_element *el,
                       enum reading_quality *quality)
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

static bool lookup(struct json_source *p, const struct json_element *el, struct str asset,
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
static bool name_of(struct json_source *p, const struct json_element *el, struct str *asset,
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

static void emit_single(struct json_source *p, struct json_element *el)
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
static struct str asset_of_tags(struct json_element *el)
{
    struct str best = el->name.text;
    int best_rank = -1;
    if (!el->has_tags)
        return best;
    struct json_scan s = el->tags;
    json_scan_next(&s);
    while (json_scan_next(&s) == JSON_TOKEN_KEY) {
        int rank = ingest_asset_tag_rank(json_element_text(el, &s));
        enum json_token t = json_scan_next(&s);
        if (rank >= 0 && t == JSON_TOKEN_STRING && (best_rank < 0 || rank < best_rank)) {
            best = json_element_text(el, &s);
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
static void emit_members(struct json_source *p, struct json_element *el, struct json_scan s,
                         struct str asset, bool typed)
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
        struct str key = json_element_text(el, &s), parameter = key;
        struct json_scalar value;
        double v;
        uint32_t sensor;
        enum json_token t = json_scan_next(&s);
        json_element_scalar(el, &value, &s, t);
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

void json_element_emit(struct json_source *p, struct json_element *el)
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
