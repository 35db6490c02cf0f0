// The mixes of weight formats: a table of names, and one of the tensors that get more bits.
#include "train/mix.h"

#include <strings.h>

#include "base/buf.h"

// X(name, general.file_type, format of most matrices, of the head)
#define MIXES(X)                                                                                   \
    X(F32, 0, F32, F32)                                                                            \
    X(F16, 1, F16, F16)                                                                            \
    X(BF16, 32, BF16, BF16)                                                                        \
    X(Q8_0, 7, Q8_0, Q8_0)                                                                         \
    X(Q6_K, 18, Q6_K, Q6_K)                                                                        \
    X(Q5_K_M, 17, Q5_K, Q6_K)                                                                      \
    X(Q5_K_S, 16, Q5_K, Q6_K)                                                                      \
    X(Q5_1, 9, Q5_1, Q6_K)                                                                         \
    X(Q5_0, 8, Q5_0, Q6_K)                                                                         \
    X(Q4_K_M, 15, Q4_K, Q6_K)                                                                      \
    X(Q4_K_S, 14, Q4_K, Q6_K)                                                                      \
    X(Q4_1, 3, Q4_1, Q6_K)                                                                         \
    X(Q4_0, 2, Q4_0, Q6_K)                                                                         \
    X(IQ4_NL, 25, IQ4_NL, Q6_K)                                                                    \
    X(IQ4_XS, 30, IQ4_XS, Q6_K)                                                                    \
    X(Q3_K_L, 13, Q3_K, Q6_K)                                                                      \
    X(Q3_K_M, 12, Q3_K, Q6_K)                                                                      \
    X(Q3_K_S, 11, Q3_K, Q6_K)                                                                      \
    X(Q2_K, 10, Q2_K, Q6_K)

enum {
#define X(name, file_type, most, head) MIX_##name,
    MIXES(X)
#undef X
        MIX_COUNT
};

struct mix {
    const char *name;
    uint32_t file_type;
    enum quant_type most, head;
};

static const struct mix mixes[MIX_COUNT] = {
#define X(name, file_type, most, head) {#name, file_type, QUANT_##most, QUANT_##head},
    MIXES(X)
#undef X
};

static const char *const aliases[][2] = {
    {"Q3_K", "Q3_K_M"}, {"Q4_K", "Q4_K_M"}, {"Q5_K", "Q5_K_M"}};

enum part { VALUES, DOWN, OUT, QKV, PART_COUNT };
static const char *const part_names[PART_COUNT] = {
    [VALUES] = "attn_v.weight",
    [DOWN] = "ffn_down.weight",
    [OUT] = "attn_output.weight",
    [QKV] = "attn_qkv.weight",
};

// Layers, or models, in which a part gets another format.
enum where {
    EVERYWHERE,
    FIRST_2,
    FIRST_4,
    FIRST_16TH,
    FIRST_8TH,
    FIRST_8TH_IMPORTANT,   // and errors are weighed by importance
    FIRST_8TH_UNIMPORTANT, // and they are not
    EDGES,                 // the first and last eighth, and every third between
    SHARED_4,              // models with 4 query heads to a KV head, or more
};

// The first that applies counts.
static const struct rule {
    unsigned mix;
    enum part part;
    enum where where;
    enum quant_type type;
} rules[] = {
    {MIX_Q2_K, VALUES, SHARED_4, QUANT_Q4_K},
    {MIX_Q2_K, VALUES, EVERYWHERE, QUANT_Q3_K},
    {MIX_Q2_K, DOWN, EVERYWHERE, QUANT_Q3_K},
    {MIX_Q2_K, OUT, EVERYWHERE, QUANT_Q3_K},
    {MIX_Q3_K_M, VALUES, FIRST_2, QUANT_Q5_K},
    {MIX_Q3_K_M, VALUES, EVERYWHERE, QUANT_Q4_K},
    {MIX_Q3_K_M, DOWN, FIRST_16TH, QUANT_Q5_K},
    {MIX_Q3_K_M, DOWN, EVERYWHERE, QUANT_Q4_K},
    {MIX_Q3_K_M, OUT, EVERYWHERE, QUANT_Q4_K},
    {MIX_Q3_K_M, QKV, EVERYWHERE, QUANT_Q4_K},
    {MIX_Q3_K_L, VALUES, EVERYWHERE, QUANT_Q5_K},
    {MIX_Q3_K_L, DOWN, EVERYWHERE, QUANT_Q5_K},
    {MIX_Q3_K_L, OUT, EVERYWHERE, QUANT_Q5_K},
    {MIX_Q3_K_L, QKV, EVERYWHERE, QUANT_Q4_K},
    {MIX_Q4_0, DOWN, FIRST_8TH_IMPORTANT, QUANT_Q4_1},
    {MIX_Q5_0, DOWN, FIRST_8TH_IMPORTANT, QUANT_Q5_1},
    {MIX_IQ4_NL, VALUES, SHARED_4, QUANT_Q5_K},
    {MIX_IQ4_NL, DOWN, FIRST_8TH_UNIMPORTANT, QUANT_Q5_K},
    {MIX_IQ4_XS, VALUES, SHARED_4, QUANT_Q5_K},
    {MIX_IQ4_XS, DOWN, FIRST_8TH_UNIMPORTANT, QUANT_Q5_K},
    {MIX_Q4_K_S, VALUES, FIRST_4, QUANT_Q5_K},
    {MIX_Q4_K_S, DOWN, FIRST_8TH, QUANT_Q5_K},
    {MIX_Q4_K_M, VALUES, EDGES, QUANT_Q6_K},
    {MIX_Q4_K_M, DOWN, EDGES, QUANT_Q6_K},
    {MIX_Q4_K_M, QKV, EVERYWHERE, QUANT_Q5_K},
    {MIX_Q5_K_M, VALUES, EDGES, QUANT_Q6_K},
    {MIX_Q5_K_M, DOWN, EDGES, QUANT_Q6_K},
    {MIX_Q5_K_M, QKV, EVERYWHERE, QUANT_Q6_K},
};

