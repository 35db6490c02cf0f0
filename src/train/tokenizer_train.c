// A tokenizer from a corpus: byte-level BPE with ChatML's control tokens.
#include "train/tokenizer_train.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "llm/byte_text.h"
#include "llm/gguf_write.h"
#include "llm/vocab.h"
#include "train/bpe.h"
#include "train/corpus.h"

enum { BYTES = 256, CONTROLS = 3, VOCABULARY_MAX = 1 << 18 };

static const char *const controls[CONTROLS] = {TRAIN_END_OF_TEXT, TRAIN_MESSAGE_START,
                                               TRAIN_MESSAGE_END};

static const char chat_template[] =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] "
    "+ '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ "
    "'<|im_start|>assistant\\n'"
    " }}{% endif %}";

struct count {
    struct bpe *bpe;
    uint64_t bytes;
};

static enum err_code add_example(void *arg, const struct corpus_example *e, struct err *err)
{
    struct count *c = arg;
    const struct str parts[] = {e->text, e->prompt, e->answer};
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !code; i++) {
        c->bytes += parts[i].n;
        if (parts[i].n)
            code = bpe_add(c->bpe, parts[i], err);
    }
    return code;
}

// A token's bytes in printable characters.
static void add_text(struct buf *all, struct str token)
{
    for (size_t i = 0; i < token.n; i++) {
        char text[BYTE_TEXT_MAX];
        buf_add_str(all, byte_text_of((unsigned char)token.p[i], text));
    }
}

struct texts {
    struct buf bytes;
    size_t *ends;
    size_t n;
};

static void end_text(struct texts *t)
{
    t->ends[t->n++] = t->bytes.n;
}

static void spans_of(const struct texts *t, struct str *out)
{
    for (size_t i = 0; i < t->n; i++) {
        size_t from = i ? t->ends[i - 1] : 0;
        out[i] = (struct str){t->bytes.p + from, t->ends[i] - from};
    }
}

static void write_keys(struct gguf_writer *w, const struct tokenizer_plan *plan,
                       const struct texts *tokens, const struct texts *merges, struct str *spans,
                       int32_t *kinds)
{
    uint32_t V = (uint32_t)tokens->n;
    for (uint32_t i = 0; i < V; i++)
        kinds[i] = i < V - CONTROLS ? VOCAB_NORMAL : VOCAB_CONTROL;
    gguf_write_string(w, "general.architecture", STR_LIT("llama"));
    gguf_write_string(w, "tokenizer.ggml.model", STR_LIT("gpt2"));
    gguf_write_string(w, "tokenizer.ggml.pre", str_of(plan->pre));
    spans_of(tokens, spans);
    gguf_write_strings(w, "tokenizer.ggml.tokens", spans, V);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", kinds, V);
    spans_of(merges, spans);
    gguf_write_strings(w, "tokenizer.ggml.merges", spans, merges->n);
    gguf_write_u32(w, "tokenizer.ggml.bos_token_id", V - CONTROLS);
    gguf_write_u32(w, "tokenizer.ggml.padding_token_id", V - CONTROLS);
    gguf_write_u32(w, "tokenizer.ggml.eos_token_id", V - 1);
    gguf_write_bool(w, "tokenizer.ggml.add_bos_token", false);
    gguf_write_string(w, "tokenizer.chat_template", str_of(chat_template));
}

static enum err_code write_file(const struct bpe *b, const struct bpe_pair *pairs, size_t count,
                                const struct tokenizer_plan *plan, const char *out,
                                struct tokenizer_result *result, struct err *err)
{
    size_t V = BYTES + count + CONTROLS;
    struct texts tokens = {.ends = calloc(V, sizeof(size_t))},
                 merges = {.ends = calloc(V, sizeof(size_t))};
    struct str *spans = calloc(V, sizeof *spans);
    int32_t *kinds = calloc(V, sizeof *kinds);
    struct gguf_writer *w = NULL;
    enum err_code code = ERR_OK;
    for (size_t i = 0; tokens.ends && i < BYTES + count; i++) {
        add_text(&tokens.bytes, bpe_token(b, (int32_t)i));
        end_text(&tokens);
    }
    for (size_t i = 0; tokens.ends && i < CONTROLS; i++) {
        buf_add_z(&tokens.bytes, controls[i]);
        end_text(&tokens);
    }
    for (size_t i = 0; merges.ends && i < count; i++) {
        add_text(&merges.bytes, bpe_token(b, pairs[i].left));
        buf_add_char(&merges.bytes, ' ');
        add_text(&merges.bytes, bpe_token(b, pairs[i].right));
        end_text(&merges);
    }
    if (!tokens.ends || !merges.ends || !spans || !kinds || tokens.bytes.failed ||
        merges.bytes.failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for %zu tokens", V);
    if (!code)
        code = gguf_write_open(out, &w, err);
    if (!code) {
        write_keys(w, plan, &tokens, &merges, spans, kinds);
        code = gguf_write_finish(&w, err);
    }
    result->vocabulary = (uint32_t)V;
    buf_free(&tokens.bytes);
    buf_free(&merges.bytes);
    free(tokens.ends);
    free(merges.ends);
    free(spans);
    free(kinds);
    return code;
}

enum err_code train_tokenizer(const struct tokenizer_plan *plan, const char *out,
                              struct tokenizer_result *result, struct err *err)
{
    if (plan->vocabulary < BYTES + CONTROLS || plan->vocabulary > VOCABULARY_MAX)
        return err_set(err, ERR_USAGE, "a vocabulary of %u: %d .. %d expected", plan->vocabulary,
                       BYTES + CONTROLS, VOCABULARY_MAX);
    struct count c = {0};
    enum err_code code = bpe_open(str_of(plan->pre), &c.bpe, err);
    if (!code)
        code = corpus_read_list(plan->paths, add_example, &c, err);
    if (!code && c.bytes == 0)
        code = err_set(err, ERR_INPUT, "%s: no text to learn from", plan->paths);
    const struct bpe_pair *pairs;
    size_t count;
    if (!code)
        code =
            bpe_learn(c.bpe, plan->vocabulary - BYTES - CONTROLS, plan->least, &pairs, &count, err);
    if (!code)
        code = write_file(c.bpe, pairs, count, plan, out, result, err);
    result->bytes = c.bytes;
    bpe_close(&c.bpe);
    return code;
}
