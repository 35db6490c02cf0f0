// The JSON pull parser: a state per place in the grammar, a bit per open container.
#include <string.h>

#include "base/json_scan_private.h"

void json_scan_open(struct json_scan *s, struct str text, int max_depth, unsigned flags)
{
    if (max_depth <= 0)
        max_depth = JSON_SCAN_DEPTH_DEFAULT;
    if (max_depth > JSON_SCAN_DEPTH_MAX)
        max_depth = JSON_SCAN_DEPTH_MAX;
    const char *p = text.n ? text.p : "";
    *s = (struct json_scan){.p = p,
                            .token = p,
                            .begin = p,
                            .end = p + text.n,
                            .max_depth = max_depth,
                            .flags = flags,
                            .expect = EXPECT_VALUE};
}

static enum json_token fail(struct json_scan *s, const char *why)
{
    s->why = why;
    return JSON_TOKEN_ERROR;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

// First byte at or after p that is a quote, a backslash, a control character or not ASCII. Eight
// bytes at a time: a byte is below k when subtracting k borrows into its top bit.
static const char *plain_run(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    for (; end - p >= 8; p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
        uint64_t stop = (w - ones * 0x20) | (quote - ones) | (slash - ones) | w;
        if (stop & tops) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            // Borrows only run upwards, so the lowest mark is a true one.
            return p + __builtin_ctzll(stop & tops) / 8;
#else
            break;
#endif
        }
    }
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80)
            break;
    }
    return p;
}

// Past the escape whose backslash is at p; NULL when it is none.
static const char *past_escape(const char *p, const char *end)
{
    if (end - p < 2)
        return NULL;
    if (p[1] != 'u')
        return memchr("\"\\/bfnrt", p[1], 8) ? p + 2 : NULL;
    if (end - p < 6)
        return NULL;
    for (int i = 2; i < 6; i++)
        if (!is_hex(p[i]))
            return NULL;
    return p + 6;
}

// The string whose opening quote is at s->p, into text and escaped.
static bool scan_string(struct json_scan *s)
{
    const char *first = s->p + 1, *p = first;
    bool ascii = true;
    s->escaped = false;
    for (;;) {
        p = plain_run(p, s->end);
        s->p = p;
        if (p == s->end)
            return fail(s, "the text ends inside a string"), false;
        unsigned char c = (unsigned char)*p;
        if (c == '"')
            break;
        if (c == '\\') {
            s->escaped = true;
            p = past_escape(p, s->end);
            if (!p)
                return fail(s, "an escape such as \\n or \\u00e9 expected after '\\'"), false;
        } else if (c < 0x20) {
            return fail(s, "a control character in a string must be escaped"), false;
        } else {
            ascii = false;
            p++;
        }
    }
    s->text = (struct str){first, (size_t)(p - first)};
    s->p = p + 1;
    if (!ascii && !str_is_utf8(s->text))
        return fail(s, "the string that ends here is not UTF-8"), false;
    return true;
}

