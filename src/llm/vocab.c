// The tokens of a model: bytes, kind and score of each id, and the way back from bytes to id.
#include "llm/vocab.h"

#include <stdlib.h>
#include <string.h>

#include <math.h>

static bool slot_holds(const struct vocab *v, uint32_t slot, struct str bytes)
{
    return str_eq(vocab_bytes(v, (int32_t)(slot - 1)), bytes);
}

static uint32_t slot_of(const struct vocab *v, struct str bytes)
{
    uint32_t at = (uint32_t)str_hash(bytes) & v->mask;
    while (v->slots[at] && !slot_holds(v, v->slots[at], bytes))
        at = (at + 1) & v->mask;
    return at;
}

int32_t vocab_find(const struct vocab *v, struct str bytes)
{
    return (int32_t)v->slots[slot_of(v, bytes)] - 1;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The byte of "<0x0A>"; -1 for any other text.
static int byte_of(struct str text)
{
    if (text.n != 6 || memcmp(text.p, "<0x", 3) != 0 || text.p[5] != '>')
        return -1;
    int high = hex_digit(text.p[3]), low = hex_digit(text.p[4]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

// Optional array of as many elements as there are tokens.
static enum err_code find_array(const struct gguf *g, const char *key, enum gguf_type element,
                                uint32_t n, const struct gguf_value **out, struct err *err)
{
    enum err_code code = gguf_array(g, key, element, out, err);
    if (code == ERR_NOT_FOUND)
        return ERR_OK;
    if (!code && (*out)->count != n)
        return err_set(err, ERR_INPUT, "%s: key '%s' has %llu elements for %u tokens", gguf_name(g),
                       key, (unsigned long long)(*out)->count, n);
    return code;
}

static enum err_code read_tokens(const struct gguf *g, const struct gguf_value *texts,
                                 vocab_decode_fn *decode, struct vocab *v, struct err *err)
{
    const struct gguf_value *scores, *kinds;
    enum err_code code = find_array(g, "tokenizer.ggml.scores", GGUF_F32, v->n, &scores, err);
    if (!code)
        code = find_array(g, "tokenizer.ggml.token_type", GGUF_I32, v->n, &kinds, err);
    if (code)
        return code;
    const unsigned char *at = texts->p;
    char *blob = v->blob;
    for (uint32_t i = 0; i < v->n; i++) {
        struct str text = gguf_next_string(&at);
        struct vocab_token *t = &v->tokens[i];
        int64_t kind = kinds ? gguf_element_i64(kinds, i) : VOCAB_NORMAL;
        if (kind < 0 || kind > VOCAB_BYTE)
            return err_set(err, ERR_INPUT, "%s: token %u is of unknown kind %lld", gguf_name(g), i,
                           (long long)kind);
        if (text.n > VOCAB_TOKEN_BYTES_MAX)
            return err_set(err, ERR_LIMIT, "%s: token %u has %zu bytes, at most %d are allowed",
                           gguf_name(g), i, text.n, VOCAB_TOKEN_BYTES_MAX);
        t->kind = kind ? (uint8_t)kind : VOCAB_NORMAL;
        t->score = scores ? gguf_element_f32(scores, i) : 0;
        if (isnan(t->score))
            return err_set(err, ERR_INPUT, "%s: the score of token %u is not a number",
                           gguf_name(g), i);
        t->p = blob;
        int byte = t->kind == VOCAB_BYTE ? byte_of(text) : -1;
        if (byte >= 0) {
            *blob = (char)byte;
            t->n = 1;
            v->byte[byte] = (int32_t)i;
        } else if (t->kind == VOCAB_NORMAL || t->kind == VOCAB_UNUSED) {
            t->n = (uint32_t)decode(text, blob);
        } else {
            t->n = (uint32_t)text.n;
            memcpy(blob, text.p, text.n);
        }
        blob += t->n;
    }
    return ERR_OK;
}

static void index_tokens(struct vocab *v)
{
    for (uint32_t i = 0; i < v->n; i++) {
        const struct vocab_token *t = &v->tokens[i];
        bool wanted = t->kind == VOCAB_NORMAL || t->kind == VOCAB_USER || t->kind == VOCAB_UNUSED;
        if (!wanted || t->n == 0)
            continue;
        uint32_t at = slot_of(v, (struct str){t->p, t->n});
        if (!v->slots[at])
            v->slots[at] = i + 1;
    }
}

enum err_code vocab_open(const struct gguf *g, vocab_decode_fn *decode, struct vocab *v,
                         struct err *err)
{
    *v = (struct vocab){0};
    const struct gguf_value *texts;
    enum err_code code = gguf_array(g, "tokenizer.ggml.tokens", GGUF_STRING, &texts, err);
    if (code)
        return code;
    if (texts->count == 0 || texts->count > VOCAB_MAX)
        return err_set(err, ERR_LIMIT, "%s: %llu tokens, 1 to %d are allowed", gguf_name(g),
                       (unsigned long long)texts->count, VOCAB_MAX);
    v->n = (uint32_t)texts->count;
    uint32_t slots = 16;
    while (slots < 2 * v->n)
        slots *= 2;
    v->mask = slots - 1;
    v->tokens = calloc(v->n, sizeof *v->tokens);
    v->slots = calloc(slots, sizeof *v->slots);
    v->blob = malloc((size_t)(texts->end - texts->p));
    memset(v->byte, -1, sizeof v->byte);
    code = v->tokens && v->slots && v->blob
               ? read_tokens(g, texts, decode, v, err)
               : err_set(err, ERR_NO_MEMORY, "%s: out of memory", gguf_name(g));
    if (code)
        vocab_close(v);
    else
        index_tokens(v);
    return code;
}

void vocab_close(struct vocab *v)
{
    free(v->tokens);
    free(v->slots);
    free(v->blob);
    *v = (struct vocab){0};
}
