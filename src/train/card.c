// A model card: what is known of a model from its file and from the record of its run.
#include "train/card.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "llm/chat_template.h"

struct writer {
    const struct card *card;
    const struct gguf *file;
    struct tokenizer *tokenizer; // NULL: none that is known
    struct chat_template *chat;  // NULL: none that is known
    struct str arch, name;
    struct buf *out;
};

// Text for a line or a cell of a table: no line breaks, no bars that end the cell.
static void add_text(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '|' || c == '<' || c == '\\' || c == '`' || c == '*')
            buf_add_char(out, '\\');
        buf_add_char(out, c < ' ' || c == 127 ? ' ' : (char)c);
    }
}

static uint32_t number(const struct writer *w, const char *name)
{
    char key[GGUF_KEY_MAX];
    uint32_t value = 0;
    snprintf(key, sizeof key, "%.*s.%s", w->arch.n > 64 ? 64 : (int)w->arch.n, w->arch.p, name);
    (void)gguf_u32(w->file, key, &value, NULL);
    return value;
}

static const char *param(const struct writer *w, const char *name)
{
    const char *value = w->card->run ? run_param_find(w->card->run, name) : NULL;
    return value ? value : "";
}

static void write_head(const struct writer *w)
{
    struct str licence = {"", 0};
    buf_add_z(w->out, "---\nlibrary_name: gguf\n");
    // YAML takes a plain word as it is.
    if (gguf_string(w->file, "general.license", &licence, NULL) == ERR_OK && licence.n &&
        licence.n < 64) {
        bool plain = true;
        for (size_t i = 0; i < licence.n; i++)
            plain = plain && (unsigned char)licence.p[i] < 128 &&
                    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
                           licence.p[i]);
        if (plain)
            buf_printf(w->out, "license: %.*s\n", STR_ARG(licence));
    }
    buf_add_z(w->out, "pipeline_tag: text-generation\n---\n\n# ");
    add_text(w->out, w->name);
    buf_add_z(w->out, "\n\n");
}

static void write_weights(const struct writer *w)
{
    uint64_t of[QUANT_TYPE_COUNT] = {0}, weights = 0, bytes = 0;
    for (size_t i = 0; i < gguf_tensor_count(w->file); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(w->file, i);
        of[t->format->type] += t->bytes;
        weights += t->count;
        bytes += t->bytes;
    }
    buf_printf(w->out, "| parameters | %llu |\n| weights | %.2f MB:", (unsigned long long)weights,
               (double)bytes / 1e6);
    for (int t = 0; t < QUANT_TYPE_COUNT; t++)
        if (of[t])
            buf_printf(w->out, " %s %.1f %%", quant_format_of((enum quant_type)t)->name,
                       100 * (double)of[t] / (double)bytes);
    buf_printf(w->out, ", %.2f bits a weight |\n",
               weights ? 8 * (double)bytes / (double)weights : 0.0);
}

static void write_model(const struct writer *w)
{
    uint32_t heads = number(w, "attention.head_count");
    uint32_t kv = number(w, "attention.head_count_kv");
    buf_add_z(w->out, "## Model\n\n| | |\n|---|---|\n| architecture | ");
    add_text(w->out, w->arch);
    buf_printf(w->out,
               ", %u layers of width %u, feed-forward of %u, %u heads (%u for keys and values) |\n",
               number(w, "block_count"), number(w, "embedding_length"),
               number(w, "feed_forward_length"), heads, kv ? kv : heads);
    write_weights(w);
    buf_printf(w->out, "| context | %u tokens |\n", number(w, "context_length"));
    if (w->tokenizer)
        buf_printf(w->out, "| tokenizer | %s, %u tokens |\n", tokenizer_kind(w->tokenizer),
                   tokenizer_count(w->tokenizer));
    else
        buf_add_z(w->out, "| tokenizer | none that is known |\n");
    buf_printf(w->out, "| chat template | %s%s |\n\n",
               w->chat ? chat_template_name(w->chat) : "none that is known",
               w->chat && chat_template_has_tools(w->chat) ? ", with tools" : "");
}

static double last_of(const struct run_metric *m)
{
    return m && m->count ? m->points[m->count - 1].value : NAN;
}

static const struct run_point *least_of(const struct run_metric *m)
{
    const struct run_point *least = NULL;
    for (size_t i = 0; m && i < m->count; i++)
        if (isfinite(m->points[i].value) && (!least || m->points[i].value < least->value))
            least = &m->points[i];
    return least;
}

static void write_data(const struct writer *w)
{
    const struct run_metric *loss = run_metric_find(w->card->run, "loss");
    uint64_t steps = loss && loss->count ? loss->points[loss->count - 1].step : 0;
    uint64_t tokens = 0;
    bool counted = str_to_u64(str_of(param(w, "train.batch_tokens")), &tokens);
    buf_add_z(w->out, "Learned from ");
    add_text(w->out, str_of(param(w, "data.train")));
    buf_add_z(w->out, *param(w, "data.eval") ? ", evaluated on " : "; nothing was held out");
    add_text(w->out, str_of(param(w, "data.eval")));
    buf_printf(w->out, ". %llu steps", (unsigned long long)steps);
    if (counted)
        buf_printf(w->out, " of %llu tokens or more", (unsigned long long)tokens);
    if (*param(w, "adapter.base")) {
        buf_add_z(w->out, ", over the frozen weights of ");
        add_text(w->out, str_of(param(w, "adapter.base")));
    }
    if (*param(w, "model.from")) {
        buf_add_z(w->out, ", from the weights of ");
        add_text(w->out, str_of(param(w, "model.from")));
    }
    buf_add_z(w->out, ".\n\n");
}

