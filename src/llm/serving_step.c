// One step of the worker: what becomes of the logits.
#include <string.h>

#include "base/clock.h"
#include "llm/serving_private.h"

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
    if (c->ended || q->made == q->max_tokens)
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
    } else if (q->made == q->max_tokens) {
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
        read += p->parts[i].read;
    pthread_mutex_lock(&s->lock);
    s->stats.steps++;
    s->stats.prompt_tokens += read;
    // A mixed step's time goes where most of its tokens are.
    *(read * 2 > p->n ? &s->stats.prompt_us : &s->stats.decode_us) += took;
    pthread_mutex_unlock(&s->lock);
}

// A sequence whose rows of logits are being chosen from.
struct chooser {
    struct serving *serving;
    struct sequence *sequence;
};

// Negative when the sequence is over.
static int32_t choose_and_record(void *arg, const float *logits)
{
    const struct chooser *c = arg;
    struct choice choice;
    choose(c->serving, c->sequence, logits, &choice);
    record(c->serving, c->sequence, &choice);
    return c->sequence->state == SEQUENCE_OVER ? -1 : choice.token;
}

static void count_guesses(struct serving *s, struct sequence *q, uint64_t proposed, uint64_t right)
{
    pthread_mutex_lock(&s->lock);
    s->stats.guessed += proposed;
    s->stats.guessed_right += right;
    q->answer->stats.guessed += (uint32_t)proposed;
    q->answer->stats.guessed_right += (uint32_t)right;
    pthread_mutex_unlock(&s->lock);
}

// Chooses from a sequence's rows as long as what was guessed is chosen.
static void take_rows(struct serving *s, struct sequence *q, const struct plan_part *part,
                      const float *logits)
{
    struct chooser c = {s, q};
    int32_t chosen[LOOKUP_MOST + 1];
    bool ended;
    uint64_t right = q->lookup.right;
    lookup_take(&q->lookup, q->session, part->draft, part->guessed, logits, choose_and_record, &c,
                chosen, &ended);
    if (part->guessed)
        count_guesses(s, q, part->guessed, q->lookup.right - right);
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
            const struct plan_part *part = &p->parts[i];
            if ((part->read > 0) != reads)
                continue;
            q->read += part->read;
            if (!part->chosen)
                continue;
            take_rows(s, q, part, logits);
            logits += (size_t)V * (part->guessed + 1);
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
