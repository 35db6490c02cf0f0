// fettle train merge: puts an adapter into its base.
#include "base/json_out.h"
#include "base/progress.h"
#include "cli/train.h"
#include "train/quantize.h"

static void advance(void *arg, uint64_t done, uint64_t all)
{
    struct progress *bar = arg;
    bar->total = all;
    progress_at(bar, done, NULL);
}

static void report(struct buf *text, const struct quantize_plan *plan,
                   const struct quantize_result *r)
{
    if (!common_options.json) {
        buf_printf(text, "%s: %s with %s in %llu matrices; %.2f MB of weights, off by %.3f %%\n",
                   plan->out, plan->in, plan->adapter, (unsigned long long)r->adapted,
                   (double)r->bytes_after / 1e6, 100 * r->error);
        return;
    }
    struct json_out json;
    json_open(&json, text);
    json_object(&json);
    json_key_text(&json, "file", plan->out);
    json_key_int(&json, "adapted", (int64_t)r->adapted);
    json_key_int(&json, "bytes", (int64_t)r->bytes_after);
    json_key_real(&json, "error", r->error);
    json_end(&json);
    buf_add_char(text, '\n');
}

enum err_code cli_train_merge(const struct option_list *operands, struct err *err)
{
    if (operands->count != 3)
        return err_set(err, ERR_USAGE, "a base and an adapter are expected after 'merge'");
    if (!train_options.out)
        return err_set(err, ERR_USAGE, "--out FILE is expected");
    struct progress bar;
    struct quantize_result result;
    struct quantize_plan plan = {.in = operands->items[1],
                                 .adapter = operands->items[2],
                                 .adapter_scale = (float)train_options.scale,
                                 .out = train_options.out,
                                 .mix = train_options.type,
                                 .threads = (unsigned)train_options.threads,
                                 .progress = advance,
                                 .arg = &bar};
    progress_open(&bar, "merging", 0);
    enum err_code code = quantize_model(&plan, &result, err);
    progress_clear(&bar);
    if (code)
        return code;
    struct buf text = {0};
    report(&text, &plan, &result);
    code = cli_print(&text, err);
    buf_free(&text);
    return code;
}