static enum json_token scan_number(struct json_scan *s)
{
    const char *first = s->p, *p = first, *end = s->end;
    if (*p == '-')
        p++;
    if (p < end && *p == '0') {
        p++;
    } else {
        const char *digits = p;
        while (p < end && is_digit(*p))
            p++;
        if (p == digits) {
            s->p = p;
            return fail(s, "a digit expected after '-'");
        }
    }
    if (p < end && *p == '.') {
        const char *digits = ++p;
        while (p < end && is_digit(*p))
            p++;
        if (p == digits) {
            s->p = p;
            return fail(s, "a digit expected after the decimal point");
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        const char *digits = p;
        while (p < end && is_digit(*p))
            p++;
        if (p == digits) {
            s->p = p;
            return fail(s, "a digit expected in the exponent");
        }
    }
    s->text = (struct str){first, (size_t)(p - first)};
    s->escaped = false;
    s->p = p;
    json_scan_value_is_over(s);
    return JSON_TOKEN_NUMBER;
}

static bool scan_word(struct json_scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    json_scan_value_is_over(s);
    return true;
}

static enum json_token open_container(struct json_scan *s, bool object)
{
    if (s->depth == s->max_depth)
        return fail(s, "nested too deeply");
    uint64_t bit = UINT64_C(1) << s->depth;
    s->objects = object ? s->objects | bit : s->objects & ~bit;
    s->depth++;
    s->p++;
    s->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return object ? JSON_TOKEN_OBJECT : JSON_TOKEN_ARRAY;
}

static enum json_token close_container(struct json_scan *s)
{
    bool object = json_scan_in_object(s);
    s->p++;
    s->depth--;
    json_scan_value_is_over(s);
    return object ? JSON_TOKEN_OBJECT_END : JSON_TOKEN_ARRAY_END;
}

static enum json_token scan_value(struct json_scan *s)
{
    switch (*s->p) {
    case '{':
        return open_container(s, true);
    case '[':
        return open_container(s, false);
    case '"':
        if (!scan_string(s))
            return JSON_TOKEN_ERROR;
        json_scan_value_is_over(s);
        return JSON_TOKEN_STRING;
    case 't':
        if (scan_word(s, "true"))
            return JSON_TOKEN_TRUE;
        break;
    case 'f':
        if (scan_word(s, "false"))
            return JSON_TOKEN_FALSE;
        break;
    case 'n':
        if (scan_word(s, "null"))
            return JSON_TOKEN_NULL;
        break;
    case 'N':
    case 'I':
        if (s->flags & JSON_SCAN_NAN && (scan_word(s, "NaN") || scan_word(s, "Infinity")))
            return JSON_TOKEN_NULL;
        break;
    case '-':
        if (s->flags & JSON_SCAN_NAN && scan_word(s, "-Infinity"))
            return JSON_TOKEN_NULL;
        return scan_number(s);
    default:
        if (is_digit(*s->p))
            return scan_number(s);
    }
    return fail(s, "a value expected");
}

static enum json_token scan_key(struct json_scan *s)
{
    if (*s->p != '"')
        return fail(s, s->expect == EXPECT_KEY ? "a key in quotes expected"
                                               : "a key in quotes or '}' expected");
    if (!scan_string(s))
        return JSON_TOKEN_ERROR;
    s->p = json_scan_skip_blank(s->p, s->end);
    if (s->p == s->end || *s->p != ':')
        return fail(s, "':' expected after the key");
    s->p++;
    s->expect = EXPECT_VALUE;
    return JSON_TOKEN_KEY;
}

static enum json_token at_end(struct json_scan *s)
{
    if (s->depth)
        return fail(s, json_scan_in_object(s) ? "the text ends inside an object"
                                              : "the text ends inside an array");
    if (s->expect == EXPECT_NOTHING || s->flags & JSON_SCAN_MANY)
        return JSON_TOKEN_END;
    return fail(s, "a value expected, but the text ends");
}

enum json_token json_scan_next(struct json_scan *s)
{
    if (s->why)
        return JSON_TOKEN_ERROR;
    s->p = json_scan_skip_blank(s->p, s->end);
    if (s->p == s->end)
        return at_end(s);
    if (s->expect == EXPECT_COMMA) {
        bool object = json_scan_in_object(s);
        if (*s->p == (object ? '}' : ']')) {
            s->token = s->p;
            return close_container(s);
        }
        if (*s->p != ',')
            return fail(s, object ? "',' or '}' expected" : "',' or ']' expected");
        s->p = json_scan_skip_blank(s->p + 1, s->end);
        if (s->p == s->end)
            return at_end(s);
        s->expect = object ? EXPECT_KEY : EXPECT_VALUE;
    }
    s->token = s->p;
    switch (s->expect) {
    case EXPECT_KEY_OR_END:
        if (*s->p == '}')
            return close_container(s);
        return scan_key(s);
    case EXPECT_KEY:
        return scan_key(s);
    case EXPECT_VALUE_OR_END:
        if (*s->p == ']')
            return close_container(s);
        return scan_value(s);
    case EXPECT_VALUE:
        return scan_value(s);
    default:
        return fail(s, "nothing more expected after the value");
    }
}

bool json_scan_skip(struct json_scan *s, enum json_token token)
{
    if (token == JSON_TOKEN_ERROR)
        return false;
    if (token != JSON_TOKEN_OBJECT && token != JSON_TOKEN_ARRAY)
        return true;
    int outside = s->depth - 1;
    while (s->depth > outside)
        if (json_scan_next(s) == JSON_TOKEN_ERROR)
            return false;
    return true;
}

size_t json_scan_byte(const struct json_scan *s)
{
    return (size_t)(s->p - s->begin);
}

enum err_code json_scan_error(const struct json_scan *s, const char *where, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s%sbyte %zu: %s", where ? where : "", where ? ": " : "",
                   json_scan_byte(s), s->why ? s->why : "no error");
}
