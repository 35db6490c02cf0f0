// fettle model info: what is in a GGUF file, without loading its weights.
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "cli/model.h"
#include "llm/chat_template.h"
#include "llm/gguf.h"
#include "llm/model.h"

struct info {
    const char *path;
    struct gguf *file;
    struct str name, arch;
    uint32_t context, layers, width, heads, kv_heads, key_size, hidden;
    uint64_t parameters, weight_bytes, tensors;
    uint64_t mix_weights[QUANT_TYPE_COUNT], mix_bytes[QUANT_TYPE_COUNT];
    struct tokenizer *tokenizer; // NULL: see tokenizer_error
    struct err tokenizer_error;
    bool runs; // else: see model_error
    struct err model_error;
    struct chat_template *chat; // NULL: see chat_error
    struct err chat_error;
    uint64_t kv_bytes; // of `at` positions, in halves
    uint32_t at;
};

static uint32_t number(const struct info *i, const char *key)
{
    char full[128];
    struct buf text = {0};
    uint32_t value = 0;
    buf_printf(&text, "%.*s.%s", STR_ARG(i->arch), key);
    if (text.p && str_copy(full, sizeof full, buf_str(&text)))
        gguf_u32(i->file, full, &value, NULL);
    buf_free(&text);
    return value;
}

static void read_shape(struct info *i)
{
    gguf_string(i->file, "general.name", &i->name, NULL);
    gguf_string(i->file, "general.architecture", &i->arch, NULL);
    i->context = number(i, "context_length");
    i->layers = number(i, "block_count");
    i->width = number(i, "embedding_length");
    i->hidden = number(i, "feed_forward_length");
    i->heads = number(i, "attention.head_count");
    i->kv_heads = number(i, "attention.head_count_kv");
    i->key_size = number(i, "attention.key_length");
    if (i->kv_heads == 0)
        i->kv_heads = i->heads;
    if (i->key_size == 0 && i->heads)
        i->key_size = i->width / i->heads;
    i->at = model_options.context ? (uint32_t)model_options.context : i->context;
    i->kv_bytes = (uint64_t)i->at * i->layers * i->kv_heads * i->key_size * 2 * 2;
}

static void count_tensors(struct info *i)
{
    i->tensors = gguf_tensor_count(i->file);
    for (size_t k = 0; k < i->tensors; k++) {
        const struct gguf_tensor *t = gguf_tensor_at(i->file, k);
        i->parameters += t->count;
        i->weight_bytes += t->bytes;
        i->mix_weights[t->format->type] += t->count;
        i->mix_bytes[t->format->type] += t->bytes;
    }
}

static enum err_code info_open(struct info *i, const char *path, struct err *err)
{
    *i = (struct info){.path = path};
    enum err_code code = gguf_open(path, &i->file, err);
    if (code)
        return code;
    read_shape(i);
    count_tensors(i);
    i->runs = model_check(i->file, &i->model_error) == ERR_OK;
    if (tokenizer_open(i->file, &i->tokenizer, &i->tokenizer_error) == ERR_OK)
        chat_template_open(i->file, i->tokenizer, &i->chat, &i->chat_error);
    return ERR_OK;
}

static void info_close(struct info *i)
{
    chat_template_close(&i->chat);
    tokenizer_close(&i->tokenizer);
    gguf_close(&i->file);
}

static void write_number(struct buf *out, const char *before, uint32_t n)
{
    if (n)
        buf_printf(out, "%s%u", before, n);
    else
        buf_printf(out, "%s?", before);
}

static void write_shape(const struct info *i, struct buf *out)
{
    buf_printf(out, "architecture  %.*s", STR_ARG(i->arch));
    write_number(out, ": ", i->layers);
    write_number(out, " layers of ", i->width);
    write_number(out, ", ", i->heads);
    write_number(out, " heads of ", i->key_size);
    write_number(out, " (", i->kv_heads);
    buf_add_z(out, " for keys and values)\n");
}

