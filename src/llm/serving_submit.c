// Submission: checks a request, makes its record, puts it into the queue.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "llm/serving_private.h"

static enum err_code check_prompt(const struct serving *s, const int32_t *prompt, size_t count,
                                  struct err *err)
{
    uint32_t V = engine_model(s->engine)->shape.V;
    if (count == 0)
        return err_set(err, ERR_USAGE, "the prompt has no tokens");
    if (count >= s->settings.context)
        return err_set(err, ERR_LIMIT,
                       "the prompt has %zu tokens, the context takes %u: no room for an answer",
                       count, s->settings.context);
    for (size_t i = 0; i < count; i++)
        if (prompt[i] < 0 || (uint32_t)prompt[i] >= V)
            return err_set(err, ERR_INPUT, "token %d of the prompt is none of the model's %u",
                           prompt[i], V);
    return ERR_OK;
}

static enum err_code check_request(const struct serving *s, const struct serving_request *r,
                                   struct err *err)
{
    if (serving_embeds(s))
        return err_set(err, ERR_UNSUPPORTED, "the model makes embeddings, it writes no text");
    enum err_code code = check_prompt(s, r->prompt, r->prompt_count, err);
    for (size_t i = 0; i < r->other_count && !code; i++)
        code = check_prompt(s, r->others[i].p, r->others[i].n, err);
    if (code)
        return code;
    size_t most = s->settings.queue < SERVING_CHOICES_MAX ? s->settings.queue : SERVING_CHOICES_MAX;
    if (r->other_count >= most)
        return err_set(err, ERR_USAGE, "%zu prompts: 1 to %zu expected", r->other_count + 1, most);
    most /= r->other_count + 1;
    if (r->choices < 1 || r->choices > most)
        return err_set(err, ERR_USAGE, "%u choices: 1 to %zu expected", r->choices, most);
    if (r->adapter > s->settings.adapter_count)
        return err_set(err, ERR_USAGE, "adapter %u: there are %zu", r->adapter,
                       s->settings.adapter_count);
    if (r->top > SERVING_TOP_MAX)
        return err_set(err, ERR_USAGE, "%u most likely tokens: at most %d", r->top,
                       SERVING_TOP_MAX);
    return ERR_OK;
}

// Copies the prompts; the sequences point to theirs.
static bool copy_prompts(struct answer *a, const struct serving_request *r, uint32_t context)
{
    size_t total = r->prompt_count;
    for (size_t i = 0; i < r->other_count; i++)
        total += r->others[i].n;
    if (!(a->prompts = malloc(total * sizeof *a->prompts)))
        return false;
    int32_t *to = a->prompts;
    for (size_t p = 0; p <= r->other_count; p++) {
        const int32_t *from = p ? r->others[p - 1].p : r->prompt;
        size_t n = p ? r->others[p - 1].n : r->prompt_count;
        uint32_t room = context - (uint32_t)n;
        memcpy(to, from, n * sizeof *to);
        for (uint32_t i = 0; i < r->choices; i++) {
            struct sequence *q = &a->sequences[p * r->choices + i];
            q->prompt = to;
            q->prompt_count = (uint32_t)n;
            q->max_tokens = r->max_tokens && r->max_tokens < room ? r->max_tokens : room;
        }
        to += n;
    }
    a->stats.prompt_tokens = (uint32_t)total;
    return true;
}

static enum err_code open_sequences(struct answer *a, const struct serving_request *r,
                                    uint32_t count, uint32_t V, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t i = 0; i < count && !code; i++) {
        struct sequence *q = &a->sequences[a->count++];
        struct sampler_settings sampler = r->sampler;
        sampler.seed += i % r->choices;
        q->answer = a;
        q->number = i;
        lookup_start(&q->lookup);
        code = sampler_open(&sampler, V, &q->sampler, err);
        if (!code)
            code = stop_open(r->stops, r->stop_count, &q->stop, err);
        if (!code && a->form)
            code = matcher_open(a->form->masks, &q->matcher, err);
    }
    return code;
}

static enum err_code open_answer(struct serving *s, const struct serving_request *r,
                                 struct answer **out, struct err *err)
{
    uint32_t count = r->choices * (uint32_t)(r->other_count + 1);
    struct answer *a = calloc(1, sizeof *a + count * sizeof *a->sequences);
    if (!a || !copy_prompts(a, r, s->settings.context)) {
        free(a);
        return err_set(err, ERR_NO_MEMORY, "out of memory for the request");
    }
    a->serving = s;
    a->choices = r->choices;
    a->logprobs = r->logprobs;
    a->top = r->top;
    a->adapter = r->adapter;
    a->keep_end = r->keep_end;
    a->special = r->special;
    a->whole = r->whole;
    a->lookup = !r->no_lookup && !s->settings.no_lookup;
    a->deadline_us = r->deadline_us;
    a->submitted_us = clock_mono_us();
    a->notify = r->notify;
    a->wanted = r->wanted;
    a->arg = r->arg;
    a->armed = r->whole;
    a->left = count;
    if (r->form) {
        form_hold(r->form);
        a->form = r->form;
    }
    enum err_code code = open_sequences(a, r, count, engine_model(s->engine)->shape.V, err);
    if (code)
        answer_free(a);
    else
        *out = a;
    return code;
}

static enum err_code enqueue(struct serving *s, struct answer *a, struct err *err)
{
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&s->lock);
    if (s->stop) {
        code = err_set(err, ERR_CANCELLED, "the model is being unloaded");
    } else if (s->waiting_count + a->count > s->settings.queue) {
        s->stats.refused++;
        code = err_set(err, ERR_BUSY, "%u answers wait already, at most %u may: try again",
                       s->waiting_count, s->settings.queue);
    } else {
        s->stats.requests++;
        a->listed = a->count;
        for (uint32_t i = 0; i < a->count; i++)
            s->waiting[s->waiting_count++] = &a->sequences[i];
        pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
    return code;
}

enum err_code serving_submit(struct serving *s, const struct serving_request *request,
                             struct answer **out, struct err *err)
{
    struct answer *a = NULL;
    *out = NULL;
    enum err_code code = check_request(s, request, err);
    if (!code)
        code = open_answer(s, request, &a, err);
    if (code)
        return code;
    *out = a; // before the worker can tell of it
    code = enqueue(s, a, err);
    if (code) {
        *out = NULL;
        answer_free(a);
    }
    return code;
}
