// What a step computes: a token of every answer, what is guessed to follow, pieces of prompts.
#include "llm/serving_private.h"

// Tokens of prompts in a step that also writes answers, and tokens of a step that guesses: what
// bounds the time between tokens.
enum { PROMPT_PIECE = 32, GUESSING_STEP = 32 };

static uint32_t left_to_read(const struct sequence *q)
{
    return q->prompt_count - q->read;
}

static void add(struct plan *p, const struct sequence *q, int32_t token, bool logits)
{
    p->tokens[p->n++] = (struct step_token){token, q->session, logits};
}

static void add_written(struct plan *p, uint32_t i, const struct sequence *q)
{
    add(p, q, q->last, true);
    for (uint32_t k = 0; k < p->parts[i].guessed; k++)
        add(p, q, p->parts[i].draft[k], true);
    p->parts[i].chosen = true;
}

static void add_read(struct plan *p, uint32_t i, const struct sequence *q, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        uint32_t at = q->read + k;
        bool last = at + 1 == q->prompt_count;
        add(p, q, q->prompt[at], last);
        p->parts[i].chosen = last;
    }
    p->parts[i].read = count;
}

// With more company a guess takes time that others could use: fewer are made, and surer ones; while
// prompts are read none is made, but it is seen which would have been right.
static void guess(struct plan *p, uint32_t i, struct sequence *q, uint32_t writers, bool reads)
{
    uint32_t left = q->max_tokens - q->made - 1, room = reads ? 0 : GUESSING_STEP / writers;
    room = room > 0 ? room - 1 : 0;
    if (q->answer->lookup)
        p->parts[i].guessed =
            (uint32_t)lookup_propose(&q->lookup, q->session, q->last, room < left ? room : left,
                                     writers - 1, p->parts[i].draft);
}

void plan_all(struct serving *s, struct plan *p)
{
    uint32_t readers = 0;
    *p = (struct plan){0};
    for (uint32_t i = 0; i < s->active_count; i++)
        readers += left_to_read(s->active[i]) > 0;
    uint32_t writers = s->active_count - readers;
    for (uint32_t i = 0; i < s->active_count; i++) {
        struct sequence *q = s->active[i];
        if (left_to_read(q))
            continue;
        guess(p, i, q, writers, readers > 0);
        add_written(p, i, q);
    }
    uint32_t room = writers ? PROMPT_PIECE : ENGINE_BATCH;
    for (uint32_t i = 0; i < s->active_count; i++) {
        uint32_t left = left_to_read(s->active[i]);
        if (left == 0)
            continue;
        uint32_t share = (room + readers - 1) / readers;
        share = share < left ? share : left;
        add_read(p, i, s->active[i], share);
        room -= share;
        readers--;
    }
}

void plan_one(struct serving *s, struct plan *p, uint32_t i)
{
    const struct sequence *q = s->active[i];
    uint32_t left = left_to_read(q);
    *p = (struct plan){0};
    if (left)
        add_read(p, i, q, left < ENGINE_BATCH ? left : ENGINE_BATCH);
    else
        add_written(p, i, q);
}
