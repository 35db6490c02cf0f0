// Fuzzes the JSON scanner: it ends on any bytes, what it accepts it accepts again after writing,
// and recovery always gets on.
#include <stdint.h>
#include <stdlib.h>

#include "base/json_out.h"
#include "base/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

// Writes the text anew; false when it is not JSON.
static bool rewrite(struct str text, struct buf *out)
{
    struct json_scan s;
    struct json_out j;
    char *plain = malloc(text.n + 1);
    enum json_token t;
    json_open(&j, out);
    json_scan_open(&s, text, 0, 0);
    expect(plain != NULL);
    while ((t = json_scan_next(&s)) > JSON_TOKEN_END) {
        struct str unescaped = {plain, 0};
        if (t == JSON_TOKEN_KEY || t == JSON_TOKEN_STRING) {
            unescaped.n = json_unescape(s.text, plain);
            expect(unescaped.n <= s.text.n && str_is_utf8(unescaped));
            plain[unescaped.n] = '\0';
        }
        switch (t) {
        case JSON_TOKEN_OBJECT:
            json_object(&j);
            break;
        case JSON_TOKEN_ARRAY:
            json_array(&j);
            break;
        case JSON_TOKEN_OBJECT_END:
        case JSON_TOKEN_ARRAY_END:
            json_end(&j);
            break;
        case JSON_TOKEN_KEY:
            json_key(&j, plain);
            break;
        case JSON_TOKEN_STRING:
            json_str(&j, unescaped);
            break;
        case JSON_TOKEN_NUMBER:
            json_raw(&j, s.text);
            break;
        case JSON_TOKEN_NULL:
            json_null(&j);
            break;
        default:
            json_bool(&j, t == JSON_TOKEN_TRUE);
        }
    }
    free(plain);
    expect((t == JSON_TOKEN_ERROR) == (s.why != NULL) && json_scan_byte(&s) <= text.n);
    return t == JSON_TOKEN_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct buf once = {0}, twice = {0};
    if (rewrite(text, &once)) {
        expect(rewrite(buf_str(&once), &twice));
        expect(str_eq(buf_str(&once), buf_str(&twice)));
    }
    buf_free(&once);
    buf_free(&twice);
    struct json_scan s;
    json_scan_open(&s, text, 5, JSON_SCAN_MANY | JSON_SCAN_NAN);
    for (size_t steps = 0;; steps++) {
        expect(steps <= 2 * size + 2);
        struct json_scan before = s;
        enum json_token t = json_scan_next(&s);
        if (t == JSON_TOKEN_END || (t == JSON_TOKEN_ERROR && !json_scan_recover(&s, &before)))
            break;
    }
    return 0;
}
