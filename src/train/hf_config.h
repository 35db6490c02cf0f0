// What a Hugging Face config.json says of a model: its family, shape and rotation.
#ifndef FETTLE_TRAIN_HF_CONFIG_H
#define FETTLE_TRAIN_HF_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_doc.h"
#include "llm/model.h"

// The rows or columns of a matrix.
enum hf_size {
    HF_ONE,    // a vector
    HF_WIDTH,  // C
    HF_HEAD,   // D
    HF_Q,      // H * D
    HF_KV,     // H_kv * D
    HF_QKV,    // both of all three
    HF_HIDDEN, // of the feed-forward
    HF_GATE_UP // twice that
};

// A tensor of a layer: its name there and here.
struct hf_name {
    const char *from, *to; // behind "model.layers.N." and "blk.N."; NULL ends a list
    enum hf_size rows, cols;
    // Rows change from halves that turn together to pairs, as GGUF's llama has them.
    enum { HF_AS_IS, HF_TURN_Q, HF_TURN_KV } turn;
};

struct hf_family {
    const char *class; // in config.json's "architectures"
    const char *arch;  // general.architecture
    const struct hf_name *names;
    bool long_rope; // long and short factors of frequencies are read
};

struct hf_config {
    const struct hf_family *family;
    uint32_t L, C, H, H_kv, D, V, hidden, context, rope_dims;
    float eps, rope_base;
    bool tied;               // the head is the embedding
    uint32_t sliding_window; // 0: none
    float linear_factor;     // positions are divided by it; 0: not stretched so
    uint32_t rope_original;  // context before long-rope's stretching; 0: none
    float rope_amplitude;    // of long-rope
    // Divisors of the frequencies, [rope_dims / 2]: Llama 3's, or long-rope's for short and long
    // contexts.
    bool has_rope_freqs, has_rope_factors;
    float rope_freqs[MODEL_HEAD_MAX / 2];
    float rope_short[MODEL_HEAD_MAX / 2], rope_long[MODEL_HEAD_MAX / 2];
};

// `where` names the file. ERR_INPUT names a field that is missing or out of bounds, ERR_UNSUPPORTED
// a family, activation, rotation or quantization that is not read.
enum err_code hf_config_read(const struct json_node *config, const char *where,
                             struct hf_config *out, struct err *err);

// The family whose models become this architecture; NULL: none.
const struct hf_family *hf_family_of(struct str arch);

uint32_t hf_config_size(const struct hf_config *c, enum hf_size size);

#endif
