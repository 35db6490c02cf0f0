// The state of binding a model's tensors: what model.c and bind.c share.
#ifndef FETTLE_LLM_BIND_H
#define FETTLE_LLM_BIND_H

#include "llm/arch.h"

struct binder {
    struct model *model;
    uint32_t layer;
    struct err *err;
    size_t weight_cap;
};

// A tensor of the model (not of a layer), by its whole name; NULL name: not there.
enum err_code bind_named_vector(struct binder *b, const char *name, uint32_t n, float **out);
enum err_code bind_named_matrix(struct binder *b, const char *name, uint32_t rows, uint32_t cols,
                                struct matrix *out);

#endif
