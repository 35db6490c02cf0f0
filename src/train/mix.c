// Mixes of weight formats: which tensor of a model gets which.
#include "train/mix.h"

#include <strings.h>

#include "base/buf.h"

// X(mix, most matrices, values and down-projections where bits matter most, the head). The choice
// of layers and of the head's format is llama.cpp's.
#define MIXES(X)                                                                                   \
    X("F32", F32, F32, F32)                                                                        \
    X("F16", F16, F16, F16)                                                                        \
    X("BF16", BF16, BF16, BF16)                                                                    \
    X("Q8_0", Q8_0, Q8_0, Q8_0)                                                                    \
    X("Q6_K", Q6_K, Q6_K, Q6_K)                                                                    \
    X("Q5_K", Q5_K, Q5_K, Q6_K)                                                                    \
    X("Q5_K_M", Q5_K, Q6_K, Q6_K)                                                                  \
    X("Q4_K", Q4_K, Q4_K, Q6_K)                                                                    \
    X("Q4_K_M", Q4_K, Q6_K, Q6_K)                                                                  \
    X("Q4_0", Q4_0, Q4_0, Q6_K)                                                                    \
    X("IQ4_NL", IQ4_NL, IQ4_NL, Q6_K)

struct mix {
    const char *name;
    enum quant_type most, better, head;
};

static const struct mix mixes[] = {
#define X(name, most, better, head) {name, QUANT_##most, QUANT_##better, QUANT_##head},
    MIXES(X)
#undef X
};

enum err_code mix_find(const char *name, const struct mix **out, struct err *err)
{
    struct buf names = {0};
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        if (strcasecmp(name, mixes[i].name) == 0) {
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

static bool gets_more_bits(uint32_t layer, uint32_t layers)
{
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

bool mix_layer_of(struct str name, uint32_t *layer)
{
    uint64_t number;
    struct str prefix = str_cut(&name, '.'), digits = str_cut(&name, '.');
    if (!str_is(prefix, "blk") || !str_to_u64(digits, &number) || number > UINT32_MAX)
        return false;
    *layer = (uint32_t)number;
    return true;
}

static const struct quant_format *fitting(enum quant_type type, uint64_t cols)
{
    static const enum quant_type instead[QUANT_TYPE_COUNT] = {
        [QUANT_Q4_K] = QUANT_Q5_0, [QUANT_Q5_K] = QUANT_Q5_1, [QUANT_Q6_K] = QUANT_Q8_0};
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
    enum quant_type type = m->most;
    if (str_is(tensor, "output.weight") || (model->tied && str_is(tensor, "token_embd.weight")))
        type = m->head;
    else if ((str_ends(tensor, STR_LIT("attn_v.weight")) ||
              str_ends(tensor, STR_LIT("ffn_down.weight"))) &&
             mix_layer_of(tensor, &layer) && gets_more_bits(layer, model->layers))
        type = m->better;
    return fitting(type, cols);
}
