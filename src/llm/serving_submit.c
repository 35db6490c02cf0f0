// Submission: checks a request, makes its record, puts it into the queue.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "llm/serving_private.h"

static enum err_code check_request(const struct serving *s, const struct serving_request *r,
                                   struct err *err)
{
    uint32_t V = engine_model(s->engine)->shape.V;
    if (serving_embeds(s))
        return err_set(err, ERR_UNSUPPORTED, "the model makes embeddings, it writes no text");
    if (r->prompt_count == 0)
        return err_set(err, ERR_USAGE, "the prompt has no tokens");
    if (r->prompt_count >= s->settings.context)
        return err_set(err, ERR_LIMIT,
                       "the prompt has %zu tokens, the context takes %u: no room for an answer",
                       r->prompt_count, s->settings.context);
    for (size_t i = 0; i < r->prompt_count; i++)
        if (r->prompt[i] < 0 || (uint32_t)r->prompt[i] >= V)
            return err_set(err, ERR_INPUT, "token %d of the prompt is none of the model's %u",
                           r->prompt[i], V);
    if (r->choices < 1 || r->choices > SERVING_CHOICES_MAX || r->choices > s->settings.queue)
        return err_set(err, ERR_USAGE, "%u choices: 1 to %u expected", r->choices,
                       s->settings.queue < SERVING_CHOICES_MAX ? s->settings.queue
                                                               : SERVING_CHOICES_MAX);
    if (r->adapter > s->settings.adapter_count)
        return err_set(err, ERR_USAGE, "adapter %u: there are %zu", r->adapter,
                       s->settings.adapter_count);
    if (r->top > SERVING_TOP_MAX)
        return err_set(err, ERR_USAGE, "%u most likely tokens: at most %d", r->top,
                       SERVING_TOP_MAX);
    return ERR_OK;
}

static enum err_code open_masks(struct serving *s, struct answer *a, const struct grammar *g,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&s->trie_lock);
    if (!s->trie)
        code = token_trie_open(engine_tokenizer(s->engine), engine_model(s->engine)->shape.V,
                               &s->trie, err);
    pthread_mutex_unlock(&s->trie_lock);
    return code ? code : grammar_masks_open(g, s->trie, 0, &a->masks, err);
}

static enum err_code open_sequences(struct answer *a, const struct serving_request *r, uint32_t V,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t i = 0; i < r->choices && !code; i++) {
        struct sequence *q = &a->sequences[a->count++];
        struct sampler_settings sampler = r->sampler;
        sampler.seed += i;
        q->answer = a;
        q->number = i;
        lookup_start(&q->lookup);
        code = sampler_open(&sampler, V, &q->sampler, err);
        if (!code)
            code = stop_open(r->stops, r->stop_count, &q->stop, err);
        if (!code && a->masks)
            code = matcher_open(a->masks, &q->matcher, err);
    }
    return code;
}

static enum err_code open_answer(struct serving *s, const struct serving_request *r,
                                 struct answer **out, struct err *err)
{
    size_t bytes = r->prompt_count * sizeof *r->prompt;
    struct answer *a = calloc(1, sizeof *a + r->choices * sizeof *a->sequences);
    if (!a || !(a->prompt = malloc(bytes))) {
        free(a);
        return err_set(err, ERR_NO_MEMORY, "out of memory for the request");
    }
    memcpy(a->prompt, r->prompt, bytes);
    uint32_t room = s->settings.context - (uint32_t)r->prompt_count;
    a->serving = s;
    a->prompt_count = (uint32_t)r->prompt_count;
    a->max_tokens = r->max_tokens && r->max_tokens < room ? r->max_tokens : room;
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
    a->left = r->choices;
    a->stats.prompt_tokens = a->prompt_count;
    enum err_code code = r->grammar ? open_masks(s, a, r->grammar, err) : ERR_OK;
    if (!code)
        code = open_sequences(a, r, engine_model(s->engine)->shape.V, err);
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
    a->grammar = request->grammar;
    code = enqueue(s, a, err);
    if (code) {
        *out = NULL;
        a->grammar = NULL;
        answer_free(a);
    }
    return code;
}
