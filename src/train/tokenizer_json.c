// Writes tokenizer.json, as Hugging Face's tokenizers read it, from a GGUF file's tokenizer.
#include "train/tokenizer_json.h"

#include "base/json_out.h"
#include "llm/vocab.h"

#define WORDS                                                                                      \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|%s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" \
    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

// The same expressions as in src/llm/pretokenize.c.
static const struct {
    const char *name;    // tokenizer.ggml.pre
    const char *numbers; // what stands for numbers in WORDS; NULL: GPT-2's own expression
} cuts[] = {{"gpt-2", NULL},
            {"gpt2", NULL},
            {"llama-bpe", "\\p{N}{1,3}"},
            {"llama3", "\\p{N}{1,3}"},
            {"llama-v3", "\\p{N}{1,3}"},
            {"qwen2", "\\p{N}"},
            {"deepseek-r1-qwen", "\\p{N}"}};

enum { CUTS = sizeof cuts / sizeof *cuts };

struct job {
    const struct gguf *g;
    const struct gguf_value *tokens, *kinds, *merges;
    size_t cut;
    struct json_out o;
};

static enum err_code find_arrays(struct job *j, struct err *err)
{
    struct str model = {0}, pre = {0};
    enum err_code code;
    if ((code = gguf_string(j->g, "tokenizer.ggml.model", &model, err)) ||
        (code = gguf_array(j->g, "tokenizer.ggml.tokens", GGUF_STRING, &j->tokens, err)) ||
        (code = gguf_array(j->g, "tokenizer.ggml.token_type", GGUF_I32, &j->kinds, err)) ||
        (code = gguf_array(j->g, "tokenizer.ggml.merges", GGUF_STRING, &j->merges, err)))
        return code;
    gguf_string(j->g, "tokenizer.ggml.pre", &pre, err);
    while (j->cut < CUTS && !str_is(pre, cuts[j->cut].name))
        j->cut++;
    if (!str_is(model, "gpt2") || j->cut == CUTS)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s: tokenizer.json cannot be written for the tokenizer '%.*s' ('%.*s')",
                       gguf_name(j->g), STR_ARG(model), STR_ARG(pre));
    if (!j->tokens || !j->merges || (j->kinds && j->kinds->count != j->tokens->count))
        return err_set(err, ERR_INPUT, "%s: the tokenizer's tokens, kinds or merges are missing",
                       gguf_name(j->g));
    return ERR_OK;
}

static int64_t kind_of(const struct job *j, uint64_t i)
{
    return j->kinds ? gguf_element_i64(j->kinds, i) : VOCAB_NORMAL;
}

static bool is_added(int64_t kind)
{
    return kind == VOCAB_CONTROL || kind == VOCAB_USER;
}

static void added_tokens(struct job *j)
{
    struct json_out *o = &j->o;
    const unsigned char *at = j->tokens->p;
    json_key(o, "added_tokens");
    json_array(o);
    for (uint64_t i = 0; i < j->tokens->count; i++) {
        struct str text = gguf_next_string(&at);
        if (!is_added(kind_of(j, i)))
            continue;
        json_object(o);
        json_key_int(o, "id", (int64_t)i);
        json_key(o, "content");
        json_str(o, text);
        json_key_bool(o, "single_word", false);
        json_key_bool(o, "lstrip", false);
        json_key_bool(o, "rstrip", false);
        json_key_bool(o, "normalized", false);
        json_key_bool(o, "special", kind_of(j, i) == VOCAB_CONTROL);
        json_end(o);
    }
    json_end(o);
}

static void byte_level(struct job *j, bool cuts_itself)
{
    json_object(&j->o);
    json_key_text(&j->o, "type", "ByteLevel");
    json_key_bool(&j->o, "add_prefix_space", false);
    json_key_bool(&j->o, "trim_offsets", false);
    json_key_bool(&j->o, "use_regex", cuts_itself);
    json_end(&j->o);
}

