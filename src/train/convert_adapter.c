// Turns a PEFT folder (Hugging Face's LoRA) into an adapter in llama.cpp's layout.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llm/adapter.h"
#include "llm/gguf_write.h"
#include "train/convert.h"
#include "train/hf_config.h"
#include "train/hf_folder.h"

enum { PATH_BYTES = 4096 };

// One adapted matrix: A is rank x cols, B rows x rank.
struct pair {
    char name[GGUF_NAME_MAX + 1]; // of the base's tensor
    const struct safetensors_tensor *a, *b;
    uint32_t heads; // whose rows of B change from halves to pairs; 0: as they are
};

struct job {
    const struct convert_adapter *plan;
    struct hf_folder *folder;
    struct gguf *base;
    const struct hf_family *family;
    uint32_t H, H_kv;
    float alpha;
    struct pair *pairs;
    size_t count;
    const char *file; // the weights' path
    struct err *err;
};

static enum err_code read_config(struct job *j)
{
    static const char *const unsupported[] = {"use_dora", "fan_in_fan_out", "use_qalora"};
    const struct json_node *c;
    char where[PATH_BYTES];
    snprintf(where, sizeof where, "%s/adapter_config.json", j->plan->dir);
    enum err_code code = hf_folder_json(j->folder, "adapter_config.json", true, &c, j->err);
    if (code)
        return code;
    if (strcmp(json_get_text(c, "peft_type"), "LORA") != 0)
        return err_set(j->err, ERR_UNSUPPORTED, "%s: peft_type '%.32s' is not supported, LORA is",
                       where, json_get_text(c, "peft_type"));
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (json_get_bool(c, unsupported[i]))
            return err_set(j->err, ERR_UNSUPPORTED, "%s: %s is not supported", where,
                           unsupported[i]);
    const struct json_node *alphas = json_get(c, "alpha_pattern");
    const char *bias = json_get_text(c, "bias");
    if ((alphas && alphas->count) || (*bias && strcmp(bias, "none") != 0))
        return err_set(j->err, ERR_UNSUPPORTED, "%s: %s is not supported", where,
                       alphas && alphas->count ? "alpha_pattern" : "bias");
    double alpha = json_get_number(c, "lora_alpha"), rank = json_get_number(c, "r");
    if (!(alpha > 0 && alpha < 1e6) || !(rank >= 1 && rank <= ADAPTER_RANK_MAX))
        return err_set(
            j->err, ERR_INPUT,
            "%s: fields 'lora_alpha' and 'r': positive numbers are expected, r at most %d", where,
            ADAPTER_RANK_MAX);
    // Rank-stabilized LoRA multiplies by alpha / sqrt(r), the file's reader by alpha / r.
    if (json_get_bool(c, "use_rslora")) {
        const struct json_node *ranks = json_get(c, "rank_pattern");
        if (ranks && ranks->count)
            return err_set(j->err, ERR_UNSUPPORTED, "%s: use_rslora with rank_pattern", where);
        alpha *= sqrt(rank);
    }
    j->alpha = (float)alpha;
    return ERR_OK;
}

static enum err_code read_base(struct job *j)
{
    struct str arch;
    char key[GGUF_KEY_MAX];
    enum err_code code = gguf_open(j->plan->base, &j->base, j->err);
    if (code || (code = gguf_string(j->base, "general.architecture", &arch, j->err)))
        return code;
    j->family = hf_family_of(arch);
    if (!j->family)
        return err_set(j->err, ERR_UNSUPPORTED, "%s: adapters for '%.*s' are not converted",
                       j->plan->base, arch.n > 32 ? 32 : (int)arch.n, arch.p);
    snprintf(key, sizeof key, "%s.attention.head_count", j->family->arch);
    if ((code = gguf_u32(j->base, key, &j->H, j->err)))
        return code;
    j->H_kv = j->H;
    snprintf(key, sizeof key, "%s.attention.head_count_kv", j->family->arch);
    code = gguf_u32(j->base, key, &j->H_kv, j->err);
    return code == ERR_NOT_FOUND ? ERR_OK : code;
}

