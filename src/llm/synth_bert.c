// Random encoders: BERT's keys, a small WordPiece vocabulary, BERT's tensors.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "llm/synth_private.h"
#include "llm/vocab.h"

void synth_bert_keys(struct synth_writer *w)
{
    const struct synth_shape *s = w->shape;
    struct gguf_writer *f = w->file;
    bool first = strstr(s->name, "bge"); // bge takes the first token's, MiniLM the mean
    gguf_write_string(f, "general.architecture", STR_LIT("bert"));
    gguf_write_string(f, "general.name", str_of(s->name));
    gguf_write_u32(f, "bert.block_count", s->L);
    gguf_write_u32(f, "bert.context_length", s->context);
    gguf_write_u32(f, "bert.embedding_length", s->C);
    gguf_write_u32(f, "bert.feed_forward_length", s->hidden);
    gguf_write_u32(f, "bert.attention.head_count", s->H);
    gguf_write_f32(f, "bert.attention.layer_norm_epsilon", s->eps);
    gguf_write_bool(f, "bert.attention.causal", false);
    gguf_write_u32(f, "bert.pooling_type", first ? 2 : 1);
}

// [PAD] [UNK] [CLS] [SEP] [MASK], then each printable character at a word's start and within it.
void synth_bert_tokens(struct synth_writer *w)
{
    static const char *const names[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    enum { NAMES = 5, CHARACTERS = 126 - 33 + 1, FILLER = 24 };
    uint32_t V = w->shape->V;
    struct str *tokens = calloc(V, sizeof *tokens);
    int32_t *kinds = calloc(V, sizeof *kinds);
    char *text = calloc(V, FILLER);
    for (uint32_t i = 0; tokens && kinds && text && i < V; i++) {
        char *t = text + i * FILLER;
        uint32_t character = (i - NAMES) / 2 + 33;
        kinds[i] = i < NAMES ? VOCAB_CONTROL : VOCAB_NORMAL;
        if (i < NAMES)
            snprintf(t, FILLER, "%s", names[i]);
        else if (i < NAMES + 2 * CHARACTERS)
            snprintf(t, FILLER, "%s%c", (i - NAMES) % 2 ? "" : "\xe2\x96\x81", (int)character);
        else
            snprintf(t, FILLER, "\xe2\x96\x81[unused%u]", i);
        tokens[i] = str_of(t);
    }
    if (tokens && kinds && text) {
        struct gguf_writer *f = w->file;
        gguf_write_string(f, "tokenizer.ggml.model", STR_LIT("bert"));
        gguf_write_string(f, "tokenizer.ggml.pre", STR_LIT("jina-v2-en"));
        gguf_write_strings(f, "tokenizer.ggml.tokens", tokens, V);
        gguf_write_i32s(f, "tokenizer.ggml.token_type", kinds, V);
        gguf_write_u32(f, "tokenizer.ggml.token_type_count", 2);
        gguf_write_u32(f, "tokenizer.ggml.padding_token_id", 0);
        gguf_write_u32(f, "tokenizer.ggml.unknown_token_id", 1);
        gguf_write_u32(f, "tokenizer.ggml.bos_token_id", 2);
        gguf_write_u32(f, "tokenizer.ggml.cls_token_id", 2);
        gguf_write_u32(f, "tokenizer.ggml.seperator_token_id", 3); // so spelled in the files
        gguf_write_u32(f, "tokenizer.ggml.mask_token_id", 4);
    } else {
        w->code = err_set(w->err, ERR_NO_MEMORY, "out of memory for %u tokens", V);
    }
    free(tokens);
    free(kinds);
    free(text);
}

static void norm(struct synth_writer *w, const char *name)
{
    char full[96];
    snprintf(full, sizeof full, "%s.weight", name);
    synth_vector(w, full, w->shape->C, 1, 0.1f);
    snprintf(full, sizeof full, "%s.bias", name);
    synth_vector(w, full, w->shape->C, 0, 0.1f);
}

static void dense(struct synth_writer *w, uint32_t l, const char *name, uint32_t rows,
                  uint32_t cols, const char *type)
{
    char full[96];
    snprintf(full, sizeof full, "blk.%u.%s.weight", l, name);
    synth_matrix(w, full, rows, cols, type);
    snprintf(full, sizeof full, "blk.%u.%s.bias", l, name);
    synth_vector(w, full, rows, 0, 0.1f);
}

static void layer(struct synth_writer *w, uint32_t l, const char *type)
{
    const struct synth_shape *s = w->shape;
    char name[64];
    dense(w, l, "attn_q", s->C, s->C, type);
    dense(w, l, "attn_k", s->C, s->C, type);
    dense(w, l, "attn_v", s->C, s->C, type);
    dense(w, l, "attn_output", s->C, s->C, type);
    snprintf(name, sizeof name, "blk.%u.attn_output_norm", l);
    norm(w, name);
    dense(w, l, "ffn_up", s->hidden, s->C, type);
    dense(w, l, "ffn_down", s->C, s->hidden, type);
    snprintf(name, sizeof name, "blk.%u.layer_output_norm", l);
    norm(w, name);
}

void synth_bert_tensors(struct synth_writer *w)
{
    const struct synth_shape *s = w->shape;
    bool mixed = strcasecmp(w->options->type, "Q4_K_M") == 0;
    const char *type = mixed ? "Q4_K" : w->options->type;
    synth_matrix(w, "token_embd.weight", s->V, s->C, mixed ? "Q6_K" : type);
    synth_matrix(w, "position_embd.weight", s->context, s->C, "F32");
    synth_matrix(w, "token_types.weight", 2, s->C, "F32");
    norm(w, "token_embd_norm");
    for (uint32_t l = 0; l < s->L && !w->code; l++)
        layer(w, l, type);
}
