// The weights of a decoder in training, each tensor under its name in GGUF, with gradients and the
// optimizer's moments in blocks of the same layout.
#ifndef FETTLE_NN_WEIGHTS_H
#define FETTLE_NN_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "nn/layers.h"

struct nn_shape {
    uint32_t L, C, V;    // layers, width, vocabulary
    uint32_t H, H_kv, D; // query heads, key-value heads, size of a head
    uint32_t hidden;     // of the feed-forward
    uint32_t context;    // longest segment
    float eps, rope_base;
    enum nn_rope rope;
    const float *rope_factors; // D / 2 divisors of the frequencies; NULL: none; must outlive all
    float rope_amplitude;      // of sines and cosines (long-rope); 0: 1
    bool biases;               // on query, key and value (Qwen2)
    bool head_norms;           // of every query and key head (Qwen3)
    bool fused;                // query, key and value in one matrix, gate and up in another (Phi-3)
    bool tied;                 // the head is the embedding
};

enum { NN_NAME_MAX = 47 };

struct nn_tensor {
    char name[NN_NAME_MAX + 1]; // "blk.0.attn_q.weight"
    size_t at;                  // of its first weight
    size_t rows, cols;          // a vector has 1 row
    bool decays;                // weight decay is for matrices alone
};

struct nn_layer_tensors { // indices; query, key and value follow one another without a gap, as do
                          // their biases, and gate and up
    size_t attention_norm, qkv, bias, out, hidden_norm, gate_up, down;
    size_t head_norms; // of queries; that of keys follows without a gap
};

struct nn_weights {
    struct nn_shape shape;
    struct nn_frozen *frozen; // of each tensor; NULL: all weights are floats
    struct nn_tensor *tensors;
    size_t tensor_count;
    size_t n, parameters; // floats of a block; weights (a block has gaps)
    float *w, *dw, *m, *v;
    size_t embedding, head, final_norm; // tensors; head is the embedding's when tied
    struct nn_layer_tensors *layers;
};

// Zeroed weights. ERR_USAGE names what cannot be in the shape.
enum err_code nn_weights_open(const struct nn_shape *s, struct nn_weights *out, struct err *err);

// Weights that are not learned: vectors are floats, matrices w->frozen, which the caller sets.
enum err_code nn_weights_open_frozen(const struct nn_shape *s, struct nn_weights *out,
                                     struct err *err);
void nn_weights_close(struct nn_weights *w); // zeroes

// Random weights of deviation 0.02, those that add to the stream divided by sqrt(2 L) (Radford et
// al., "Language Models are Unsupervised Multitask Learners", 2019); norms 1, biases 0.
void nn_weights_init(struct nn_weights *w, struct rng *rng);

// What is learned beside frozen weights: two small matrices for each adapted one, NAME.lora_a
// (rank x cols) and NAME.lora_b (rows x rank), as tensors of their own weights.
struct nn_adapter {
    struct nn_weights w;
    uint32_t rank;
    float scale;
    size_t *at; // of each base tensor: 1 + its lora_a; 0: not adapted; lora_b follows

    // While it learns, this share of each adapted matrix's input is left out and the rest enlarged
    // to match (Srivastava et al., "Dropout", 2014). What is left out is drawn from seed and pass.
    float dropout;
    uint64_t seed, pass;
};

// Adapts every matrix of the layers whose name, as in "blk.0.NAME.weight", is in the list of
// `names`, separated by commas (attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down).
// Of a fused base, attn_q, attn_k or attn_v means attn_qkv, and ffn_gate means ffn_up. lora_a is
// random, lora_b 0: nothing changes at first. ERR_USAGE names what cannot be in the list.
enum err_code nn_adapter_open(const struct nn_weights *base, uint32_t rank, float alpha,
                              const char *names, struct rng *rng, struct nn_adapter *out,
                              struct err *err);
void nn_adapter_close(struct nn_adapter *a); // zeroes

#endif
