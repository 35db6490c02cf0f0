// Writes tests/kernels/golden/quant_ggml.txt: what ggml makes of random blocks of every format.
//
// cc -std=c17 -D_GNU_SOURCE -Isrc bench/peers/make_quant_golden.c src/base/rng.c -ldl -lm -o make
// ./make PATH/libggml-base.so > tests/kernels/golden/quant_ggml.txt
// libggml-base.so is in npm's node-llama-cpp (3.22.1), @node-llama-cpp/linux-x64/bins/linux-x64.
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/half.h"
#include "kernels/quant.h"

typedef void to_float_fn(const void *blocks, float *out, int64_t n);
typedef size_t quantize_fn(int type, const float *in, void *out, int64_t start, int64_t rows,
                           int64_t per_row, const float *importance);

static const struct {
    const char *name, *symbol;
    int id, block, bytes;
    int halves[3]; // offsets of half floats within a block, ended by -1
} types[] = {
    {"F16", "ggml_fp16_to_fp32_row", 1, 1, 2, {0, -1, -1}},
    {"BF16", "ggml_bf16_to_fp32_row", 30, 1, 2, {0, -1, -1}},
    {"Q8_0", "dequantize_row_q8_0", 8, 32, 34, {0, -1, -1}},
    {"Q4_0", "dequantize_row_q4_0", 2, 32, 18, {0, -1, -1}},
    {"Q4_1", "dequantize_row_q4_1", 3, 32, 20, {0, 2, -1}},
    {"Q5_0", "dequantize_row_q5_0", 6, 32, 22, {0, -1, -1}},
    {"Q5_1", "dequantize_row_q5_1", 7, 32, 24, {0, 2, -1}},
    {"Q2_K", "dequantize_row_q2_K", 10, 256, 84, {80, 82, -1}},
    {"Q3_K", "dequantize_row_q3_K", 11, 256, 110, {108, -1, -1}},
    {"Q4_K", "dequantize_row_q4_K", 12, 256, 144, {0, 2, -1}},
    {"Q5_K", "dequantize_row_q5_K", 13, 256, 176, {0, 2, -1}},
    {"Q6_K", "dequantize_row_q6_K", 14, 256, 210, {208, -1, -1}},
    {"IQ4_NL", "dequantize_row_iq4_nl", 20, 32, 18, {0, -1, -1}},
    {"IQ4_XS", "dequantize_row_iq4_xs", 23, 256, 136, {0, -1, -1}},
};

enum { FIT = 16384 };

int main(int argc, char **argv)
{
    void *lib = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (!lib) {
        fprintf(stderr, "usage: %s PATH/libggml-base.so (%s)\n", argv[0],
                argc > 1 ? dlerror() : "");
        return 2;
    }
    quantize_fn *quantize = (quantize_fn *)dlsym(lib, "ggml_quantize_chunk");
    struct rng rng;
    rng_seed(&rng, 20);
    float *x = malloc(FIT * sizeof *x), *y = malloc(FIT * sizeof *y);
    unsigned char *q = malloc(FIT * 4);
    for (int i = 0; i < FIT; i++)
        x[i] = (float)rng_normal(&rng);
    printf(
        "# made by bench/peers/make_quant_golden.c; per format: a block's bytes, the bits of its\n"
        "# floats, and ggml's root mean square error on the first 16384 normals of seed 20\n");
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        to_float_fn *to_float = (to_float_fn *)dlsym(lib, types[t].symbol);
        int bytes = types[t].bytes, n = types[t].block;
        for (int i = 0; i < bytes; i++)
            q[i] = (unsigned char)rng_u64(&rng);
        for (int k = 0; k < 3 && types[t].halves[k] >= 0; k++) {
            uint16_t h = half_from_float((float)rng_normal(&rng));
            memcpy(q + types[t].halves[k], &h, 2);
        }
        printf("%s\nblock ", types[t].name);
        for (int i = 0; i < bytes; i++)
            printf("%02x", q[i]);
        to_float(q, y, n);
        printf("\nfloats");
        for (int i = 0; i < n; i++)
            printf(" %08x", half_bits_of_float(y[i]));
        quantize(types[t].id, x, q, 0, FIT / 256, 256, NULL);
        to_float(q, y, FIT);
        double error = 0;
        for (int i = 0; i < FIT; i++)
            error += (double)(y[i] - x[i]) * (double)(y[i] - x[i]);
        printf("\nrms %.9g\n", sqrt(error / FIT));
    }
    return 0;
}