enum err_code mix_find(const char *name, const struct mix **out, struct err *err)
{
    struct buf names = {0};
    const char *full = name;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcasecmp(name, aliases[i][0]) == 0)
            full = aliases[i][1];
    for (size_t i = 0; i < MIX_COUNT; i++) {
        if (strcasecmp(full, mixes[i].name) == 0) {
            buf_free(&names);
            *out = &mixes[i];
            return ERR_OK;
        }
        buf_printf(&names, "%s%s", i ? ", " : "", mixes[i].name);
    }
    enum err_code code =
        err_set(err, ERR_NOT_FOUND, "no weight format or mix is called '%.64s'; there are %s", name,
                names.p ? names.p : "");
    buf_free(&names);
    return code;
}

uint32_t mix_file_type(const struct mix *m)
{
    return m->file_type;
}

static bool cut_layer(struct str *name, uint32_t *layer)
{
    uint64_t number;
    struct str prefix = str_cut(name, '.'), digits = str_cut(name, '.');
    if (!str_is(prefix, "blk") || !str_to_u64(digits, &number) || number > UINT32_MAX)
        return false;
    *layer = (uint32_t)number;
    return true;
}

bool mix_layer_of(struct str name, uint32_t *layer)
{
    return cut_layer(&name, layer);
}

static bool applies(enum where where, const struct mix_model *m, uint32_t layer)
{
    uint32_t eighth = m->layers / 8;
    switch (where) {
    case EVERYWHERE:
        return true;
    case FIRST_2:
        return layer < 2;
    case FIRST_4:
        return layer < 4;
    case FIRST_16TH:
        return layer < m->layers / 16;
    case FIRST_8TH:
        return layer < eighth;
    case FIRST_8TH_IMPORTANT:
        return layer < eighth && m->has_important;
    case FIRST_8TH_UNIMPORTANT:
        return layer < eighth && !m->has_important;
    case EDGES:
        return layer < eighth || layer >= 7 * m->layers / 8 || (layer - eighth) % 3 == 2;
    case SHARED_4:
        return m->shared >= 4;
    }
    return false;
}

static const struct quant_format *fitting(enum quant_type type, uint64_t cols)
{
    static const enum quant_type instead[QUANT_TYPE_COUNT] = {
        [QUANT_Q2_K] = QUANT_IQ4_NL, [QUANT_Q3_K] = QUANT_IQ4_NL, [QUANT_Q4_K] = QUANT_Q5_0,
        [QUANT_Q5_K] = QUANT_Q5_1,   [QUANT_Q6_K] = QUANT_Q8_0,   [QUANT_IQ4_XS] = QUANT_IQ4_NL,
    };
    const struct quant_format *f = quant_format_of(type);
    if (cols % f->block == 0)
        return f;
    f = quant_format_of(instead[type]);
    return f->block > 1 && cols % f->block == 0 ? f : quant_format_of(QUANT_F16);
}

const struct quant_format *mix_format(const struct mix *m, const struct mix_model *model,
                                      struct str tensor, uint32_t dims, uint64_t cols)
{
    uint32_t layer;
    if (dims == 1)
        return quant_format_of(QUANT_F32);
    if (str_is(tensor, "output.weight") || (model->tied && str_is(tensor, "token_embd.weight")))
        return fitting(m->head, cols);
    if (!cut_layer(&tensor, &layer))
        return fitting(m->most, cols);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (&mixes[rules[i].mix] == m && str_is(tensor, part_names[rules[i].part]) &&
            applies(rules[i].where, model, layer))
            return fitting(rules[i].type, cols);
    return fitting(m->most, cols);
}
