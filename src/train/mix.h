// Mixes of weight formats: which tensor of a model gets which.
//
// Names and choices are llama.cpp's (llama-quant.cpp, MIT), so that a file of a given name is what
// its users expect.
#ifndef FETTLE_TRAIN_MIX_H
#define FETTLE_TRAIN_MIX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "kernels/quant.h"

struct mix;

// What the choice for a tensor depends on besides its name and shape.
struct mix_model {
    uint32_t layers;
    bool tied;          // token_embd.weight is the head, too
    uint32_t shared;    // query heads to a KV head
    bool has_important; // errors are weighed by importance
};

uint32_t mix_file_type(const struct mix *m); // GGUF's number for general.file_type

// "Q8_0", "Q4_K_M" and so on, in any case; "Q4_K" is "Q4_K_M". ERR_NOT_FOUND lists the names.
enum err_code mix_find(const char *name, const struct mix **out, struct err *err);

// Vectors become F32. Where rows of `cols` do not fit a format's blocks, the nearest larger format
// that they fit is taken (Q4_K: Q5_0, Q5_K: Q5_1, Q6_K: Q8_0, smaller ones: IQ4_NL; else F16), as
// in llama.cpp.
const struct quant_format *mix_format(const struct mix *m, const struct mix_model *model,
                                      struct str tensor, uint32_t dims, uint64_t cols);

// The layer of "blk.7.ffn_down.weight"; false when it is none.
bool mix_layer_of(struct str tensor, uint32_t *layer);

#endif
