// One step of the worker: which tokens it computes, and what becomes of their logits.
#include <string.h>

#include "base/clock.h"
#include "llm/serving_private.h"

// Tokens of prompts in a step that also writes answers: what bounds the time between their tokens.
enum { PROMPT_PIECE = 32 };

static uint32_t left_to_read(const struct sequence *q)
{
    return q->answer->prompt_count - q->read;
}

struct plan {
    struct step_token tokens[ENGINE_BATCH];
    size_t n;
    uint32_t taken[SERVING_SESSIONS_MAX]; // prompt tokens of each active sequence
    bool chosen[SERVING_SESSIONS_MAX];    // its logits come with this step
};

static void add_written(struct serving *s, struct plan *p, uint32_t i)
{
    struct sequence *q = s->active[i];
    p->tokens[p->n++] = (struct step_token){q->last, q->session, true};
    p->chosen[i] = true;
}

static void add_read(struct serving *s, struct plan *p, uint32_t i, uint32_t count)
{
    struct sequence *q = s->active[i];
    for (uint32_t k = 0; k < count; k++) {
        uint32_t at = q->read + k;
        bool last = at + 1 == q->answer->prompt_count;
        p->tokens[p->n++] = (struct step_token){q->answer->prompt[at], q->session, last};
        p->chosen[i] = last;
    }
    p->taken[i] = count;
}

// Every answer that is being written gets a token; prompts share the rest evenly.
static void plan_all(struct serving *s, struct plan *p)
{
    uint32_t readers = 0;
    *p = (struct plan){0};
    for (uint32_t i = 0; i < s->active_count; i++)
        if (left_to_read(s->active[i]))
            readers++;
        else
            add_written(s, p, i);
    uint32_t room = p->n ? PROMPT_PIECE : ENGINE_BATCH;
    for (uint32_t i = 0; i < s->active_count; i++) {
        uint32_t left = left_to_read(s->active[i]);
        if (left == 0)
            continue;
        uint32_t share = (room + readers - 1) / readers;
        share = share < left ? share : left;
        add_read(s, p, i, share);
        room -= share;
        readers--;
    }
}

static void plan_one(struct serving *s, struct plan *p, uint32_t i)
{
    uint32_t left = left_to_read(s->active[i]);
    *p = (struct plan){0};
    if (left)
        add_read(s, p, i, left < ENGINE_BATCH ? left : ENGINE_BATCH);
    else
        add_written(s, p, i);
}

// Cuts the answer's bytes into what may be shown; true when a stop string is complete.
static bool show(struct serving *s, struct sequence *q, int32_t token)
{
    buf_reset(&q->piece);
    tokenizer_piece(engine_tokenizer(s->engine), token, q->answer->special, &q->piece);
    return stop_feed(q->stop, buf_str(&q->piece), &q->shown);
}

static void note_logprobs(const struct sequence *q, const float *logits, uint32_t V, int32_t token,
                          struct answer_token *out)
{
    out->token = token;
    out->logprob = logprobs_of(logits, V, token);
    out->top_count = (uint32_t)logprobs_top(logits, V, q->answer->top, out->top);
}

// Chooses the next token from a row of logits; ends the sequence when that was its last one.
static void choose(struct serving *s, struct sequence *q, const float *logits)
{
    uint32_t V = engine_model(s->engine)->shape.V;
    struct answer *a = q->answer;
    struct answer_token note = {0};
    int32_t token = sampler_pick(q->sampler, logits, NULL);
    bool ended = token < 0 || (!a->keep_end && tokenizer_ends(engine_tokenizer(s->engine), token));
    bool stopped = false, is_last = false;
    buf_reset(&q->shown);
    if (!ended) {
        sampler_accept(q->sampler, token);
        q->last = token;
        is_last = ++q->made == a->max_tokens;
        stopped = show(s, q, token);
        if (a->logprobs)
            note_logprobs(q, logits, V, token, &note);
    }
    if (ended || is_last)
        stop_finish(q->stop, &q->shown);
    pthread_mutex_lock(&s->lock);
    int64_t now = clock_mono_us();
    if (!q->first_us) {
        q->first_us = now;
        a->stats.prompt_us = now - q->began_us;
        a->stats.first_token_us = now - a->submitted_us;
        s->stats.first_token_us = a->stats.first_token_us;
        s->stats.first_token_mean_us +=
            ((double)a->stats.first_token_us - s->stats.first_token_mean_us) /
            (double)++s->first_tokens;
    }
    a->stats.tokens += !ended;
    a->stats.decode_us = now - q->first_us;
    s->stats.tokens += !ended;
    bool added = sequence_add(q, buf_str(&q->shown), a->logprobs && !ended ? &note : NULL);
    if (!added || q->shown.failed || q->piece.failed) {
        err_set(&a->error, ERR_NO_MEMORY, "out of memory for the answer");
        sequence_end(q, ANSWER_FAILED);
    } else if (ended || stopped) {
        sequence_end(q, ANSWER_STOPPED);
    } else if (is_last) {
        sequence_end(q, ANSWER_LENGTH);
    } else {
        answer_tell(a);
    }
    pthread_mutex_unlock(&s->lock);
}

static void count_step(struct serving *s, const struct plan *p, int64_t took)
{
    uint64_t read = 0;
    for (uint32_t i = 0; i < s->active_count; i++)
        read += p->taken[i];
    pthread_mutex_lock(&s->lock);
    s->stats.steps++;
    s->stats.prompt_tokens += read;
    // A mixed step's time goes where most of its tokens are.
    *(read * 2 > p->n ? &s->stats.prompt_us : &s->stats.decode_us) += took;
    pthread_mutex_unlock(&s->lock);
}

static enum err_code run(struct serving *s, const struct plan *p, struct err *err)
{
    const float *logits;
    int64_t start = clock_mono_us();
    enum err_code code = engine_step(s->engine, p->tokens, p->n, &logits, err);
    if (code)
        return code;
    count_step(s, p, clock_mono_us() - start);
    uint32_t V = engine_model(s->engine)->shape.V;
    // Rows come in the order of the plan: those that write first.
    for (int reads = 0; reads < 2; reads++)
        for (uint32_t i = 0; i < s->active_count; i++) {
            struct sequence *q = s->active[i];
            if ((p->taken[i] > 0) != reads)
                continue;
            q->read += p->taken[i];
            if (!p->chosen[i])
                continue;
            choose(s, q, logits);
            logits += V;
        }
    return ERR_OK;
}

// A step that fails together is tried again one by one, so that only who cannot go on ends.
static void run_apart(struct serving *s, struct plan *p)
{
    for (uint32_t i = 0; i < s->active_count; i++) {
        struct err err;
        plan_one(s, p, i);
        if (run(s, p, &err) == ERR_OK)
            continue;
        pthread_mutex_lock(&s->lock);
        struct answer *a = s->active[i]->answer;
        err_set(&a->error, err.code, "%s", err.text);
        sequence_end(s->active[i], ANSWER_FAILED);
        pthread_mutex_unlock(&s->lock);
    }
}

void serving_step(struct serving *s)
{
    struct plan plan;
    struct err err;
    plan_all(s, &plan);
    if (run(s, &plan, &err) != ERR_OK)
        run_apart(s, &plan);
}
