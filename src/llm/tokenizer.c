// Text to tokens and back: the registry of kinds, special tokens, decoding.
#include "llm/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "llm/tokenizer_private.h"

static const struct tokenizer_ops *const kinds[] = {&tokenizer_bpe, &tokenizer_spm,
                                                    &tokenizer_wordpiece};

enum { TEXT_MAX = 1 << 30 };

void tokens_free(struct tokens *t)
{
    free(t->p);
    *t = (struct tokens){0};
}

void tokens_add(struct tokens *t, int32_t id)
{
    if (t->n == t->cap && !t->failed) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        int32_t *p = realloc(t->p, cap * sizeof *p);
        t->failed = !p;
        if (p) {
            t->p = p;
            t->cap = cap;
        }
    }
    if (!t->failed)
        t->p[t->n++] = id;
}

// An optional id that must lie in the vocabulary.
static enum err_code read_id(const struct gguf *g, const struct tokenizer *t, const char *key,
                             int32_t *out, struct err *err)
{
    uint32_t id;
    *out = -1;
    enum err_code code = gguf_u32(g, key, &id, err);
    if (code)
        return code == ERR_NOT_FOUND ? ERR_OK : code;
    if (id == UINT32_MAX)
        return ERR_OK;
    if (id >= t->vocab.n)
        return err_set(err, ERR_INPUT, "%s: key '%s' is %u, but there are %u tokens", gguf_name(g),
                       key, id, t->vocab.n);
    *out = (int32_t)id;
    return ERR_OK;
}

static enum err_code read_flag(const struct gguf *g, const char *key, bool value, bool *out,
                               struct err *err)
{
    *out = value;
    enum err_code code = gguf_bool(g, key, out, err);
    return code == ERR_NOT_FOUND ? ERR_OK : code;
}

static bool is_special(const struct vocab_token *v)
{
    return v->n && (v->kind == VOCAB_CONTROL || v->kind == VOCAB_USER || v->kind == VOCAB_UNKNOWN);
}

static int by_first_byte(const void *a, const void *b, void *arg)
{
    const struct vocab *v = arg;
    const struct vocab_token *x = &v->tokens[*(const int32_t *)a];
    const struct vocab_token *y = &v->tokens[*(const int32_t *)b];
    if (x->p[0] != y->p[0])
        return (unsigned char)x->p[0] - (unsigned char)y->p[0];
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return *(const int32_t *)a - *(const int32_t *)b;
}

static bool sort_specials(struct tokenizer *t)
{
    size_t n = 0;
    for (uint32_t i = 0; i < t->vocab.n; i++)
        n += is_special(&t->vocab.tokens[i]);
    t->specials = malloc((n + 1) * sizeof *t->specials);
    if (!t->specials)
        return false;
    for (uint32_t i = 0; i < t->vocab.n; i++)
        if (is_special(&t->vocab.tokens[i]))
            t->specials[t->special_count++] = (int32_t)i;
    qsort_r(t->specials, n, sizeof *t->specials, by_first_byte, &t->vocab);
    uint32_t at = 0;
    for (int b = 0; b <= 256; b++) {
        while (at < n && (unsigned char)vocab_bytes(&t->vocab, t->specials[at]).p[0] < b)
            at++;
        t->special_from[b] = at;
    }
    return true;
}

