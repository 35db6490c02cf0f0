// fettle model export: a model as other programs take it.
#include "base/progress.h"
#include "cli/model.h"
#include "train/export_ollama.h"
#include "train/export_onnx.h"

static enum err_code to_ollama(const char *model, struct err *err)
{
    struct export_ollama e = {model, model_options.adapter, model_options.system,
                              (uint32_t)model_options.context, model_options.out};
    enum err_code code = export_ollama(&e, err);
    if (code)
        return code;
    struct buf out = {0};
    buf_printf(&out, "%s/Modelfile; ollama create NAME -f %s/Modelfile\n", e.dir, e.dir);
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static bool show(void *arg, uint64_t done, uint64_t total)
{
    struct progress *p = arg;
    p->total = total;
    progress_at(p, done, NULL);
    return true;
}

static enum err_code to_onnx(const char *model, struct err *err)
{
    struct progress bar;
    struct err note = {0};
    struct export_onnx e = {.model = model,
                            .dir = model_options.out,
                            .context = (uint32_t)model_options.context,
                            .bits = (unsigned)model_options.bits,
                            .threads = (unsigned)model_options.threads,
                            .progress = show,
                            .arg = &bar,
                            .note = &note};
    progress_open(&bar, "exporting", 0);
    enum err_code code = export_onnx(&e, err);
    progress_clear(&bar);
    if (code)
        return code;
    struct buf out = {0};
    buf_printf(&out, "%s/model.onnx\n", e.dir);
    if (note.code)
        buf_printf(&out, "%s\n", note.text);
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

// One target: an option that chooses it, a function that reads model_options.out.
static const struct {
    const char *option;
    const bool *chosen;
    enum err_code (*run)(const char *model, struct err *err);
} targets[] = {{"--ollama", &model_options.ollama, to_ollama},
               {"--onnx", &model_options.onnx, to_onnx}};

enum { TARGETS = sizeof targets / sizeof *targets };

enum err_code cli_model_export(const struct option_list *operands, struct err *err)
{
    size_t chosen = TARGETS, count = 0;
    struct buf names = {0};
    for (size_t i = 0; i < TARGETS; i++) {
        buf_printf(&names, "%s%s", i ? ", " : "", targets[i].option);
        if (*targets[i].chosen) {
            chosen = i;
            count++;
        }
    }
    enum err_code code = cli_model_one(operands, err);
    if (!code && count != 1)
        code = err_set(err, ERR_USAGE, "where to is expected: one of %s", names.p ? names.p : "");
    else if (!code && !model_options.out)
        code = err_set(err, ERR_USAGE, "--out is expected: what to write");
    else if (!code)
        code = targets[chosen].run(operands->items[1], err);
    buf_free(&names);
    return code;
}