// "layers.7.self_attn.q_proj" as "blk.7.attn_q.weight"; false when it is none of the family's.
static bool rename_module(const struct job *j, struct str module, struct pair *p)
{
    struct str rest = module;
    uint64_t layer;
    if (str_is(module, "lm_head")) {
        snprintf(p->name, sizeof p->name, "output.weight");
        return true;
    }
    if (!str_is(str_cut(&rest, '.'), "model") || !str_is(str_cut(&rest, '.'), "layers") ||
        !str_to_u64(str_cut(&rest, '.'), &layer) || layer >= MODEL_LAYERS_MAX)
        return false;
    for (const struct hf_name *n = j->family->names; n->from; n++) {
        struct str from = str_of(n->from);
        if (n->cols == HF_ONE || from.n != rest.n + 7 || !str_starts(from, rest))
            continue; // 7: ".weight"
        snprintf(p->name, sizeof p->name, "blk.%u.%s", (unsigned)layer, n->to);
        p->heads = n->turn == HF_TURN_Q ? j->H : n->turn == HF_TURN_KV ? j->H_kv : 0;
        return true;
    }
    return false;
}

static bool is_matrix(const struct safetensors_tensor *t)
{
    return t && t->dims == 2 && t->format && t->count;
}

static enum err_code check_pair(const struct job *j, const struct pair *p)
{
    const struct gguf_tensor *t = gguf_find_tensor(j->base, p->name);
    if (!t)
        return err_set(j->err, ERR_INPUT, "%s: tensor '%.*s' belongs to %s, which %s lacks",
                       j->file, STR_ARG(p->a->name), p->name, j->plan->base);
    if (p->a->shape[1] != t->ne[0] || p->b->shape[0] != t->ne[1] ||
        p->a->shape[0] != p->b->shape[1] || p->a->shape[0] > ADAPTER_RANK_MAX)
        return err_set(j->err, ERR_INPUT,
                       "%s: tensor '%.*s' is %llu x %llu and its lora_B %llu x %llu, but %s of %s "
                       "is %llu x %llu",
                       j->file, STR_ARG(p->a->name), (unsigned long long)p->a->shape[0],
                       (unsigned long long)p->a->shape[1], (unsigned long long)p->b->shape[0],
                       (unsigned long long)p->b->shape[1], p->name, j->plan->base,
                       (unsigned long long)t->ne[1], (unsigned long long)t->ne[0]);
    return ERR_OK;
}

static enum err_code add_pair(struct job *j, const struct safetensors_tensor *a)
{
    static const struct str head = {"base_model.model.", 17};
    static const size_t tail = sizeof ".lora_A.weight" - 1;
    char other[SAFETENSORS_NAME_MAX + 1];
    struct pair *p = &j->pairs[j->count];
    struct str module = {a->name.p, a->name.n - tail};
    const char *file;
    if (str_starts(module, head))
        module = (struct str){module.p + head.n, module.n - head.n};
    if (!rename_module(j, module, p))
        return err_set(j->err, ERR_UNSUPPORTED, "%s: tensor '%.*s' adapts no matrix of %s", j->file,
                       STR_ARG(a->name), j->family->class);
    str_copy(other, sizeof other, a->name);
    other[a->name.n - tail + 6] = 'B';
    p->a = a;
    p->b = hf_folder_find(j->folder, other, &file);
    if (!is_matrix(p->a) || !is_matrix(p->b))
        return err_set(j->err, ERR_INPUT,
                       "%s: tensor '%s' is missing, or one of the two is no matrix of F32, F16 or "
                       "BF16",
                       j->file, other);
    j->count++;
    return check_pair(j, p);
}