// Names of the tokens that end a turn, whatever eos_token_id says.
static bool find_ends(struct tokenizer *t)
{
    static const char *const names[] = {"<|im_end|>", "<|eot_id|>",    "<|eom_id|>",
                                        "<|end|>",    "<end_of_turn>", "<|endoftext|>",
                                        "<EOT>",      "<|eot|>",       "<|end_of_text|>"};
    t->ends = calloc(t->vocab.n, sizeof *t->ends);
    if (!t->ends)
        return false;
    if (t->eos >= 0)
        t->ends[t->eos] = true;
    for (size_t i = 0; i < t->special_count; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (str_is(vocab_bytes(&t->vocab, t->specials[i]), names[k]))
                t->ends[t->specials[i]] = true;
    return true;
}

static bool is_phi3(const struct gguf *g)
{
    struct str arch;
    return gguf_string(g, "general.architecture", &arch, NULL) == ERR_OK && str_is(arch, "phi3");
}

static enum err_code read_settings(const struct gguf *g, struct tokenizer *t, struct err *err)
{
    static const char *const bos_keys[] = {"tokenizer.ggml.bos_token_id",
                                           "tokenizer.ggml.cls_token_id"};
    bool bert = t->ops == &tokenizer_wordpiece;
    enum err_code code;
    if ((code = read_id(g, t, bos_keys[bert], &t->bos, err)) ||
        (code = read_id(g, t, "tokenizer.ggml.eos_token_id", &t->eos, err)) ||
        (code = read_id(g, t, "tokenizer.ggml.unknown_token_id", &t->unknown, err)) ||
        // The key is misspelt in the format itself.
        (code = read_id(g, t, "tokenizer.ggml.seperator_token_id", &t->separator, err)) ||
        (code =
             read_flag(g, "tokenizer.ggml.add_bos_token", t->ops->adds_ends, &t->add_bos, err)) ||
        (code = read_flag(g, "tokenizer.ggml.add_eos_token", bert, &t->add_eos, err)) ||
        (code = read_flag(g, "tokenizer.ggml.add_space_prefix", true, &t->add_space, err)))
        return code;
    t->strips_after_special = is_phi3(g);
    if (t->ops->open && (code = t->ops->open(g, t, err)))
        return code;
    if (!sort_specials(t) || !find_ends(t))
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", gguf_name(g));
    return ERR_OK;
}

enum err_code tokenizer_open(const struct gguf *g, struct tokenizer **out, struct err *err)
{
    *out = NULL;
    struct str kind;
    enum err_code code = gguf_string(g, "tokenizer.ggml.model", &kind, err);
    if (code)
        return code;
    struct tokenizer *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", gguf_name(g));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_is(kind, kinds[i]->name))
            t->ops = kinds[i];
    if (!t->ops)
        code = err_set(err, ERR_UNSUPPORTED, "%s: tokenizer '%.*s' is not known", gguf_name(g),
                       kind.n > 64 ? 64 : (int)kind.n, kind.p);
    if (!code)
        code = vocab_open(g, t->ops->decode, &t->vocab, err);
    if (!code)
        code = read_settings(g, t, err);
    if (code)
        tokenizer_close(&t);
    *out = t;
    return code;
}

void tokenizer_close(struct tokenizer **t)
{
    if (!*t)
        return;
    if ((*t)->ops && (*t)->ops->close)
        (*t)->ops->close(*t);
    vocab_close(&(*t)->vocab);
    free((*t)->specials);
    free((*t)->ends);
    free(*t);
    *t = NULL;
}

// The special token that starts at p; -1: none. Longest first.
static int32_t special_at(const struct tokenizer *t, const char *p, const char *end, bool all)
{
    unsigned char first = (unsigned char)*p;
    for (uint32_t i = t->special_from[first]; i < t->special_from[first + 1]; i++) {
        const struct vocab_token *v = &t->vocab.tokens[t->specials[i]];
        if ((all || v->kind == VOCAB_USER) && v->n <= (size_t)(end - p) &&
            memcmp(p, v->p, v->n) == 0)
            return t->specials[i];
    }
    return -1;
}

// Phi-3's tokens take the blanks that follow, except for these.
bool tokenizer_strips_after(const struct tokenizer *t, int32_t id)
{
    return t->strips_after_special && id != t->bos && t->vocab.tokens[id].kind != VOCAB_UNKNOWN &&
           !str_is(vocab_bytes(&t->vocab, id), "<|endoftext|>");
}

static bool encode_all(const struct tokenizer *t, struct str text, bool special, struct tokens *out)
{
    const char *p = text.p, *end = p + text.n, *plain = p;
    bool first = true;
    while (p < end) {
        int32_t id = special_at(t, p, end, special);
        if (id < 0) {
            p++;
            continue;
        }
        if (p > plain && !t->ops->encode(t, (struct str){plain, (size_t)(p - plain)}, first, out))
            return false;
        tokens_add(out, id);
        p += t->vocab.tokens[id].n;
        if (tokenizer_strips_after(t, id))
            while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
                p++;
        plain = p;
        first = true;
    }
    return (p == plain ||
            t->ops->encode(t, (struct str){plain, (size_t)(p - plain)}, first, out)) &&
           !out->failed;
}

enum err_code tokenizer_encode(const struct tokenizer *t, struct str text, unsigned flags,
                               struct tokens *out, struct err *err)
{
    if (text.n > TEXT_MAX)
        return err_set(err, ERR_LIMIT, "a text of %zu bytes, at most %d can be tokenized", text.n,
                       TEXT_MAX);
    if (flags & TOKENIZE_ENDS && t->add_bos && t->bos >= 0)
        tokens_add(out, t->bos);
    if (!encode_all(t, text, flags & TOKENIZE_SPECIAL, out))
        out->failed = true;
    int32_t last = t->ops == &tokenizer_wordpiece ? t->separator : t->eos;
    if (flags & TOKENIZE_ENDS && t->add_eos && last >= 0)
        tokens_add(out, last);
    return out->failed ? err_set(err, ERR_NO_MEMORY, "out of memory for %zu tokens", out->n)
                       : ERR_OK;
}

static void add_wordpiece(const struct vocab_token *v, struct buf *out)
{
    bool starts = v->n >= 3 && memcmp(v->p, "\xe2\x96\x81", 3) == 0;
    if (starts)
        buf_add_char(out, ' ');
    buf_add(out, v->p + (starts ? 3 : 0), v->n - (starts ? 3 : 0));
}

void tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, struct buf *out)
{
    if (id < 0 || (uint32_t)id >= t->vocab.n)
        return;
    const struct vocab_token *v = &t->vocab.tokens[id];
    if (!special && (v->kind == VOCAB_CONTROL || v->kind == VOCAB_UNKNOWN))
        return;
    if (t->ops == &tokenizer_wordpiece)
        add_wordpiece(v, out);
    else
        buf_add(out, v->p, v->n);
}

void tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, bool special,
                      struct buf *out)
{
    bool blank = t->ops == &tokenizer_wordpiece || (t->ops == &tokenizer_spm && t->add_space);
    size_t start = out->n;
    for (size_t i = 0; i < n; i++)
        tokenizer_piece(t, ids[i], special, out);
    if (blank && !out->failed && out->n > start && out->p[start] == ' ') {
        memmove(out->p + start, out->p + start + 1, out->n - start); // with the terminator
        out->n--;
    }
}

uint32_t tokenizer_count(const struct tokenizer *t)
{
    return t->vocab.n;
}

const char *tokenizer_kind(const struct tokenizer *t)
{
    return t->ops->name;
}

int32_t tokenizer_find_special(const struct tokenizer *t, struct str name)
{
    for (size_t i = 0; i < t->special_count; i++)
        if (str_eq(vocab_bytes(&t->vocab, t->specials[i]), name))
            return t->specials[i];
    return -1;
}

int32_t tokenizer_find(const struct tokenizer *t, struct str text)
{
    int32_t id = tokenizer_find_special(t, text);
    return id >= 0 ? id : vocab_find(&t->vocab, text);
}

int32_t tokenizer_bos(const struct tokenizer *t)
{
    return t->bos;
}

int32_t tokenizer_eos(const struct tokenizer *t)
{
    return t->eos;
}

bool tokenizer_ends(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && (uint32_t)id < t->vocab.n && t->ends[id];
}
