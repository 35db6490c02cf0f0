// Rows of weights as ONNX Runtime's MatMulNBits wants them: blocks of 32 of 4 or 8 bits.
//
// w = scale * (q - zero). Of a row: the q of each block in turn, low bits first; a float scale per
// block; the zeros, packed like the q. (com.microsoft.MatMulNBits in ONNX Runtime's
// docs/ContribOperators.md.)
#ifndef FETTLE_TRAIN_ONNX_BLOCKS_H
#define FETTLE_TRAIN_ONNX_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/quant.h"

enum { ONNX_BLOCK = 32 };

// Whether `bits` bits hold the format's weights as they are: no zeros need to be written then, the
// one in the middle of the range is meant.
bool onnx_blocks_exact(const struct quant_format *f, unsigned bits);

// `row` is of format f, `cols` weights; `x` has room for them, rounded up to whole blocks. Fills
// q [blocks * ONNX_BLOCK * bits / 8], scales [blocks], and zeros [(blocks * bits + 7) / 8], each of
// which is the middle one where the format is exact.
void onnx_blocks_quantize(const struct quant_format *f, const void *row, size_t cols, unsigned bits,
                          float *x, uint8_t *q, float *scales, uint8_t *zeros);

#endif