static void write_text(const struct info *i, struct buf *out)
{
    buf_printf(out, "%s: GGUF %u, %.1f MB\n", i->path, gguf_version(i->file),
               (double)gguf_file_bytes(i->file) / 1e6);
    if (i->name.n)
        buf_printf(out, "name          %.*s\n", STR_ARG(i->name));
    write_shape(i, out);
    buf_printf(out, "parameters    %.3f G in %llu tensors\n", (double)i->parameters / 1e9,
               (unsigned long long)i->tensors);
    buf_printf(out, "weights       %.1f MB:", (double)i->weight_bytes / 1e6);
    for (int t = 0; t < QUANT_TYPE_COUNT; t++)
        if (i->mix_weights[t])
            buf_printf(out, " %s %.1f %%", quant_format_of((enum quant_type)t)->name,
                       100.0 * (double)i->mix_bytes[t] / (double)i->weight_bytes);
    write_number(out, "\ncontext       ", i->context);
    buf_add_z(out, " tokens\n");
    buf_printf(
        out, "memory        %.1f MB of weights and %.1f MB for %u tokens (f16; q8_0 takes 53 %%)\n",
        (double)i->weight_bytes / 1e6, (double)i->kv_bytes / 1e6, i->at);
    if (i->tokenizer)
        buf_printf(out, "tokenizer     %s, %u tokens\n", tokenizer_kind(i->tokenizer),
                   tokenizer_count(i->tokenizer));
    else
        buf_printf(out, "tokenizer     %s\n", i->tokenizer_error.text);
    if (i->chat)
        buf_printf(out, "chat          %s%s\n", chat_template_name(i->chat),
                   chat_template_has_tools(i->chat) ? ", with tools" : "");
    else if (i->tokenizer)
        buf_printf(out, "chat          %s\n", i->chat_error.text);
    if (!i->runs)
        buf_printf(out, "cannot run    %s\n", i->model_error.text);
}

static void write_json(const struct info *i, struct buf *out)
{
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key_text(&j, "file", i->path);
    json_key_int(&j, "bytes", (int64_t)gguf_file_bytes(i->file));
    json_key(&j, "name");
    json_str(&j, i->name);
    json_key(&j, "architecture");
    json_str(&j, i->arch);
    json_key_int(&j, "layers", i->layers);
    json_key_int(&j, "width", i->width);
    json_key_int(&j, "heads", i->heads);
    json_key_int(&j, "kv_heads", i->kv_heads);
    json_key_int(&j, "head_size", i->key_size);
    json_key_int(&j, "hidden", i->hidden);
    json_key_int(&j, "context", i->context);
    json_key_int(&j, "parameters", (int64_t)i->parameters);
    json_key_int(&j, "tensors", (int64_t)i->tensors);
    json_key(&j, "weights");
    json_object(&j);
    for (int t = 0; t < QUANT_TYPE_COUNT; t++)
        if (i->mix_weights[t])
            json_key_int(&j, quant_format_of((enum quant_type)t)->name, (int64_t)i->mix_bytes[t]);
    json_end(&j);
    json_key_int(&j, "weight_bytes", (int64_t)i->weight_bytes);
    json_key_int(&j, "cache_tokens", i->at);
    json_key_int(&j, "cache_bytes", (int64_t)i->kv_bytes);
    json_key_text(&j, "tokenizer", i->tokenizer ? tokenizer_kind(i->tokenizer) : NULL);
    json_key_int(&j, "vocabulary", i->tokenizer ? tokenizer_count(i->tokenizer) : 0);
    json_key_text(&j, "chat_template", i->chat ? chat_template_name(i->chat) : NULL);
    json_key_text(&j, "cannot_run", i->runs ? NULL : i->model_error.text);
    json_end(&j);
    buf_add_char(out, '\n');
}

enum err_code cli_model_info(const struct option_list *operands, struct err *err)
{
    struct info i;
    struct buf out = {0};
    if (operands->count != 2)
        return err_set(err, ERR_USAGE, "one file is expected after 'info'");
    enum err_code code = info_open(&i, operands->items[1], err);
    if (!code) {
        if (common_options.json)
            write_json(&i, &out);
        else
            write_text(&i, &out);
        code = cli_print(&out, err);
    }
    info_close(&i);
    buf_free(&out);
    return code;
}
