// Fuzzes tokenize and detokenize over small vocabularies of every kind.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "llm/gguf_write.h"
#include "llm/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SINGLES = 256, MORE = 8, COUNT = SINGLES + MORE, KINDS = 4 };

static struct tokenizer *tokenizers[KINDS];

// "<0x00>" to "<0xFF>", then words that merges reach.
static struct tokenizer *make(const char *kind, const char *pre)
{
    static const char *const bpe[MORE] = {"ab", "abc", "Ġa", "Ġab", "ĠĠ", "<|x|>", "<s>", "12"};
    static const char *const spm[MORE] = {"ab", "abc", "▁a", "▁ab", "▁▁", "<|x|>", "<s>", "12"};
    static char bytes[SINGLES][8];
    bool is_bpe = strcmp(kind, "gpt2") == 0;
    struct str tokens[COUNT];
    int32_t kinds[COUNT];
    float scores[COUNT];
    for (int i = 0; i < COUNT; i++) {
        if (i < SINGLES) {
            if (is_bpe && i > 32 && i < 127)
                snprintf(bytes[i], sizeof bytes[i], "%c", i);
            else
                snprintf(bytes[i], sizeof bytes[i], "<0x%02X>", i);
        }
        tokens[i] = str_of(i < SINGLES ? bytes[i] : is_bpe ? bpe[i - SINGLES] : spm[i - SINGLES]);
        kinds[i] = i >= COUNT - 3 && i < COUNT - 1 ? 3 : i < SINGLES && !is_bpe ? 6 : 1;
        scores[i] = (float)-i;
    }
    static const struct str merges[] = {STR_LIT("a b"), STR_LIT("ab c"), STR_LIT("1 2")};
    char path[] = "/tmp/fettle-fuzz-XXXXXX";
    int fd = mkstemp(path);
    struct gguf_writer *w;
    struct err err;
    struct gguf *g;
    struct tokenizer *t;
    if (fd < 0 || gguf_write_open(path, &w, &err))
        abort();
    gguf_write_string(w, "tokenizer.ggml.model", str_of(kind));
    gguf_write_string(w, "tokenizer.ggml.pre", str_of(pre));
    gguf_write_strings(w, "tokenizer.ggml.tokens", tokens, COUNT);
    gguf_write_f32s(w, "tokenizer.ggml.scores", scores, COUNT);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", kinds, COUNT);
    gguf_write_strings(w, "tokenizer.ggml.merges", merges, 3);
    gguf_write_u32(w, "tokenizer.ggml.unknown_token_id", 0);
    if (gguf_write_finish(&w, &err) || gguf_open(path, &g, &err) || tokenizer_open(g, &t, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    gguf_close(&g);
    close(fd);
    unlink(path);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!tokenizers[0]) {
        tokenizers[0] = make("gpt2", "llama-bpe");
        tokenizers[1] = make("gpt2", "default");
        tokenizers[2] = make("llama", "default");
        tokenizers[3] = make("bert", "default");
    }
    for (int k = 0; k < KINDS; k++) {
        struct tokens ids = {0};
        struct buf out = {0};
        struct str text = {(const char *)data, n};
        if (tokenizer_encode(tokenizers[k], text, TOKENIZE_SPECIAL | TOKENIZE_ENDS, &ids, NULL))
            abort();
        tokenizer_decode(tokenizers[k], ids.p, ids.n, true, &out);
        tokens_free(&ids);
        buf_free(&out);
    }
    return 0;
}
