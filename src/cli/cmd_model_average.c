// fettle model average: one model of several.
#include "base/json_out.h"
#include "base/progress.h"
#include "cli/model.h"
#include "train/average.h"

static void advance(void *arg, uint64_t done, uint64_t all)
{
    struct progress *bar = arg;
    bar->total = all;
    progress_at(bar, done, NULL);
}

enum err_code cli_model_average(const struct option_list *operands, struct err *err)
{
    uint64_t weights;
    struct buf text = {0};
    if (operands->count < 3)
        return err_set(err, ERR_USAGE, "two models or more are expected after 'average'");
    if (!model_options.out)
        return err_set(err, ERR_USAGE, "--out FILE is expected");
    size_t count = (size_t)operands->count - 1;
    struct progress bar;
    struct average_plan plan = {.models = operands->items + 1,
                                .count = count,
                                .out = model_options.out,
                                .progress = advance,
                                .arg = &bar};
    progress_open(&bar, "averaging", 0);
    enum err_code code = average_models(&plan, &weights, err);
    progress_clear(&bar);
    if (!code && common_options.json) {
        struct json_out j;
        json_open(&j, &text);
        json_object(&j);
        json_key_text(&j, "file", model_options.out);
        json_key_int(&j, "models", (int64_t)count);
        json_key_int(&j, "weights", (int64_t)weights);
        json_end(&j);
        buf_add_char(&text, '\n');
    } else if (!code) {
        buf_printf(&text, "%s: the mean of %zu models, %.2f million weights\n", model_options.out,
                   count, (double)weights / 1e6);
    }
    if (!code)
        code = cli_print(&text, err);
    buf_free(&text);
    return code;
}
