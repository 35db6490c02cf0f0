// The loop of a training run.
#include "train/lm.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "nn/run_origin.h"
#include "train/adapter_file.h"
#include "train/checkpoint.h"
#include "train/model_read.h"
#include "train/model_write.h"

enum { SPEED_STEPS = 20 }; // that tokens/s are measured over

struct run {
    const struct lm_plan *plan;
    const struct lm_files *files;
    char checkpoint_path[PATH_MAX];
    uint64_t steps;
    struct gguf *model_file; // with the tokenizer, and the weights to start from or adapt
    struct tokenizer *tokenizer;
    struct chat_template *chat; // of an adapter's base; NULL: ChatML
    struct examples train, eval;
    struct nn_work k;
    struct nn_weights w;
    struct nn_adapter adapter;
    struct nn_weights *learned; // w, or the adapter's
    float rope_factors[NN_FACTORS_MAX];
    struct nn_decoder *decoder;
    struct packer packer, eval_packer;
    struct checkpoint at;
    struct run_log *log;
    struct lm_progress now;
    int64_t speed_us;
    uint64_t speed_tokens, speed_steps;
};

static enum err_code read_examples(struct run *r, const char *paths, struct examples *out,
                                   struct err *err)
{
    struct examples_plan p = {paths, r->plan->shape.context, r->plan->answers_only, r->chat};
    return examples_read(&p, r->tokenizer, out, err);
}

static enum err_code open_data(struct run *r, struct err *err)
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

static enum err_code open_fresh_weights(struct run *r, struct err *err)
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

static enum err_code open_weights_of_file(struct run *r, struct err *err)
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

static enum err_code open_adapter(struct run *r, struct err *err)
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

static enum err_code open_model(struct run *r, struct err *err)
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

static void add_param(void *arg, const struct setting_def *def, const char *name, const char *text,
                      const char *source)
{
    (void)def;
    (void)source;
    (void)run_log_param(arg, name, text, NULL); // a run is whole without this copy of its settings
}

static enum err_code begin_fresh(struct run *r, struct err *err)
{
    r->at = (struct checkpoint){.best_eval_loss = NAN};
    enum err_code code = run_log_open(r->files->runs, r->plan->name, &r->log, err);
    if (code)
        return code;
    snprintf(r->at.run_id, sizeof r->at.run_id, "%s", run_log_id(r->log));
    settings_each(r->plan->settings, add_param, r->log);
    struct run_origin origin;
    run_origin_read(&origin);
    return run_origin_record(r->log, &origin, err);
}

static enum err_code begin_again(struct run *r, struct err *err)
{
    enum err_code code =
        checkpoint_read(r->checkpoint_path, &r->at, r->learned, r->plan->settings, err);
    if (code)
        return code;
    packer_go(&r->packer, r->at.place);
    return run_log_resume(r->files->runs, r->at.run_id, r->at.step, &r->log, err);
}

// Rows are all tokens of documents but the last.
static uint64_t steps_of(const struct run *r)
{
    if (r->plan->schedule.steps)
        return r->plan->schedule.steps;
    double rows = (double)(r->train.n - r->train.count);
    return (uint64_t)ceil(r->plan->epochs * rows / r->plan->batch_tokens);
}

static double evaluate(struct run *r)
{
    struct nn_batch b;
    size_t targets, all = 0;
    double sum = 0;
    packer_go(&r->eval_packer, (struct packer_place){0, 0});
    while (packer_next(&r->eval_packer, &b, &targets)) {
        sum += nn_decoder_loss(r->decoder, &b, 0);
        all += targets;
    }
    return sum / (double)all;
}

static enum err_code write_model(struct run *r, struct err *err)
{
    if (*r->plan->base) {
        struct str arch = {"", 0};
        // model_read_shape has seen that it is there.
        (void)gguf_string(r->model_file, "general.architecture", &arch, NULL);
        return adapter_file_write(&r->adapter, arch, r->plan->name, r->files->out, err);
    }
    struct model_write m = {&r->w, r->model_file, quant_format_by_name(r->plan->format),
                            r->plan->name};
    return model_write(&m, r->files->out, err);
}

// Evaluates; a better model than before is written.
static enum err_code judge(struct run *r, struct err *err)
{
    double loss = r->now.eval_loss = evaluate(r);
    enum err_code code = run_log_metric(r->log, "eval_loss", loss, r->at.step, err);
    if (code)
        return code;
    if (isnan(r->at.best_eval_loss) || loss < r->at.best_eval_loss) {
        r->at.best_eval_loss = loss;
        r->at.evals_since_best = 0;
        return write_model(r, err);
    }
    r->at.evals_since_best++;
    return ERR_OK;
}

// One step of the optimizer: as many batches as it takes.
static enum err_code step(struct run *r, struct err *err)
{
    const struct lm_plan *p = r->plan;
    size_t rows = 0, targets = 0;
    double sum = 0, nominal = 1.0 / p->batch_tokens;
    while (rows < p->batch_tokens) {
        struct nn_batch b;
        size_t n;
        if (!packer_next(&r->packer, &b, &n))
            continue;                                // the next epoch begins
        r->adapter.pass = (r->at.step << 20) + rows; // another one after every batch
        sum += nn_decoder_loss(r->decoder, &b, (float)nominal);
        rows += b.T;
        targets += n;
    }
    // Gradients are of nominal times the sum; those of the mean are wanted.
    double factor = targets ? 1 / (nominal * (double)targets) : 1;
    double norm = nn_gradient_norm(&r->k, r->learned);
    uint64_t number = ++r->at.step;
    r->now.rate = nn_schedule_rate(&p->schedule, number);
    if (!nn_optimizer_step(&r->k, &p->optimizer, r->learned, norm, factor, number, r->now.rate))
        return err_set(err, ERR_CORRUPT,
                       "step %llu: the gradient is not finite; a lower train.rate may help",
                       (unsigned long long)number);
    r->at.tokens += rows;
    r->at.place = r->packer.place;
    r->speed_tokens += rows;
    r->now.step = number;
    r->now.loss = targets ? sum / (double)targets : 0;
    r->now.gradient_norm = norm * factor;
    return ERR_OK;
}

