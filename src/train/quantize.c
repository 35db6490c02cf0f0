// A model's tensors, one after another, into other formats.
#include "train/quantize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "llm/gguf_write.h"
#include "nn/work.h"

enum { ROWS = 16 }; // of a matrix at once

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

static const struct mix {
    const char *name;
    enum quant_type most, better, head;
} mixes[] = {
#define X(name, most, better, head) {name, QUANT_##most, QUANT_##better, QUANT_##head},
    MIXES(X)
#undef X
};

struct job {
    const struct quantize_plan *plan;
    const struct mix *mix;
    const struct gguf *in;
    struct gguf_writer *out;
    struct nn_work work;
    uint32_t layers;
    bool tied;
    double squares, differences; // over all changed tensors
    struct quantize_result *result;
};

const char *quantize_mix_name(size_t i)
{
    return i < sizeof mixes / sizeof *mixes ? mixes[i].name : NULL;
}

static bool gets_more_bits(uint32_t layer, uint32_t layers)
{
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

// The layer of "blk.7.ffn_down.weight"; false when it is none.
static bool layer_of(struct str name, uint32_t *layer)
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

static const struct quant_format *format_for(const struct job *j, const struct gguf_tensor *t)
{
    uint32_t layer;
    if (t->dims == 1)
        return quant_format_of(QUANT_F32);
    enum quant_type type = j->mix->most;
    if (str_is(t->name, "output.weight") || (j->tied && str_is(t->name, "token_embd.weight")))
        type = j->mix->head;
    else if ((str_ends(t->name, STR_LIT("attn_v.weight")) ||
              str_ends(t->name, STR_LIT("ffn_down.weight"))) &&
             layer_of(t->name, &layer) && gets_more_bits(layer, j->layers))
        type = j->mix->better;
    return fitting(type, t->ne[0]);
}

struct rows {
    const struct gguf_tensor *t;
    const struct quant_format *to;
    unsigned char *blocks;
    float *floats;   // of each thread: two pieces
    double *squares; // of each piece: of the weights, of the differences
};

static void convert_rows(void *arg, unsigned thread, size_t from, size_t to)
{
    const struct rows *r = arg;
    size_t cols = (size_t)r->t->ne[0], n = (to - from) * cols;
    float *x = r->floats + thread * 2 * ROWS * cols, *y = x + ROWS * cols;
    unsigned char *blocks = r->blocks + quant_bytes(r->to, from * cols);
    r->t->format->dequantize(r->t->data + quant_bytes(r->t->format, from * cols), x, n);
    r->to->quantize(x, blocks, n);
    r->to->dequantize(blocks, y, n);
    double *sums = r->squares + from / ROWS * 2;
    for (size_t i = 0; i < n; i++) {
        double off = (double)x[i] - (double)y[i];
        sums[0] += (double)x[i] * (double)x[i];
        sums[1] += off * off;
    }
}

static enum err_code convert(struct job *j, const struct gguf_tensor *t, struct err *err)
{
    size_t cols = (size_t)t->ne[0], count = (size_t)(t->count / t->ne[0]);
    size_t pieces = (count + ROWS - 1) / ROWS;
    struct rows r = {.t = t, .to = format_for(j, t)};
    size_t bytes = quant_bytes(r.to, t->count);
    r.blocks = malloc(bytes);
    r.floats = calloc((size_t)j->plan->threads * 2 * ROWS * cols, sizeof *r.floats);
    r.squares = calloc(2 * pieces, sizeof *r.squares);
    enum err_code code = ERR_OK;
    double squares = 0, differences = 0;
    if (!r.blocks || !r.floats || !r.squares) {
        code = err_set(err, ERR_NO_MEMORY, "out of memory for tensor '%.*s'", STR_ARG(t->name));
    } else {
        nn_split(&j->work, count, ROWS, convert_rows, &r);
        for (size_t i = 0; i < pieces; i++) {
            squares += r.squares[2 * i];
            differences += r.squares[2 * i + 1];
        }
        if (!isfinite(squares))
            code = err_set(err, ERR_INPUT, "%s: tensor '%.*s' has weights that are no numbers",
                           gguf_name(j->in), STR_ARG(t->name));
    }
    if (!code) {
        gguf_write_data(j->out, r.blocks, bytes);
        struct quantize_tensor done = {.name = t->name,
                                       .from = t->format->name,
                                       .to = r.to->name,
                                       .weights = t->count,
                                       .bytes_before = t->bytes,
                                       .bytes_after = bytes,
                                       .error = squares > 0 ? sqrt(differences / squares) : 0};
        j->squares += squares;
        j->differences += differences;
        j->result->bytes_before += t->bytes;
        j->result->bytes_after += bytes;
        if (j->plan->each && !j->plan->each(j->plan->arg, &done))
            code = err_set(err, ERR_CANCELLED, "stopped; nothing was written");
    }
    free(r.blocks);
    free(r.floats);
    free(r.squares);
    return code;
}

static void write_keys(struct job *j)
{
    for (size_t i = 0; i < gguf_key_count(j->in); i++) {
        const struct gguf_value *v = gguf_key_at(j->in, i);
        if (!str_is(v->key, "general.file_type") && !str_is(v->key, "general.quantization_version"))
            gguf_write_copy(j->out, v);
    }
    gguf_write_u32(j->out, "general.quantization_version", 2);
}

static void count_layers(struct job *j)
{
    j->tied = !gguf_find_tensor(j->in, "output.weight");
    for (size_t i = 0; i < gguf_tensor_count(j->in); i++) {
        uint32_t layer;
        if (layer_of(gguf_tensor_at(j->in, i)->name, &layer) && layer >= j->layers)
            j->layers = layer + 1;
    }
}

static enum err_code write_all(struct job *j, struct err *err)
{
    enum err_code code = ERR_OK;
    char name[GGUF_NAME_MAX + 1];
    write_keys(j);
    for (size_t i = 0; i < gguf_tensor_count(j->in); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(j->in, i);
        str_copy(name, sizeof name, t->name);
        gguf_write_tensor(j->out, name, format_for(j, t), t->ne, t->dims);
    }
    for (size_t i = 0; i < gguf_tensor_count(j->in) && !code; i++)
        code = convert(j, gguf_tensor_at(j->in, i), err);
    return code;
}

enum err_code quantize_model(const struct quantize_plan *plan, struct quantize_result *result,
                             struct err *err)
{
    struct job j = {.plan = plan, .result = result};
    struct gguf *in;
    *result = (struct quantize_result){0};
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++)
        if (strcasecmp(plan->mix, mixes[i].name) == 0)
            j.mix = &mixes[i];
    if (!j.mix)
        return err_set(err, ERR_NOT_FOUND, "no weight format or mix is called '%s'", plan->mix);
    enum err_code code = gguf_open(plan->in, &in, err);
    if (code)
        return code;
    j.in = in;
    count_layers(&j);
    code = nn_work_open(plan->threads, GEMM_F32, &j.work, err);
    if (!code)
        code = gguf_write_open(plan->out, &j.out, err);
    if (!code)
        code = write_all(&j, err);
    if (!code)
        code = gguf_write_finish(&j.out, err);
    else if (j.out)
        gguf_write_abandon(&j.out);
    result->error = j.squares > 0 ? sqrt(j.differences / j.squares) : 0;
    nn_work_close(&j.work);
    gguf_close(&in);
    return code;
}
