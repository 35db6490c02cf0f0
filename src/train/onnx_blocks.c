// Rows of weights as ONNX Runtime's MatMulNBits wants them: blocks of 32 of 4 or 8 bits.
#include "train/onnx_blocks.h"

#include <math.h>
#include <string.h>

#include "kernels/half.h"

struct block {
    float scale;
    int zero;
    int q[ONNX_BLOCK];
};

// Formats with blocks of 32 that begin with a half, of which all their weights are multiples; the
// largest multiple.
static int steps_of(const struct quant_format *f)
{
    switch (f->type) {
    case QUANT_Q4_0:
        return 8;
    case QUANT_Q5_0:
        return 16;
    case QUANT_Q8_0:
    case QUANT_IQ4_NL:
        return 128;
    default:
        return 0;
    }
}

bool onnx_blocks_exact(const struct quant_format *f, unsigned bits)
{
    int steps = steps_of(f);
    return steps && steps <= 1 << (bits - 1);
}

// To the nearest whole number within lo .. hi, both small; NaN gives lo. Added to 1.5 * 2^23, a
// float keeps no fraction: compilers do that for many at once, which they do not for lrintf.
static int nearest(float v, int lo, int hi)
{
    const float whole = 0x1.8p23f;
    v = v > (float)lo ? v : (float)lo;
    v = v < (float)hi ? v : (float)hi;
    return (int)(v + whole - whole);
}

static void fill(const float *x, float scale, int zero, int top, struct block *b)
{
    float inverse = scale != 0 ? 1 / scale : 0;
    b->scale = scale;
    b->zero = zero;
    for (size_t i = 0; i < ONNX_BLOCK; i++)
        b->q[i] = nearest(x[i] * inverse + (float)zero, 0, top);
}

// The scale of least squared error for given q, and that error.
static float refit(const float *x, struct block *b)
{
    float xq = 0, qq = 0, error = 0;
    for (size_t i = 0; i < ONNX_BLOCK; i++) {
        float q = (float)(b->q[i] - b->zero);
        xq += x[i] * q;
        qq += q * q;
    }
    if (qq > 0)
        b->scale = xq / qq;
    for (size_t i = 0; i < ONNX_BLOCK; i++) {
        float off = b->scale * (float)(b->q[i] - b->zero) - x[i];
        error += off * off;
    }
    return error;
}

// Tries ranges from somewhat within the block's to somewhat beyond it, zero always among them.
static void fit(const float *x, unsigned bits, struct block *best)
{
    enum { TRIES = 12 };
    int top = (1 << bits) - 1;
    float lo = 0, hi = 0, least = INFINITY;
    for (size_t i = 0; i < ONNX_BLOCK; i++) {
        lo = fminf(lo, x[i]);
        hi = fmaxf(hi, x[i]);
    }
    fill(x, 0, (top + 1) / 2, top, best);
    if (!(hi > lo) || !isfinite(hi - lo))
        return;
    for (int t = 0; t < TRIES; t++) {
        struct block b;
        float scale = (hi - lo) / ((float)top + 0.2f * (float)(t - 2));
        fill(x, scale, nearest(-lo / scale, 0, top), top, &b);
        float error = refit(x, &b);
        if (error < least) {
            least = error;
            *best = b;
        }
    }
}

static void put(const struct block *b, size_t at, unsigned bits, uint8_t *q, float *scales,
                uint8_t *zeros)
{
    scales[at] = b->scale;
    if (bits == 8) {
        zeros[at] = (uint8_t)b->zero;
        for (size_t i = 0; i < ONNX_BLOCK; i++)
            q[at * ONNX_BLOCK + i] = (uint8_t)b->q[i];
        return;
    }
    zeros[at / 2] |= (uint8_t)(b->zero << at % 2 * 4);
    for (size_t i = 0; i < ONNX_BLOCK; i += 2)
        q[(at * ONNX_BLOCK + i) / 2] = (uint8_t)(b->q[i] | b->q[i + 1] << 4);
}

void onnx_blocks_quantize(const struct quant_format *f, const void *row, size_t cols, unsigned bits,
                          float *x, uint8_t *q, float *scales, uint8_t *zeros)
{
    size_t blocks = (cols + ONNX_BLOCK - 1) / ONNX_BLOCK;
    bool exact = onnx_blocks_exact(f, bits);
    const uint8_t *p = row;
    f->dequantize(row, x, cols);
    memset(x + cols, 0, (blocks * ONNX_BLOCK - cols) * sizeof *x);
    memset(zeros, 0, (blocks * bits + 7) / 8);
    for (size_t i = 0; i < blocks; i++) {
        struct block b;
        const float *from = x + i * ONNX_BLOCK;
        if (exact) {
            const uint8_t *half = p + i * f->bytes;
            float scale = half_to_float((uint16_t)(half[0] | half[1] << 8));
            fill(from, scale, 1 << (bits - 1), (1 << bits) - 1, &b);
        } else {
            fit(from, bits, &b);
        }
        put(&b, i, bits, q, scales, zeros);
    }
}
