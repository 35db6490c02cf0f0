// The loss of a model over a corpus, document by document.
#include "train/perplexity.h"

#include <math.h>

#include "llm/engine.h"
#include "train/examples.h"

static double loss_of(const float *logits, uint32_t V, int32_t target)
{
    double top = (double)logits[target], sum = 0;
    for (uint32_t i = 0; i < V; i++)
        top = fmax(top, (double)logits[i]);
    for (uint32_t i = 0; i < V; i++)
        sum += exp((double)logits[i] - top);
    return log(sum) + top - (double)logits[target];
}

// One document, ENGINE_LOGITS rows at a time.
static enum err_code measure(struct engine *e, struct session *s, const struct examples *x,
                             uint64_t document, struct perplexity_result *r, struct err *err)
{
    const uint32_t V = engine_model(e)->shape.V;
    const int32_t *tokens = x->tokens + x->starts[document];
    const bool *learn = x->learn + x->starts[document];
    size_t rows = x->starts[document + 1] - x->starts[document] - 1;
    session_truncate(s, 0);
    for (size_t from = 0; from < rows; from += ENGINE_LOGITS) {
        struct step_token step[ENGINE_LOGITS];
        size_t n = rows - from < ENGINE_LOGITS ? rows - from : ENGINE_LOGITS;
        const float *logits;
        for (size_t i = 0; i < n; i++)
            step[i] = (struct step_token){tokens[from + i], s, learn[from + i + 1]};
        enum err_code code = engine_step(e, step, n, &logits, err);
        if (code)
            return code;
        for (size_t i = 0; i < n; i++) {
            if (!step[i].logits)
                continue;
            r->loss += loss_of(logits, V, tokens[from + i + 1]);
            r->tokens++;
            logits += V;
        }
    }
    return ERR_OK;
}

enum err_code perplexity_measure(const struct perplexity_plan *plan, perplexity_fn *progress,
                                 void *arg, struct perplexity_result *result, struct err *err)
{
    struct engine *e = NULL;
    struct session *s = NULL;
    struct examples x = {0};
    *result = (struct perplexity_result){0};
    enum err_code code = engine_open(plan->model, plan->threads, &e, err);
    if (code)
        return code;
    uint32_t most = engine_model(e)->shape.context;
    uint32_t context = plan->context && plan->context < most ? plan->context : most;
    struct examples_plan p = {plan->corpus, context, true};
    code = session_open(e, &(struct session_options){.context = context}, &s, err);
    if (!code)
        code = examples_read(&p, engine_tokenizer(e), &x, err);
    uint64_t total =
        plan->tokens_most && plan->tokens_most < x.targets ? plan->tokens_most : x.targets;
    for (uint64_t d = 0; d < x.count && result->tokens < total && !code; d++) {
        code = measure(e, s, &x, d, result, err);
        if (!code && progress && !progress(arg, result->tokens, total))
            code = err_set(err, ERR_CANCELLED, "stopped");
    }
    result->loss /= result->tokens ? (double)result->tokens : 1;
    result->perplexity = exp(result->loss);
    examples_free(&x);
    session_close(&s);
    engine_close(&e);
    return code;
}
