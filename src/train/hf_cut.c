// How a tokenizer.json prepares text, cuts it, and what it puts at its ends.
#include <string.h>

#include "train/hf_vocabulary.h"

static const char bytes_regex[] = "";
static const char llama3_regex[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
static const char qwen2_regex[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

// How a byte-level tokenizer cuts text, and GGUF's name of that.
static const struct cut {
    const char *regex; // of the step Split; "" without one
    bool digits;       // a step Digits that takes them one by one
    bool gpt2;         // the step ByteLevel cuts as GPT-2
    const char *pre;
} cuts[] = {{bytes_regex, false, true, "gpt-2"},
            {llama3_regex, false, false, "llama-bpe"},
            {qwen2_regex, false, false, "qwen2"},
            {bytes_regex, true, true, "smollm"}};

static enum err_code add_step(const struct json_node *step, const char *where, struct cut *cut,
                              struct err *err)
{
    const char *type = json_get_text(step, "type");
    if (strcmp(type, "Sequence") == 0) {
        const struct json_node *list = json_get(step, "pretokenizers");
        enum err_code code = ERR_OK;
        for (const struct json_node *n = list ? list->first : NULL; n && !code; n = n->next)
            code = strcmp(json_get_text(n, "type"), "Sequence") == 0
                       ? err_set(err, ERR_UNSUPPORTED, "%s: sequences of sequences", where)
                       : add_step(n, where, cut, err);
        return code;
    }
    if (strcmp(type, "ByteLevel") == 0 && !json_get_bool(step, "add_prefix_space")) {
        const struct json_node *use = json_get(step, "use_regex");
        cut->gpt2 = !use || use->truth;
        return ERR_OK;
    }
    if (strcmp(type, "Digits") == 0 && json_get_bool(step, "individual_digits")) {
        cut->digits = true;
        return ERR_OK;
    }
    const char *regex = json_get_text(json_get(step, "pattern"), "Regex");
    if (strcmp(type, "Split") == 0 && *regex && !*cut->regex && !json_get_bool(step, "invert") &&
        strcmp(json_get_text(step, "behavior"), "Isolated") == 0) {
        cut->regex = regex;
        return ERR_OK;
    }
    return err_set(err, ERR_UNSUPPORTED, "%s: field 'pre_tokenizer': step '%.32s' is not supported",
                   where, type);
}

static enum err_code read_cut(const struct json_node *pre, const struct json_node *normalizer,
                              const char *where, struct hf_vocabulary *v, struct err *err)
{
    struct cut cut = {.regex = ""};
    const char *normal = json_get_text(normalizer, "type");
    // Models with NFC meet little text that is not NFC already; llama.cpp leaves it out, too.
    if (*normal && strcmp(normal, "NFC") != 0)
        return err_set(err, ERR_UNSUPPORTED, "%s: normalizer '%.32s' is not supported", where,
                       normal);
    enum err_code code = pre ? add_step(pre, where, &cut, err) : ERR_OK;
    if (code)
        return code;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        if (strcmp(cut.regex, cuts[i].regex) == 0 && cut.digits == cuts[i].digits &&
            cut.gpt2 == cuts[i].gpt2) {
            v->pre = cuts[i].pre;
            return ERR_OK;
        }
    return err_set(err, ERR_UNSUPPORTED,
                   "%s: field 'pre_tokenizer': this way of cutting text is not known%s%.200s",
                   where, *cut.regex ? ": " : "", cut.regex);
}

// SentencePiece's blanks: a step of the normalizer or of the pre-tokenizer puts one in front.
static enum err_code read_blanks(const struct json_node *pre, const struct json_node *normalizer,
                                 const char *where, struct hf_vocabulary *v, struct err *err)
{
    v->add_space = HF_NO;
    if (strcmp(json_get_text(pre, "type"), "Metaspace") == 0) {
        const char *scheme = json_get_text(pre, "prepend_scheme");
        const struct json_node *old = json_get(pre, "add_prefix_space");
        if (*scheme ? strcmp(scheme, "never") != 0 : !old || old->truth)
            v->add_space = HF_YES;
    } else if (pre && pre->type == JSON_OBJECT) {
        return err_set(err, ERR_UNSUPPORTED, "%s: pre_tokenizer '%.32s' is not supported", where,
                       json_get_text(pre, "type"));
    }
    const struct json_node *list = json_get(normalizer, "normalizers");
    const struct json_node *step = list ? list->first : normalizer;
    for (; step; step = list ? step->next : NULL) {
        const char *type = json_get_text(step, "type");
        if (strcmp(type, "Prepend") == 0)
            v->add_space = HF_YES;
        else if (strcmp(type, "Replace") != 0)
            return err_set(err, ERR_UNSUPPORTED, "%s: normalizer '%.32s' is not supported", where,
                           type);
    }
    return ERR_OK;
}

// Whether the template of a text begins or ends with a special token.
static void read_ends(const struct json_node *post, struct hf_vocabulary *v)
{
    const struct json_node *list = json_get(post, "processors");
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next)
        if (strcmp(json_get_text(n, "type"), "TemplateProcessing") == 0)
            post = n;
    const struct json_node *single = json_get(post, "single");
    if (!single || single->type != JSON_ARRAY)
        return;
    v->add_bos = v->add_eos = HF_NO;
    bool text_seen = false;
    for (const struct json_node *n = single->first; n; n = n->next) {
        if (json_get(n, "SpecialToken"))
            *(text_seen ? &v->add_eos : &v->add_bos) = HF_YES;
        text_seen |= json_get(n, "Sequence") != NULL;
    }
}

enum err_code hf_vocabulary_read_steps(const struct hf_steps *s, bool byte_fallback,
                                       const char *where, struct hf_vocabulary *v, struct err *err)
{
    read_ends(s->post, v);
    return byte_fallback ? read_blanks(s->pre, s->normalizer, where, v, err)
                         : read_cut(s->pre, s->normalizer, where, v, err);
}
