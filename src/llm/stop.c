// Lets an answer's bytes through as well-formed text, up to the first stop string.
#include "llm/stop.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A stop string with the failure function of Knuth, Morris and Pratt: after `i` matching bytes and
// a mismatch, retry[i] of them still match.
struct pattern {
    char bytes[STOP_BYTES_MAX];
    uint16_t retry[STOP_BYTES_MAX + 1];
    size_t n, matched;
};

struct stop {
    struct pattern *patterns;
    size_t count;
    int found;
    char held[STOP_BYTES_MAX]; // may begin a stop string
    size_t held_n;
    char character[4]; // a character's first bytes
    size_t character_n;
};

static void prepare(struct pattern *p, struct str text)
{
    memcpy(p->bytes, text.p, text.n);
    p->n = text.n;
    for (size_t i = 1, k = 0; i < p->n; i++) {
        while (k && p->bytes[i] != p->bytes[k])
            k = p->retry[k];
        k += p->bytes[i] == p->bytes[k];
        p->retry[i + 1] = (uint16_t)k;
    }
}

enum err_code stop_open(const struct str *strings, size_t count, struct stop **out, struct err *err)
{
    *out = NULL;
    if (count > STOP_STRINGS_MAX)
        return err_set(err, ERR_USAGE, "stop has %zu strings, expected %d at most", count,
                       STOP_STRINGS_MAX);
    for (size_t i = 0; i < count; i++)
        if (strings[i].n == 0 || strings[i].n > STOP_BYTES_MAX)
            return err_set(err, ERR_USAGE, "stop string %zu has %zu bytes, expected 1 to %d", i + 1,
                           strings[i].n, STOP_BYTES_MAX);
    struct stop *s = calloc(1, sizeof *s);
    if (s)
        s->patterns = calloc(count + 1, sizeof *s->patterns);
    if (!s || !s->patterns) {
        stop_close(&s);
        return err_set(err, ERR_NO_MEMORY, "out of memory for stop strings");
    }
    s->count = count;
    s->found = -1;
    for (size_t i = 0; i < count; i++)
        prepare(&s->patterns[i], strings[i]);
    *out = s;
    return ERR_OK;
}

void stop_close(struct stop **s)
{
    if (!*s)
        return;
    free((*s)->patterns);
    free(*s);
    *s = NULL;
}

static void flush_character(struct stop *s, struct buf *out)
{
    if (s->character_n)
        buf_add_z(out, "\xef\xbf\xbd");
    s->character_n = 0;
}

// Bytes of the character that `lead` begins; 0 when it begins none.
static size_t character_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

// Whether `b` may follow what is held of a character: the second byte excludes overlong forms,
// surrogates and what is past U+10FFFF.
static bool continues(const struct stop *s, unsigned char b)
{
    unsigned char lead = (unsigned char)s->character[0], least = 0x80, most = 0xbf;
    if (s->character_n == 1) {
        least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : least;
        most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : most;
    }
    return b >= least && b <= most;
}

static void show(struct stop *s, char c, struct buf *out)
{
    unsigned char b = (unsigned char)c;
    if (s->character_n && continues(s, b)) {
        s->character[s->character_n++] = c;
    } else {
        flush_character(s, out);
        if (character_length(b) == 0) {
            buf_add_z(out, "\xef\xbf\xbd");
            return;
        }
        s->character[s->character_n++] = c;
    }
    if (s->character_n == character_length((unsigned char)s->character[0])) {
        buf_add(out, s->character, s->character_n);
        s->character_n = 0;
    }
}

// Shows the first n of the held bytes.
static void release(struct stop *s, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        show(s, s->held[i], out);
    memmove(s->held, s->held + n, s->held_n - n);
    s->held_n -= n;
}

// Steps the patterns by a byte; returns the longest beginning of one that the text now ends with.
static size_t match(struct stop *s, char c)
{
    size_t longest = 0, found = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct pattern *p = &s->patterns[i];
        while (p->matched && (p->matched == p->n || p->bytes[p->matched] != c))
            p->matched = p->retry[p->matched];
        p->matched += p->bytes[p->matched] == c;
        if (p->matched > longest)
            longest = p->matched;
        if (p->matched == p->n && p->n > found) {
            found = p->n;
            s->found = (int)i;
        }
    }
    return found ? found : longest;
}

bool stop_feed(struct stop *s, struct str bytes, struct buf *out)
{
    for (size_t i = 0; i < bytes.n && s->found < 0; i++) {
        size_t keep = match(s, bytes.p[i]);
        if (keep == 0) {
            release(s, s->held_n, out);
            show(s, bytes.p[i], out);
        } else {
            release(s, s->held_n + 1 - keep, out);
            s->held[s->held_n++] = bytes.p[i];
        }
    }
    if (s->found >= 0) {
        s->held_n = 0;
        flush_character(s, out);
    }
    return s->found >= 0;
}

int stop_found(const struct stop *s)
{
    return s->found;
}

void stop_finish(struct stop *s, struct buf *out)
{
    release(s, s->held_n, out);
    flush_character(s, out);
}

void stop_reset(struct stop *s)
{
    s->found = -1;
    s->held_n = s->character_n = 0;
    for (size_t i = 0; i < s->count; i++)
        s->patterns[i].matched = 0;
}
