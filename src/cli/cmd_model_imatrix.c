// fettle model imatrix: which columns of a model's matrices matter for a text.
#include "base/json_out.h"
#include "base/progress.h"
#include "cli/model.h"
#include "train/importance.h"

static bool show(void *arg, uint64_t done, uint64_t total)
{
    struct progress *p = arg;
    p->total = total;
    progress_at(p, done, NULL);
    return true;
}

static enum err_code print(const struct importance *m, struct err *err)
{
    struct buf out = {0};
    if (common_options.json) {
        struct json_out j;
        json_open(&j, &out);
        json_object(&j);
        json_key_text(&j, "file", model_options.out);
        json_key_int(&j, "tensors", (int64_t)importance_count(m));
        json_key_int(&j, "tokens", (int64_t)importance_tokens(m));
        json_end(&j);
        buf_add_char(&out, '\n');
    } else {
        buf_printf(&out, "%s: importance for %zu tensors, from %llu tokens\n", model_options.out,
                   importance_count(m), (unsigned long long)importance_tokens(m));
    }
    enum err_code code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

enum err_code cli_model_imatrix(const struct option_list *operands, struct err *err)
{
    if (cli_model_one(operands, err))
        return ERR_USAGE;
    if (!model_options.text || !model_options.out)
        return err_set(err, ERR_USAGE, "--text FILE and --out FILE are expected");
    struct importance_plan plan = {.model = operands->items[1],
                                   .corpus = model_options.text,
                                   .context = (uint32_t)model_options.context,
                                   .tokens_most = (uint64_t)model_options.tokens,
                                   .threads = (unsigned)model_options.threads};
    struct importance *m;
    struct progress bar;
    progress_open(&bar, "reading", 0);
    enum err_code code = importance_measure(&plan, show, &bar, &m, err);
    progress_clear(&bar);
    if (!code)
        code = importance_write(m, plan.corpus, model_options.out, err);
    if (!code)
        code = print(m, err);
    importance_free(&m);
    return code;
}
