// Turns a Hugging Face folder into a GGUF model: keys, then tensor after tensor.
#include "train/convert.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/work.h"
#include "train/hf_config.h"
#include "train/hf_vocabulary.h"
#include "train/mix.h"

enum {
    ROWS = 16,       // of a matrix that a thread takes at once
    CHUNK = 1 << 22, // weights between two writes
    PATH_BYTES = 4096,
};

static const float f16_max = 65504;

// A tensor to write: from the folder, or values that are at hand.
struct item {
    char name[GGUF_NAME_MAX + 1];
    const struct safetensors_tensor *from;
    const char *file;
    const float *values;
    uint32_t rows, cols;
    uint32_t heads; // whose rows change from halves to pairs; 0: as they are
    const struct quant_format *to;
};

struct job {
    const struct convert_plan *plan;
    struct convert_result *result;
    struct hf_folder *folder;
    struct hf_config config;
    struct hf_vocabulary vocabulary;
    const struct mix *mix; // NULL: as they are
    struct item *items;
    size_t count, cap;
    bool *used; // of the folder's tensors
    struct nn_work work;
    struct gguf_writer *out;
    uint64_t weights, done;
    struct err *err;
};

// ---- which tensors ----

static const struct quant_format *format_for(const struct job *j, const struct item *i)
{
    const struct mix_model model = {
        .layers = j->config.L, .tied = j->config.tied, .shared = j->config.H / j->config.H_kv};
    if (i->cols == 1 || i->values)
        return quant_format_of(QUANT_F32);
    return j->mix ? mix_format(j->mix, &model, str_of(i->name), 2, i->cols) : i->from->format;
}

static enum err_code add_item(struct job *j, const struct item *item)
{
    if (j->count == j->cap) {
        size_t cap = j->cap ? 2 * j->cap : 128;
        struct item *items = realloc(j->items, cap * sizeof *items);
        if (!items)
            return err_set(j->err, ERR_NO_MEMORY, "out of memory for %zu tensors", cap);
        j->items = items;
        j->cap = cap;
    }
    j->items[j->count] = *item;
    j->items[j->count].to = format_for(j, item);
    j->weights += (uint64_t)item->rows * item->cols;
    j->count++;
    return ERR_OK;
}

static void mark_used(struct job *j, const struct safetensors_tensor *t)
{
    const char *file;
    for (size_t i = 0; i < hf_folder_count(j->folder); i++)
        if (hf_folder_at(j->folder, i, &file) == t)
            j->used[i] = true;
}

static enum err_code add_tensor(struct job *j, const char *from, const char *to, uint32_t rows,
                                uint32_t cols, uint32_t heads)
{
    struct item i = {.rows = rows, .cols = cols, .heads = heads};
    snprintf(i.name, sizeof i.name, "%s", to);
    const struct safetensors_tensor *t = i.from = hf_folder_find(j->folder, from, &i.file);
    if (!t)
        return err_set(j->err, ERR_INPUT, "%s: tensor '%s' is missing", hf_folder_path(j->folder),
                       from);
    if (t->dims != (cols == 1 ? 1 : 2) || t->shape[0] != rows || t->shape[1] != cols)
        return err_set(j->err, ERR_INPUT,
                       "%s: tensor '%s' has %u dimensions, %llu x %llu; config.json asks for "
                       "%u x %u",
                       i.file, from, t->dims, (unsigned long long)t->shape[0],
                       (unsigned long long)t->shape[1], rows, cols);
    if (!t->format)
        return err_set(j->err, ERR_UNSUPPORTED,
                       "%s: tensor '%s' is in %s; F32, F16 and BF16 are read", i.file, from,
                       t->dtype);
    mark_used(j, t);
    return add_item(j, &i);
}

static enum err_code add_layer(struct job *j, uint32_t layer)
{
    char from[SAFETENSORS_NAME_MAX + 1], to[GGUF_NAME_MAX + 1];
    const struct hf_config *c = &j->config;
    enum err_code code = ERR_OK;
    for (const struct hf_name *n = c->family->names; n->from && !code; n++) {
        snprintf(from, sizeof from, "model.layers.%u.%s", layer, n->from);
        snprintf(to, sizeof to, "blk.%u.%s", layer, n->to);
        uint32_t heads = n->turn == HF_TURN_Q ? c->H : n->turn == HF_TURN_KV ? c->H_kv : 0;
        code =
            add_tensor(j, from, to, hf_config_size(c, n->rows), hf_config_size(c, n->cols), heads);
    }
    return code;
}

