// WordPiece: lower-cased words without accents, each cut greedily into its longest tokens.
//
// In the file a token that starts a word begins with U+2581, one that goes on does not.
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "llm/tokenizer_private.h"
#include "llm/unicode.h"

static const char lower_block[] = "\xe2\x96\x81"; // U+2581

static size_t decode_text(struct str text, char *out)
{
    memcpy(out, text.p, text.n);
    return text.n;
}

static enum err_code open_wordpiece(const struct gguf *g, struct tokenizer *t, struct err *err)
{
    if (t->unknown < 0)
        return err_set(err, ERR_INPUT, "%s: key 'tokenizer.ggml.unknown_token_id' is missing",
                       gguf_name(g));
    for (uint32_t i = 0; i < t->vocab.n; i++)
        if (t->vocab.tokens[i].n > t->longest)
            t->longest = t->vocab.tokens[i].n;
    return ERR_OK;
}

static bool is_han(uint32_t cp)
{
    return (cp >= 0x4e00 && cp <= 0x9fff) || (cp >= 0x3400 && cp <= 0x4dbf) ||
           (cp >= 0x20000 && cp <= 0x2a6df) || (cp >= 0x2a700 && cp <= 0x2ceaf) ||
           (cp >= 0xf900 && cp <= 0xfaff) || (cp >= 0x2f800 && cp <= 0x2fa1f);
}

static bool stands_alone(uint32_t cp, enum unicode_class class)
{
    return class == UNICODE_PUNCTUATION || (cp < 0x7f && class == UNICODE_SYMBOL) || is_han(cp);
}

// The word as tokens, or the unknown token if any part of it is none. `word` starts with U+2581.
static bool encode_word(const struct tokenizer *t, struct buf *word, struct tokens *out)
{
    if (word->failed)
        return false;
    size_t from = out->n;
    for (size_t at = 0; at < word->n;) {
        size_t n = word->n - at < t->longest ? word->n - at : t->longest;
        int32_t id = -1;
        while (n && (id = vocab_find(&t->vocab, (struct str){word->p + at, n})) < 0)
            n--;
        if (id < 0) {
            out->n = from;
            tokens_add(out, t->unknown);
            break;
        }
        tokens_add(out, id);
        at += n;
    }
    buf_reset(word);
    return !out->failed;
}

static void add_char(struct buf *word, uint32_t cp)
{
    char bytes[4];
    if (word->n == 0)
        buf_add(word, lower_block, 3);
    buf_add(word, bytes, unicode_encode(cp, bytes));
}

static bool encode_char(const struct tokenizer *t, uint32_t cp, struct buf *word,
                        struct tokens *out)
{
    enum unicode_class class = unicode_class_of(cp);
    if (class == UNICODE_SPACE)
        return encode_word(t, word, out);
    if (cp == 0 || cp == UNICODE_BAD || class == UNICODE_CONTROL ||
        utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_MN)
        return true;
    bool alone = stands_alone(cp, class);
    if (alone && !encode_word(t, word, out))
        return false;
    add_char(word, (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp));
    return !alone || encode_word(t, word, out);
}

static bool encode_wordpiece(const struct tokenizer *t, struct str text, bool first,
                             struct tokens *out)
{
    (void)first;
    struct buf word = {0};
    bool good = true;
    for (const char *p = text.p, *end = text.p + text.n; p < end && good;) {
        uint32_t cp;
        p += unicode_decode(p, end, &cp);
        utf8proc_int32_t parts[32];
        int last_class = 0;
        utf8proc_ssize_t n = utf8proc_decompose_char(
            (utf8proc_int32_t)cp, parts, 32, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, &last_class);
        for (utf8proc_ssize_t i = 0; i < n && i < 32 && good; i++)
            good = encode_char(t, (uint32_t)parts[i], &word, out);
    }
    good = good && encode_word(t, &word, out);
    buf_free(&word);
    return good;
}

const struct tokenizer_ops tokenizer_wordpiece = {
    .name = "bert",
    .decode = decode_text,
    .open = open_wordpiece,
    .encode = encode_wordpiece,
    .adds_ends = true,
};
