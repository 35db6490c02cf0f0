// fettle model convert: a Hugging Face folder into a GGUF file.
#include <stdio.h>

#include "base/file.h"
#include "base/json_out.h"
#include "base/progress.h"
#include "cli/model.h"
#include "train/convert.h"

static bool show(void *arg, uint64_t done, uint64_t total)
{
    struct progress *bar = arg;
    bar->total = total;
    progress_at(bar, done, NULL);
    return true;
}

static enum err_code report(const char *file, const struct convert_result *r, struct err *err)
{
    struct buf out = {0};
    if (common_options.json) {
        struct json_out j;
        json_open(&j, &out);
        json_object(&j);
        json_key_text(&j, "file", file);
        json_key_text(&j, "architecture", r->arch);
        json_key_int(&j, "tensors", (int64_t)r->tensors);
        json_key_int(&j, "weights", (int64_t)r->weights);
        json_key_int(&j, "bytes", (int64_t)r->bytes);
        json_key_int(&j, "tokens", (int64_t)r->tokens);
        json_end(&j);
        buf_add_char(&out, '\n');
    } else {
        buf_printf(&out, "%s: %s, %llu tensors, %.1f M weights, %.1f MB\n", file, r->arch,
                   (unsigned long long)r->tensors, (double)r->weights / 1e6,
                   (double)r->bytes / 1e6);
    }
    enum err_code code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static bool is_adapter(const char *dir)
{
    char path[4096];
    return snprintf(path, sizeof path, "%s/adapter_config.json", dir) < (int)sizeof path &&
           file_exists(path);
}

enum err_code cli_model_convert(const struct option_list *operands, struct err *err)
{
    const char *out = operands->count == 3 ? operands->items[2] : model_options.out;
    if (operands->count < 2 || operands->count > 3 || !out)
        return err_set(err, ERR_USAGE, "a folder and a file to write are expected after 'convert'");
    const char *dir = operands->items[1];
    struct convert_result r;
    enum err_code code;
    if (is_adapter(dir)) {
        if (!model_options.base)
            return err_set(err, ERR_USAGE, "%s is an adapter: --base FILE is expected", dir);
        struct convert_adapter plan = {dir, model_options.base, out};
        code = convert_adapter(&plan, &r, err);
    } else {
        struct progress bar;
        struct convert_plan plan = {.dir = dir,
                                    .out = out,
                                    .type = model_options.type,
                                    .threads = (unsigned)model_options.threads,
                                    .each = show,
                                    .arg = &bar};
        progress_open(&bar, "converting", 0);
        code = convert_model(&plan, &r, err);
        progress_clear(&bar);
    }
    return code ? code : report(out, &r, err);
}
