// The JSON writer.
#include "base/json_out.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

void json_open(struct json_out *j, struct buf *to)
{
    *j = (struct json_out){.to = to};
}

static void before_value(struct json_out *j)
{
    if (j->after_key) {
        j->after_key = false;
    } else if (j->depth) {
        if (j->level[j->depth - 1].any)
            buf_add_char(j->to, ',');
        j->level[j->depth - 1].any = true;
    }
}

static void open_level(struct json_out *j, char open, char close)
{
    before_value(j);
    if (j->depth == JSON_OUT_DEPTH) {
        j->to->failed = true;
        return;
    }
    buf_add_char(j->to, open);
    j->level[j->depth].close = close;
    j->level[j->depth].any = false;
    j->depth++;
}

void json_object(struct json_out *j)
{
    open_level(j, '{', '}');
}

void json_array(struct json_out *j)
{
    open_level(j, '[', ']');
}

void json_end(struct json_out *j)
{
    if (j->depth)
        buf_add_char(j->to, j->level[--j->depth].close);
}

// Length of the well-formed UTF-8 sequence at p, 0 if there is none.
static size_t utf8_length(const char *p, size_t n)
{
    unsigned char c = (unsigned char)*p;
    size_t len = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    return len && len <= n && str_is_utf8((struct str){p, len}) ? len : 0;
}

static void quoted(struct buf *to, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    buf_add_char(to, '"');
    size_t plain = 0; // bytes before `i` that go out as they are
    for (size_t i = 0; i <= s.n;) {
        unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;
        size_t len = i < s.n ? 1 : 0;
        if (i < s.n && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f &&
            (c < 0x80 || (len = utf8_length(s.p + i, s.n - i)))) {
            i += len;
            continue;
        }
        buf_add(to, s.p + plain, i - plain);
        if (i == s.n)
            break;
        if (c >= 0x80) {
            buf_add_z(to, "\xEF\xBF\xBD");
        } else if (c == '"' || c == '\\') {
            char two[2] = {'\\', (char)c};
            buf_add(to, two, 2);
        } else if (c == '\n') {
            buf_add_z(to, "\\n");
        } else if (c == '\t') {
            buf_add_z(to, "\\t");
        } else {
            char six[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            buf_add(to, six, 6);
        }
        plain = ++i;
    }
    buf_add_char(to, '"');
}

void json_key(struct json_out *j, const char *key)
{
    before_value(j);
    quoted(j->to, str_of(key));
    buf_add_char(j->to, ':');
    j->after_key = true;
}

void json_str(struct json_out *j, struct str s)
{
    before_value(j);
    quoted(j->to, s);
}

void json_text(struct json_out *j, const char *z)
{
    if (z)
        json_str(j, str_of(z));
    else
        json_null(j);
}

void json_int(struct json_out *j, int64_t v)
{
    before_value(j);
    buf_add_i64(j->to, v);
}

void json_real(struct json_out *j, double v)
{
    before_value(j);
    if (isfinite(v))
        buf_add_double(j->to, v);
    else
        buf_add_z(j->to, "null");
}

void json_bool(struct json_out *j, bool v)
{
    before_value(j);
    buf_add_z(j->to, v ? "true" : "false");
}

void json_null(struct json_out *j)
{
    before_value(j);
    buf_add_z(j->to, "null");
}

void json_time(struct json_out *j, int64_t time_us)
{
    char text[TIME_TEXT_BYTES + 2] = "\"";
    time_to_text(time_us, text + 1);
    size_t n = strlen(text);
    before_value(j);
    if (n > 1) {
        text[n++] = '"';
        buf_add(j->to, text, n);
    } else {
        buf_add_z(j->to, "null");
    }
}

void json_raw(struct json_out *j, struct str value)
{
    before_value(j);
    buf_add_str(j->to, value);
}

void json_key_text(struct json_out *j, const char *key, const char *z)
{
    json_key(j, key);
    json_text(j, z);
}

void json_key_int(struct json_out *j, const char *key, int64_t v)
{
    json_key(j, key);
    json_int(j, v);
}

void json_key_real(struct json_out *j, const char *key, double v)
{
    json_key(j, key);
    json_real(j, v);
}

void json_key_bool(struct json_out *j, const char *key, bool v)
{
    json_key(j, key);
    json_bool(j, v);
}

void json_key_time(struct json_out *j, const char *key, int64_t time_us)
{
    json_key(j, key);
    json_time(j, time_us);
}
