// Repacks rows in a file's formats into groups of 16 rows side by side.
//
// Within a block of 32 columns, quad k is columns 4k .. 4k+3. Byte 4r + c of the 64 bytes of a quad
// belongs to row r and column c of it, so that one instruction multiplies a quad of all rows.
#include <string.h>

#include "kernels/matrix.h"
#include "kernels/quant/iq4_levels.h"
#include "kernels/quant/k4_scales.h"

enum { R = MATRIX_GROUP };

enum err_code matrix_shape(struct matrix *m, const struct quant_format *format, uint32_t rows,
                           uint32_t cols, struct err *err)
{
    static const struct {
        enum matrix_pack pack;
        uint32_t columns, bytes; // of one block of a group
    } packs[QUANT_TYPE_COUNT] = {
        [QUANT_Q4_0] = {MATRIX_Q4, 32, 288},     [QUANT_Q8_0] = {MATRIX_Q8, 32, 544},
        [QUANT_Q5_0] = {MATRIX_Q8, 32, 544},     [QUANT_IQ4_NL] = {MATRIX_Q8, 32, 544},
        [QUANT_Q4_K] = {MATRIX_Q4_K, 256, 2368}, [QUANT_Q6_K] = {MATRIX_Q6_K, 256, 3360},
    };
    if (rows == 0 || cols == 0 || cols % format->block)
        return err_set(err, ERR_USAGE, "a matrix of %u x %u cannot be of type %s", rows, cols,
                       format->name);
    *m = (struct matrix){.format = format, .rows = rows, .cols = cols};
    m->pack = packs[format->type].pack;
    m->group_bytes = m->pack == MATRIX_ROWS
                         ? R * quant_bytes(format, cols)
                         : (size_t)cols / packs[format->type].columns * packs[format->type].bytes;
    return ERR_OK;
}

size_t matrix_groups(const struct matrix *m)
{
    return ((size_t)m->rows + R - 1) / R;
}

size_t matrix_bytes(const struct matrix *m)
{
    return m->pack == MATRIX_ROWS ? m->rows * quant_bytes(m->format, m->cols)
                                  : matrix_groups(m) * m->group_bytes;
}

static uint32_t load32(const unsigned char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static void store32(unsigned char *p, uint32_t v)
{
    memcpy(p, &v, 4);
}

// The four fields of `mask` that start at `shift` of each byte at p.
static uint32_t fields(const unsigned char *p, unsigned shift, uint32_t mask)
{
    return load32(p) >> shift & mask * 0x01010101;
}

// Quad k < 4 lies in the low nibbles, quad k + 4 in the high ones: Q4_0's own order.
static void pack_q4(const unsigned char *block, size_t row, unsigned char *to)
{
    for (size_t k = 0; k < 4; k++)
        store32(to + 64 * k + 4 * row, load32(block + 2 + 4 * k));
    memcpy(to + 256 + 2 * row, block, 2);
}

// -128, which no quantizer writes, is taken as -127: AVX2 cannot turn its sign.
static void put_q8(unsigned char *to, size_t row, size_t i, int q)
{
    to[i / 4 * 64 + 4 * row + i % 4] = (unsigned char)((q < -127 ? -127 : q) + 128);
}

static void pack_q8(const unsigned char *block, size_t row, unsigned char *to)
{
    for (size_t k = 0; k < 8; k++) {
        uint32_t four = load32(block + 2 + 4 * k) ^ 0x80808080;
        store32(to + 64 * k + 4 * row, four);
        if ((four - 0x01010101) & ~four & 0x80808080) // one of the bytes is 0
            for (size_t c = 0; c < 4; c++)
                put_q8(to, row, 4 * k + c, (int8_t)block[2 + 4 * k + c]);
    }
    memcpy(to + 512 + 2 * row, block, 2);
}

static void pack_q5_0(const unsigned char *block, size_t row, unsigned char *to)
{
    for (size_t i = 0; i < 32; i++) {
        int low = block[6 + i % 16] >> (i / 16 * 4) & 15, high = block[2 + i / 8] >> i % 8 & 1;
        put_q8(to, row, i, (low | high << 4) - 16);
    }
    memcpy(to + 512 + 2 * row, block, 2);
}

static void pack_iq4_nl(const unsigned char *block, size_t row, unsigned char *to)
{
    for (size_t i = 0; i < 32; i++)
        put_q8(to, row, i, iq4_levels[block[2 + i % 16] >> (i / 16 * 4) & 15]);
    memcpy(to + 512 + 2 * row, block, 2);
}

static void pack_q4_k(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 2 * row, block, 2);
    memcpy(to + 32 + 2 * row, block + 2, 2);
    for (size_t g = 0; g < 8; g++) {
        k4_unpack(block + 4, g, &to[64 + 32 * g + row], &to[80 + 32 * g + row]);
        const unsigned char *q = block + 16 + g / 2 * 32;
        unsigned shift = g % 2 * 4;
        for (size_t k = 0; k < 4; k++)
            store32(to + 320 + 256 * g + 64 * k + 4 * row,
                    fields(q + 4 * k, shift, 15) | fields(q + 16 + 4 * k, shift, 15) << 4);
    }
}

static void pack_q6_k(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 2 * row, block + 208, 2);
    for (size_t g = 0; g < 16; g++)
        to[32 + 16 * g + row] = block[192 + g];
    for (size_t g = 0; g < 8; g++) { // 32 columns, of which the file's nibbles and bits are
        const unsigned char *low = block + 64 * (g / 4) + 32 * (g % 2);
        const unsigned char *high = block + 128 + 32 * (g / 4);
        unsigned low_shift = (unsigned)g % 4 / 2 * 4, high_shift = (unsigned)g % 4 * 2;
        unsigned char *quads = to + 288 + 384 * g + 4 * row;
        for (size_t k = 0; k < 4; k++)
            store32(quads + 64 * k, fields(low + 4 * k, low_shift, 15) |
                                        fields(low + 16 + 4 * k, low_shift, 15) << 4);
        for (size_t half = 0; half < 2; half++) {
            uint32_t bits = 0; // quad k of the half has its bits at 2k
            for (unsigned k = 0; k < 4; k++)
                bits |= fields(high + 16 * half + 4 * k, high_shift, 3) << 2 * k;
            store32(quads + 256 + 64 * half, bits);
        }
    }
}

void matrix_pack_group(const struct matrix *m, const void *rows, size_t g, unsigned char *to)
{
    static void (*const packers[QUANT_TYPE_COUNT])(const unsigned char *, size_t,
                                                   unsigned char *) = {
        [QUANT_Q4_0] = pack_q4,   [QUANT_Q8_0] = pack_q8,       [QUANT_Q5_0] = pack_q5_0,
        [QUANT_Q4_K] = pack_q4_k, [QUANT_IQ4_NL] = pack_iq4_nl, [QUANT_Q6_K] = pack_q6_k,
    };
    size_t blocks = m->cols / m->format->block, step = m->group_bytes / blocks;
    size_t row_bytes = blocks * m->format->bytes, left = m->rows - g * R;
    const unsigned char *first = (const unsigned char *)rows + g * R * row_bytes;
    if (left < R)
        memset(to, 0, m->group_bytes);
    for (size_t b = 0; b < blocks; b++)
        for (size_t r = 0; r < R && r < left; r++)
            packers[m->format->type](first + r * row_bytes + b * m->format->bytes, r,
                                     to + b * step);
}
