// SentencePiece BPE: characters are joined by score, what is no token falls back to bytes.
//
// In the file a blank is written as U+2581; here tokens hold the blank itself, and U+2581 in the
// text is taken as a blank, as SentencePiece does.
#include <stdlib.h>
#include <string.h>

#include "llm/tokenizer_private.h"
#include "llm/unicode.h"

static const char lower_block[] = "\xe2\x96\x81"; // U+2581

static size_t decode_text(struct str text, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        if (text.n - i >= 3 && memcmp(text.p + i, lower_block, 3) == 0) {
            out[n++] = ' ';
            i += 3;
        } else {
            out[n++] = text.p[i++];
        }
    }
    return n;
}

static enum err_code open_spm(const struct gguf *g, struct tokenizer *t, struct err *err)
{
    const struct gguf_value *scores;
    enum err_code code = gguf_array(g, "tokenizer.ggml.scores", GGUF_F32, &scores, err);
    if (code)
        return code;
    for (int b = 0; b < 256; b++)
        if (t->vocab.byte[b] < 0 && t->unknown < 0)
            return err_set(err, ERR_INPUT,
                           "%s: the vocabulary has neither a token for byte %d nor an unknown one",
                           gguf_name(g), b);
    t->words_apart = true;
    for (uint32_t i = 0; i < t->vocab.n && t->words_apart; i++) {
        const struct vocab_token *v = &t->vocab.tokens[i];
        for (uint32_t k = 1; k < v->n; k++)
            if (v->p[k] == ' ' && v->p[k - 1] != ' ')
                t->words_apart = v->kind != VOCAB_NORMAL && v->kind != VOCAB_UNUSED;
    }
    return ERR_OK;
}

// Higher scores come first: flips a float's bits into an order of unsigned numbers.
static uint64_t rank_of(float score)
{
    uint32_t u;
    memcpy(&u, &score, sizeof u);
    u = u & 0x80000000 ? u : ~u & 0x7fffffff;
    return u;
}

static bool find_joined(const void *model, struct str piece, const struct merge_symbol *left,
                        const struct merge_symbol *right, struct merge_pair *out)
{
    const struct vocab *v = model;
    out->id = vocab_find(v, (struct str){piece.p + left->at, left->n + right->n});
    if (out->id < 0)
        return false;
    out->rank = rank_of(v->tokens[out->id].score);
    return true;
}

static void add_symbol(const struct tokenizer *t, struct str piece, const struct merge_symbol *s,
                       struct tokens *out)
{
    struct str bytes = {piece.p + s->at, s->n};
    int32_t id = s->id >= 0 ? s->id : vocab_find(&t->vocab, bytes);
    if (id >= 0) {
        tokens_add(out, id);
        return;
    }
    for (size_t i = 0; i < bytes.n; i++) {
        int32_t byte = t->vocab.byte[(unsigned char)bytes.p[i]];
        tokens_add(out, byte >= 0 ? byte : t->unknown);
    }
}

static bool encode_word(const struct tokenizer *t, struct str word, struct merge_work *work,
                        struct tokens *out)
{
    work->n = 0;
    for (const char *p = word.p, *end = p + word.n; p < end;) {
        uint32_t cp;
        size_t n = unicode_decode(p, end, &cp);
        if (!merge_add(work, -1, (size_t)(p - word.p), n))
            return false;
        p += n;
    }
    if (!merge_run(work, word, find_joined, &t->vocab))
        return false;
    for (int32_t i = 0; i >= 0; i = work->symbols[i].next)
        add_symbol(t, word, &work->symbols[i], out);
    return !out->failed;
}

// Where the word that starts at p ends: before the next blank that follows another character.
static const char *word_end(const struct tokenizer *t, const char *p, const char *end)
{
    if (!t->words_apart)
        return end;
    while (p < end && *p == ' ')
        p++;
    while (p < end && *p != ' ')
        p++;
    return p;
}

static bool encode_spm(const struct tokenizer *t, struct str text, bool first, struct tokens *out)
{
    if (text.n == 0)
        return true;
    char *plain = malloc(text.n + 1);
    if (!plain)
        return false;
    size_t n = 0;
    if (t->add_space && first)
        plain[n++] = ' ';
    n += decode_text(text, plain + n);
    struct merge_work work = {0};
    struct word_cache *cache = word_cache_open(n);
    bool good = true;
    for (const char *p = plain, *end = plain + n; p < end && good;) {
        struct str word = {p, (size_t)(word_end(t, p, end) - p)};
        size_t from = out->n;
        if (!word_cache_find(cache, word, out)) {
            good = encode_word(t, word, &work, out);
            word_cache_put(cache, word, out, from);
        }
        p += word.n;
    }
    word_cache_close(cache);
    merge_work_free(&work);
    free(plain);
    return good;
}

const struct tokenizer_ops tokenizer_spm = {
    .name = "llama",
    .decode = decode_text,
    .open = open_spm,
    .encode = encode_spm,
    .adds_ends = true,
};
