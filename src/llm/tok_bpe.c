// Byte-level BPE: the text is cut by a pre-tokenizer, then bytes are merged by rank.
//
// In the file each byte of a token is written as a printable character (GPT-2's table); here tokens
// are their bytes from the start.
#include <stdlib.h>
#include <string.h>

#include "llm/byte_text.h"
#include "llm/tokenizer_private.h"
#include "llm/unicode.h"

struct bpe_merges {
    struct bpe_merge {
        int32_t left, right, id;
        uint32_t rank; // 1 + line; 0: an empty slot
    } * slots;
    uint32_t mask;
    int32_t byte[256]; // the token of each single byte; -1: none
};

static size_t decode_text(struct str text, char *out)
{
    size_t n = 0;
    for (const char *p = text.p, *end = text.p + text.n; p < end;) {
        uint32_t cp;
        p += unicode_decode(p, end, &cp);
        int byte = byte_text_byte(cp);
        if (byte < 0) { // a token added by hand, in plain text
            memcpy(out, text.p, text.n);
            return text.n;
        }
        out[n++] = (char)byte;
    }
    return n;
}

static uint32_t pair_hash(int32_t left, int32_t right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32);
}

static struct bpe_merge *merge_slot(const struct bpe_merges *m, int32_t left, int32_t right)
{
    uint32_t at = pair_hash(left, right) & m->mask;
    while (m->slots[at].rank && (m->slots[at].left != left || m->slots[at].right != right))
        at = (at + 1) & m->mask;
    return &m->slots[at];
}

// One line, "left right"; merges whose parts or result are no tokens cannot be used.
static enum err_code read_merge(const struct gguf *g, struct tokenizer *t, struct str line,
                                uint32_t i, struct err *err)
{
    const char *blank = line.n > 2 ? memchr(line.p + 1, ' ', line.n - 2) : NULL;
    if (!blank || line.n > VOCAB_TOKEN_BYTES_MAX)
        return err_set(err, ERR_INPUT, "%s: key 'tokenizer.ggml.merges': line %u is no pair",
                       gguf_name(g), i);
    char bytes[VOCAB_TOKEN_BYTES_MAX];
    struct str left = {line.p, (size_t)(blank - line.p)};
    struct str right = {blank + 1, (size_t)(line.p + line.n - blank - 1)};
    size_t left_n = decode_text(left, bytes), right_n = decode_text(right, bytes + left_n);
    int32_t a = vocab_find(&t->vocab, (struct str){bytes, left_n});
    int32_t b = vocab_find(&t->vocab, (struct str){bytes + left_n, right_n});
    int32_t ab = vocab_find(&t->vocab, (struct str){bytes, left_n + right_n});
    if (a < 0 || b < 0 || ab < 0)
        return ERR_OK;
    struct bpe_merge *slot = merge_slot(t->merges, a, b);
    if (!slot->rank)
        *slot = (struct bpe_merge){a, b, ab, i + 1};
    return ERR_OK;
}

static enum err_code read_merges(const struct gguf *g, struct tokenizer *t, struct err *err)
{
    const struct gguf_value *lines;
    enum err_code code = gguf_array(g, "tokenizer.ggml.merges", GGUF_STRING, &lines, err);
    if (code)
        return code;
    if (lines->count > 4 * VOCAB_MAX)
        return err_set(err, ERR_LIMIT, "%s: %llu merges, at most %d are allowed", gguf_name(g),
                       (unsigned long long)lines->count, 4 * VOCAB_MAX);
    uint32_t slots = 16;
    while (slots < lines->count + lines->count / 2)
        slots *= 2;
    t->merges = calloc(1, sizeof *t->merges);
    if (!t->merges || !(t->merges->slots = calloc(slots, sizeof *t->merges->slots)))
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", gguf_name(g));
    t->merges->mask = slots - 1;
    const unsigned char *at = lines->p;
    for (uint32_t i = 0; i < lines->count && !code; i++)
        code = read_merge(g, t, gguf_next_string(&at), i, err);
    return code;
}

static enum err_code open_bpe(const struct gguf *g, struct tokenizer *t, struct err *err)
{
    struct str pre = STR_LIT("default");
    enum err_code code = gguf_string(g, "tokenizer.ggml.pre", &pre, err);
    if (code && code != ERR_NOT_FOUND)
        return code;
    t->pre = pretokenizer_by_name(pre);
    if (!t->pre)
        return err_set(err, ERR_UNSUPPORTED, "%s: pre-tokenizer '%.*s' is not known", gguf_name(g),
                       pre.n > 64 ? 64 : (int)pre.n, pre.p);
    if ((code = read_merges(g, t, err)))
        return code;
    for (int b = 0; b < 256; b++)
        t->merges->byte[b] = vocab_find(&t->vocab, (struct str){(char[]){(char)b}, 1});
    return ERR_OK;
}

static void close_bpe(struct tokenizer *t)
{
    if (t->merges)
        free(t->merges->slots);
    free(t->merges);
}

static bool find_merge(const void *model, struct str piece, const struct merge_symbol *left,
                       const struct merge_symbol *right, struct merge_pair *out)
{
    (void)piece;
    const struct bpe_merges *m = model;
    const struct bpe_merge *slot = merge_slot(m, left->id, right->id);
    out->rank = slot->rank;
    out->id = slot->id;
    return slot->rank != 0;
}

struct job {
    const struct tokenizer *t;
    struct tokens *out;
    struct merge_work work;
    struct word_cache *cache;
};

static bool encode_piece(void *arg, struct str piece)
{
    struct job *job = arg;
    const struct tokenizer *t = job->t;
    if (word_cache_find(job->cache, piece, job->out))
        return true;
    size_t from = job->out->n;
    int32_t whole = pretokenizer_takes_whole(t->pre) ? vocab_find(&t->vocab, piece) : -1;
    if (whole >= 0) {
        tokens_add(job->out, whole);
    } else {
        job->work.n = 0;
        for (size_t i = 0; i < piece.n; i++)
            if (!merge_add(&job->work, t->merges->byte[(unsigned char)piece.p[i]], i, 1))
                return false;
        if (!merge_run(&job->work, piece, find_merge, t->merges))
            return false;
        for (int32_t i = 0; i >= 0; i = job->work.symbols[i].next) {
            int32_t id = job->work.symbols[i].id;
            if (id >= 0 || (id = t->unknown) >= 0)
                tokens_add(job->out, id);
        }
    }
    word_cache_put(job->cache, piece, job->out, from);
    return !job->out->failed;
}

static bool encode_bpe(const struct tokenizer *t, struct str text, bool first, struct tokens *out)
{
    (void)first;
    struct job job = {.t = t, .out = out, .cache = word_cache_open(text.n)};
    bool good = pretokenize(t->pre, text, encode_piece, &job);
    word_cache_close(job.cache);
    merge_work_free(&job.work);
    return good;
}

const struct tokenizer_ops tokenizer_bpe = {
    .name = "gpt2",
    .decode = decode_text,
    .open = open_bpe,
    .close = close_bpe,
    .encode = encode_bpe,
    .adds_ends = false,
};
