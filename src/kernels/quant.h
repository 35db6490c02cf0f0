// Weight formats: how GGUF stores rows of numbers in blocks.
//
// A row of n weights is n / block consecutive blocks; n is a multiple of `block`. Bytes are little
// endian and need no alignment. Layouts are those of ggml's (ggml-common.h, MIT).
#ifndef FETTLE_KERNELS_QUANT_H
#define FETTLE_KERNELS_QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// X(NAME, name, GGUF's number, weights in a block, bytes of a block)
#define QUANT_TYPES(X)                                                                             \
    X(F32, f32, 0, 1, 4)                                                                           \
    X(F16, f16, 1, 1, 2)                                                                           \
    X(BF16, bf16, 30, 1, 2)                                                                        \
    X(Q8_0, q8_0, 8, 32, 34)                                                                       \
    X(Q4_0, q4_0, 2, 32, 18)                                                                       \
    X(Q4_1, q4_1, 3, 32, 20)                                                                       \
    X(Q5_0, q5_0, 6, 32, 22)                                                                       \
    X(Q5_1, q5_1, 7, 32, 24)                                                                       \
    X(Q2_K, q2_k, 10, 256, 84)                                                                     \
    X(Q3_K, q3_k, 11, 256, 110)                                                                    \
    X(Q4_K, q4_k, 12, 256, 144)                                                                    \
    X(Q5_K, q5_k, 13, 256, 176)                                                                    \
    X(Q6_K, q6_k, 14, 256, 210)                                                                    \
    X(IQ4_NL, iq4_nl, 20, 32, 18)                                                                  \
    X(IQ4_XS, iq4_xs, 23, 256, 136)

enum quant_type {
#define X(NAME, name, id, block, bytes) QUANT_##NAME,
    QUANT_TYPES(X)
#undef X
        QUANT_TYPE_COUNT
};

struct quant_format {
    enum quant_type type;
    const char *name; // "Q4_K"
    uint32_t gguf_id;
    uint32_t block; // weights
    uint32_t bytes; // of one block
    // n weights, a multiple of `block`. NaN and infinite input give unspecified but finite work:
    // no crash, no undefined behaviour.
    void (*dequantize)(const void *blocks, float *out, size_t n);
    void (*quantize)(const float *in, void *blocks, size_t n);
    // The same with errors weighed by `importance` [n], none of it negative or infinite: the mean
    // square of what each weight is multiplied by. Without effect for F32, F16, BF16, Q8_0, Q4_1
    // and Q5_1.
    void (*quantize_weighed)(const float *in, const float *importance, void *blocks, size_t n);
};

const struct quant_format *quant_format_of(enum quant_type type);
const struct quant_format *quant_format_by_gguf(uint32_t id);      // NULL: unknown
const struct quant_format *quant_format_by_name(const char *name); // any case; NULL: unknown

// Bytes of n weights; 0 when n is no multiple of the block or the product overflows.
size_t quant_bytes(const struct quant_format *f, uint64_t n);

// Sum of w[i] * x[i] over n weights, in double: the reference that kernels are measured against.
double quant_dot_reference(const struct quant_format *f, const void *blocks, const float *x,
                           size_t n);

// `importance` may be NULL.
#define X(NAME, name, id, block, bytes)                                                            \
    void quant_##name##_dequantize(const void *blocks, float *out, size_t n);                      \
    void quant_##name##_quantize(const float *in, const float *importance, void *blocks, size_t n);
QUANT_TYPES(X)
#undef X

#endif
