// The loop of a training run.
#include "train/lm.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "nn/run_origin.h"
#include "train/adapter_file.h"
#include "train/lm_private.h"
#include "train/model_write.h"

enum { SPEED_STEPS = 20 }; // that tokens/s are measured over

static void add_param(void *arg, const struct setting_def *def, const char *name, const char *text,
                      const char *source)
{
    (void)def;
    (void)source;
    (void)run_log_param(arg, name, text, NULL); // a run is whole without this copy of its settings
}

static enum err_code begin_fresh(struct lm_run *r, struct err *err)
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

static enum err_code begin_again(struct lm_run *r, struct err *err)
{
    enum err_code code =
        checkpoint_read(r->checkpoint_path, &r->at, r->learned, r->plan->settings, err);
    if (code)
        return code;
    packer_go(&r->packer, r->at.place);
    return run_log_resume(r->files->runs, r->at.run_id, r->at.step, &r->log, err);
}

// Rows are all tokens of documents but the last.
static uint64_t steps_of(const struct lm_run *r)
{
    if (r->plan->schedule.steps)
        return r->plan->schedule.steps;
    double rows = (double)(r->train.n - r->train.count);
    return (uint64_t)ceil(r->plan->epochs * rows / r->plan->batch_tokens);
}

static double evaluate(struct lm_run *r)
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

static enum err_code write_model(struct lm_run *r, struct err *err)
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
static enum err_code judge(struct lm_run *r, struct err *err)
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
static enum err_code step(struct lm_run *r, struct err *err)
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
        return lm_run_blame(r, number, err);
    r->at.tokens += rows;
    r->at.place = r->packer.place;
    r->speed_tokens += rows;
    r->now.step = number;
    r->now.loss = targets ? sum / (double)targets : 0;
    r->now.gradient_norm = norm * factor;
    return ERR_OK;
}

static enum err_code record(struct lm_run *r, struct err *err)
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
static void measure(struct lm_run *r, int64_t spent_us)
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

static bool out_of_patience(const struct lm_run *r)
{
    return r->plan->patience && r->at.evals_since_best >= r->plan->patience;
}

static enum err_code save(struct lm_run *r, struct err *err)
{
    return checkpoint_write(r->checkpoint_path, &r->at, r->learned, r->plan->settings, err);
}

static enum err_code loop(struct lm_run *r, lm_progress_fn *progress, void *arg, struct err *err)
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

static enum err_code checkpoint_name(struct lm_run *r, struct err *err)
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

static void fill_result(const struct lm_run *r, struct lm_result *out)
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
    struct lm_run r = {.plan = plan, .files = files};
    struct lm_plan filled = *plan;
    enum err_code code;
    r.now.eval_loss = r.now.loss = NAN;
    if ((code = checkpoint_name(&r, err)) || (code = lm_run_open_data(&r, err)) ||
        (code = lm_run_open_model(&r, err)) || (code = lm_run_check(&r, err)))
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
    lm_run_close(&r);
    return code;
}
