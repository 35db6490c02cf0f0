// The tokens of a Hugging Face folder as GGUF has them: what its readers found, put together.
#include "train/hf_vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 1 << 30, PATH_BYTES = 4096, TEMPLATE_MAX = 1 << 18 };

// Tokens that end a turn, by the names that models give them.
static const char *const turn_ends[] = {"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>",
                                        "<|eot|>"};

int32_t hf_vocabulary_find(const struct hf_vocabulary *v, struct str text)
{
    const uint64_t *id = map_find(&v->ids, text);
    return id && str_eq(v->texts[*id], text) ? (int32_t)*id : -1;
}

enum err_code hf_vocabulary_put(struct hf_vocabulary *v, int64_t id, struct str text,
                                enum vocab_kind kind, float score, const char *where,
                                struct err *err)
{
    int shown = text.n > 40 ? 40 : (int)text.n;
    if (id < 0 || id >= v->n)
        return err_set(err, ERR_INPUT,
                       "%s: token '%.*s' has the id %lld, but config.json's vocab_size is %u",
                       where, shown, text.p, (long long)id, v->n);
    const uint64_t *before = map_find(&v->ids, text);
    if (before && *before != (uint64_t)id)
        v->texts[*before] = (struct str){NULL, 0};
    const char *copy = arena_copy(v->arena, text);
    if (!copy || !map_put(&v->ids, text, (uint64_t)id))
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory for tokens", where);
    v->texts[id] = (struct str){copy, text.n};
    v->kinds[id] = kind;
    v->scores[id] = score;
    return ERR_OK;
}

static enum err_code pad(struct hf_vocabulary *v, struct err *err)
{
    char name[32];
    for (uint32_t id = 0; id < v->n; id++) {
        if (v->texts[id].p)
            continue;
        snprintf(name, sizeof name, "[PAD%u]", id);
        if (hf_vocabulary_find(v, str_of(name)) >= 0) // a token of the folder's own
            snprintf(name, sizeof name, "[PAD_%u]", id);
        enum err_code code =
            hf_vocabulary_put(v, id, str_of(name), VOCAB_UNUSED, -10000, "padding", err);
        if (code)
            return code;
    }
    return ERR_OK;
}

static enum err_code read_tokens(const struct hf_folder *f, struct hf_vocabulary *v,
                                 struct err *err)
{
    struct buf json = {0}, pieces = {0};
    char json_path[PATH_BYTES], spm_path[PATH_BYTES];
    bool has_json = hf_folder_has(f, "tokenizer.json");
    enum err_code code = ERR_OK;
    snprintf(json_path, sizeof json_path, "%s/tokenizer.json", hf_folder_path(f));
    snprintf(spm_path, sizeof spm_path, "%s/tokenizer.model", hf_folder_path(f));
    if (has_json)
        code = hf_folder_read(f, "tokenizer.json", &json, err);
    // SentencePiece's own file has the true scores.
    bool from_spm = !code && hf_folder_has(f, "tokenizer.model") &&
                    !(has_json && hf_vocabulary_is_bytes(buf_str(&json)));
    if (!code && from_spm && !(code = hf_folder_read(f, "tokenizer.model", &pieces, err)))
        code = hf_vocabulary_read_spm(buf_str(&pieces), spm_path, v, err);
    if (!code && has_json)
        code = hf_vocabulary_read_json(buf_str(&json), json_path, from_spm, v, err);
    if (!code && !has_json && !from_spm)
        code =
            err_set(err, ERR_NOT_FOUND, "%s: there is neither tokenizer.json nor tokenizer.model",
                    hf_folder_path(f));
    buf_free(&json);
    buf_free(&pieces);
    return code;
}

// added_tokens_decoder of tokenizer_config.json: {"ID": {"content", "special"}}.
static enum err_code read_decoder(const struct json_node *config, const char *where,
                                  struct hf_vocabulary *v, struct err *err)
{
    const struct json_node *list = json_get(config, "added_tokens_decoder");
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next) {
        int64_t id;
        const struct json_node *content = json_get(n, "content");
        if (!str_to_i64(n->key, &id) || !content || content->type != JSON_STRING)
            return err_set(err, ERR_INPUT, "%s: field 'added_tokens_decoder': entry '%.32s'", where,
                           n->key.p);
        if (hf_vocabulary_find(v, content->text) == id || content->text.n == 0)
            continue;
        enum err_code code = hf_vocabulary_put(
            v, id, content->text, json_get_bool(n, "special") ? VOCAB_CONTROL : VOCAB_USER, -1000,
            where, err);
        if (code)
            return code;
    }
    return ERR_OK;
}