static enum err_code add_all(struct job *j)
{
    enum err_code code = ERR_OK;
    size_t n = hf_folder_count(j->folder);
    j->pairs = calloc(n + 1, sizeof *j->pairs);
    if (!j->pairs)
        return err_set(j->err, ERR_NO_MEMORY, "%s: out of memory", j->plan->dir);
    for (size_t i = 0; i < n && !code; i++) {
        const struct safetensors_tensor *t = hf_folder_at(j->folder, i, &j->file);
        if (str_ends(t->name, STR_LIT(".lora_A.weight")))
            code = add_pair(j, t);
        else if (!str_ends(t->name, STR_LIT(".lora_B.weight")))
            code = err_set(j->err, ERR_UNSUPPORTED, "%s: tensor '%.*s' is no matrix of LoRA",
                           j->file, STR_ARG(t->name));
    }
    if (!code && (j->count == 0 || 2 * j->count != n))
        code = err_set(j->err, ERR_INPUT, "%s: %zu matrices A and %zu others; pairs are expected",
                       j->plan->dir, j->count, n - j->count);
    return code;
}

// Rows of B as the base's: see convert.c.
static enum err_code write_matrix(struct job *j, struct gguf_writer *w,
                                  const struct safetensors_tensor *t, uint32_t heads)
{
    size_t rows = (size_t)t->shape[0], cols = (size_t)t->shape[1], D = heads ? rows / heads : 1;
    float *row = malloc(cols * sizeof *row);
    if (!row)
        return err_set(j->err, ERR_NO_MEMORY, "out of memory for '%.*s'", STR_ARG(t->name));
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < rows && !code; i++) {
        size_t at = i % D, from = heads ? i - at + at % 2 * (D / 2) + at / 2 : i;
        t->format->dequantize(t->data + from * cols * t->format->bytes, row, cols);
        for (size_t k = 0; k < cols && !code; k++)
            if (!(fabsf(row[k]) <= FLT_MAX))
                code = err_set(j->err, ERR_CORRUPT,
                               "%s: tensor '%.*s' holds weights that are no "
                               "numbers",
                               j->file, STR_ARG(t->name));
        gguf_write_data(w, row, cols * sizeof *row);
    }
    free(row);
    return code;
}

static void declare(struct gguf_writer *w, const char *name, const char *part,
                    const struct safetensors_tensor *t)
{
    char full[GGUF_NAME_MAX + 16];
    snprintf(full, sizeof full, "%s.%s", name, part);
    gguf_write_tensor(w, full, quant_format_of(QUANT_F32), (uint64_t[]){t->shape[1], t->shape[0]},
                      2);
}

static enum err_code write_all(struct job *j, struct convert_result *result)
{
    struct gguf_writer *w;
    enum err_code code = gguf_write_open(j->plan->out, &w, j->err);
    if (code)
        return code;
    gguf_write_string(w, "general.architecture", str_of(j->family->arch));
    gguf_write_string(w, "general.type", STR_LIT("adapter"));
    gguf_write_string(w, "adapter.type", STR_LIT("lora"));
    gguf_write_f32(w, "adapter.lora.alpha", j->alpha);
    for (size_t i = 0; i < j->count; i++) {
        declare(w, j->pairs[i].name, "lora_a", j->pairs[i].a);
        declare(w, j->pairs[i].name, "lora_b", j->pairs[i].b);
        result->weights += j->pairs[i].a->count + j->pairs[i].b->count;
    }
    for (size_t i = 0; i < j->count && !code; i++)
        if (!(code = write_matrix(j, w, j->pairs[i].a, 0)))
            code = write_matrix(j, w, j->pairs[i].b, j->pairs[i].heads);
    if (code) {
        gguf_write_abandon(&w);
        return code;
    }
    result->arch = j->family->arch;
    result->tensors = 2 * j->count;
    result->bytes = result->weights * sizeof(float);
    return gguf_write_finish(&w, j->err);
}

enum err_code convert_adapter(const struct convert_adapter *plan, struct convert_result *result,
                              struct err *err)
{
    struct job j = {.plan = plan, .err = err};
    *result = (struct convert_result){0};
    enum err_code code = hf_folder_open(plan->dir, "adapter_model", &j.folder, err);
    if (!code && !(code = read_config(&j)) && !(code = read_base(&j)) && !(code = add_all(&j)))
        code = write_all(&j, result);
    hf_folder_close(&j.folder);
    gguf_close(&j.base);
    free(j.pairs);
    return code;
}
