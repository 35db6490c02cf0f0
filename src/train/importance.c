// How much each column matters: kept by tensor, measured over a text.
#include "train/importance.h"

#include <math.h>
#include <stdlib.h>

#include "llm/engine.h"
#include "train/examples.h"
#include "train/importance_private.h"

void importance_free(struct importance **out)
{
    struct importance *m = *out;
    if (!m)
        return;
    for (size_t i = 0; i < m->entries.n; i++)
        free((void *)(uintptr_t)m->entries.entries[i].value);
    map_free(&m->entries);
    free(m);
    *out = NULL;
}

static const struct importance_entry *find(const struct importance *m, struct str tensor)
{
    const uint64_t *p = map_find(&m->entries, tensor);
    return p ? (const struct importance_entry *)(uintptr_t)*p : NULL;
}

const float *importance_of(const struct importance *m, struct str tensor, uint64_t cols)
{
    const struct importance_entry *e = find(m, tensor);
    return e && e->cols == cols ? e->mean : NULL;
}

size_t importance_count(const struct importance *m)
{
    return m->entries.n;
}

uint64_t importance_tokens(const struct importance *m)
{
    return m->tokens;
}

enum err_code importance_add(struct importance *m, const char *file, struct str tensor,
                             const float *sum, size_t cols, double count, struct err *err)
{
    if (find(m, tensor))
        return err_set(err, ERR_INPUT, "%s: '%.*s' is there twice", file, STR_ARG(tensor));
    struct importance_entry *e = malloc(sizeof *e + cols * sizeof *e->mean);
    if (!e || !map_put(&m->entries, tensor, (uintptr_t)e)) {
        free(e);
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", file);
    }
    e->cols = cols;
    for (size_t i = 0; i < cols; i++) {
        e->mean[i] = (float)((double)sum[i] / count);
        if (!(e->mean[i] >= 0) || isinf(e->mean[i]))
            return err_set(err, ERR_INPUT,
                           "%s: '%.*s', number %zu is %g, expected one that is not negative", file,
                           STR_ARG(tensor), i, (double)e->mean[i]);
    }
    return ERR_OK;
}

struct job {
    const struct importance_plan *plan;
    struct engine *engine;
    struct session *session;
    struct examples text;
    double **sums; // of squares, by place; NULL: not an input of its own
    size_t places;
    uint64_t tokens;
};

static void look(void *arg, size_t place, const float *x, size_t count)
{
    struct job *j = arg;
    const struct gguf_tensor *t;
    size_t cols = model_matrix(engine_model(j->engine), place, &t)->cols;
    double *sums = j->sums[place];
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < cols; k++)
            sums[k] += (double)x[i * cols + k] * (double)x[i * cols + k];
}

static enum err_code open_all(struct job *j, struct err *err)
{
    const struct importance_plan *p = j->plan;
    enum err_code code = engine_open(p->model, p->threads, &j->engine, err);
    if (code)
        return code;
    const struct model *m = engine_model(j->engine);
    uint32_t context = p->context && p->context < m->shape.context ? p->context : m->shape.context;
    const struct tokenizer *t = engine_tokenizer(j->engine);
    struct chat_template *chat;
    if ((code = session_open(j->engine, &(struct session_options){.context = context}, &j->session,
                             err)) ||
        (code = examples_chat_open(m->file, t, &chat, err)))
        return code;
    struct examples_plan e = {p->corpus, context, false, chat};
    code = examples_read(&e, t, &j->text, err);
    chat_template_close(&chat);
    if (code)
        return code;
    j->places = (size_t)m->shape.L * MODEL_PLACES;
    j->sums = calloc(j->places, sizeof *j->sums);
    bool good = j->sums != NULL;
    for (size_t i = 0; good && i < j->places; i++) {
        size_t kind = i % MODEL_PLACES;
        const struct gguf_tensor *none;
        if (kind == MODEL_QKV || kind == MODEL_OUT || kind == MODEL_GATE_UP || kind == MODEL_DOWN)
            good = (j->sums[i] = calloc(model_matrix(m, i, &none)->cols, sizeof **j->sums)) != NULL;
    }
    return good ? ERR_OK : err_set(err, ERR_NO_MEMORY, "%s: out of memory", p->model);
}

static enum err_code feed(struct job *j, uint64_t document, struct err *err)
{
    const int32_t *tokens = j->text.tokens + j->text.starts[document];
    size_t n = j->text.starts[document + 1] - j->text.starts[document] - 1;
    session_truncate(j->session, 0);
    for (size_t from = 0; from < n; from += ENGINE_BATCH) {
        struct step_token step[ENGINE_BATCH];
        size_t now = n - from < ENGINE_BATCH ? n - from : ENGINE_BATCH;
        const float *none;
        for (size_t i = 0; i < now; i++)
            step[i] = (struct step_token){tokens[from + i], j->session, false};
        enum err_code code = engine_step(j->engine, step, now, &none, err);
        if (code)
            return code;
        j->tokens += now;
    }
    return ERR_OK;
}

// Matrices side by side have the same inputs.
static enum err_code collect(const struct job *j, struct importance *m, struct err *err)
{
    enum err_code code = ERR_OK;
    const double *sums = NULL;
    for (size_t i = 0; i < j->places && !code; i++) {
        const struct gguf_tensor *t;
        sums = j->sums[i] ? j->sums[i] : sums;
        model_matrix(engine_model(j->engine), i, &t);
        if (!t)
            continue;
        size_t cols = (size_t)t->ne[0];
        float *mean = malloc(cols * sizeof *mean);
        if (!mean)
            return err_set(err, ERR_NO_MEMORY, "%s: out of memory", j->plan->model);
        for (size_t k = 0; k < cols; k++)
            mean[k] = (float)(sums[k] / (double)j->tokens);
        code = importance_add(m, j->plan->model, t->name, mean, cols, 1, err);
        free(mean);
    }
    return code;
}

static void close_all(struct job *j)
{
    for (size_t i = 0; j->sums && i < j->places; i++)
        free(j->sums[i]);
    free(j->sums);
    examples_free(&j->text);
    session_close(&j->session);
    engine_close(&j->engine);
}

enum err_code importance_measure(const struct importance_plan *plan, importance_fn *progress,
                                 void *arg, struct importance **out, struct err *err)
{
    struct job j = {.plan = plan};
    struct importance *m = *out = NULL;
    enum err_code code = open_all(&j, err);
    uint64_t total = j.text.n < j.text.count ? 0 : j.text.n - j.text.count;
    if (plan->tokens_most && plan->tokens_most < total)
        total = plan->tokens_most;
    if (!code && !(m = calloc(1, sizeof *m)))
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", plan->model);
    if (!code)
        engine_watch(j.engine, look, &j);
    for (uint64_t d = 0; d < j.text.count && j.tokens < total && !code; d++) {
        code = feed(&j, d, err);
        if (!code && progress && !progress(arg, j.tokens, total))
            code = err_set(err, ERR_CANCELLED, "stopped");
    }
    if (!code)
        code = collect(&j, m, err);
    if (m)
        m->tokens = j.tokens;
    close_all(&j);
    if (code)
        importance_free(&m);
    *out = m;
    return code;
}
