// Turns a Hugging Face folder into a GGUF model: finds the tensors that it must have, no more.
#include "train/convert.h"

#include <stdio.h>
#include <stdlib.h>

#include "train/convert_private.h"

enum { PATH_BYTES = 4096 };

static const struct quant_format *format_for(const struct convert_job *j,
                                             const struct convert_item *i)
{
    const struct mix_model model = {
        .layers = j->config.L, .tied = j->config.tied, .shared = j->config.H / j->config.H_kv};
    if (i->cols == 1 || i->values)
        return quant_format_of(QUANT_F32);
    return j->mix ? mix_format(j->mix, &model, str_of(i->name), 2, i->cols) : i->from->format;
}

static enum err_code add_item(struct convert_job *j, const struct convert_item *item)
{
    if (j->count == j->cap) {
        size_t cap = j->cap ? 2 * j->cap : 128;
        struct convert_item *items = realloc(j->items, cap * sizeof *items);
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

static void mark_used(struct convert_job *j, const struct safetensors_tensor *t)
{
    const char *file;
    for (size_t i = 0; i < hf_folder_count(j->folder); i++)
        if (hf_folder_at(j->folder, i, &file) == t)
            j->used[i] = true;
}

static enum err_code add_tensor(struct convert_job *j, const char *from, const char *to,
                                uint32_t rows, uint32_t cols, uint32_t heads)
{
    struct convert_item i = {.rows = rows, .cols = cols, .heads = heads};
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

static enum err_code add_layer(struct convert_job *j, uint32_t layer)
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

static enum err_code add_values(struct convert_job *j, const char *name, const float *values)
{
    struct convert_item i = {.values = values, .rows = j->config.rope_dims / 2, .cols = 1};
    snprintf(i.name, sizeof i.name, "%s", name);
    return add_item(j, &i);
}

static enum err_code add_all(struct convert_job *j)
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
static bool is_needless(const struct convert_job *j, struct str name)
{
    return str_ends(name, STR_LIT("rotary_emb.inv_freq")) ||
           (j->config.tied && str_is(name, "lm_head.weight"));
}

static enum err_code check_left_over(const struct convert_job *j)
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

static enum err_code read_all(struct convert_job *j)
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

static enum err_code write_all(struct convert_job *j)
{
    convert_write_keys(j);
    return convert_write_tensors(j);
}

enum err_code convert_model(const struct convert_plan *plan, struct convert_result *result,
                            struct err *err)
{
    struct convert_job j = {.plan = plan, .result = result, .err = err};
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
