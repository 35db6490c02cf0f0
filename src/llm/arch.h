// The architectures: each says how its tensors are named and how its heads are rotated.
//
// To add one: a file arch_<name>.c with a `struct arch`, and a line in arch.c.
#ifndef FETTLE_LLM_ARCH_H
#define FETTLE_LLM_ARCH_H

#include "llm/model.h"

enum rope_style {
    ROPE_PAIRS,  // dimension 2i turns with 2i + 1
    ROPE_HALVES, // dimension i turns with i + rope_dims / 2 (NeoX)
};

struct binder; // bind.c

struct arch {
    const char *name; // general.architecture
    enum rope_style rope;
    enum err_code (*bind_layer)(struct binder *b, struct layer *l);
    bool encoder; // every token sees all others; gives embeddings, no logits
};

const struct arch *arch_by_name(struct str name); // NULL: unknown
const struct arch *arch_at(size_t i);             // NULL past the last

extern const struct arch arch_llama, arch_qwen2, arch_qwen3, arch_phi3, arch_bert;

// What bind_layer uses. `name` is a layer's tensor without its prefix and with its suffix, as in
// "attn_q.weight". Each fails with the tensor's name when it is missing or of another shape.
const struct model_shape *binder_shape(const struct binder *b);
enum err_code bind_vector(struct binder *b, const char *name, uint32_t n, float **out);
enum err_code bind_matrix(struct binder *b, const char *name, uint32_t rows, uint32_t cols,
                          struct matrix *out);
enum err_code bind_part(struct binder *b, const char *name, uint32_t rows, uint32_t cols,
                        struct joined *to); // one more below
enum err_code bind_bias(struct binder *b, const char *name, uint32_t from, uint32_t n,
                        struct joined *to);

// The parts that all of them name alike.
enum err_code bind_norms(struct binder *b, struct layer *l);
enum err_code bind_qkv(struct binder *b, struct layer *l);
enum err_code bind_feed_forward(struct binder *b, struct layer *l);

#endif
