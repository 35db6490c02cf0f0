// The loss of a model over a corpus, document by document, beside another model's.
#include "train/perplexity.h"

#include <math.h>
#include <string.h>

#include "llm/engine.h"
#include "train/examples.h"

struct reader {
    struct engine *engine;
    struct session *session;
};

struct job {
    const struct perplexity_plan *plan;
    struct reader model, other; // other.engine is NULL without `against`
    struct examples text;
    uint32_t V;
    double other_loss, same_first; // sums
    struct perplexity_result *result;
};

// The logarithm of the sum of exponentials; *first is the likeliest token.
static double log_sum(const float *logits, uint32_t V, uint32_t *first)
{
    double sum = 0;
    *first = 0;
    for (uint32_t i = 1; i < V; i++)
        if (logits[i] > logits[*first])
            *first = i;
    double top = (double)logits[*first];
    for (uint32_t i = 0; i < V; i++)
        sum += exp((double)logits[i] - top);
    return log(sum) + top;
}

static void compare(struct job *j, const float *logits, const float *other, int32_t target)
{
    struct perplexity_result *r = j->result;
    uint32_t first, other_first;
    double norm = log_sum(logits, j->V, &first);
    r->loss += norm - (double)logits[target];
    r->tokens++;
    if (!other)
        return;
    double other_norm = log_sum(other, j->V, &other_first), divergence = 0;
    for (uint32_t i = 0; i < j->V; i++) {
        double log_p = (double)other[i] - other_norm, log_q = (double)logits[i] - norm;
        divergence += exp(log_p) * (log_p - log_q);
    }
    j->other_loss += other_norm - (double)other[target];
    j->same_first += first == other_first;
    r->divergence += divergence;
    r->divergence_largest = fmax(r->divergence_largest, divergence);
}

static enum err_code step(const struct reader *r, const int32_t *tokens, const bool *learn,
                          size_t n, const float **logits, struct err *err)
{
    struct step_token step[ENGINE_LOGITS];
    for (size_t i = 0; i < n; i++)
        step[i] = (struct step_token){tokens[i], r->session, learn[i + 1]};
    return engine_step(r->engine, step, n, logits, err);
}

// One document, ENGINE_LOGITS rows at a time.
static enum err_code measure(struct job *j, uint64_t document, struct err *err)
{
    const struct examples *x = &j->text;
    const int32_t *tokens = x->tokens + x->starts[document];
    const bool *learn = x->learn + x->starts[document];
    size_t rows = x->starts[document + 1] - x->starts[document] - 1;
    session_truncate(j->model.session, 0);
    if (j->other.session)
        session_truncate(j->other.session, 0);
    for (size_t from = 0; from < rows; from += ENGINE_LOGITS) {
        size_t n = rows - from < ENGINE_LOGITS ? rows - from : ENGINE_LOGITS;
        const float *logits, *other = NULL;
        enum err_code code = step(&j->model, tokens + from, learn + from, n, &logits, err);
        if (!code && j->other.engine)
            code = step(&j->other, tokens + from, learn + from, n, &other, err);
        if (code)
            return code;
        for (size_t i = 0; i < n; i++) {
            if (!learn[from + i + 1])
                continue;
            compare(j, logits, other, tokens[from + i + 1]);
            logits += j->V;
            other = other ? other + j->V : NULL;
        }
    }
    return ERR_OK;
}

static enum err_code open_reader(const struct job *j, const char *path, uint32_t context,
                                 struct reader *r, struct err *err)
{
    enum err_code code = engine_open(path, j->plan->threads, &r->engine, err);
    if (code)
        return code;
    uint32_t most = engine_model(r->engine)->shape.context;
    struct session_options o = {.context = context && context < most ? context : most};
    return session_open(r->engine, &o, &r->session, err);
}

// Both must mean the same by a token.
static enum err_code check_tokens(const struct job *j, struct err *err)
{
    const struct tokenizer *a = engine_tokenizer(j->model.engine),
                           *b = engine_tokenizer(j->other.engine);
    struct buf x = {0}, y = {0};
    bool same =
        engine_model(j->other.engine)->shape.V == j->V && tokenizer_count(a) == tokenizer_count(b);
    for (uint32_t i = 0; same && i < tokenizer_count(a); i++) {
        x.n = y.n = 0;
        tokenizer_piece(a, (int32_t)i, true, &x);
        tokenizer_piece(b, (int32_t)i, true, &y);
        same = x.n == y.n && (x.n == 0 || memcmp(x.p, y.p, x.n) == 0);
    }
    buf_free(&x);
    buf_free(&y);
    return same ? ERR_OK
                : err_set(err, ERR_INPUT, "%s and %s do not have the same tokens", j->plan->model,
                          j->plan->against);
}

static enum err_code open_all(struct job *j, struct err *err)
{
    const struct perplexity_plan *plan = j->plan;
    enum err_code code = open_reader(j, plan->model, plan->context, &j->model, err);
    if (code)
        return code;
    j->V = engine_model(j->model.engine)->shape.V;
    uint32_t context = session_context(j->model.session);
    if (plan->against) {
        if ((code = open_reader(j, plan->against, context, &j->other, err)) ||
            (code = check_tokens(j, err)))
            return code;
        if (session_context(j->other.session) < context)
            context = session_context(j->other.session);
    }
    const struct tokenizer *t = engine_tokenizer(j->model.engine);
    struct chat_template *chat;
    if ((code = examples_chat_open(engine_model(j->model.engine)->file, t, &chat, err)))
        return code;
    struct examples_plan p = {plan->corpus, context, true, chat};
    code = examples_read(&p, t, &j->text, err);
    chat_template_close(&chat);
    return code;
}

static void finish(struct job *j)
{
    struct perplexity_result *r = j->result;
    double n = r->tokens ? (double)r->tokens : 1;
    r->loss /= n;
    r->perplexity = exp(r->loss);
    r->against_perplexity = exp(j->other_loss / n);
    r->divergence /= n;
    r->same_first = j->same_first / n;
}

enum err_code perplexity_measure(const struct perplexity_plan *plan, perplexity_fn *progress,
                                 void *arg, struct perplexity_result *result, struct err *err)
{
    struct job j = {.plan = plan, .result = result};
    *result = (struct perplexity_result){0};
    enum err_code code = open_all(&j, err);
    uint64_t total = plan->tokens_most && plan->tokens_most < j.text.targets ? plan->tokens_most
                                                                             : j.text.targets;
    for (uint64_t d = 0; d < j.text.count && result->tokens < total && !code; d++) {
        code = measure(&j, d, err);
        if (!code && progress && !progress(arg, result->tokens, total))
            code = err_set(err, ERR_CANCELLED, "stopped");
    }
    finish(&j);
    examples_free(&j.text);
    session_close(&j.model.session);
    session_close(&j.other.session);
    engine_close(&j.model.engine);
    engine_close(&j.other.engine);
    return code;
}
