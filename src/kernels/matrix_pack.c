// Repacks rows in a file's formats into groups of 16 rows side by side.
//
// Within a block of 32 columns, quad k is columns 4k .. 4k+3. Byte 4r + c of the 64 bytes of a quad
// belongs to row r and column c of it, so that one instruction multiplies a quad of all rows.
// Quads of 4 bits lie in pairs (k low, k + 4 high), quads of 2 bits in fours, single bits in
// eights. Floats lie column after column, 16 rows each.
#include <string.h>

#include "kernels/matrix_kernel.h"
#include "kernels/quant/k4_scales.h"

enum { R = MATRIX_GROUP };

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

// 32 columns from 16 bytes: the first 16 in the low nibbles, the last in the high ones.
static void put_nibbles(unsigned char *to, const unsigned char *q)
{
    for (size_t k = 0; k < 4; k++)
        store32(to + 64 * k, load32(q + 4 * k));
}

// 32 columns from the nibbles that start at `shift` of 32 bytes.
static void put_half_bytes(unsigned char *to, const unsigned char *q, unsigned shift)
{
    for (size_t k = 0; k < 4; k++)
        store32(to + 64 * k, fields(q + 4 * k, shift, 15) | fields(q + 16 + 4 * k, shift, 15) << 4);
}

// 32 columns from the pairs of bits that start at `shift` of 32 bytes.
static void put_pairs(unsigned char *to, const unsigned char *q, unsigned shift)
{
    for (size_t half = 0; half < 2; half++) {
        uint32_t bits = 0;
        for (unsigned k = 0; k < 4; k++)
            bits |= fields(q + 16 * half + 4 * k, shift, 3) << 2 * k;
        store32(to + 64 * half, bits);
    }
}

// 32 columns from bit `shift` of 32 bytes.
static void put_single_bits(unsigned char *to, const unsigned char *q, unsigned shift)
{
    uint32_t bits = 0;
    for (unsigned k = 0; k < 8; k++)
        bits |= fields(q + 4 * k, shift, 1) << k;
    store32(to, bits);
}

// The same from 32 bits in a row.
static void put_bit_row(unsigned char *to, const unsigned char *row)
{
    unsigned char bytes[32];
    for (size_t i = 0; i < 32; i++)
        bytes[i] = row[i / 8] >> i % 8 & 1;
    put_single_bits(to, bytes, 0);
}

// Packers of one block of row `row` (0 .. 15).

static void pack_q4_0(const unsigned char *block, size_t row, unsigned char *to)
{
    put_nibbles(to + 4 * row, block + 2);
    memcpy(to + 256 + 2 * row, block, 2);
}

static void pack_q4_1(const unsigned char *block, size_t row, unsigned char *to)
{
    put_nibbles(to + 4 * row, block + 4);
    memcpy(to + 256 + 2 * row, block, 2);
    memcpy(to + 288 + 2 * row, block + 2, 2);
}

static void pack_q5_0(const unsigned char *block, size_t row, unsigned char *to)
{
    put_nibbles(to + 4 * row, block + 6);
    put_bit_row(to + 256 + 4 * row, block + 2);
    memcpy(to + 320 + 2 * row, block, 2);
}

static void pack_q5_1(const unsigned char *block, size_t row, unsigned char *to)
{
    put_nibbles(to + 4 * row, block + 8);
    put_bit_row(to + 256 + 4 * row, block + 4);
    memcpy(to + 320 + 2 * row, block, 2);
    memcpy(to + 352 + 2 * row, block + 2, 2);
}

// -128, which no quantizer writes, is taken as -127: AVX2 cannot turn its sign.
static void pack_q8_0(const unsigned char *block, size_t row, unsigned char *to)
{
    for (size_t k = 0; k < 8; k++) {
        uint32_t four = load32(block + 2 + 4 * k) ^ 0x80808080;
        for (unsigned c = 0; c < 32; c += 8)
            if ((four >> c & 255) == 0)
                four += 1u << c;
        store32(to + 64 * k + 4 * row, four);
    }
    memcpy(to + 512 + 2 * row, block, 2);
}

static void pack_q2_k(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 2 * row, block + 80, 2);
    memcpy(to + 32 + 2 * row, block + 82, 2);
    for (size_t g = 0; g < 16; g++) {
        to[64 + 16 * g + row] = block[g] & 15;
        to[320 + 16 * g + row] = block[g] >> 4;
    }
    for (size_t g = 0; g < 8; g++)
        put_pairs(to + 576 + 128 * g + 4 * row, block + 16 + 32 * (g / 4), (unsigned)g % 4 * 2);
}

static void pack_q3_k(const unsigned char *block, size_t row, unsigned char *to)
{
    const unsigned char *scales = block + 96;
    memcpy(to + 2 * row, block + 108, 2);
    for (size_t g = 0; g < 16; g++) {
        int low = scales[g % 8] >> (g < 8 ? 0 : 4) & 15, high = scales[8 + g % 4] >> g / 4 * 2 & 3;
        to[32 + 16 * g + row] = (unsigned char)((low | high << 4) - 32);
    }
    for (size_t g = 0; g < 8; g++) {
        unsigned char *bits = to + 288 + 192 * g + 4 * row;
        put_pairs(bits, block + 32 + 32 * (g / 4), (unsigned)g % 4 * 2);
        put_single_bits(bits + 128, block, (unsigned)g);
    }
}

