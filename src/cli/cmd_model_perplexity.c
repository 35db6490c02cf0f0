// fettle model perplexity: how well a model foresees a text.
#include "base/json_out.h"
#include "base/progress.h"
#include "cli/model.h"
#include "train/perplexity.h"

static bool show(void *arg, uint64_t done, uint64_t total)
{
    struct progress *p = arg;
    p->total = total;
    progress_at(p, done, NULL);
    return true;
}

static void print_json(const struct perplexity_plan *plan, const struct perplexity_result *r,
                       struct buf *out)
{
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key_text(&j, "model", plan->model);
    json_key_real(&j, "perplexity", r->perplexity);
    json_key_real(&j, "loss", r->loss);
    json_key_int(&j, "tokens", (int64_t)r->tokens);
    if (plan->against) {
        json_key_text(&j, "against", plan->against);
        json_key_real(&j, "against_perplexity", r->against_perplexity);
        json_key_real(&j, "divergence", r->divergence);
        json_key_real(&j, "divergence_largest", r->divergence_largest);
        json_key_real(&j, "same_first", r->same_first);
    }
    json_end(&j);
    buf_add_char(out, '\n');
}

static void print_text(const struct perplexity_plan *plan, const struct perplexity_result *r,
                       struct buf *out)
{
    buf_printf(out, "%s: perplexity %.4f (loss %.5f) over %llu tokens\n", plan->model,
               r->perplexity, r->loss, (unsigned long long)r->tokens);
    if (plan->against)
        buf_printf(out,
                   "against %s (perplexity %.4f): mean divergence %.6f, largest %.4f, the same "
                   "token likeliest for %.2f %%\n",
                   plan->against, r->against_perplexity, r->divergence, r->divergence_largest,
                   100 * r->same_first);
}

enum err_code cli_model_perplexity(const struct option_list *operands, struct err *err)
{
    if (cli_model_one(operands, err))
        return ERR_USAGE;
    if (!model_options.text)
        return err_set(err, ERR_USAGE, "--text FILE is expected");
    struct perplexity_plan plan = {operands->items[1],
                                   model_options.text,
                                   (uint32_t)model_options.context,
                                   (uint64_t)model_options.tokens,
                                   (unsigned)model_options.threads,
                                   model_options.against};
    struct perplexity_result r;
    struct progress bar;
    progress_open(&bar, "reading", 0);
    enum err_code code = perplexity_measure(&plan, show, &bar, &r, err);
    progress_clear(&bar);
    if (code)
        return code;
    struct buf out = {0};
    if (common_options.json)
        print_json(&plan, &r, &out);
    else
        print_text(&plan, &r, &out);
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}
