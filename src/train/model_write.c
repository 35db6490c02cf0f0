// A decoder's weights as a GGUF model.
#include "train/model_write.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

static void write_shape(const struct nn_shape *s, const char *arch, struct gguf_writer *w)
{
    const struct {
        const char *name;
        uint32_t value;
    } counts[] = {{"block_count", s->L},          {"context_length", s->context},
                  {"embedding_length", s->C},     {"feed_forward_length", s->hidden},
                  {"attention.head_count", s->H}, {"attention.head_count_kv", s->H_kv},
                  {"attention.key_length", s->D}, {"attention.value_length", s->D},
                  {"rope.dimension_count", s->D}, {"vocab_size", s->V}};
    char key[GGUF_KEY_MAX + 1];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        snprintf(key, sizeof key, "%s.%s", arch, counts[i].name);
        gguf_write_u32(w, key, counts[i].value);
    }
    snprintf(key, sizeof key, "%s.attention.layer_norm_rms_epsilon", arch);
    gguf_write_f32(w, key, s->eps);
    snprintf(key, sizeof key, "%s.rope.freq_base", arch);
    gguf_write_f32(w, key, s->rope_base);
}

void model_write_keys(const struct model_write *m, struct gguf_writer *w)
{
    const char *arch = m->weights->shape.rope == NN_ROPE_PAIRS ? "llama" : "qwen2";
    gguf_write_string(w, "general.architecture", str_of(arch));
    gguf_write_string(w, "general.name", str_of(m->name));
    write_shape(&m->weights->shape, arch, w);
    for (size_t i = 0; i < gguf_key_count(m->tokenizer); i++)
        if (str_starts(gguf_key_at(m->tokenizer, i)->key, STR_LIT("tokenizer.")))
            gguf_write_copy(w, gguf_key_at(m->tokenizer, i));
}

// Formats of blocks need whole rows of them.
static const struct quant_format *format_of(const struct model_write *m, const struct nn_tensor *t)
{
    if (t->rows == 1)
        return quant_format_of(QUANT_F32);
    return t->cols % m->format->block ? quant_format_of(QUANT_F16) : m->format;
}

void model_write_names(const struct model_write *m, struct gguf_writer *w)
{
    for (size_t i = 0; i < m->weights->tensor_count; i++) {
        const struct nn_tensor *t = &m->weights->tensors[i];
        gguf_write_tensor(w, t->name, format_of(m, t), (uint64_t[]){t->cols, t->rows},
                          t->rows == 1 ? 1 : 2);
    }
}

enum err_code model_write_data(const struct model_write *m, struct gguf_writer *w, struct err *err)
{
    for (size_t i = 0; i < m->weights->tensor_count; i++) {
        const struct nn_tensor *t = &m->weights->tensors[i];
        const struct quant_format *f = format_of(m, t);
        size_t n = t->rows * t->cols, bytes = quant_bytes(f, n);
        void *blocks = malloc(bytes);
        if (!blocks)
            return err_set(err, ERR_NO_MEMORY, "out of memory for tensor '%s'", t->name);
        f->quantize(m->weights->w + t->at, blocks, n);
        gguf_write_data(w, blocks, bytes);
        free(blocks);
    }
    return ERR_OK;
}

enum err_code model_write(const struct model_write *m, const char *path, struct err *err)
{
    struct gguf_writer *w;
    enum err_code code = gguf_write_open(path, &w, err);
    if (code)
        return code;
    model_write_keys(m, w);
    model_write_names(m, w);
    code = model_write_data(m, w, err);
    if (code) {
        gguf_write_abandon(&w);
        return code;
    }
    return gguf_write_finish(&w, err);
}
