// Answers what differential.py asks: how fettle reads a piece of JSON or CSV, as JSON.
//
// A question is a line "J bytes" or "C bytes delimiter's number", then the bytes; the answer is one
// line:
// {"read": the value, or the records as arrays of texts}, with "refused" for text that is refused.
// An object is written as ["object", key, value, key, value...], an array as ["array", ...].
#include <stdio.h>
#include <stdlib.h>

#include "base/csv.h"
#include "base/json_out.h"
#include "base/json_scan.h"

static void fail(const char *what)
{
    fprintf(stderr, "differential: %s\n", what);
    exit(1);
}

static void write_number(struct json_out *j, struct str text)
{
    double v;
    if (str_to_double(text, &v))
        json_real(j, v);
    else
        json_text(j, "beyond double");
}

static bool answer_json(struct str text, struct buf *out)
{
    struct json_scan s;
    struct json_out j;
    enum json_token t;
    char *plain = malloc(text.n + 1);
    if (!plain)
        fail("out of memory");
    json_open(&j, out);
    json_scan_open(&s, text, 0, 0);
    while ((t = json_scan_next(&s)) > JSON_TOKEN_END) {
        struct str unescaped = {plain, 0};
        if (t == JSON_TOKEN_KEY || t == JSON_TOKEN_STRING)
            unescaped.n = json_unescape(s.text, plain);
        if (t == JSON_TOKEN_OBJECT || t == JSON_TOKEN_ARRAY) {
            json_array(&j);
            json_text(&j, t == JSON_TOKEN_OBJECT ? "object" : "array");
        } else if (t == JSON_TOKEN_OBJECT_END || t == JSON_TOKEN_ARRAY_END)
            json_end(&j);
        else if (t == JSON_TOKEN_KEY || t == JSON_TOKEN_STRING)
            json_str(&j, unescaped);
        else if (t == JSON_TOKEN_NUMBER)
            write_number(&j, s.text);
        else if (t == JSON_TOKEN_NULL)
            json_null(&j);
        else
            json_bool(&j, t == JSON_TOKEN_TRUE);
    }
    free(plain);
    return t == JSON_TOKEN_END;
}

static bool answer_csv(struct str text, char delimiter, struct buf *out)
{
    struct csv c;
    struct json_out j;
    enum csv_result r;
    json_open(&j, out);
    json_array(&j);
    csv_open(&c, delimiter);
    csv_feed(&c, text, true);
    while ((r = csv_next(&c)) == CSV_RECORD) {
        json_array(&j);
        for (size_t i = 0; i < c.count; i++)
            json_str(&j, c.fields[i]);
        json_end(&j);
    }
    json_end(&j);
    csv_close(&c);
    return r == CSV_END;
}

int main(void)
{
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        char kind;
        size_t n;
        int delimiter = ',';
        if (sscanf(line, "%c %zu %d", &kind, &n, &delimiter) < 2 || n > 1 << 20)
            fail("not a question");
        char *text = malloc(n + 1);
        struct buf out = {0};
        if (!text || fread(text, 1, n, stdin) != n)
            fail("the question ends early");
        struct str s = {text, n};
        bool read = kind == 'J' ? answer_json(s, &out) : answer_csv(s, (char)delimiter, &out);
        printf("{\"read\":%s}\n", read ? out.p : "null, \"refused\":true");
        fflush(stdout);
        buf_free(&out);
        free(text);
    }
    return 0;
}