static enum err_code add_values(struct job *j, const char *name, const float *values)
{
    struct item i = {.values = values, .rows = j->config.rope_dims / 2, .cols = 1};
    snprintf(i.name, sizeof i.name, "%s", name);
    return add_item(j, &i);
}

static enum err_code add_all(struct job *j)
{
    const struct hf_config *c = &j->config;
    enum err_code code;
    if ((code = add_tensor(j, "model.embed_tokens.weight", "token_embd.weight", c->V, c->C, 0)) ||
        (code = add_tensor(j, "model.norm.weight", "output_norm.weight", c->C, 1, 0)) ||
        (!c->tied && (code = add_tensor(j, "lm_head.weight", "output.weight", c->V, c->C, 0))) ||
        (c->has_rope_freqs && (code = add_values(j, "rope_freqs.weight", c->rope_freqs))) ||
        (c->has_rope_factors &&
         ((code = add_values(j, "rope_factors_long.weight", c->rope_long)) ||
          (code = add_values(j, "rope_factors_short.weight", c->rope_short)))))
        return code;
    for (uint32_t layer = 0; layer < c->L && !code; layer++)
        code = add_layer(j, layer);
    return code;
}

// Tensors that are known to say nothing new.
static bool is_needless(const struct job *j, struct str name)
{
    return str_ends(name, STR_LIT("rotary_emb.inv_freq")) ||
           (j->config.tied && str_is(name, "lm_head.weight"));
}

static enum err_code check_left_over(const struct job *j)
{
    const char *file;
    for (size_t i = 0; i < hf_folder_count(j->folder); i++) {
        const struct safetensors_tensor *t = hf_folder_at(j->folder, i, &file);
        if (!j->used[i] && !is_needless(j, t->name))
            return err_set(j->err, ERR_UNSUPPORTED,
                           "%s: tensor '%.*s' has no place in a model of %s", file,
                           STR_ARG(t->name), j->config.family->class);
    }
    return ERR_OK;
}

// ---- keys ----

static void key_u32(const struct job *j, const char *name, uint32_t v)
{
    char key[GGUF_KEY_MAX];
    snprintf(key, sizeof key, "%s.%s", j->config.family->arch, name);
    gguf_write_u32(j->out, key, v);
}

static void key_f32(const struct job *j, const char *name, float v)
{
    char key[GGUF_KEY_MAX];
    snprintf(key, sizeof key, "%s.%s", j->config.family->arch, name);
    gguf_write_f32(j->out, key, v);
}

static void write_rope(const struct job *j)
{
    const struct hf_config *c = &j->config;
    char key[GGUF_KEY_MAX];
    key_u32(j, "rope.dimension_count", c->rope_dims);
    key_f32(j, "rope.freq_base", c->rope_base);
    if (c->linear_factor > 0) {
        snprintf(key, sizeof key, "%s.rope.scaling.type", c->family->arch);
        gguf_write_string(j->out, key, STR_LIT("linear"));
        key_f32(j, "rope.scaling.factor", c->linear_factor);
    }
    if (c->rope_original) {
        key_u32(j, "rope.scaling.original_context_length", c->rope_original);
        key_f32(j, "rope.scaling.attn_factor", c->rope_amplitude);
    }
    if (c->sliding_window)
        key_u32(j, "attention.sliding_window", c->sliding_window);
}

// The folder's last name.
static struct str name_of(const char *dir)
{
    struct str s = str_of(dir);
    while (s.n > 1 && s.p[s.n - 1] == '/')
        s.n--;
    const char *slash = memrchr(s.p, '/', s.n);
    return slash && s.n > 1 ? (struct str){slash + 1, (size_t)(s.p + s.n - slash - 1)} : s;
}

