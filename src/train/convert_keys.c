// The keys of a converted model, from config.json, the vocabulary and the model card.
#include <stdio.h>
#include <string.h>

#include "train/convert_private.h"

static void key_u32(const struct convert_job *j, const char *name, uint32_t v)
{
    char key[GGUF_KEY_MAX];
    snprintf(key, sizeof key, "%s.%s", j->config.family->arch, name);
    gguf_write_u32(j->out, key, v);
}

static void key_f32(const struct convert_job *j, const char *name, float v)
{
    char key[GGUF_KEY_MAX];
    snprintf(key, sizeof key, "%s.%s", j->config.family->arch, name);
    gguf_write_f32(j->out, key, v);
}

static void write_rope(const struct convert_job *j)
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
static void write_licence(const struct convert_job *j)
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

void convert_write_keys(const struct convert_job *j)
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