// A token named in tokenizer_config.json ("</s>" or {"content": "</s>"}), else by its id in
// config.json or generation_config.json (a number, or the first of some).
static void read_special(const struct json_node *named, const struct json_node *const *numbered,
                         const char *role, int32_t *out, const struct hf_vocabulary *v)
{
    char field[32];
    int64_t id;
    snprintf(field, sizeof field, "%s_token", role);
    const struct json_node *n = json_get(named, field);
    if (n && n->type == JSON_OBJECT)
        n = json_get(n, "content");
    if (n && n->type == JSON_STRING && hf_vocabulary_find(v, n->text) >= 0) {
        *out = hf_vocabulary_find(v, n->text);
        return;
    }
    snprintf(field, sizeof field, "%s_token_id", role);
    for (int i = 2; i-- > 0;) {
        n = json_get(numbered[i], field);
        if (n && n->type == JSON_ARRAY)
            n = n->first;
        if (n && n->type == JSON_NUMBER && str_to_i64(n->text, &id) && id >= 0 && id < v->n)
            *out = (int32_t)id;
    }
}

// What ends a turn when that is another token than what ends a text.
static void read_turn_end(const struct json_node *const *numbered, struct hf_vocabulary *v)
{
    for (int i = 0; i < 2; i++) {
        const struct json_node *list = json_get(numbered[i], "eos_token_id");
        for (const struct json_node *n = list ? list->first : NULL; n; n = n->next)
            for (size_t k = 0; k < sizeof turn_ends / sizeof *turn_ends; k++) {
                int32_t id = hf_vocabulary_find(v, str_of(turn_ends[k]));
                if (id >= 0 && id != v->special[HF_EOS] && (double)id == n->number &&
                    v->special[HF_EOT] < 0)
                    v->special[HF_EOT] = id;
            }
    }
}

static enum hf_flag flag_of(const struct json_node *config, const char *field, enum hf_flag value)
{
    const struct json_node *n = json_get(config, field);
    return n && n->type == JSON_BOOL ? (n->truth ? HF_YES : HF_NO) : value;
}

// A template by itself, or a list of named ones of which "default" counts.
static struct str template_in(const struct json_node *config)
{
    const struct json_node *n = json_get(config, "chat_template");
    if (n && n->type == JSON_ARRAY)
        for (const struct json_node *each = n->first; each; each = each->next)
            if (strcmp(json_get_text(each, "name"), "default") == 0)
                n = json_get(each, "template");
    return n && n->type == JSON_STRING ? n->text : (struct str){NULL, 0};
}

static enum err_code read_template(const struct hf_folder *f, const struct json_node *config,
                                   struct hf_vocabulary *v, struct err *err)
{
    struct buf text = {0};
    struct str found = template_in(config);
    enum err_code code = ERR_OK;
    if (hf_folder_has(f, "chat_template.jinja") &&
        !(code = hf_folder_read(f, "chat_template.jinja", &text, err)))
        found = buf_str(&text);
    if (!code && found.n > TEMPLATE_MAX)
        code = err_set(err, ERR_LIMIT, "%s: a chat template of %zu bytes, at most %d are allowed",
                       hf_folder_path(f), found.n, TEMPLATE_MAX);
    if (!code && found.n) {
        const char *copy = arena_copy(v->arena, found);
        if (copy)
            v->chat_template = (struct str){copy, found.n};
        else
            code = err_set(err, ERR_NO_MEMORY, "out of memory for a chat template");
    }
    buf_free(&text);
    return code;
}

