// Writes JSON into a buffer, with commas and nesting kept right. NaN and Inf become null.
#ifndef FETTLE_BASE_JSON_OUT_H
#define FETTLE_BASE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { JSON_OUT_DEPTH = 32 };

struct json_out {
    struct buf *to; // where the text goes; its `failed` tells of lack of memory
    int depth;
    bool after_key;
    struct {
        char close; // '}' or ']'
        bool any;   // something was written at this level
    } level[JSON_OUT_DEPTH];
};

void json_open(struct json_out *j, struct buf *to);
void json_object(struct json_out *j); // opens {
void json_array(struct json_out *j);  // opens [
void json_end(struct json_out *j);    // closes the innermost
void json_key(struct json_out *j, const char *key);

void json_str(struct json_out *j, struct str s);   // bytes that are not UTF-8 become U+FFFD
void json_text(struct json_out *j, const char *z); // NULL gives null
void json_int(struct json_out *j, int64_t v);
void json_real(struct json_out *j, double v);
void json_bool(struct json_out *j, bool v);
void json_null(struct json_out *j);
void json_time(struct json_out *j, int64_t time_us); // RFC 3339; TIME_NONE gives null
void json_raw(struct json_out *j, struct str value); // a value that is JSON already

// A key and its value in one call.
void json_key_text(struct json_out *j, const char *key, const char *z);
void json_key_int(struct json_out *j, const char *key, int64_t v);
void json_key_real(struct json_out *j, const char *key, double v);
void json_key_bool(struct json_out *j, const char *key, bool v);
void json_key_time(struct json_out *j, const char *key, int64_t time_us);

#endif
