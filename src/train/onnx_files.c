// The small files beside an ONNX model: what runtimes want to know of model and tokenizer.
#include "train/onnx_files.h"

#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "base/json_out.h"
#include "llm/tokenizer.h"
#include "train/tokenizer_json.h"

static const struct {
    const char *arch, *class;
} classes[] = {{"llama", "LlamaForCausalLM"},
               {"qwen2", "Qwen2ForCausalLM"},
               {"qwen3", "Qwen3ForCausalLM"},
               {"phi3", "Phi3ForCausalLM"}};

struct job {
    const struct onnx_files *files;
    const struct model *m;
    struct tokenizer *tokenizer;
};

static enum err_code write_file(const struct job *j, const char *name, struct buf *text,
                                struct err *err)
{
    char path[PATH_MAX];
    buf_add_char(text, '\n');
    if (text->failed)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", name);
    if (snprintf(path, sizeof path, "%s/%s", j->files->dir, name) >= PATH_MAX)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", j->files->dir);
    enum err_code code = file_replace(path, text->p, text->n, err);
    buf_reset(text);
    return code;
}

// All tokens that end an answer; the first one is the model's own.
static void key_ends(const struct job *j, struct json_out *o)
{
    int32_t eos = tokenizer_eos(j->tokenizer);
    json_key(o, "eos_token_id");
    json_array(o);
    if (eos >= 0)
        json_int(o, eos);
    for (uint32_t i = 0; i < tokenizer_count(j->tokenizer); i++)
        if ((int32_t)i != eos && tokenizer_ends(j->tokenizer, (int32_t)i))
            json_int(o, i);
    json_end(o);
}

static void key_token(struct json_out *o, const char *key, int32_t id)
{

    json_key(o, key);
    if (id >= 0)
        json_int(o, id);
    else
        json_null(o);
}

static void write_config(const struct job *j, struct buf *out)
{
    const struct model_shape *s = &j->m->shape;
    const char *arch = model_arch_name(j->m);
    struct json_out o;
    json_open(&o, out);
    json_object(&o);
    json_key(&o, "architectures");
    json_array(&o);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (str_is(str_of(arch), classes[i].arch))
            json_text(&o, classes[i].class);
    json_end(&o);
    json_key_text(&o, "model_type", arch);
    key_token(&o, "bos_token_id", tokenizer_bos(j->tokenizer));
    key_ends(j, &o);
    json_key_text(&o, "hidden_act", "silu");
    json_key_int(&o, "hidden_size", s->C);
    json_key_int(&o, "intermediate_size", s->hidden);
    json_key_int(&o, "num_hidden_layers", s->L);
    json_key_int(&o, "num_attention_heads", s->H);
    json_key_int(&o, "num_key_value_heads", s->H_kv);
    json_key_int(&o, "head_dim", s->D);
    json_key_int(&o, "max_position_embeddings", j->files->context);
    json_key_int(&o, "vocab_size", s->V);
    json_key_real(&o, "rms_norm_eps", (double)s->eps);
    json_key_real(&o, "rope_theta", (double)s->rope_base);
    json_key_text(&o, "torch_dtype", "float32");
    json_key(&o, "transformers.js_config"); // the data lie in a file of their own
    json_object(&o);
    json_key_bool(&o, "use_external_data_format", true);
    json_end(&o);
    json_end(&o);
}

static void key_decoder(const struct job *j, struct json_out *o)
{
    const struct model_shape *s = &j->m->shape;
    json_key(o, "decoder");
    json_object(o);
    json_key(o, "session_options");
    json_object(o);
    json_key_text(o, "log_id", "onnxruntime-genai");
    json_key(o, "provider_options");
    json_array(o);
    json_end(o);
    json_end(o);
    json_key_text(o, "filename", ONNX_FILES_MODEL);
    json_key_int(o, "head_size", s->D);
    json_key_int(o, "hidden_size", s->C);
    json_key(o, "inputs");
    json_object(o);
    json_key_text(o, "input_ids", "input_ids");
    json_key_text(o, "attention_mask", "attention_mask");
    json_key_text(o, "past_key_names", "past_key_values.%d.key");
    json_key_text(o, "past_value_names", "past_key_values.%d.value");
    json_end(o);
    json_key(o, "outputs");
    json_object(o);
    json_key_text(o, "logits", "logits");
    json_key_text(o, "present_key_names", "present.%d.key");
    json_key_text(o, "present_value_names", "present.%d.value");
    json_end(o);
    json_key_int(o, "num_attention_heads", s->H);
    json_key_int(o, "num_hidden_layers", s->L);
    json_key_int(o, "num_key_value_heads", s->H_kv);
    json_end(o);
}

