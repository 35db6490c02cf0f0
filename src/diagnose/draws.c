// Asking a model for further answers, and taking them.
#include "diagnose/draws.h"

// Chosen on the split `valid` of the data factory (docs/diagnose.md): at 1 the answers differ more
// often than they are wrong.
static const float temperature = 0.8F;

void draws_free(struct draws *d)
{
    answer_release(&d->answer);
    answer_part_free(&d->part);
    for (size_t i = 0; i < DRAWS_MAX; i++)
        buf_free(&d->texts[i]);
    *d = (struct draws){0};
}

enum err_code draws_begin(struct draws *d, struct serving *s, const struct serving_request *r,
                          uint32_t count, uint32_t max_tokens, struct err *err)
{
    struct serving_stats stats;
    struct serving_request own = *r;
    serving_stats(s, &stats);
    uint32_t room = serving_context(s) - (uint32_t)r->prompt_count;
    d->count = count < DRAWS_MAX ? count : DRAWS_MAX;
    d->count = d->count < stats.queue ? d->count : stats.queue;
    own.choices = d->count;
    own.max_tokens = max_tokens < room ? max_tokens : room;
    own.sampler = SAMPLER_GREEDY;
    own.sampler.temperature = temperature;
    own.sampler.seed = r->sampler.seed;
    enum err_code code = serving_submit(s, &own, &d->answer, err);
    if (code)
        d->count = 0;
    return code;
}

enum err_code draws_take(struct draws *d, void (*rest)(void *), bool *waits, bool *over,
                         struct err *err)
{
    struct answer_part *p = &d->part;
    *waits = !answer_take(d->answer, p, rest);
    *over = false;
    if (*waits)
        return ERR_OK;
    buf_add_str(&d->texts[p->choice], buf_str(&p->text));
    if (d->texts[p->choice].failed || p->text.failed)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the answer");
    if (p->finish == ANSWER_FAILED)
        return answer_error(d->answer, err);
    if (p->finish == ANSWER_DEADLINE)
        return err_set(err, ERR_BUSY, "the answer was not ready in time (llm.time_limit)");
    *over = answer_over(d->answer);
    if (*over)
        answer_release(&d->answer);
    return ERR_OK;
}
