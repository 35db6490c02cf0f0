// fettle train lm and fettle train adapter: a model from scratch, or what changes one.
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/interrupt.h"
#include "cli/train.h"
#include "train/lm.h"

struct shown {
    struct progress bar;
    double eval_loss;
};

static bool show(void *arg, const struct lm_progress *p)
{
    struct shown *s = arg;
    char note[160], eval[32] = "";
    if (isfinite(p->eval_loss))
        snprintf(eval, sizeof eval, ", eval %.4f", p->eval_loss);
    snprintf(note, sizeof note, "loss %.4f%s, %.0f tokens/s, %d:%02d:%02d left", p->loss, eval,
             p->tokens_per_s, (int)(p->left_s / 3600), (int)(p->left_s / 60) % 60,
             (int)p->left_s % 60);
    s->bar.total = p->steps;
    if (isfinite(p->eval_loss) && p->eval_loss != s->eval_loss) {
        s->eval_loss = p->eval_loss;
        progress_clear(&s->bar);
        log_info("train", "step %llu of %llu: %s", (unsigned long long)p->step,
                 (unsigned long long)p->steps, note);
    }
    progress_at(&s->bar, p->step, note);
    return !cli_interrupted();
}

static void print_json(struct buf *out, const struct lm_result *r)
{
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key_text(&j, "file", train_options.out);
    json_key_text(&j, "run", r->run_id);
    json_key_int(&j, "parameters", (int64_t)r->parameters);
    json_key_int(&j, "steps", (int64_t)r->steps);
    json_key_int(&j, "tokens", (int64_t)r->tokens);
    json_key_int(&j, "train_documents", (int64_t)r->train_documents);
    json_key_int(&j, "eval_documents", (int64_t)r->eval_documents);
    json_key_int(&j, "too_long", (int64_t)r->skipped);
    json_key_real(&j, "loss", r->loss);
    json_key_real(&j, "eval_loss", r->eval_loss);
    json_key_real(&j, "best_eval_loss", r->best_eval_loss);
    json_key_real(&j, "tokens_per_second", r->tokens_per_s);
    json_key_bool(&j, "stopped_early", r->stopped_early);
    json_end(&j);
}

static void print_text(struct buf *out, const struct lm_result *r)
{
    buf_printf(out, "%s: %.2f million weights, %llu steps over %llu tokens, loss %.4f",
               train_options.out, (double)r->parameters / 1e6, (unsigned long long)r->steps,
               (unsigned long long)r->tokens, r->loss);
    if (isfinite(r->best_eval_loss))
        buf_printf(out, ", best evaluation %.4f", r->best_eval_loss);
    buf_printf(out, ", %.0f tokens/s; run %s", r->tokens_per_s, r->run_id);
    if (r->skipped)
        buf_printf(out, "; %llu documents were too long and left out",
                   (unsigned long long)r->skipped);
}

static enum err_code read_settings(const char *path, struct settings **out, struct err *err)
{
    static const struct setting_def *const tables[] = {train_lm_settings};
    struct settings *s = *out = settings_open(tables, 1);
    if (!s)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    enum err_code code = settings_load(s, path, err);
    for (size_t i = 0; i < common_options.sets.count && !code; i++)
        code = settings_set_pair(s, common_options.sets.items[i], err);
    return code;
}

static enum err_code train(const struct settings *s, struct err *err)
{
    struct lm_plan plan;
    enum err_code code = lm_plan_read(s, &plan, err);
    if (code)
        return code;
    char runs[PATH_MAX];
    const char *data = common_options.data_dir ? common_options.data_dir : "fettle-data";
    snprintf(runs, sizeof runs, "%s/runs", data);
    struct lm_files files = {train_options.out, runs, train_options.resume};
    struct shown shown = {.eval_loss = NAN};
    struct lm_result result;
    progress_open(&shown.bar, "training", plan.schedule.steps);
    cli_catch(SIGINT);
    cli_catch(SIGTERM);
    code = train_lm(&plan, &files, show, &shown, &result, err);
    progress_clear(&shown.bar);
    if (code)
        return code;
    struct buf out = {0};
    if (common_options.json)
        print_json(&out, &result);
    else
        print_text(&out, &result);
    buf_add_char(&out, '\n');
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static enum err_code train_kind(const struct option_list *operands, bool adapter, struct err *err)
{
    if (operands->count != 2)
        return err_set(err, ERR_USAGE, "one settings file is expected after '%s'",
                       operands->items[0]);
    if (!train_options.out)
        return err_set(err, ERR_USAGE, "--out FILE is expected");
    struct settings *s;
    enum err_code code = read_settings(operands->items[1], &s, err);
    if (!code && adapter != (*settings_text(s, "adapter.base") != 0))
        code = err_set(err, ERR_USAGE,
                       adapter ? "adapter.base names no model"
                               : "adapter.base is set: 'train adapter' trains adapters");
    if (!code)
        code = train(s, err);
    settings_close(&s);
    return code;
}

enum err_code cli_train_lm(const struct option_list *operands, struct err *err)
{
    return train_kind(operands, false, err);
}

enum err_code cli_train_adapter(const struct option_list *operands, struct err *err)
{
    return train_kind(operands, true, err);
}
