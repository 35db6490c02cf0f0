// Adapters as GGUF files.
#include "train/adapter_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/rows.h"
#include "llm/gguf_write.h"

enum err_code adapter_file_write(const struct nn_adapter *a, struct str arch, const char *name,
                                 const char *path, struct err *err)
{
    struct gguf_writer *w;
    enum err_code code = gguf_write_open(path, &w, err);
    if (code)
        return code;
    gguf_write_string(w, "general.architecture", arch);
    gguf_write_string(w, "general.type", STR_LIT("adapter"));
    gguf_write_string(w, "general.name", str_of(name));
    gguf_write_string(w, "adapter.type", STR_LIT("lora"));
    gguf_write_f32(w, "adapter.lora.alpha", a->scale * (float)a->rank);
    const struct quant_format *f = quant_format_of(QUANT_F32);
    for (size_t i = 0; i < a->w.tensor_count; i++) {
        const struct nn_tensor *t = &a->w.tensors[i];
        gguf_write_tensor(w, t->name, f, (uint64_t[]){t->cols, t->rows}, 2);
    }
    for (size_t i = 0; i < a->w.tensor_count; i++) {
        const struct nn_tensor *t = &a->w.tensors[i];
        gguf_write_data(w, a->w.w + t->at, t->rows * t->cols * sizeof(float));
    }
    return gguf_write_finish(&w, err);
}

static enum err_code check_architecture(const struct gguf *a, const struct gguf *base,
                                        struct err *err)
{
    struct str own = {"", 0}, other = {"", 0};
    struct err ignored;
    if (gguf_string(a, "general.architecture", &own, &ignored) ||
        gguf_string(base, "general.architecture", &other, &ignored) ||
        (own.n == other.n && memcmp(own.p, other.p, own.n) == 0))
        return ERR_OK;
    return err_set(err, ERR_INPUT, "%s adapts a model of architecture '%.*s', %s has '%.*s'",
                   gguf_name(a), STR_ARG(own), gguf_name(base), STR_ARG(other));
}

// Every tensor of the adapter must have its place in the base.
static enum err_code check_places(const struct gguf *a, const struct gguf *base, struct err *err)
{
    struct str type = {"", 0};
    (void)gguf_string(a, "adapter.type", &type, NULL);
    if (!str_is(type, "lora"))
        return err_set(err, ERR_INPUT, "%s: adapter.type is '%.*s', lora expected", gguf_name(a),
                       STR_ARG(type));
    for (size_t i = 0; i < gguf_tensor_count(a); i++) {
        struct str name = gguf_tensor_at(a, i)->name;
        char place[GGUF_NAME_MAX + 1];
        if (!str_ends(name, STR_LIT(".lora_a")) && !str_ends(name, STR_LIT(".lora_b")))
            return err_set(err, ERR_INPUT, "%s: tensor '%.*s' is no part of an adapter",
                           gguf_name(a), STR_ARG(name));
        str_copy(place, sizeof place, (struct str){name.p, name.n - 7});
        if (!gguf_find_tensor(base, place))
            return err_set(err, ERR_INPUT, "%s: '%.*s' has no place in %s", gguf_name(a),
                           STR_ARG(name), gguf_name(base));
    }
    return check_architecture(a, base, err);
}

enum err_code adapter_file_open(const char *path, const struct gguf *base, struct gguf **out,
                                struct err *err)
{
    *out = NULL;
    enum err_code code = gguf_open(path, out, err);
    if (!code)
        code = check_places(*out, base, err);
    if (code)
        gguf_close(out);
    return code;
}

static enum err_code scale_of(const struct gguf *adapter, size_t rank, float *scale,
                              struct err *err)
{
    float alpha = 0;
    enum err_code code = gguf_f32(adapter, "adapter.lora.alpha", &alpha, err);
    if (code && code != ERR_NOT_FOUND)
        return code;
    *scale = alpha > 0 ? alpha / (float)rank : 1;
    return ERR_OK;
}

enum err_code adapter_pair_read(const struct gguf *adapter, const struct gguf_tensor *t,
                                struct adapter_pair *p, struct err *err)
{
    char name[GGUF_NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s.lora_a",
             GGUF_NAME_MAX - 7 < (int)t->name.n ? GGUF_NAME_MAX - 7 : (int)t->name.n, t->name.p);
    const struct gguf_tensor *a = gguf_find_tensor(adapter, name);
    *p = (struct adapter_pair){0};
    if (!a)
        return ERR_OK;
    name[strlen(name) - 1] = 'b';
    const struct gguf_tensor *b = gguf_find_tensor(adapter, name);
    if (!b || a->ne[0] != t->ne[0] || b->ne[1] != t->ne[1] || a->ne[1] != b->ne[0])
        return err_set(err, ERR_INPUT, "%s: '%.*s' does not fit the base's '%.*s' of %llu x %llu",
                       gguf_name(adapter), STR_ARG(a->name), STR_ARG(t->name),
                       (unsigned long long)t->ne[1], (unsigned long long)t->ne[0]);
    enum err_code code = scale_of(adapter, (size_t)a->ne[1], &p->scale, err);
    if (code)
        return code;
    p->a = malloc((size_t)(a->count + b->count) * sizeof *p->a);
    if (!p->a)
        return err_set(err, ERR_NO_MEMORY, "out of memory for '%.*s'", STR_ARG(a->name));
    p->b = p->a + a->count;
    p->rank = (size_t)a->ne[1];
    p->cols = (size_t)t->ne[0];
    a->format->dequantize(a->data, p->a, (size_t)a->count);
    b->format->dequantize(b->data, p->b, (size_t)b->count);
    return ERR_OK;
}

void adapter_pair_add(const struct adapter_pair *p, float scale, size_t first, size_t rows,
                      float *x)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < p->rank; k++)
            rows_add_scaled(p->a + k * p->cols, p->cols,
                            scale * p->scale * p->b[(first + r) * p->rank + k], x + r * p->cols);
}

void adapter_pair_free(struct adapter_pair *p)
{
    free(p->a);
    *p = (struct adapter_pair){0};
}
