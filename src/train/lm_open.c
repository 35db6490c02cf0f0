// What a training run learns on: its data, its tokenizer, and its weights, new or of a file.
#include "train/lm_private.h"

static enum err_code read_examples(struct lm_run *r, const char *paths, struct examples *out,
                                   struct err *err)
{
    struct examples_plan p = {paths, r->plan->shape.context, r->plan->answers_only, r->chat};
    return examples_read(&p, r->tokenizer, out, err);
}

enum err_code lm_run_open_data(struct lm_run *r, struct err *err)
{
    const struct lm_plan *p = r->plan;
    const char *path = *p->base ? p->base : *p->from ? p->from : p->tokenizer_path;
    enum err_code code = gguf_open(path, &r->model_file, err);
    if (!code)
        code = tokenizer_open(r->model_file, &r->tokenizer, err);
    if (!code && (*p->base || *p->from))
        code = examples_chat_open(r->model_file, r->tokenizer, &r->chat, err);
    if (!code)
        code = read_examples(r, p->train_paths, &r->train, err);
    if (!code && *p->eval_paths)
        code = read_examples(r, p->eval_paths, &r->eval, err);
    return code;
}

static enum err_code open_fresh_weights(struct lm_run *r, struct err *err)
{
    struct nn_shape shape = r->plan->shape;
    struct rng rng;
    shape.V = tokenizer_count(r->tokenizer);
    enum err_code code = nn_weights_open(&shape, &r->w, err);
    if (code)
        return code;
    rng_seed(&rng, r->plan->seed);
    nn_weights_init(&r->w, &rng);
    r->learned = &r->w;
    return ERR_OK;
}

// What model_write cannot say about a model again cannot be learned on.
static enum err_code check_writable(const struct gguf *g, const char *path, struct err *err)
{
    struct str arch;
    enum err_code code = gguf_string(g, "general.architecture", &arch, err);
    if (!code && !str_is(arch, "llama") && !str_is(arch, "qwen2"))
        code = err_set(err, ERR_UNSUPPORTED,
                       "model.from: %s is a %.*s model, llama or qwen2 expected; an adapter "
                       "(adapter.base) can be trained for it",
                       path, (int)arch.n, arch.p);
    if (!code && gguf_find_tensor(g, "rope_freqs.weight"))
        code = err_set(err, ERR_UNSUPPORTED,
                       "model.from: %s scales its frequencies (rope_freqs.weight); an adapter "
                       "(adapter.base) can be trained for it",
                       path);
    return code;
}

static enum err_code open_weights_of_file(struct lm_run *r, struct err *err)
{
    const struct lm_plan *p = r->plan;
    struct nn_shape shape;
    enum err_code code;
    if ((code = check_writable(r->model_file, p->from, err)) ||
        (code = model_read_shape(r->model_file, p->shape.context, &shape, r->rope_factors, err)) ||
        (code = nn_weights_open(&shape, &r->w, err)))
        return code;
    r->learned = &r->w;
    return model_read_weights(r->model_file, &r->w, err);
}

static enum err_code open_adapter(struct lm_run *r, struct err *err)
{
    const struct lm_plan *p = r->plan;
    struct nn_shape shape;
    struct rng rng;
    rng_seed(&rng, p->seed);
    enum err_code code;
    if ((code = model_read_shape(r->model_file, p->shape.context, &shape, r->rope_factors, err)) ||
        (code = nn_weights_open_frozen(&shape, &r->w, err)) ||
        (code = model_read_weights(r->model_file, &r->w, err)) ||
        (code = nn_adapter_open(&r->w, p->rank, p->alpha, p->adapted, &rng, &r->adapter, err)))
        return code;
    r->adapter.dropout = p->dropout;
    r->adapter.seed = p->seed;
    r->learned = &r->adapter.w;
    return ERR_OK;
}

enum err_code lm_run_open_model(struct lm_run *r, struct err *err)
{
    const struct lm_plan *p = r->plan;
    struct nn_decoder_options o = {.rows = p->rows, .training = true, .recompute = p->recompute};
    enum err_code code = nn_work_open(p->threads, p->precision, &r->k, err);
    if (!code)
        code = *p->base   ? open_adapter(r, err)
               : *p->from ? open_weights_of_file(r, err)
                          : open_fresh_weights(r, err);
    if (*p->base)
        o.adapter = &r->adapter;
    if (code || (code = nn_decoder_open(&r->k, &r->w, &o, &r->decoder, err)) ||
        (code = packer_open(&r->train, p->rows, p->seed, true, &r->packer, err)))
        return code;
    if (r->eval.count)
        code = packer_open(&r->eval, p->rows, p->seed, false, &r->eval_packer, err);
    return code;
}

void lm_run_close(struct lm_run *r)
{
    packer_close(&r->packer);
    packer_close(&r->eval_packer);
    nn_decoder_close(&r->decoder);
    nn_adapter_close(&r->adapter);
    nn_weights_close(&r->w);
    nn_work_close(&r->k);
    examples_free(&r->train);
    examples_free(&r->eval);
    chat_template_close(&r->chat);
    tokenizer_close(&r->tokenizer);
    gguf_close(&r->model_file);
}
