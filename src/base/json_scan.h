// A pull parser of JSON (RFC 8259) over bytes in memory: no recursion, no allocation, no copies.
//
//     struct json_scan s;
//     json_scan_open(&s, body, 0, 0);
//     for (enum json_token t; (t = json_scan_next(&s)) > JSON_TOKEN_END;)
//         ...                                  // s.text: the key, string or number
//     if (s.why) return json_scan_error(&s, "body", err);
//
// A struct json_scan can be copied to come back to a place later.
#ifndef FETTLE_BASE_JSON_SCAN_H
#define FETTLE_BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { JSON_SCAN_DEPTH_DEFAULT = 32, JSON_SCAN_DEPTH_MAX = 64 };

enum json_token {
    JSON_TOKEN_ERROR, // s->why says what was expected; every further call gives it again
    JSON_TOKEN_END,   // the text is over, and complete
    JSON_TOKEN_OBJECT,
    JSON_TOKEN_OBJECT_END,
    JSON_TOKEN_ARRAY,
    JSON_TOKEN_ARRAY_END,
    JSON_TOKEN_KEY, // of an object; its value comes next
    JSON_TOKEN_STRING,
    JSON_TOKEN_NUMBER,
    JSON_TOKEN_TRUE,
    JSON_TOKEN_FALSE,
    JSON_TOKEN_NULL,
};

enum json_scan_flags {
    JSON_SCAN_MANY = 1, // several values may follow one another, with or without blanks between
    JSON_SCAN_NAN = 2,  // NaN, Infinity and -Infinity, which Python writes, are taken as null
};

struct json_scan {
    const char *p;     // what comes next; after an error, where it was met
    const char *token; // first byte of the latest token
    struct str text;   // of the latest key, string (without its quotes) or number
    bool escaped;      // `text` has escapes: see json_unescape
    int depth;         // containers that are open
    const char *why;   // the error, NULL for none

    // private
    const char *begin, *end;
    uint64_t objects; // bit d: the container at depth d is an object
    int max_depth;
    unsigned flags;
    int expect;
};

// `text` is borrowed. `max_depth` bounds the nesting (0: 32, at most 64).
void json_scan_open(struct json_scan *s, struct str text, int max_depth, unsigned flags);

enum json_token json_scan_next(struct json_scan *s);

// Goes past the rest of the value whose first token was `token`: to its closing bracket for an
// object or array, nothing else. False on a syntax error.
bool json_scan_skip(struct json_scan *s, enum json_token token);

// After an error: goes to just behind the value that stood at `before` (a copy made when that value
// was next), judging by quotes and brackets alone where it ends, and clears the error. False,
// changing nothing, when its end cannot be told.
bool json_scan_recover(struct json_scan *s, const struct json_scan *before);

// Offset of s->p in the text.
size_t json_scan_byte(const struct json_scan *s);

// Records s->why as ERR_INPUT: "WHERE: byte 17: ',' or '}' expected". `where` may be NULL.
enum err_code json_scan_error(const struct json_scan *s, const char *where, struct err *err);

// Writes a key or string with its escapes resolved to `out`, which has room for text.n bytes (the
// result is never longer). Half of a surrogate pair becomes U+FFFD. Returns the length.
size_t json_unescape(struct str text, char *out);

#endif
