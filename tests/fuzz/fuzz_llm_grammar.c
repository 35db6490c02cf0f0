// Fuzzes the compilers of GBNF and JSON Schema and follows what they make with the text's own
// bytes.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "llm/gguf_write.h"
#include "llm/grammar/grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { BYTES = 256, END = BYTES, COUNT, TEXT_MAX = 4096, STEPS = 32 };

static struct token_trie *trie;

// Bytes as SentencePiece has them, and a token that ends.
static void make_trie(void)
{
    static char names[BYTES][8];
    struct str tokens[COUNT];
    int32_t kinds[COUNT];
    float scores[COUNT] = {0};
    for (int i = 0; i < BYTES; i++) {
        static const char hex[] = "0123456789ABCDEF";
        memcpy(names[i], (char[]){'<', '0', 'x', hex[i >> 4], hex[i & 15], '>', 0}, 7);
        tokens[i] = str_of(names[i]);
        kinds[i] = 6;
    }
    tokens[END] = STR_LIT("</s>");
    kinds[END] = 3;
    char path[] = "/tmp/fettle-fuzz-XXXXXX";
    int fd = mkstemp(path);
    struct gguf_writer *w;
    struct gguf *g;
    static struct tokenizer *t; // lives as long as the tree
    if (fd < 0 || gguf_write_open(path, &w, NULL))
        abort();
    gguf_write_string(w, "tokenizer.ggml.model", STR_LIT("llama"));
    gguf_write_strings(w, "tokenizer.ggml.tokens", tokens, COUNT);
    gguf_write_f32s(w, "tokenizer.ggml.scores", scores, COUNT);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", kinds, COUNT);
    gguf_write_u32(w, "tokenizer.ggml.eos_token_id", END);
    if (gguf_write_finish(&w, NULL) || gguf_open(path, &g, NULL) || tokenizer_open(g, &t, NULL) ||
        token_trie_open(t, COUNT, &trie, NULL))
        abort();
    gguf_close(&g);
    close(fd);
    unlink(path);
}

// A token that the mask allows is accepted, one that it does not is not; some always is.
static void follow(struct grammar_masks *masks, const uint8_t *data, size_t n)
{
    struct matcher *m;
    if (matcher_open(masks, &m, NULL))
        abort();
    for (size_t i = 0; i < STEPS && i < n && !matcher_ended(m); i++) {
        const uint64_t *mask;
        int32_t wanted = data[n - 1 - i];
        if (matcher_mask(m, &mask, NULL))
            break;
        if (matcher_allowed(m) == 0)
            abort();
        bool allowed = mask[wanted / 64] >> (wanted % 64) & 1;
        if (!allowed && matcher_accept(m, wanted, NULL) == ERR_OK)
            abort();
        while (!(mask[wanted / 64] >> (wanted % 64) & 1))
            wanted = (wanted + 1) % COUNT;
        enum err_code code = matcher_accept(m, wanted, NULL);
        if (code == ERR_LIMIT)
            break;
        if (code)
            abort();
    }
    matcher_close(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!trie)
        make_trie();
    struct str text = {(const char *)data, n < TEXT_MAX ? n : TEXT_MAX};
    for (int kind = 0; kind < 2; kind++) {
        struct grammar *g;
        struct grammar_masks *masks;
        struct err err;
        enum err_code code =
            kind ? grammar_from_schema(text, &g, &err) : grammar_from_gbnf(text, "text", &g, &err);
        if (code)
            continue;
        if (grammar_masks_open(g, trie, 0, &masks, &err))
            abort();
        follow(masks, data, n);
        grammar_masks_close(&masks);
        grammar_close(&g);
    }
    return 0;
}
