// Writes models of real shapes with random weights: what tests and benches run on.
#include "llm/synth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "llm/byte_text.h"
#include "llm/synth_private.h"
#include "llm/vocab.h"

static const struct synth_shape shapes[] = {
    {"Llama-3.2-1B", "llama", 16, 2048, 32, 8, 64, 8192, 128256, 131072, 5e5f, 1e-5f, true, true},
    {"Llama-3.2-3B", "llama", 28, 3072, 24, 8, 128, 8192, 128256, 131072, 5e5f, 1e-5f, true, true},
    {"TinyLlama-1.1B", "llama", 22, 2048, 32, 4, 64, 5632, 32000, 2048, 1e4f, 1e-5f, false, false},
    {"SmolLM2-135M", "llama", 30, 576, 9, 3, 64, 1536, 49152, 8192, 1e5f, 1e-5f, true, false},
    {"SmolLM2-1.7B", "llama", 24, 2048, 32, 32, 64, 8192, 49152, 8192, 13e4f, 1e-5f, true, false},
    {"Qwen2.5-0.5B", "qwen2", 24, 896, 14, 2, 64, 4864, 151936, 32768, 1e6f, 1e-6f, true, false},
    {"Qwen2.5-1.5B", "qwen2", 28, 1536, 12, 2, 128, 8960, 151936, 32768, 1e6f, 1e-6f, true, false},
    {"Qwen2.5-3B", "qwen2", 36, 2048, 16, 2, 128, 11008, 151936, 32768, 1e6f, 1e-6f, true, false},
    {"Qwen3-0.6B", "qwen3", 28, 1024, 16, 8, 128, 3072, 151936, 40960, 1e6f, 1e-6f, true, false},
    {"Qwen3-1.7B", "qwen3", 28, 2048, 16, 8, 128, 6144, 151936, 40960, 1e6f, 1e-6f, true, false},
    {"Qwen3-4B", "qwen3", 36, 2560, 32, 8, 128, 9728, 151936, 40960, 1e6f, 1e-6f, true, false},
    {"Phi-3-mini-4k", "phi3", 32, 3072, 32, 32, 96, 8192, 32064, 4096, 1e4f, 1e-5f, false, false},
    {"all-MiniLM-L6-v2", "bert", 6, 384, 12, 12, 32, 1536, 30522, 512, 0, 1e-12f, true, false},
    {"bge-small-en", "bert", 12, 384, 12, 12, 32, 1536, 30522, 512, 0, 1e-12f, true, false},
    {"tiny-bert", "bert", 2, 256, 8, 8, 32, 512, 320, 512, 0, 1e-12f, true, false},
    {"tiny-bge", "bert", 2, 256, 4, 4, 64, 512, 320, 512, 0, 1e-12f, true, false},
    {"tiny-llama", "llama", 2, 256, 8, 2, 32, 512, 320, 512, 1e4f, 1e-5f, false, true},
    {"tiny-qwen2", "qwen2", 2, 256, 4, 2, 64, 512, 320, 512, 1e6f, 1e-6f, true, false},
    {"tiny-chat", "qwen2", 2, 256, 4, 2, 64, 512, 320, 4096, 1e6f, 1e-6f, true, false},
    {"tiny-qwen3", "qwen3", 2, 256, 8, 4, 96, 512, 320, 512, 1e6f, 1e-6f, true, false},
    {"tiny-phi3", "phi3", 2, 256, 4, 4, 64, 512, 320, 512, 1e4f, 1e-5f, false, false},
};

// Weights of a pool; weights of a tensor that are all drawn anew; blocks written at once.
enum { POOL = 1 << 16, FRESH = 1 << 19, PIECE = 1 << 12 };

const char *synth_shape_name(size_t i)
{
    return i < sizeof shapes / sizeof *shapes ? shapes[i].name : NULL;
}

const char *synth_shape_arch(const char *name)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcasecmp(name, shapes[i].name) == 0)
            return shapes[i].arch;
    return NULL;
}

// Fresh weights: n at blocks.
static void quantize_random(struct synth_writer *w, const struct quant_format *f, float spread,
                            size_t n, unsigned char *blocks)
{
    float *x = malloc(n * sizeof *x);
    if (!x || !blocks) {
        w->code = err_set(w->err, ERR_NO_MEMORY, "out of memory for random weights");
    } else {
        for (size_t i = 0; i < n; i++)
            x[i] = (float)rng_normal(&w->rng) * spread;
        f->quantize(x, blocks, n);
    }
    free(x);
}