static void pack_q4_k(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 2 * row, block, 2);
    memcpy(to + 32 + 2 * row, block + 2, 2);
    for (size_t g = 0; g < 8; g++) {
        k4_unpack(block + 4, g, &to[64 + 32 * g + row], &to[80 + 32 * g + row]);
        put_half_bytes(to + 320 + 256 * g + 4 * row, block + 16 + g / 2 * 32, g % 2 * 4);
    }
}

static void pack_q5_k(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 2 * row, block, 2);
    memcpy(to + 32 + 2 * row, block + 2, 2);
    for (size_t g = 0; g < 8; g++) {
        k4_unpack(block + 4, g, &to[64 + 32 * g + row], &to[80 + 32 * g + row]);
        unsigned char *quads = to + 320 + 320 * g + 4 * row;
        put_half_bytes(quads, block + 48 + g / 2 * 32, g % 2 * 4);
        put_single_bits(quads + 256, block + 16, (unsigned)g);
    }
}

static void pack_q6_k(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 2 * row, block + 208, 2);
    for (size_t g = 0; g < 16; g++)
        to[32 + 16 * g + row] = block[192 + g];
    for (size_t g = 0; g < 8; g++) {
        unsigned char *quads = to + 288 + 384 * g + 4 * row;
        put_half_bytes(quads, block + 64 * (g / 4) + 32 * (g % 2), (unsigned)g % 4 / 2 * 4);
        put_pairs(quads + 256, block + 128 + 32 * (g / 4), (unsigned)g % 4 * 2);
    }
}

static void pack_iq4_xs(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 2 * row, block, 2);
    for (size_t g = 0; g < 8; g++) {
        int low = block[4 + g / 2] >> g % 2 * 4 & 15, high = block[2 + g / 4] >> g % 4 * 2 & 3;
        to[32 + 16 * g + row] = (unsigned char)((low | high << 4) - 32);
        put_nibbles(to + 160 + 256 * g + 4 * row, block + 8 + 16 * g);
    }
}

static void pack_two_bytes(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 2 * row, block, 2);
}

static void pack_four_bytes(const unsigned char *block, size_t row, unsigned char *to)
{
    memcpy(to + 4 * row, block, 4);
}

static const struct {
    uint32_t bytes; // of one of the format's blocks of 16 rows
    void (*pack)(const unsigned char *block, size_t row, unsigned char *to);
} packs[QUANT_TYPE_COUNT] = {
    [QUANT_Q4_0] = {288, pack_q4_0},      // quads of 4 bits, scales
    [QUANT_Q4_1] = {320, pack_q4_1},      // quads of 4 bits, scales, minima
    [QUANT_Q5_0] = {352, pack_q5_0},      // quads of 4 bits, of 1, scales
    [QUANT_Q5_1] = {384, pack_q5_1},      // quads of 4 bits, of 1, scales, minima
    [QUANT_Q8_0] = {544, pack_q8_0},      // quads of bytes + 128, scales
    [QUANT_IQ4_NL] = {288, pack_q4_0},    // as Q4_0
    [QUANT_Q2_K] = {1600, pack_q2_k},     // d, dmin, 16 x scales, 16 x minima, 8 x quads of 2 bits
    [QUANT_Q3_K] = {1824, pack_q3_k},     // d, 16 x scales, 8 x (quads of 2 bits, of 1)
    [QUANT_Q4_K] = {2368, pack_q4_k},     // d, dmin, 8 x (scales, minima), 8 x quads of 4 bits
    [QUANT_Q5_K] = {2880, pack_q5_k},     // d, dmin, 8 x (scales, minima), 8 x (4 bits, 1 bit)
    [QUANT_Q6_K] = {3360, pack_q6_k},     // d, 16 x scales, 8 x (quads of 4 bits, of 2)
    [QUANT_IQ4_XS] = {2208, pack_iq4_xs}, // d, 8 x scales, 8 x quads of 4 bits
    [QUANT_F16] = {32, pack_two_bytes},   [QUANT_BF16] = {32, pack_two_bytes},
    [QUANT_F32] = {64, pack_four_bytes},
};

const unsigned char matrix_iq4_levels[16] = {1,   24,  45,  63,  79,  93,  106, 118,
                                             129, 141, 153, 166, 181, 197, 217, 241};

enum err_code matrix_shape(struct matrix *m, const struct quant_format *format, uint32_t rows,
                           uint32_t cols, struct err *err)
{
    if (rows == 0 || cols == 0 || cols % format->block)
        return err_set(err, ERR_USAGE, "a matrix of %u x %u cannot be of type %s", rows, cols,
                       format->name);
    *m = (struct matrix){.format = format, .rows = rows, .cols = cols};
    m->group_bytes = (size_t)cols / format->block * packs[format->type].bytes;
    return ERR_OK;
}

size_t matrix_groups(const struct matrix *m)
{
    return ((size_t)m->rows + R - 1) / R;
}

size_t matrix_bytes(const struct matrix *m)
{
    return matrix_groups(m) * m->group_bytes;
}

void matrix_pack_group(const struct matrix *m, const void *rows, size_t g, unsigned char *to)
{
    size_t blocks = m->cols / m->format->block, step = packs[m->format->type].bytes;
    size_t row_bytes = blocks * m->format->bytes, left = m->rows - g * R;
    const unsigned char *first = (const unsigned char *)rows + g * R * row_bytes;
    if (left < R)
        memset(to, 0, m->group_bytes);
    for (size_t b = 0; b < blocks; b++)
        for (size_t r = 0; r < R && r < left; r++)
            packs[m->format->type].pack(first + r * row_bytes + b * m->format->bytes, r,
                                        to + b * step);
}
