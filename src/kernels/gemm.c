// Dense products: packs blocks of the operands and walks their tiles, on all threads of a team.
#include "kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/cpu.h"
#include "kernels/gemm_kernel.h"
#include "kernels/memory.h"

enum {
    COLUMNS = GEMM_TILE_COLUMNS,
    BLOCK_COLUMNS = 2048, // of packed B: 2 MiB with all steps
    BLOCK_ROWS = 192,     // of packed A, whole tiles of every level; fits the second cache
    PACK_AT_ONCE = 4 * COLUMNS,
};

struct gemm_work {
    struct team *team;
    const struct gemm_kernels *kernels;
    uint32_t *b; // [BLOCK_COLUMNS / COLUMNS][GEMM_STEPS][COLUMNS]
    uint32_t *a; // of each thread: tiles of rows, each GEMM_STEPS words a row
    const struct gemm *g;
    size_t block_rows;
};

static size_t least(size_t x, size_t y)
{
    return x < y ? x : y;
}

static size_t rounded(size_t x, size_t to)
{
    return (x + to - 1) / to * to;
}

bool gemm_has_bf16(void)
{
#if defined(__x86_64__)
    return cpu_level() == CPU_AVX512_VNNI && __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

static const struct gemm_kernels *kernels_for(enum gemm_precision precision)
{
#if defined(__x86_64__)
    if (precision == GEMM_BF16 && gemm_has_bf16())
        return &gemm_kernels_bf16;
    if (cpu_level() == CPU_AVX512_VNNI)
        return &gemm_kernels_avx512;
    if (cpu_level() == CPU_AVX2)
        return &gemm_kernels_avx2;
#elif defined(__aarch64__)
    if (cpu_level() == CPU_NEON)
        return &gemm_kernels_neon;
#endif
    (void)precision;
    return &gemm_kernels_plain;
}

static size_t b_bytes(void)
{
    return (size_t)BLOCK_COLUMNS * GEMM_STEPS * sizeof(uint32_t);
}

static size_t a_words(void)
{
    return (size_t)BLOCK_ROWS * GEMM_STEPS;
}

enum err_code gemm_work_open(struct team *team, enum gemm_precision precision,
                             struct gemm_work **out, struct err *err)
{
    struct gemm_work *w = calloc(1, sizeof *w);
    *out = w;
    if (!w)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    w->team = team;
    w->kernels = kernels_for(precision);
    w->b = memory_take(b_bytes());
    w->a = memory_take(a_words() * sizeof(uint32_t) * team_size(team));
    if (w->a && w->b)
        return ERR_OK;
    gemm_work_close(out);
    return err_set(err, ERR_NO_MEMORY, "out of memory for the blocks of products");
}

void gemm_work_close(struct gemm_work **work)
{
    struct gemm_work *w = *work;
    if (!w)
        return;
    memory_give(w->b, b_bytes());
    memory_give(w->a, a_words() * sizeof(uint32_t) * team_size(w->team));
    free(w);
    *work = NULL;
}

// Words of `steps` pairs of rows of `x`, `n` columns, as tiles [steps][width], `stride` words
// apart. Memory is read row by row, however many tiles that fills: down a tile's columns, each read
// would be of another page.
static void pack_across(const struct gemm_kernels *k, const float *x, size_t row, size_t n,
                        size_t K, size_t width, uint32_t *to, size_t stride)
{
    size_t per = k->in_a_step, steps = (K + per - 1) / per;
    if (n % width)
        memset(to + n / width * stride, 0, steps * width * sizeof *to);
    for (size_t s = 0; s < steps; s++, x += per * row)
        k->words_across(x, per == 2 && s * 2 + 1 < K ? x + row : NULL, n, width, to + s * width,
                        stride);
}

// COLUMNS columns from `at`, K elements of each that lie one behind the other, as
// [steps][COLUMNS] words.
static void pack_turned(const struct gemm_kernels *k, struct gemm_view b, size_t at, size_t N,
                        size_t K, uint32_t *to)
{
    size_t n = least(COLUMNS, N - at), per = k->in_a_step, steps = (K + per - 1) / per;
    uint32_t words[GEMM_STEPS];
    if (n < COLUMNS)
        memset(to, 0, steps * COLUMNS * sizeof *to);
    for (size_t from = 0; from < K; from += GEMM_STEPS * per) {
        size_t elements = least(GEMM_STEPS * per, K - from), count = (elements + per - 1) / per;
        uint32_t *out = to + from / per * COLUMNS;
        for (size_t j = 0; j < n; j++) {
            k->words_along(b.p + from + (at + j) * b.col, elements, words);
            for (size_t s = 0; s < count; s++)
                out[s * COLUMNS + j] = words[s];
        }
    }
}

// Columns from `at` to N, K elements of each; `stride` words from tile to tile.
static void pack_columns(const struct gemm_kernels *k, struct gemm_view b, size_t at, size_t N,
                         size_t K, uint32_t *to, size_t stride)
{
    if (b.col == 1)
        pack_across(k, b.p + at, b.row, N - at, K, COLUMNS, to, stride);
    else
        for (; at < N; at += COLUMNS, to += stride)
            pack_turned(k, b, at, N, K, to);
}

// Rows from `at` to M, K elements of each (a block at most), in tiles of the layout that the view
// asks for.
static void pack_rows(const struct gemm_kernels *k, struct gemm_view a, size_t at, size_t M,
                      size_t K, uint32_t *to)
{
    size_t steps = (K + k->in_a_step - 1) / k->in_a_step, rows = rounded(M - at, k->rows);
    if (a.col != 1) {
        pack_across(k, a.p + at, a.col, M - at, K, k->rows, to, k->rows * GEMM_STEPS);
        return;
    }
    for (size_t i = 0; i < rows; i++, to += GEMM_STEPS)
        if (at + i < M)
            k->words_along(a.p + (at + i) * a.row, K, to);
        else
            memset(to, 0, steps * sizeof *to);
}

// One tile into c; at the matrix's edges by way of a whole tile.
static void multiply_tile(const struct gemm_kernels *k, bool by_rows, size_t steps,
                          const uint32_t *a, const uint32_t *b, float *c, size_t ldc, size_t m,
                          size_t n, bool add)
{
    void (*tile)(size_t, const uint32_t *, const uint32_t *, float *, size_t, bool) =
        by_rows ? k->tile_by_rows : k->tile_by_steps;
    if (m == k->rows && n == COLUMNS) {
        tile(steps, a, b, c, ldc, add);
        return;
    }
    float whole[GEMM_TILE_ROWS_MAX * COLUMNS];
    tile(steps, a, b, whole, COLUMNS, false);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            c[i * ldc + j] = add ? c[i * ldc + j] + whole[i * COLUMNS + j] : whole[i * COLUMNS + j];
}

// Rows [row, row + M) of C from packed columns: `b` at the first, `b_stride` words from one tile's
// columns to the next. `from` and K say which part of K this is.
static void multiply_block(const struct gemm_kernels *k, const struct gemm *g, size_t row, size_t M,
                           size_t column, size_t N, size_t from, size_t K, const uint32_t *b,
                           size_t b_stride, uint32_t *a)
{
    struct gemm_view part = {g->a.p + from * g->a.col, g->a.row, g->a.col};
    bool by_rows = part.col == 1, add = g->add || from > 0;
    size_t steps = (K + k->in_a_step - 1) / k->in_a_step, tile_words = k->rows * GEMM_STEPS;
    pack_rows(k, part, row, row + M, K, a);
    for (size_t j = 0; j < N; j += COLUMNS)
        for (size_t i = 0; i < M; i += k->rows)
            multiply_tile(k, by_rows, steps, a + i / k->rows * tile_words,
                          b + j / COLUMNS * b_stride, g->c + (row + i) * g->ldc + column + j,
                          g->ldc, least(k->rows, M - i), least(COLUMNS, N - j), add);
}

// Rows of a block so that all threads get the same number of blocks, as near as tiles allow.
static size_t block_rows(const struct gemm_work *w, size_t M)
{
    size_t threads = team_size(w->team);
    size_t turns = M ? (M + threads * BLOCK_ROWS - 1) / (threads * BLOCK_ROWS) : 1;
    return rounded((M + threads * turns - 1) / (threads * turns), w->kernels->rows);
}

static void run(void *arg, unsigned thread)
{
    struct gemm_work *w = arg;
    const struct gemm *g = w->g;
    const struct gemm_kernels *k = w->kernels;
    size_t depth = GEMM_STEPS * k->in_a_step, stride = (size_t)GEMM_STEPS * COLUMNS, i;
    uint32_t *a = w->a + thread * a_words();
    for (size_t column = 0; column < g->N; column += BLOCK_COLUMNS)
        for (size_t from = 0; from < g->K; from += depth) {
            size_t N = least(BLOCK_COLUMNS, g->N - column), K = least(depth, g->K - from);
            struct gemm_view b = {g->b.p + from * g->b.row + column * g->b.col, g->b.row, g->b.col};
            while ((i = team_claim(w->team, PACK_AT_ONCE)) < N)
                pack_columns(k, b, i, least(N, i + PACK_AT_ONCE), K, w->b + i / COLUMNS * stride,
                             stride);
            team_barrier(w->team);
            while ((i = team_claim(w->team, w->block_rows)) < g->M)
                multiply_block(k, g, i, least(w->block_rows, g->M - i), column, N, from, K, w->b,
                               stride, a);
            team_barrier(w->team);
        }
}

static void clear(const struct gemm *g)
{
    for (size_t i = 0; i < g->M && !g->add; i++)
        memset(g->c + i * g->ldc, 0, g->N * sizeof *g->c);
}

void gemm_run(struct gemm_work *w, const struct gemm *g)
{
    if (g->K == 0) {
        clear(g);
        return;
    }
    w->g = g;
    w->block_rows = block_rows(w, g->M);
    team_run(w->team, run, w);
}

size_t gemm_packed_bytes(size_t N, size_t K)
{
    return rounded(N, COLUMNS) * K * sizeof(uint32_t);
}

void gemm_pack(struct gemm_work *w, struct gemm_view b, size_t N, size_t K, void *to)
{
    size_t steps = (K + w->kernels->in_a_step - 1) / w->kernels->in_a_step;
    pack_columns(w->kernels, b, 0, N, K, to, steps * COLUMNS);
}

void gemm_run_packed(struct gemm_work *w, unsigned thread, const struct gemm *g, const void *b,
                     size_t K_packed)
{
    const struct gemm_kernels *k = w->kernels;
    size_t depth = GEMM_STEPS * k->in_a_step;
    size_t stride = (K_packed + k->in_a_step - 1) / k->in_a_step * COLUMNS;
    if (g->K == 0)
        clear(g);
    for (size_t from = 0; from < g->K; from += depth)
        for (size_t row = 0; row < g->M; row += BLOCK_ROWS)
            multiply_block(k, g, row, least(BLOCK_ROWS, g->M - row), 0, g->N, from,
                           least(depth, g->K - from),
                           (const uint32_t *)b + from / k->in_a_step * COLUMNS, stride,
                           w->a + thread * a_words());
}