static void pre_tokenizer(struct job *j)
{
    struct json_out *o = &j->o;
    const char *numbers = cuts[j->cut].numbers;
    json_key(o, "pre_tokenizer");
    if (!numbers) {
        byte_level(j, true);
        return;
    }
    struct buf expression = {0};
    buf_printf(&expression, WORDS, numbers);
    json_object(o);
    json_key_text(o, "type", "Sequence");
    json_key(o, "pretokenizers");
    json_array(o);
    json_object(o);
    json_key_text(o, "type", "Split");
    json_key(o, "pattern");
    json_object(o);
    json_key(o, "Regex");
    json_str(o, buf_str(&expression));
    json_end(o);
    json_key_text(o, "behavior", "Isolated");
    json_key_bool(o, "invert", false);
    json_end(o);
    byte_level(j, false);
    json_end(o);
    json_end(o);
    if (expression.failed)
        o->to->failed = true;
    buf_free(&expression);
}

static void template_piece(struct json_out *o, const char *kind, const char *id)
{
    json_object(o);
    json_key(o, kind);
    json_object(o);
    json_key_text(o, "id", id);
    json_key_int(o, "type_id", 0);
    json_end(o);
    json_end(o);
}

// BOS in front of every text, where the file wants it.
static void post_processor(struct job *j)
{
    struct json_out *o = &j->o;
    struct err ignored;
    bool adds = false;
    uint32_t bos = UINT32_MAX;
    struct str text = {0};
    gguf_bool(j->g, "tokenizer.ggml.add_bos_token", &adds, &ignored);
    gguf_u32(j->g, "tokenizer.ggml.bos_token_id", &bos, &ignored);
    json_key(o, "post_processor");
    if (!adds || bos >= j->tokens->count) {
        json_null(o);
        return;
    }
    const unsigned char *at = j->tokens->p;
    for (uint64_t i = 0; i <= bos; i++)
        text = gguf_next_string(&at);
    char name[VOCAB_TOKEN_BYTES_MAX];
    str_copy(name, sizeof name, text);
    json_object(o);
    json_key_text(o, "type", "TemplateProcessing");
    json_key(o, "single");
    json_array(o);
    template_piece(o, "SpecialToken", name);
    template_piece(o, "Sequence", "A");
    json_end(o);
    json_key(o, "pair");
    json_array(o);
    template_piece(o, "Sequence", "A");
    template_piece(o, "Sequence", "B");
    json_end(o);
    json_key(o, "special_tokens");
    json_object(o);
    json_key(o, name);
    json_object(o);
    json_key_text(o, "id", name);
    json_key(o, "ids");
    json_array(o);
    json_int(o, bos);
    json_end(o);
    json_key(o, "tokens");
    json_array(o);
    json_text(o, name);
    json_end(o);
    json_end(o);
    json_end(o);
    json_end(o);
}

static void model(struct job *j)
{
    struct json_out *o = &j->o;
    const unsigned char *at = j->tokens->p;
    char name[VOCAB_TOKEN_BYTES_MAX];
    json_key(o, "model");
    json_object(o);
    json_key_text(o, "type", "BPE");
    json_key(o, "unk_token");
    json_null(o);
    json_key_bool(o, "fuse_unk", false);
    json_key_bool(o, "byte_fallback", false);
    json_key_bool(o, "ignore_merges", cuts[j->cut].numbers != NULL);
    json_key(o, "vocab");
    json_object(o);
    for (uint64_t i = 0; i < j->tokens->count; i++) {
        str_copy(name, sizeof name, gguf_next_string(&at));
        if (!is_added(kind_of(j, i)))
            json_key_int(o, name, (int64_t)i);
    }
    json_end(o);
    json_key(o, "merges");
    json_array(o);
    at = j->merges->p;
    for (uint64_t i = 0; i < j->merges->count; i++)
        json_str(o, gguf_next_string(&at));
    json_end(o);
    json_end(o);
}

enum err_code tokenizer_json(const struct gguf *g, struct buf *out, struct err *err)
{
    struct job j = {.g = g};
    enum err_code code = find_arrays(&j, err);
    if (code)
        return code;
    json_open(&j.o, out);
    json_object(&j.o);
    json_key_text(&j.o, "version", "1.0");
    json_key(&j.o, "truncation");
    json_null(&j.o);
    json_key(&j.o, "padding");
    json_null(&j.o);
    added_tokens(&j);
    json_key(&j.o, "normalizer");
    json_null(&j.o);
    pre_tokenizer(&j);
    post_processor(&j);
    json_key(&j.o, "decoder");
    byte_level(&j, true);
    model(&j);
    json_end(&j.o);
    return out->failed ? err_set(err, ERR_NO_MEMORY, "%s: out of memory", gguf_name(g)) : ERR_OK;
}
