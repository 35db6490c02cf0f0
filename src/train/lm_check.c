// What is checked before a training run's first step, and what a step that failed may be due to.
#include <math.h>

#include "base/file.h"
#include "train/lm_private.h"

// The weights and both moments of a checkpoint, and the file that comes out.
enum { BYTES_OF_WEIGHT = 4 * sizeof(float) };

// Files that are read would be lost if the run's own took their place.
static enum err_code check_names(const struct lm_run *r, struct err *err)
{
    const struct {
        const char *setting, *path;
    } read[] = {{"adapter.base", r->plan->base},
                {"model.from", r->plan->from},
                {"data.tokenizer", r->plan->tokenizer_path}};
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        if (file_same(read[i].path, r->files->out))
            return err_set(err, ERR_USAGE, "--out %s is the file that %s names", r->files->out,
                           read[i].setting);
    return ERR_OK;
}

enum err_code lm_run_check(const struct lm_run *r, struct err *err)
{
    enum err_code code = check_names(r, err);
    return code
               ? code
               : file_check_room(r->checkpoint_path, r->learned->parameters * BYTES_OF_WEIGHT, err);
}

static bool all_finite(const struct gguf_tensor *t)
{
    float x[256];
    for (uint64_t i = 0; i < t->count; i += 256) {
        size_t n = t->count - i < 256 ? (size_t)(t->count - i) : 256;
        t->format->dequantize(t->data + quant_bytes(t->format, i), x, n);
        for (size_t k = 0; k < n; k++)
            if (!isfinite(x[k]))
                return false;
    }
    return true;
}

enum err_code lm_run_blame(const struct lm_run *r, uint64_t step, struct err *err)
{
    for (size_t i = 0; i < gguf_tensor_count(r->model_file); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(r->model_file, i);
        if (!all_finite(t))
            return err_set(err, ERR_INPUT, "%s: tensor '%.*s' has weights that are no numbers",
                           gguf_name(r->model_file), STR_ARG(t->name));
    }
    return err_set(err, ERR_CORRUPT,
                   "step %llu: the gradient is not finite; a lower train.rate may help",
                   (unsigned long long)step);
}
