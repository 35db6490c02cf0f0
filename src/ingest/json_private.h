// An object of JSON on its way to readings: noted while it is scanned, passed on when complete.
#ifndef FETTLE_INGEST_JSON_PRIVATE_H
#define FETTLE_INGEST_JSON_PRIVATE_H

#include "base/json_scan.h"
#include "ingest/formats.h"

enum { INGEST_UNESCAPED_BYTES = 1024 }; // room for names with escapes in them

struct json_source {
    struct ingest_emit *e;
    struct json_scan s;
    int64_t now_us;
    uint64_t line;     // of what is being parsed
    bool count_values; // `line` counts elements; otherwise it stands still
    bool lost;         // after an error there was no telling where the next value begins
};

struct json_scalar {
    enum json_token token; // JSON_TOKEN_END: not there
    struct str text;
};

// What an object said about one reading or several.
struct json_element {
    struct json_scalar sensor, asset, parameter, unit, quality, name; // texts
    struct json_scalar value, time;
    struct json_scan values, fields, tags; // stand before the value, if has_...
    bool has_values, has_fields, has_tags, has_metrics;
    bool moved;      // a text lies in `room`
    const char *bad; // why the object must be refused
    size_t room_used;
    char room[INGEST_UNESCAPED_BYTES];
};

// The text of the scanner's latest key or string, with escapes resolved into el->room.
static inline struct str json_element_text(struct json_element *el, const struct json_scan *s)
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

// Notes a value, which is the scanner's latest token `t`.
static inline void json_element_scalar(struct json_element *el, struct json_scalar *to,
                                       struct json_scan *s, enum json_token t)
{
    to->token = t;
    to->text = t == JSON_TOKEN_STRING   ? json_element_text(el, s)
               : t == JSON_TOKEN_NUMBER ? s->text
                                        : (struct str){"", 0};
}

// Passes on the readings of a complete object, or refuses it.
void json_element_emit(struct json_source *p, struct json_element *el);

const char *json_source_token(enum json_token t); // "an object", for messages

#endif
