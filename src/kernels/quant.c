// The registry of weight formats.
#include "kernels/quant.h"

#include <string.h>
#include <strings.h>

#define X(NAME, name, id, block, bytes)                                                            \
    static void name##_evenly(const float *in, void *blocks, size_t n)                             \
    {                                                                                              \
        quant_##name##_quantize(in, NULL, blocks, n);                                              \
    }
QUANT_TYPES(X)
#undef X

static const struct quant_format formats[QUANT_TYPE_COUNT] = {
#define X(NAME, name, id, block, bytes)                                                            \
    {QUANT_##NAME,           #NAME, id, block, bytes, quant_##name##_dequantize, name##_evenly,    \
     quant_##name##_quantize},
    QUANT_TYPES(X)
#undef X
};

const struct quant_format *quant_format_of(enum quant_type type)
{
    return &formats[type];
}

const struct quant_format *quant_format_by_gguf(uint32_t id)
{
    for (size_t i = 0; i < QUANT_TYPE_COUNT; i++)
        if (formats[i].gguf_id == id)
            return &formats[i];
    return NULL;
}

const struct quant_format *quant_format_by_name(const char *name)
{
    for (size_t i = 0; i < QUANT_TYPE_COUNT; i++)
        if (strcasecmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

size_t quant_bytes(const struct quant_format *f, uint64_t n)
{
    uint64_t blocks = n / f->block;
    if (n % f->block != 0 || blocks > SIZE_MAX / f->bytes)
        return 0;
    return (size_t)blocks * f->bytes;
}

double quant_dot_reference(const struct quant_format *f, const void *blocks, const float *x,
                           size_t n)
{
    float w[256];
    double sum = 0;
    const unsigned char *p = blocks;
    for (size_t i = 0; i < n; i += f->block, p += f->bytes) {
        f->dequantize(p, w, f->block);
        for (size_t j = 0; j < f->block; j++)
            sum += (double)w[j] * (double)x[i + j];
    }
    return sum;
}