static void write_training(const struct writer *w)
{
    const struct run *r = w->card->run;
    char started[TIME_TEXT_BYTES];
    buf_add_z(w->out, "## Training\n\n");
    if (!r) {
        buf_add_z(w->out, "The record of its run is not at hand: data, settings and losses are not "
                          "known here.\n\n");
        return;
    }
    write_data(w);
    if (w->card->picture) {
        buf_add_z(w->out, "![Loss by step](");
        for (const char *p = w->card->picture; *p; p++)
            if (*p == ' ' || *p == '(' || *p == ')' || *p == '%')
                buf_printf(w->out, "%%%02X", (unsigned)*p);
            else
                buf_add_char(w->out, *p);
        buf_add_z(w->out, ")\n\n");
    }
    buf_printf(w->out, "Run `%s`, %s, started %s.\n\n<details><summary>Settings</summary>\n\n",
               r->id, run_status_name(r->status), time_to_text(r->start_us, started));
    buf_add_z(w->out, "| setting | value |\n|---|---|\n");
    for (size_t i = 0; i < r->param_count; i++) {
        buf_add_z(w->out, "| ");
        add_text(w->out, str_of(r->params[i].name));
        buf_add_z(w->out, " | ");
        add_text(w->out, str_of(r->params[i].value));
        buf_add_z(w->out, " |\n");
    }
    buf_add_z(w->out, "\n</details>\n\n");
}

static void write_evaluation(const struct writer *w)
{
    const struct run *r = w->card->run;
    buf_add_z(w->out, "## Evaluation\n\n");
    if (!r || !r->metric_count) {
        buf_add_z(w->out, "None is on record. `fettle model perplexity MODEL --text FILE` and "
                          "`fettle eval` measure it.\n\n");
        return;
    }
    const struct run_point *best = least_of(run_metric_find(r, "eval_loss"));
    if (best)
        buf_printf(
            w->out,
            "Best on what was held out: loss %.4f after %llu steps, a perplexity of %.3f.\n\n",
            best->value, (unsigned long long)best->step, exp(best->value));
    else
        buf_add_z(w->out, "Nothing was held out: the loss below is that of the data it learned "
                          "from.\n\n");
    buf_add_z(w->out, "| metric | last value |\n|---|---|\n");
    for (size_t i = 0; i < r->metric_count; i++) {
        buf_add_z(w->out, "| ");
        add_text(w->out, str_of(r->metrics[i].name));
        buf_printf(w->out, " | %.6g |\n", last_of(&r->metrics[i]));
    }
    buf_add_char(w->out, '\n');
}

static void write_limits(const struct writer *w)
{
    buf_printf(w->out,
               "## Limits\n\n"
               "- A language model: what it writes may be wrong, and sounds no less sure then. "
               "Check it before acting on it.\n"
               "- It sees %u tokens at most, question and answer together.\n",
               number(w, "context_length"));
    if (!w->chat)
        buf_add_z(w->out, "- It has no chat template that is known: it continues a text.\n");
    if (w->card->run)
        buf_add_z(w->out, "- It knows what stood in the data named above, and no more.\n");
    buf_add_z(w->out,
              "- It was not examined here for bias, for what it repeats of its data, or for "
              "misuse.\n\n");
}

static void write_use(const struct writer *w)
{
    const char *slash = strrchr(w->card->model, '/');
    const char *file = slash ? slash + 1 : w->card->model;
    buf_printf(w->out,
               "## Use\n\n    fettle %s %s\n    fettle serve --model %s\n\n"
               "The file is GGUF, version %u, which llama.cpp reads, too.\n",
               w->chat ? "chat" : "complete", file, file, gguf_version(w->file));
}

enum err_code card_write(const struct card *c, struct buf *out, struct err *err)
{
    struct gguf *g;
    enum err_code code = gguf_open(c->model, &g, err);
    if (code)
        return code;
    struct writer w = {.card = c, .file = g, .out = out, .arch = {"", 0}};
    w.name = str_of(c->model);
    (void)gguf_string(g, "general.architecture", &w.arch, NULL);
    (void)gguf_string(g, "general.name", &w.name, NULL);
    if (tokenizer_open(g, &w.tokenizer, NULL) == ERR_OK)
        (void)chat_template_open(g, w.tokenizer, &w.chat, NULL);
    write_head(&w);
    write_model(&w);
    write_training(&w);
    write_evaluation(&w);
    write_limits(&w);
    write_use(&w);
    chat_template_close(&w.chat);
    tokenizer_close(&w.tokenizer);
    gguf_close(&g);
    return out->failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a card") : ERR_OK;
}
