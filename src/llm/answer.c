// Answers: the record that the worker appends to, and how a requester takes from it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "llm/serving_private.h"

static bool over(const struct sequence *q)
{
    return q->state == SEQUENCE_OVER;
}

static bool has_news(const struct sequence *q)
{
    return q->text_taken < q->text.n || q->tokens_taken < q->token_count ||
           (over(q) && !q->finish_taken);
}

void answer_tell(struct answer *a)
{
    if (!a->armed || !a->notify || (a->whole && a->left))
        return;
    a->armed = false;
    a->notify(a->arg);
}

void answer_free(struct answer *a)
{
    for (uint32_t i = 0; i < a->count; i++) {
        struct sequence *q = &a->sequences[i];
        matcher_close(&q->matcher);
        sampler_close(&q->sampler);
        stop_close(&q->stop);
        buf_free(&q->piece);
        buf_free(&q->shown);
        buf_free(&q->text);
        free(q->tokens);
    }
    form_release(&a->form);
    free(a->prompts);
    free(a);
}

bool sequence_add(struct sequence *q, struct str text, const struct answer_token *token)
{
    buf_add_str(&q->text, text);
    if (token && q->token_count == q->token_cap) {
        size_t cap = q->token_cap ? q->token_cap * 2 : 32;
        struct answer_token *more = realloc(q->tokens, cap * sizeof *more);
        if (!more)
            return false;
        q->tokens = more;
        q->token_cap = cap;
    }
    if (token)
        q->tokens[q->token_count++] = *token;
    return !q->text.failed;
}

void sequence_end(struct sequence *q, enum answer_finish finish)
{
    struct answer *a = q->answer;
    if (q->state == SEQUENCE_RUNS)
        a->running--;
    q->state = SEQUENCE_OVER;
    q->finish = finish;
    if (--a->left == 0)
        pthread_cond_broadcast(&a->serving->done);
    answer_tell(a);
}

static bool part_reserve(struct answer_part *part, size_t tokens)
{
    if (tokens <= part->token_cap)
        return true;
    struct answer_token *more = realloc(part->tokens, tokens * sizeof *more);
    if (!more)
        return false;
    part->tokens = more;
    part->token_cap = tokens;
    return true;
}

static void take_from(struct sequence *q, struct answer_part *part)
{
    size_t tokens = q->token_count - q->tokens_taken;
    part->choice = q->number;
    buf_reset(&part->text);
    buf_add(&part->text, q->text.p + q->text_taken, q->text.n - q->text_taken);
    part->token_count = 0;
    if (!part_reserve(part, tokens))
        part->text.failed = true;
    else if (tokens) {
        memcpy(part->tokens, q->tokens + q->tokens_taken, tokens * sizeof *part->tokens);
        part->token_count = tokens;
    }
    q->text_taken = q->text.n;
    q->tokens_taken = q->token_count;
    part->finish = over(q) ? q->finish : ANSWER_GOES_ON;
    q->finish_taken = over(q);
}

bool answer_take(struct answer *a, struct answer_part *part, void (*rest)(void *arg))
{
    struct serving *s = a->serving;
    bool taken = false;
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = 0; i < a->count && !taken; i++)
        if (has_news(&a->sequences[i])) {
            take_from(&a->sequences[i], part);
            taken = true;
        }
    if (!taken) {
        if (rest)
            rest(a->arg);
        a->armed = a->left > 0;
    }
    pthread_mutex_unlock(&s->lock);
    return taken;
}

void answer_part_free(struct answer_part *part)
{
    buf_free(&part->text);
    free(part->tokens);
    *part = (struct answer_part){0};
}

bool answer_over(struct answer *a)
{
    bool all = true;
    pthread_mutex_lock(&a->serving->lock);
    for (uint32_t i = 0; i < a->count; i++)
        all = all && a->sequences[i].finish_taken;
    pthread_mutex_unlock(&a->serving->lock);
    return all;
}

bool answer_wait(struct answer *a, int64_t timeout_us)
{
    struct serving *s = a->serving;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + timeout_us % US_PER_SECOND * 1000;
    until.tv_sec += timeout_us / US_PER_SECOND + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&s->lock);
    int why = 0;
    while (a->left && why != ETIMEDOUT)
        why = pthread_cond_timedwait(&s->done, &s->lock, &until);
    bool done = a->left == 0;
    pthread_mutex_unlock(&s->lock);
    return done;
}

enum err_code answer_error(struct answer *a, struct err *err)
{
    pthread_mutex_lock(&a->serving->lock);
    struct err copy = a->error;
    pthread_mutex_unlock(&a->serving->lock);
    return copy.code ? err_set(err, copy.code, "%s", copy.text) : ERR_OK;
}

void answer_stats(struct answer *a, struct answer_stats *out)
{
    pthread_mutex_lock(&a->serving->lock);
    *out = a->stats;
    pthread_mutex_unlock(&a->serving->lock);
}

void answer_release(struct answer **answer)
{
    struct answer *a = *answer;
    if (!a)
        return;
    struct serving *s = a->serving;
    *answer = NULL;
    pthread_mutex_lock(&s->lock);
    a->notify = NULL;
    a->wanted = NULL;
    a->released = true;
    a->cancelled = true;
    bool last = a->listed == 0;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
    if (last)
        answer_free(a);
}
