// fettle model synth: writes a model of a real shape with random weights.
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/model.h"
#include "llm/synth.h"

static enum err_code unknown_shape(struct err *err)
{
    struct buf names = {0};
    for (size_t i = 0; synth_shape_name(i); i++)
        buf_printf(&names, "%s%s", i ? ", " : "", synth_shape_name(i));
    enum err_code code = err_set(err, ERR_NOT_FOUND, "no shape is called '%.64s'; there are %s",
                                 model_options.like, names.p ? names.p : "");
    buf_free(&names);
    return code;
}

enum err_code cli_model_synth(const struct option_list *operands, struct err *err)
{
    const char *path = operands->count == 2 ? operands->items[1] : model_options.out;
    if (!path || operands->count > 2)
        return err_set(err, ERR_USAGE, "one file to write is expected after 'synth'");
    const char *arch = synth_shape_arch(model_options.like);
    if (!arch)
        return unknown_shape(err);
    if (model_options.arch && strcasecmp(model_options.arch, arch) != 0)
        return err_set(err, ERR_USAGE, "%s has the architecture %s, not %s", model_options.like,
                       arch, model_options.arch);
    struct gguf *vocabulary = NULL;
    if (model_options.vocabulary && gguf_open(model_options.vocabulary, &vocabulary, err))
        return err->code;
    struct synth s = {.like = model_options.like,
                      .type = model_options.type,
                      .seed = (uint64_t)model_options.seed,
                      .vocabulary = vocabulary};
    enum err_code code = synth_write(&s, path, err);
    gguf_close(&vocabulary);
    if (code)
        return code;
    struct stat st;
    struct buf out = {0};
    buf_printf(&out, "%s: %s in %s, %.1f MB of random weights\n", path, model_options.like,
               model_options.type, stat(path, &st) == 0 ? (double)st.st_size / 1e6 : 0.0);
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}