static enum err_code record(struct run *r, struct err *err)
{
    const struct {
        const char *name;
        double value;
    } metrics[] = {{"loss", r->now.loss},
                   {"learning_rate", r->now.rate},
                   {"gradient_norm", r->now.gradient_norm},
                   {"tokens_per_second", r->now.tokens_per_s}};
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics && !code; i++)
        code = run_log_metric(r->log, metrics[i].name, metrics[i].value, r->at.step, err);
    return code;
}

// Speed over the last steps; `spent_us` of the step just done.
static void measure(struct run *r, int64_t spent_us)
{
    r->speed_us += spent_us;
    r->speed_steps++;
    r->now.tokens_per_s = (double)r->speed_tokens * 1e6 / (double)(r->speed_us ? r->speed_us : 1);
    r->now.left_s =
        (double)(r->steps - r->at.step) * (double)r->speed_us / 1e6 / (double)r->speed_steps;
    if (r->speed_steps >= 2 * SPEED_STEPS) {
        r->speed_steps /= 2;
        r->speed_us /= 2;
        r->speed_tokens /= 2;
    }
}

static bool out_of_patience(const struct run *r)
{
    return r->plan->patience && r->at.evals_since_best >= r->plan->patience;
}

static enum err_code save(struct run *r, struct err *err)
{
    return checkpoint_write(r->checkpoint_path, &r->at, r->learned, r->plan->settings, err);
}

static enum err_code loop(struct run *r, lm_progress_fn *progress, void *arg, struct err *err)
{
    const struct lm_plan *p = r->plan;
    enum err_code code = ERR_OK;
    while (r->at.step < r->steps && !out_of_patience(r) && !code) {
        int64_t from = clock_mono_us();
        if ((code = step(r, err)))
            break;
        measure(r, clock_mono_us() - from);
        bool last = r->at.step == r->steps;
        code = record(r, err);
        if (!code && r->eval.count && (last || r->at.step % p->eval_every == 0))
            code = judge(r, err);
        if (!code && !last && r->at.step % p->checkpoint_every == 0)
            code = save(r, err);
        if (!code && !progress(arg, &r->now)) {
            code = save(r, err);
            if (!code)
                code = err_set(err, ERR_CANCELLED,
                               "stopped at step %llu of %llu; --resume goes on from there",
                               (unsigned long long)r->at.step, (unsigned long long)r->steps);
        }
    }
    return code;
}

static enum err_code checkpoint_name(struct run *r, struct err *err)
{
    struct str out = str_of(r->files->out);
    if (!str_ends(out, STR_LIT(".gguf")))
        return err_set(err, ERR_USAGE, "%s: a name that ends in .gguf expected", r->files->out);
    int n = snprintf(r->checkpoint_path, sizeof r->checkpoint_path, "%.*s.checkpoint.gguf",
                     (int)(out.n - 5), out.p);
    return n > 0 && (size_t)n < sizeof r->checkpoint_path
               ? ERR_OK
               : err_set(err, ERR_USAGE, "%s: the path is too long", r->files->out);
}

static void close_run(struct run *r)
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

static void fill_result(const struct run *r, struct lm_result *out)
{
    *out = (struct lm_result){.steps = r->at.step,
                              .parameters = r->learned->parameters,
                              .tokens = r->at.tokens,
                              .train_documents = r->train.count,
                              .eval_documents = r->eval.count,
                              .skipped = r->train.skipped + r->eval.skipped,
                              .loss = r->now.loss,
                              .eval_loss = r->now.eval_loss,
                              .best_eval_loss = r->at.best_eval_loss,
                              .tokens_per_s = r->now.tokens_per_s,
                              .stopped_early = r->at.step < r->steps};
    snprintf(out->run_id, sizeof out->run_id, "%s", r->at.run_id);
}

enum err_code train_lm(const struct lm_plan *plan, const struct lm_files *files,
                       lm_progress_fn *progress, void *arg, struct lm_result *result,
                       struct err *err)
{
    struct run r = {.plan = plan, .files = files};
    struct lm_plan filled = *plan;
    enum err_code code;
    r.now.eval_loss = r.now.loss = NAN;
    if ((code = checkpoint_name(&r, err)) || (code = open_data(&r, err)) ||
        (code = open_model(&r, err)))
        goto out;
    uint64_t steps = filled.schedule.steps = steps_of(&r);
    r.steps = r.now.steps = plan->stop && plan->stop < steps ? plan->stop : steps;
    r.plan = &filled;
    code = files->resume ? begin_again(&r, err) : begin_fresh(&r, err);
    if (!code)
        code = loop(&r, progress, arg, err);
    if (!code && !r.eval.count)
        code = write_model(&r, err);
    fill_result(&r, result);
    enum run_status status = !code ? RUN_FINISHED : code == ERR_CANCELLED ? RUN_KILLED : RUN_FAILED;
    if (r.log) {
        enum err_code closed = run_log_close(&r.log, status, code ? NULL : err);
        code = code ? code : closed;
    }
    if (!code)
        unlink(r.checkpoint_path);
out:
    close_run(&r);
    return code;
}