static enum err_code read_settings(const struct hf_folder *f, struct hf_vocabulary *v,
                                   struct err *err)
{
    static const char *const roles[HF_SPECIALS] = {
        [HF_BOS] = "bos", [HF_EOS] = "eos", [HF_UNKNOWN] = "unk", [HF_PADDING] = "pad"};
    const struct json_node *config, *numbered[2];
    char where[PATH_BYTES];
    enum err_code code;
    snprintf(where, sizeof where, "%s/tokenizer_config.json", hf_folder_path(f));
    if ((code = hf_folder_json(f, "tokenizer_config.json", false, &config, err)) ||
        (code = hf_folder_json(f, "config.json", true, &numbered[0], err)) ||
        (code = hf_folder_json(f, "generation_config.json", false, &numbered[1], err)) ||
        (code = read_decoder(config, where, v, err)))
        return code;
    for (int i = 0; i < HF_SPECIALS; i++)
        if (roles[i])
            read_special(config, numbered, roles[i], &v->special[i], v);
    read_turn_end((const struct json_node *[]){numbered[1], numbered[0]}, v);
    v->add_bos = flag_of(config, "add_bos_token", v->add_bos);
    v->add_eos = flag_of(config, "add_eos_token", v->add_eos);
    if (strcmp(v->model, "llama") == 0)
        v->add_space = flag_of(config, "add_prefix_space", v->add_space);
    return read_template(f, config, v, err);
}

enum err_code hf_vocabulary_open(uint32_t n, struct hf_vocabulary *v, struct err *err)
{
    *v = (struct hf_vocabulary){
        .n = n, .add_bos = HF_UNSAID, .add_eos = HF_UNSAID, .add_space = HF_UNSAID};
    for (int i = 0; i < HF_SPECIALS; i++)
        v->special[i] = -1;
    v->arena = arena_open(ARENA_MAX);
    v->texts = calloc(n, sizeof *v->texts);
    v->kinds = calloc(n, sizeof *v->kinds);
    v->scores = calloc(n, sizeof *v->scores);
    if (v->arena && v->texts && v->kinds && v->scores)
        return ERR_OK;
    hf_vocabulary_close(v);
    return err_set(err, ERR_NO_MEMORY, "out of memory for %u tokens", n);
}

enum err_code hf_vocabulary_read(const struct hf_folder *f, uint32_t n, struct hf_vocabulary *out,
                                 struct err *err)
{
    enum err_code code = hf_vocabulary_open(n, out, err);
    if (code)
        return code;
    if ((code = read_tokens(f, out, err)) || (code = read_settings(f, out, err)) ||
        (code = pad(out, err)))
        hf_vocabulary_close(out);
    return code;
}

void hf_vocabulary_close(struct hf_vocabulary *v)
{
    arena_close(&v->arena);
    map_free(&v->ids);
    free(v->texts);
    free(v->kinds);
    free(v->scores);
    free(v->merges);
    *v = (struct hf_vocabulary){0};
}

void hf_vocabulary_write(const struct hf_vocabulary *v, struct gguf_writer *w)
{
    static const char *const keys[HF_SPECIALS] = {[HF_BOS] = "tokenizer.ggml.bos_token_id",
                                                  [HF_EOS] = "tokenizer.ggml.eos_token_id",
                                                  [HF_EOT] = "tokenizer.ggml.eot_token_id",
                                                  [HF_UNKNOWN] = "tokenizer.ggml.unknown_token_id",
                                                  [HF_PADDING] = "tokenizer.ggml.padding_token_id"};
    gguf_write_string(w, "tokenizer.ggml.model", str_of(v->model));
    gguf_write_string(w, "tokenizer.ggml.pre", str_of(v->pre));
    gguf_write_strings(w, "tokenizer.ggml.tokens", v->texts, v->n);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", v->kinds, v->n);
    if (strcmp(v->model, "llama") == 0)
        gguf_write_f32s(w, "tokenizer.ggml.scores", v->scores, v->n);
    else
        gguf_write_strings(w, "tokenizer.ggml.merges", v->merges, v->merge_count);
    for (int i = 0; i < HF_SPECIALS; i++)
        if (v->special[i] >= 0)
            gguf_write_u32(w, keys[i], (uint32_t)v->special[i]);
    if (v->add_bos != HF_UNSAID)
        gguf_write_bool(w, "tokenizer.ggml.add_bos_token", v->add_bos == HF_YES);
    if (v->add_eos != HF_UNSAID)
        gguf_write_bool(w, "tokenizer.ggml.add_eos_token", v->add_eos == HF_YES);
    if (v->add_space != HF_UNSAID)
        gguf_write_bool(w, "tokenizer.ggml.add_space_prefix", v->add_space == HF_YES);
    if (v->chat_template.p)
        gguf_write_string(w, "tokenizer.chat_template", v->chat_template);
}