static const struct synth_pool *find_pool(struct synth_writer *w, const struct quant_format *f,
                                          float spread)
{
    for (size_t i = 0; i < w->pool_count; i++)
        if (w->pools[i].format == f && w->pools[i].spread == spread)
            return &w->pools[i];
    size_t at = w->pool_count < SYNTH_POOLS ? w->pool_count++ : SYNTH_POOLS - 1;
    struct synth_pool *p = &w->pools[at];
    free(p->blocks);
    *p = (struct synth_pool){f, spread, malloc(quant_bytes(f, POOL))};
    quantize_random(w, f, spread, POOL, p->blocks);
    return p;
}

// Every weight drawn anew: what small tensors get, so that no two rows are alike.
static void write_fresh(struct synth_writer *w, const struct quant_format *f, size_t count,
                        float spread)
{
    size_t bytes = quant_bytes(f, count);
    unsigned char *blocks = malloc(bytes);
    quantize_random(w, f, spread, count, blocks);
    if (!w->code)
        gguf_write_data(w->file, blocks, bytes);
    free(blocks);
}

// Blocks drawn from a pool: quick enough for billions of weights.
static void write_pooled(struct synth_writer *w, const struct quant_format *f, uint64_t count,
                         float spread)
{
    const struct synth_pool *p = find_pool(w, f, spread);
    unsigned char *piece = malloc((size_t)PIECE * f->bytes);
    if (!piece)
        w->code = err_set(w->err, ERR_NO_MEMORY, "out of memory for random weights");
    for (uint64_t left = count / f->block; left && !w->code;) {
        size_t now = left < PIECE ? (size_t)left : PIECE;
        for (size_t i = 0; i < now; i++)
            memcpy(piece + i * f->bytes, p->blocks + rng_below(&w->rng, POOL / f->block) * f->bytes,
                   f->bytes);
        gguf_write_data(w->file, piece, now * f->bytes);
        left -= now;
    }
    free(piece);
}

const struct quant_format *synth_fitting(const char *type, uint32_t cols)
{
    static const char *const instead[][2] = {{"Q4_K", "Q5_0"},   {"Q5_K", "Q5_1"},
                                             {"Q6_K", "Q8_0"},   {"Q2_K", "IQ4_NL"},
                                             {"Q3_K", "IQ4_NL"}, {"IQ4_XS", "IQ4_NL"}};
    const struct quant_format *f = quant_format_by_name(type);
    for (size_t i = 0; cols % f->block && i < sizeof instead / sizeof *instead; i++)
        if (strcasecmp(f->name, instead[i][0]) == 0)
            f = quant_format_by_name(instead[i][1]);
    return f;
}

void synth_matrix(struct synth_writer *w, const char *name, uint32_t rows, uint32_t cols,
                  const char *type)
{
    const struct quant_format *f = synth_fitting(type, cols);
    uint64_t count = (uint64_t)rows * cols;
    float spread = 1 / sqrtf((float)cols);
    if (w->data && count <= FRESH)
        write_fresh(w, f, (size_t)count, spread);
    else if (w->data)
        write_pooled(w, f, count, spread);
    else
        gguf_write_tensor(w->file, name, f, (uint64_t[]){cols, rows}, 2);
}

// A vector of floats around `mean`.
void synth_vector(struct synth_writer *w, const char *name, uint32_t n, float mean, float spread)
{
    if (!w->data) {
        gguf_write_tensor(w->file, name, quant_format_of(QUANT_F32), (uint64_t[]){n}, 1);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        float v = mean + spread * (float)rng_normal(&w->rng);
        gguf_write_data(w->file, &v, sizeof v);
    }
}

// Where llama.cpp's Q4_K_M spends more bits.
static bool gets_more_bits(uint32_t layer, uint32_t L)
{
    return layer < L / 8 || layer >= 7 * L / 8 || (layer - L / 8) % 3 == 2;
}

