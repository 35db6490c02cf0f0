// A small vocabulary for tests: all bytes, some pieces, some control tokens.
#include "llm_vocab.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "llm/gguf_write.h"

// The code point by which GPT-2's vocabulary spells a byte.
static unsigned spelling(unsigned byte)
{
    unsigned next = 256;
    for (unsigned b = 0; b < 256; b++) {
        bool plain = (b > 32 && b < 127) || (b > 160 && b != 173);
        unsigned cp = plain ? b : next++;
        if (b == byte)
            return cp;
    }
    return 0;
}

static struct str spell(struct arena *arena, struct str bytes)
{
    struct buf out = {0};
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned cp = spelling((unsigned char)bytes.p[i]);
        if (cp < 128)
            buf_add_char(&out, (char)cp);
        else
            buf_add(&out, (char[]){(char)(0xc0 | cp >> 6), (char)(0x80 | (cp & 63))}, 2);
    }
    struct str copy = {arena_copy(arena, buf_str(&out)), out.n};
    buf_free(&out);
    return copy;
}

struct gguf *llm_vocab_open(const struct llm_vocab *v)
{
    static struct str tokens[LLM_VOCAB_MAX];
    static int32_t kinds[LLM_VOCAB_MAX];
    struct arena *arena = arena_open(0);
    size_t n = 0;
    assert_true(LLM_VOCAB_BYTES + v->piece_count + v->control_count <= LLM_VOCAB_MAX);
    for (; n < LLM_VOCAB_BYTES; n++) {
        tokens[n] = spell(arena, (struct str){(char[]){(char)n}, 1});
        kinds[n] = 1;
    }
    for (size_t i = 0; i < v->piece_count; i++, n++) {
        tokens[n] = spell(arena, v->pieces[i]);
        kinds[n] = 1;
    }
    size_t first_control = n;
    for (size_t i = 0; i < v->control_count; i++, n++) {
        tokens[n] = str_of(v->controls[i]);
        kinds[n] = 3;
    }
    char path[] = "/tmp/fettle-vocab-XXXXXX";
    struct gguf_writer *w;
    struct gguf *g;
    struct err err;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(gguf_write_open(path, &w, &err), err);
    gguf_write_string(w, "general.architecture", str_of(v->arch));
    gguf_write_string(w, "tokenizer.ggml.model", STR_LIT("gpt2"));
    gguf_write_string(w, "tokenizer.ggml.pre", STR_LIT("default"));
    gguf_write_strings(w, "tokenizer.ggml.tokens", tokens, n);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", kinds, n);
    gguf_write_strings(w, "tokenizer.ggml.merges", &STR_LIT(""), 0);
    gguf_write_u32(w, "tokenizer.ggml.bos_token_id", (uint32_t)first_control);
    gguf_write_u32(w, "tokenizer.ggml.eos_token_id", (uint32_t)first_control + 1);
    gguf_write_bool(w, "tokenizer.ggml.add_bos_token", v->add_bos);
    if (v->jinja)
        gguf_write_string(w, "tokenizer.chat_template", str_of(v->jinja));
    assert_ok(gguf_write_finish(&w, &err), err);
    assert_ok(gguf_open(path, &g, &err), err);
    unlink(path);
    arena_close(&arena);
    return g;
}