// "license: apache-2.0" at the head of the model card.
static void write_licence(const struct job *j)
{
    struct buf card = {0};
    if (hf_folder_has(j->folder, "README.md") &&
        hf_folder_read(j->folder, "README.md", &card, NULL) == ERR_OK &&
        str_starts(buf_str(&card), STR_LIT("---\n"))) {
        struct str rest = {card.p + 4, card.n - 4}, line;
        while (rest.n && !str_is(line = str_trim(str_cut(&rest, '\n')), "---"))
            if (str_starts(line, STR_LIT("license: "))) {
                line = str_trim((struct str){line.p + 9, line.n - 9});
                if (line.n && line.n < 128 && str_is_utf8(line))
                    gguf_write_string(j->out, "general.license", line);
                break;
            }
    }
    buf_free(&card);
}

static void write_keys(const struct job *j)
{
    const struct hf_config *c = &j->config;
    gguf_write_string(j->out, "general.architecture", str_of(c->family->arch));
    gguf_write_string(j->out, "general.type", STR_LIT("model"));
    gguf_write_string(j->out, "general.name", name_of(j->plan->dir));
    write_licence(j);
    if (j->mix)
        gguf_write_u32(j->out, "general.file_type", mix_file_type(j->mix));
    gguf_write_u32(j->out, "general.quantization_version", 2);
    key_u32(j, "block_count", c->L);
    key_u32(j, "context_length", c->context);
    key_u32(j, "embedding_length", c->C);
    key_u32(j, "feed_forward_length", c->hidden);
    key_u32(j, "attention.head_count", c->H);
    key_u32(j, "attention.head_count_kv", c->H_kv);
    key_u32(j, "attention.key_length", c->D);
    key_u32(j, "attention.value_length", c->D);
    key_u32(j, "vocab_size", c->V);
    key_f32(j, "attention.layer_norm_rms_epsilon", c->eps);
    write_rope(j);
    hf_vocabulary_write(&j->vocabulary, j->out);
}

// ---- data ----

struct rows {
    const struct item *item;
    size_t first; // row of this chunk
    unsigned char *blocks;
    float *floats; // of each thread
    bool *bad;     // of each piece: a weight that is no number, or too large
};

// In GGUF's llama, dimensions 2i and 2i + 1 of a head turn together; in the folder i and i + D / 2.
static size_t source_row(const struct item *i, size_t row)
{
    if (!i->heads)
        return row;
    size_t D = i->rows / i->heads, at = row % D;
    return row - at + at % 2 * (D / 2) + at / 2;
}

static void convert_rows(void *arg, unsigned thread, size_t from, size_t to)
{
    const struct rows *r = arg;
    const struct item *item = r->item;
    const struct quant_format *f = item->from->format;
    size_t cols = item->cols, n = (to - from) * cols;
    float *x = r->floats + thread * ROWS * cols;
    float most = item->to->type == QUANT_F16 ? f16_max : FLT_MAX;
    for (size_t i = from; i < to; i++)
        f->dequantize(item->from->data + source_row(item, r->first + i) * cols * f->bytes,
                      x + (i - from) * cols, cols);
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(x[i]) <= most))
            r->bad[from / ROWS] = true;
    item->to->quantize(x, r->blocks + quant_bytes(item->to, from * cols), n);
}

// Tells how far the work is.
static enum err_code advance(struct job *j, uint64_t weights)
{
    j->done += weights;
    if (j->plan->each && !j->plan->each(j->plan->arg, j->done, j->weights))
        return err_set(j->err, ERR_CANCELLED, "stopped; nothing was written");
    return ERR_OK;
}

static enum err_code write_values(struct job *j, const struct item *i)
{
    gguf_write_data(j->out, i->values, i->rows * sizeof *i->values);
    return advance(j, i->rows);
}

