// fettle model quantize: smaller weights, and what they cost.
#include "base/json_out.h"
#include "base/progress.h"
#include "cli/model.h"
#include "train/perplexity.h"
#include "train/quantize.h"

struct report {
    struct buf text;
    struct json_out json;
    struct progress bar;
};

static void advance(void *arg, uint64_t done, uint64_t all)
{
    struct report *r = arg;
    r->bar.total = all;
    progress_at(&r->bar, done, NULL);
}

static bool add_tensor(void *arg, const struct quantize_tensor *t)
{
    struct report *r = arg;
    if (common_options.json) {
        json_object(&r->json);
        json_key(&r->json, "name");
        json_str(&r->json, t->name);
        json_key_text(&r->json, "from", t->from);
        json_key_text(&r->json, "to", t->to);
        json_key_int(&r->json, "bytes", (int64_t)t->bytes_after);
        json_key_real(&r->json, "error", t->error);
        json_key_bool(&r->json, "weighed", t->weighed);
        json_end(&r->json);
    } else {
        buf_printf(&r->text, "%-32.*s %-6s -> %-6s %10llu bytes, off by %.3f %%%s\n",
                   STR_ARG(t->name), t->from, t->to, (unsigned long long)t->bytes_after,
                   100 * t->error, t->weighed ? ", weighed" : "");
    }
    return true;
}

static void finish_json(struct report *r, const struct quantize_result *q,
                        const struct perplexity_result *p)
{
    json_end(&r->json);
    json_key_int(&r->json, "bytes_before", (int64_t)q->bytes_before);
    json_key_int(&r->json, "bytes_after", (int64_t)q->bytes_after);
    json_key_real(&r->json, "error", q->error);
    if (p->tokens) {
        json_key_real(&r->json, "perplexity_before", p->against_perplexity);
        json_key_real(&r->json, "perplexity_after", p->perplexity);
        json_key_real(&r->json, "divergence", p->divergence);
        json_key_real(&r->json, "same_first", p->same_first);
    }
    json_end(&r->json);
    buf_add_char(&r->text, '\n');
}

static void finish_text(struct report *r, const struct quantize_result *q,
                        const struct perplexity_result *p)
{
    buf_printf(&r->text, "%s: %.2f MB of weights, %.2f MB before; off by %.3f %%\n",
               model_options.out, (double)q->bytes_after / 1e6, (double)q->bytes_before / 1e6,
               100 * q->error);
    if (p->tokens)
        buf_printf(&r->text,
                   "perplexity %.4f, %.4f before (%+.3f %%); mean divergence %.6f, the same token "
                   "likeliest for %.2f %%\n",
                   p->perplexity, p->against_perplexity,
                   100 * (p->perplexity / p->against_perplexity - 1), p->divergence,
                   100 * p->same_first);
}

enum err_code cli_model_quantize(const struct option_list *operands, struct err *err)
{
    if (cli_model_one(operands, err))
        return ERR_USAGE;
    if (!model_options.out)
        return err_set(err, ERR_USAGE, "--out FILE is expected");
    struct report r = {0};
    progress_open(&r.bar, "quantizing", 0);
    json_open(&r.json, &r.text);
    if (common_options.json) {
        json_object(&r.json);
        json_key_text(&r.json, "file", model_options.out);
        json_key(&r.json, "tensors");
        json_array(&r.json);
    }
    struct importance *importance = NULL;
    struct quantize_plan plan = {.in = operands->items[1],
                                 .out = model_options.out,
                                 .mix = model_options.type,
                                 .threads = (unsigned)model_options.threads,
                                 .each = add_tensor,
                                 .progress = advance,
                                 .arg = &r};
    struct quantize_result q;
    struct perplexity_result p = {0};
    struct perplexity_plan measured = {.model = plan.out,
                                       .corpus = model_options.text,
                                       .context = (uint32_t)model_options.context,
                                       .tokens_most = (uint64_t)model_options.tokens,
                                       .threads = plan.threads,
                                       .against = plan.in};
    enum err_code code = ERR_OK;
    if (model_options.importance)
        code = importance_read(model_options.importance, &importance, err);
    plan.importance = importance;
    if (!code)
        code = quantize_model(&plan, &q, err);
    progress_clear(&r.bar);
    if (!code && model_options.text)
        code = perplexity_measure(&measured, NULL, NULL, &p, err);
    if (!code) {
        (common_options.json ? finish_json : finish_text)(&r, &q, &p);
        code = cli_print(&r.text, err);
    }
    buf_free(&r.text);
    importance_free(&importance);
    return code;
}
