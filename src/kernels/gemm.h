// Dense products of float matrices for training and statistics: C = A B, or C += A B.
//
// Operands are views: element (i, j) lies at p[i * row + j * col], and one of the two steps is 1,
// so a transposed matrix costs nothing. Products are cut into tiles of registers, over operands
// that are packed first (Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication", 2008). With GEMM_BF16 the operands are rounded to bfloat16 and summed in
// floats, where the processor has instructions for it; elsewhere it is the same as GEMM_F32.
//
// Each element is summed in an order that depends on the shape and the CPU alone: any number of
// threads gives the same bits.
#ifndef FETTLE_KERNELS_GEMM_H
#define FETTLE_KERNELS_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kernels/team.h"

enum gemm_precision { GEMM_F32, GEMM_BF16 };

struct gemm_view {
    const float *p;
    size_t row, col;
};

// A row-major matrix with `width` floats from row to row, and its transpose.
static inline struct gemm_view gemm_rows(const float *p, size_t width)
{
    return (struct gemm_view){p, width, 1};
}

static inline struct gemm_view gemm_turned(const float *p, size_t width)
{
    return (struct gemm_view){p, 1, width};
}

struct gemm {
    size_t M, N, K;
    struct gemm_view a, b; // M x K, K x N
    float *c;              // row-major, M x N
    size_t ldc;            // floats from row to row of c
    bool add;              // C += A B; else C = A B
};

struct gemm_work; // packed operands of a team; one product at a time

// True when GEMM_BF16 is more than GEMM_F32 here.
bool gemm_has_bf16(void);

enum err_code gemm_work_open(struct team *team, enum gemm_precision precision,
                             struct gemm_work **out, struct err *err);
void gemm_work_close(struct gemm_work **w);

// The product, on all threads of the team.
void gemm_run(struct gemm_work *w, const struct gemm *g);

// ---- for one thread of several that work on products of their own ----

// A right operand packed once for many products: K x N, N and K rounded up.
size_t gemm_packed_bytes(size_t N, size_t K);

// `to` has gemm_packed_bytes and is aligned to 64 bytes.
void gemm_pack(struct gemm_work *w, struct gemm_view b, size_t N, size_t K, void *to);

// C (+)= A B with the first `g->N` columns and the first `g->K` rows of the packed B, which was
// packed for `K_packed` rows; g->b is not looked at. `thread` is the caller's number in the team.
void gemm_run_packed(struct gemm_work *w, unsigned thread, const struct gemm *g, const void *b,
                     size_t K_packed);

#endif