static void write_genai(const struct job *j, struct buf *out)
{
    int32_t bos = tokenizer_bos(j->tokenizer), eos = tokenizer_eos(j->tokenizer);
    struct json_out o;
    json_open(&o, out);
    json_object(&o);
    json_key(&o, "model");
    json_object(&o);
    json_key_int(&o, "bos_token_id", bos >= 0 ? bos : eos);
    json_key_int(&o, "context_length", j->files->context);
    key_decoder(j, &o);
    key_ends(j, &o);
    json_key_int(&o, "pad_token_id", eos);
    json_key_text(&o, "type", model_arch_name(j->m));
    json_key_int(&o, "vocab_size", j->m->shape.V);
    json_end(&o);
    json_key(&o, "search");
    json_object(&o);
    json_key_bool(&o, "do_sample", false);
    json_key_int(&o, "max_length", j->files->context);
    json_key_int(&o, "min_length", 0);
    json_key_int(&o, "num_beams", 1);
    json_key_int(&o, "num_return_sequences", 1);
    json_key_bool(&o, "past_present_share_buffer", true);
    json_key_real(&o, "repetition_penalty", 1);
    json_key_real(&o, "temperature", 1);
    json_key_int(&o, "top_k", 1);
    json_key_real(&o, "top_p", 1);
    json_end(&o);
    json_end(&o);
}

static void key_piece(const struct job *j, struct json_out *o, const char *key, int32_t id)
{
    struct buf name = {0};
    tokenizer_piece(j->tokenizer, id, true, &name);
    json_key(o, key);
    if (id >= 0)
        json_str(o, buf_str(&name));
    else
        json_null(o);
    buf_free(&name);
}

static void write_tokenizer_config(const struct job *j, struct buf *out)
{
    struct str chat = {0};
    struct err ignored;
    struct json_out o;
    json_open(&o, out);
    json_object(&o);
    json_key_text(&o, "tokenizer_class", "PreTrainedTokenizerFast");
    key_piece(j, &o, "bos_token", tokenizer_bos(j->tokenizer));
    key_piece(j, &o, "eos_token", tokenizer_eos(j->tokenizer));
    json_key_bool(&o, "clean_up_tokenization_spaces", false);
    json_key_int(&o, "model_max_length", j->files->context);
    if (!gguf_string(j->m->file, "tokenizer.chat_template", &chat, &ignored)) {
        json_key(&o, "chat_template");
        json_str(&o, chat);
    }
    json_end(&o);
}

// A tokenizer that tokenizer.json does not hold is a note: the model runs without.
static enum err_code write_tokenizer(const struct job *j, struct buf *text, struct err *err)
{
    enum err_code code = tokenizer_json(j->m->file, text, err);
    if (code == ERR_UNSUPPORTED) {
        if (j->files->note)
            *j->files->note = *err;
        buf_reset(text);
        return ERR_OK;
    }
    if (!code)
        code = write_file(j, "tokenizer.json", text, err);
    if (!code) {
        write_tokenizer_config(j, text);
        code = write_file(j, "tokenizer_config.json", text, err);
    }
    return code;
}

enum err_code onnx_files_write(const struct onnx_files *f, struct err *err)
{
    struct job j = {.files = f, .m = f->model};
    struct buf text = {0};
    enum err_code code = tokenizer_open(f->model->file, &j.tokenizer, err);
    if (!code) {
        write_config(&j, &text);
        code = write_file(&j, "config.json", &text, err);
    }
    if (!code) {
        write_genai(&j, &text);
        code = write_file(&j, "genai_config.json", &text, err);
    }
    if (!code)
        code = write_tokenizer(&j, &text, err);
    buf_free(&text);
    tokenizer_close(&j.tokenizer);
    return code;
}
