// Writes random low-rank adapters for a model, in llama.cpp's layout.
#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "kernels/half.h"
#include "llm/gguf_write.h"
#include "llm/synth.h"

static bool is_adapted(const struct gguf_tensor *t)
{
    return t->dims == 2 &&
           (str_starts(t->name, STR_LIT("blk.")) || str_is(t->name, "output.weight"));
}

static void declare(struct gguf_writer *w, const struct gguf_tensor *t, uint32_t rank)
{
    const struct quant_format *f = quant_format_of(QUANT_F16);
    char name[GGUF_NAME_MAX + 16];
    snprintf(name, sizeof name, "%.*s.lora_a", STR_ARG(t->name));
    gguf_write_tensor(w, name, f, (uint64_t[]){t->ne[0], rank}, 2);
    snprintf(name, sizeof name, "%.*s.lora_b", STR_ARG(t->name));
    gguf_write_tensor(w, name, f, (uint64_t[]){rank, t->ne[1]}, 2);
}

static void write_random(struct gguf_writer *w, struct rng *rng, uint64_t count, double spread)
{
    for (uint64_t i = 0; i < count; i++) {
        uint16_t half = half_from_float((float)(rng_normal(rng) * spread));
        gguf_write_data(w, &half, sizeof half);
    }
}

enum err_code synth_adapter_write(const struct synth_adapter *s, const char *path, struct err *err)
{
    struct gguf_writer *w;
    struct str arch;
    struct rng rng;
    enum err_code code = gguf_string(s->base, "general.architecture", &arch, err);
    if (!code)
        code = gguf_write_open(path, &w, err);
    if (code)
        return code;
    rng_seed(&rng, s->seed);
    gguf_write_string(w, "general.type", STR_LIT("adapter"));
    gguf_write_string(w, "general.architecture", arch);
    gguf_write_string(w, "adapter.type", STR_LIT("lora"));
    gguf_write_f32(w, "adapter.lora.alpha", s->alpha);
    for (size_t i = 0; i < gguf_tensor_count(s->base); i++)
        if (is_adapted(gguf_tensor_at(s->base, i)))
            declare(w, gguf_tensor_at(s->base, i), s->rank);
    for (size_t i = 0; i < gguf_tensor_count(s->base); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(s->base, i);
        if (!is_adapted(t))
            continue;
        write_random(w, &rng, t->ne[0] * s->rank, 1 / sqrt((double)t->ne[0]));
        write_random(w, &rng, t->ne[1] * s->rank, 1 / sqrt((double)s->rank));
    }
    return gguf_write_finish(&w, err);
}