static void layer(struct synth_writer *w, uint32_t l)
{
    const struct synth_shape *s = w->shape;
    bool mixed = strcasecmp(w->options->type, "Q4_K_M") == 0;
    const char *type = mixed ? "Q4_K" : w->options->type;
    const char *better = mixed && gets_more_bits(l, s->L) ? "Q6_K" : type;
    uint32_t q = s->H * s->D, kv = s->H_kv * s->D;
    char name[64];
#define NAME(suffix) (snprintf(name, sizeof name, "blk.%u." suffix, l), name)
    synth_vector(w, NAME("attn_norm.weight"), s->C, 1, 0.1f);
    if (strcmp(s->arch, "phi3") == 0) {
        synth_matrix(w, NAME("attn_qkv.weight"), q + 2 * kv, s->C, type);
    } else {
        synth_matrix(w, NAME("attn_q.weight"), q, s->C, type);
        synth_matrix(w, NAME("attn_k.weight"), kv, s->C, type);
        synth_matrix(w, NAME("attn_v.weight"), kv, s->C, better);
    }
    if (strcmp(s->arch, "qwen2") == 0) {
        synth_vector(w, NAME("attn_q.bias"), q, 0, 0.5f);
        synth_vector(w, NAME("attn_k.bias"), kv, 0, 0.5f);
        synth_vector(w, NAME("attn_v.bias"), kv, 0, 0.5f);
    }
    if (strcmp(s->arch, "qwen3") == 0) {
        synth_vector(w, NAME("attn_q_norm.weight"), s->D, 1, 0.1f);
        synth_vector(w, NAME("attn_k_norm.weight"), s->D, 1, 0.1f);
    }
    synth_matrix(w, NAME("attn_output.weight"), s->C, q, type);
    synth_vector(w, NAME("ffn_norm.weight"), s->C, 1, 0.1f);
    if (strcmp(s->arch, "phi3") == 0) {
        synth_matrix(w, NAME("ffn_up.weight"), 2 * s->hidden, s->C, type);
    } else {
        synth_matrix(w, NAME("ffn_gate.weight"), s->hidden, s->C, type);
        synth_matrix(w, NAME("ffn_up.weight"), s->hidden, s->C, type);
    }
    synth_matrix(w, NAME("ffn_down.weight"), s->C, s->hidden, better);
#undef NAME
}

static void tensors(struct synth_writer *w, bool data)
{
    const struct synth_shape *s = w->shape;
    bool mixed = strcasecmp(w->options->type, "Q4_K_M") == 0;
    const char *type = mixed ? "Q4_K" : w->options->type, *head = mixed ? "Q6_K" : type;
    w->data = data;
    if (strcmp(s->arch, "bert") == 0) {
        synth_bert_tensors(w);
        return;
    }
    bool peaked = w->options->peaked;
    if (peaked)
        synth_peaked(w, "token_embd.weight", s->tied ? head : type, 0);
    else
        synth_matrix(w, "token_embd.weight", s->V, s->C, s->tied ? head : type);
    if (!s->tied && peaked)
        synth_peaked(w, "output.weight", head, 1);
    else if (!s->tied)
        synth_matrix(w, "output.weight", s->V, s->C, head);
    float mean = peaked ? synth_peaked_norm(w) : 1;
    synth_vector(w, "output_norm.weight", s->C, mean, 0.1f * mean);
    if (s->factors)
        synth_vector(w, "rope_freqs.weight", s->D / 2, 4, 0.5f);
    for (uint32_t l = 0; l < s->L && !w->code; l++)
        layer(w, l);
}

static void keys(struct synth_writer *w)
{
    const struct synth_shape *s = w->shape;
    struct gguf_writer *f = w->file;
    char key[96];
#define KEY(name) (snprintf(key, sizeof key, "%s." name, s->arch), key)
    gguf_write_string(f, "general.architecture", str_of(s->arch));
    gguf_write_string(f, "general.name", str_of(s->name));
    gguf_write_u32(f, KEY("block_count"), s->L);
    gguf_write_u32(f, KEY("context_length"), s->context);
    gguf_write_u32(f, KEY("embedding_length"), s->C);
    gguf_write_u32(f, KEY("feed_forward_length"), s->hidden);
    gguf_write_u32(f, KEY("attention.head_count"), s->H);
    gguf_write_u32(f, KEY("attention.head_count_kv"), s->H_kv);
    gguf_write_u32(f, KEY("attention.key_length"), s->D);
    gguf_write_u32(f, KEY("attention.value_length"), s->D);
    gguf_write_f32(f, KEY("attention.layer_norm_rms_epsilon"), s->eps);
    gguf_write_f32(f, KEY("rope.freq_base"), s->rope_base);
    gguf_write_u32(f, KEY("rope.dimension_count"), s->D);
    gguf_write_u32(f, KEY("vocab_size"), s->V);
#undef KEY
}