static enum err_code write_chunk(struct job *j, struct rows *r, size_t rows)
{
    const struct item *i = r->item;
    size_t pieces = (rows + ROWS - 1) / ROWS;
    memset(r->bad, 0, pieces * sizeof *r->bad);
    nn_split(&j->work, rows, ROWS, convert_rows, r);
    for (size_t k = 0; k < pieces; k++)
        if (r->bad[k])
            return err_set(j->err, ERR_CORRUPT,
                           "%s: tensor '%.*s' holds weights that are no numbers, or too large "
                           "for %s",
                           i->file, STR_ARG(i->from->name), i->to->name);
    gguf_write_data(j->out, r->blocks, quant_bytes(i->to, (uint64_t)rows * i->cols));
    return advance(j, (uint64_t)rows * i->cols);
}

static enum err_code write_matrix(struct job *j, const struct item *i)
{
    size_t all = (size_t)i->rows, most = (CHUNK / (size_t)i->cols / ROWS + 1) * ROWS;
    most = most < all ? most : all;
    size_t bytes = quant_bytes(i->to, (uint64_t)most * i->cols);
    struct rows r = {.item = i};
    enum err_code code = ERR_OK;
    r.blocks = malloc(bytes);
    r.floats = calloc((size_t)j->plan->threads * ROWS * i->cols, sizeof *r.floats);
    r.bad = calloc((most + ROWS - 1) / ROWS, sizeof *r.bad);
    if (!bytes || !r.blocks || !r.floats || !r.bad)
        code = err_set(j->err, ERR_NO_MEMORY, "out of memory for tensor '%s'", i->name);
    for (; r.first < all && !code; r.first += most)
        code = write_chunk(j, &r, all - r.first < most ? all - r.first : most);
    free(r.blocks);
    free(r.floats);
    free(r.bad);
    return code;
}

static enum err_code write_all(struct job *j)
{
    enum err_code code = ERR_OK;
    write_keys(j);
    for (size_t k = 0; k < j->count; k++) {
        const struct item *i = &j->items[k];
        uint64_t vector[] = {i->rows}, matrix[] = {i->cols, i->rows};
        gguf_write_tensor(j->out, i->name, i->to, i->cols == 1 ? vector : matrix,
                          i->cols == 1 ? 1 : 2);
        j->result->bytes += quant_bytes(i->to, (uint64_t)i->rows * i->cols);
    }
    for (size_t k = 0; k < j->count && !code; k++) {
        const struct item *i = &j->items[k];
        code = i->values ? write_values(j, i) : write_matrix(j, i);
    }
    return code;
}

static enum err_code read_all(struct job *j)
{
    const struct json_node *config;
    char where[PATH_BYTES];
    enum err_code code = hf_folder_open(j->plan->dir, "model", &j->folder, j->err);
    if (code || (code = hf_folder_json(j->folder, "config.json", true, &config, j->err)))
        return code;
    snprintf(where, sizeof where, "%s/config.json", j->plan->dir);
    if ((code = hf_config_read(config, where, &j->config, j->err)) ||
        (code = hf_vocabulary_read(j->folder, j->config.V, &j->vocabulary, j->err)))
        return code;
    j->used = calloc(hf_folder_count(j->folder) + 1, sizeof *j->used);
    if (!j->used)
        return err_set(j->err, ERR_NO_MEMORY, "%s: out of memory", j->plan->dir);
    code = add_all(j);
    return code ? code : check_left_over(j);
}

enum err_code convert_model(const struct convert_plan *plan, struct convert_result *result,
                            struct err *err)
{
    struct job j = {.plan = plan, .result = result, .err = err};
    *result = (struct convert_result){0};
    enum err_code code = plan->type ? mix_find(plan->type, &j.mix, err) : ERR_OK;
    if (!code)
        code = read_all(&j);
    if (!code && !(code = nn_work_open(plan->threads, GEMM_F32, &j.work, err)) &&
        !(code = gguf_write_open(plan->out, &j.out, err)))
        code = write_all(&j);
    if (!code)
        code = gguf_write_finish(&j.out, err);
    else if (j.out)
        gguf_write_abandon(&j.out);
    if (!code) {
        result->arch = j.config.family->arch;
        result->tensors = j.count;
        result->weights = j.weights;
        result->tokens = j.vocabulary.n;
    }
    nn_work_close(&j.work);
    hf_vocabulary_close(&j.vocabulary);
    hf_folder_close(&j.folder);
    free(j.items);
    free(j.used);
    return code;
}
