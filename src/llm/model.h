// A language model's weights and shape, bound to the file and checked, ready for the kernels.
#ifndef FETTLE_LLM_MODEL_H
#define FETTLE_LLM_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/matrix.h"
#include "kernels/team.h"
#include "llm/gguf.h"

enum {
    MODEL_LAYERS_MAX = 512,
    MODEL_WIDTH_MAX = 1 << 17, // of an embedding
    MODEL_HIDDEN_MAX = 1 << 19,
    MODEL_HEADS_MAX = 1 << 10,
    MODEL_HEAD_MAX = 512,
    MODEL_SHARED_MAX = 64, // query heads to a KV head
};

struct model_shape {
    uint32_t L, C, V;    // layers, width, vocabulary
    uint32_t H, H_kv, D; // query heads, KV heads, size of a head
    uint32_t hidden;     // of the feed-forward
    uint32_t context;    // that the model was trained for
    uint32_t rope_dims;  // of a head, that are rotated
    float eps;           // of the norms
    float rope_base;
    float rope_scale;       // positions are multiplied by it
    float rope_amplitude;   // of sine and cosine (long-rope)
    uint32_t rope_original; // context before long-rope's stretching; 0: none
    uint64_t parameters;
};

// Matrices that share an input and lie one below the other in the output.
struct joined {
    struct matrix part[3];
    uint32_t from[3]; // first output row
    uint32_t parts, rows;
    float *bias; // [rows]; NULL: none
};

struct layer {
    float *attention_norm, *hidden_norm; // [C]
    float *q_norm, *k_norm;              // [D]; NULL: none
    struct joined qkv;                   // H*D + 2*H_kv*D rows
    struct joined gate_up;               // 2*hidden rows
    struct matrix out, down;
    float *attention_norm_bias, *hidden_norm_bias; // [C], encoders: norms come after, with biases
    float *out_bias, *down_bias;                   // [C], encoders
};

enum pooling { POOLING_MEAN = 1, POOLING_FIRST = 2 }; // the file's numbers

// What only encoders have.
struct encoder {
    const struct gguf_tensor *positions; // [context][C]
    float *type;                         // [C], of the first token type
    float *norm, *norm_bias;             // [C], of the embeddings
    enum pooling pooling;
};

// A matrix and where it came from.
struct weight {
    struct matrix *matrix;
    const struct gguf_tensor *tensor;
    size_t at; // in the packed memory, where it is packed
};

struct arch;

struct model {
    struct gguf *file;
    const struct arch *arch;
    struct model_shape shape;
    const struct gguf_tensor *embedding;
    struct encoder encoder;
    float *final_norm;
    struct matrix head;
    struct layer *layers;
    float *rope_short, *rope_long; // divisors of the frequencies, [rope_dims/2]; NULL: none
    struct weight *weights;        // all matrices, as they were bound
    size_t weight_count;
    const unsigned char *packed; // all packed weights, [packed_bytes]
    size_t packed_bytes;
    bool packed_mapped; // from a file: see packed_file.h
    // Their copy that settle.h makes, up to settled_bytes; NULL: none is being made.
    unsigned char *settled;
    size_t settled_bytes;
};

struct packed_folder;

// Loads with the team's threads; packed weights are kept in `folder` (NULL: they are not).
// ERR_UNSUPPORTED names what is not supported; ERR_INPUT the key or tensor that is missing or of
// the wrong shape.
enum err_code model_open(const char *path, const struct packed_folder *folder, struct team *team,
                         struct model **out, struct err *err);
void model_close(struct model **m);

// Whether model_open would take the file, by its keys and the shapes of its tensors; nothing is
// packed. Fails as model_open does.
enum err_code model_check(struct gguf *file, struct err *err);

// The matrices by place: 8 to a layer (3 parts of qkv, out, 3 parts of gate and up, down), then the
// head. *tensor is NULL where there is none.
enum { MODEL_QKV = 0, MODEL_OUT = 3, MODEL_GATE_UP = 4, MODEL_DOWN = 7, MODEL_PLACES = 8 };
const struct matrix *model_matrix(const struct model *m, size_t place,
                                  const struct gguf_tensor **tensor);

const char *model_arch_name(const struct model *m);

#endif
