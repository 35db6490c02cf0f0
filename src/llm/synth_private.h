// Writing random models: what the architectures' files share.
#ifndef FETTLE_LLM_SYNTH_PRIVATE_H
#define FETTLE_LLM_SYNTH_PRIVATE_H

#include "base/rng.h"
#include "llm/gguf_write.h"
#include "llm/synth.h"

struct synth_shape {
    const char *name, *arch;
    uint32_t L, C, H, H_kv, D, hidden, V, context;
    float rope_base, eps;
    bool tied, factors; // factors: Llama 3's stretched frequencies
};

enum { SYNTH_POOLS = 8 };

// Blocks of random weights of one format and spread, from which tensors are drawn.
struct synth_pool {
    const struct quant_format *format;
    float spread;
    unsigned char *blocks;
};

struct synth_writer {
    const struct synth *options;
    const struct synth_shape *shape;
    struct gguf_writer *file;
    struct rng rng;
    bool data; // second pass: data instead of declarations
    struct synth_pool pools[SYNTH_POOLS];
    size_t pool_count;
    struct err *err;
    enum err_code code;
};

// The format, or where rows do not fit its blocks the one that llama.cpp takes instead.
const struct quant_format *synth_fitting(const char *type, uint32_t cols);

// Each declares its tensor in the first pass and writes its data in the second.
void synth_matrix(struct synth_writer *w, const char *name, uint32_t rows, uint32_t cols,
                  const char *type);
void synth_vector(struct synth_writer *w, const char *name, uint32_t n, float mean, float spread);

// Embeddings, or a head, that belong together: row j of the one points where row (j + shift) % V of
// the other does, and the mean of the norm between.
void synth_peaked(struct synth_writer *w, const char *name, const char *type, uint32_t shift);
float synth_peaked_norm(const struct synth_writer *w);

// An encoder's keys, tokens, and tensors (twice: see above).
void synth_bert_keys(struct synth_writer *w);
void synth_bert_tokens(struct synth_writer *w);
void synth_bert_tensors(struct synth_writer *w);

#endif
