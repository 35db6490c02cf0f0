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

// What one row of logits led to.
struct choice {
    int32_t token; // negative: none
    bool ended;    // by the model, or there is no token left
    bool stopped;  // by a stop string
    struct answer_token note;
    struct err error;
};

// Picks within the grammar, if there is one. False: see c->error.
static bool pick(struct sequence *q, const float *logits, struct choice *c)
{
    const uint64_t *mask = NULL;
    c->error.code = ERR_OK;
    if (q->matcher && matcher_mask(q->matcher, &mask, &c->error))
        return false;
    c->token = sampler_pick(q->sampler, logits, mask);
    return !q->matcher || c->token < 0 || matcher_accept(q->matcher, c->token, &c->error) == ERR_OK;
}

// Chooses the next token from a row of logits.
static void choose(struct serving *s, struct sequence *q, const float *logits, struct choice *c)
{
    uint32_t V = engine_model(s->engine)->shape.V;
    const struct answer *a = q->answer;
    *c = (struct choice){.token = -1};
    buf_reset(&q->shown);
    if (!pick(q, logits, c))
        return;
    c->ended =
        c->token < 0 || (!a->keep_end && tokenizer_ends(engine_tokenizer(s->engine), c->token));
    if (!c->ended) {
        sampler_accept(q->sampler, c->token);
        q->last = c->token;
        q->made++;
        c->stopped = show(s, q, c->token);
        if (a->logprobs)
            note_logprobs(q, logits, V, c->token, &c->note);
    }
    if (c->ended || q->made == a->max_tokens)
        stop_finish(q->stop, &q->shown);
}

static void count_token(struct serving *s, struct sequence *q, bool ended)
{
    struct answer_stats *mine = &q->answer->stats;
    int64_t now = clock_mono_us();
    if (!q->first_us) {
        q->first_us = now;
        mine->prompt_us = now - q->began_us;
        mine->first_token_us = now - q->answer->submitted_us;
        s->stats.first_token_us = mine->first_token_us;
        s->stats.first_token_mean_us +=
            ((double)mine->first_token_us - s->stats.first_token_mean_us) /
            (double)++s->first_tokens;
    }
    mine->tokens += !ended;
    mine->decode_us = now - q->first_us;
    s->stats.tokens += !ended;
}

// Puts a choice on the record; ends the sequence when it was its last one.
static void record(struct serving *s, struct sequence *q, const struct choice *c)
{
    struct answer *a = q->answer;
    bool has_note = a->logprobs && !c->ended && !c->error.code;
    pthread_mutex_lock(&s->lock);
    count_token(s, q, c->ended || c->error.code);
    if (c->error.code) {
        a->error = c->error;
        sequence_end(q, ANSWER_FAILED);
    } else if (!sequence_add(q, buf_str(&q->shown), has_note ? &c->note : NULL) ||
               q->shown.failed || q->piece.failed) {
        err_set(&a->error, ERR_NO_MEMORY, "out of memory for the answer");
        sequence_end(q, ANSWER_FAILED);
    } else if (c->ended || c->stopped) {
        sequence_end(q, ANSWER_STOPPED);
    } else if (q->made == a->max_tokens) {
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
            struct choice choice;
            choose(s, q, logits, &choice);
            record(s, q, &choice);
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