// 256 bytes, " t" (so that there is a merge), the names that llama.cpp looks for, those that chat
// templates need, and fillers.
static void own_tokens(struct synth_writer *w)
{
    static const char *const names[] = {"\xc4\xa0t", "<|endoftext|>", "<unk>",      "<s>",
                                        "</s>",      "<|im_start|>",  "<|im_end|>", "<|system|>",
                                        "<|user|>",  "<|assistant|>", "<|end|>"};
    enum { FIXED = 256 + sizeof names / sizeof *names, FILLER = 16 };
    uint32_t V = w->shape->V;
    struct str *tokens = calloc(V, sizeof *tokens);
    int32_t *kinds = calloc(V, sizeof *kinds);
    char *text = calloc(V, FILLER);
    if (tokens && kinds && text) {
        for (uint32_t i = 0; i < V; i++) {
            kinds[i] = i < 257 ? VOCAB_NORMAL : i < FIXED ? VOCAB_CONTROL : VOCAB_UNUSED;
            if (i < 256)
                tokens[i] = byte_text_of(i, text + i * FILLER);
            else if (i < FIXED)
                tokens[i] = str_of(names[i - 256]);
            else
                tokens[i] = (struct str){text + i * FILLER,
                                         (size_t)snprintf(text + i * FILLER, FILLER, "[PAD%u]", i)};
        }
        gguf_write_string(w->file, "tokenizer.ggml.model", STR_LIT("gpt2"));
        gguf_write_string(w->file, "tokenizer.ggml.pre", STR_LIT("gpt-2"));
        gguf_write_strings(w->file, "tokenizer.ggml.tokens", tokens, V);
        gguf_write_i32s(w->file, "tokenizer.ggml.token_type", kinds, V);
        gguf_write_strings(w->file, "tokenizer.ggml.merges", (struct str[]){STR_LIT("\xc4\xa0 t")},
                           1);
        gguf_write_u32(w->file, "tokenizer.ggml.bos_token_id", 257);
        gguf_write_u32(w->file, "tokenizer.ggml.eos_token_id", 257);
    } else {
        w->code = err_set(w->err, ERR_NO_MEMORY, "out of memory for %u tokens", V);
    }
    free(tokens);
    free(kinds);
    free(text);
}

static void copied_tokens(struct synth_writer *w)
{
    const struct gguf *g = w->options->vocabulary;
    const struct gguf_value *tokens;
    w->code = gguf_array(g, "tokenizer.ggml.tokens", GGUF_STRING, &tokens, w->err);
    if (!w->code && tokens->count != w->shape->V)
        w->code = err_set(w->err, ERR_INPUT, "%s has %llu tokens, %s needs %u", gguf_name(g),
                          (unsigned long long)tokens->count, w->shape->name, w->shape->V);
    for (size_t i = 0; i < gguf_key_count(g) && !w->code; i++)
        if (str_starts(gguf_key_at(g, i)->key, STR_LIT("tokenizer.")))
            gguf_write_copy(w->file, gguf_key_at(g, i));
}

enum err_code synth_write(const struct synth *s, const char *path, struct err *err)
{
    struct synth_writer w = {.options = s, .err = err};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcasecmp(s->like, shapes[i].name) == 0)
            w.shape = &shapes[i];
    if (!w.shape)
        return err_set(err, ERR_NOT_FOUND, "no shape is called '%s'", s->like);
    if (strcasecmp(s->type, "Q4_K_M") != 0 && !quant_format_by_name(s->type))
        return err_set(err, ERR_NOT_FOUND, "no weight format is called '%s'", s->type);
    enum err_code code = gguf_write_open(path, &w.file, err);
    if (code)
        return code;
    rng_seed(&w.rng, s->seed);
    bool encoder = strcmp(w.shape->arch, "bert") == 0;
    (encoder ? synth_bert_keys : keys)(&w);
    if (s->vocabulary)
        copied_tokens(&w);
    else
        (encoder ? synth_bert_tokens : own_tokens)(&w);
    tensors(&w, false);
    if (!w.code)
        tensors(&w, true);
    for (size_t i = 0; i < w.pool_count; i++)
        free(w.pools[i].blocks);
    if (w.code) {
        gguf_write_abandon(&w.file);
        return w.code;
    }
    return gguf_write_finish(&w.file, err);
}
