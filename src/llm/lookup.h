// Prompt lookup: guesses the next tokens from the text itself, so that one step can check several.
//
// An answer that quotes its prompt repeats it for many tokens. Where the last tokens of the text
// stood before, what followed them then is proposed (Saxena, 2023); one step computes the logits of
// all proposed tokens, and those are kept that would have been picked anyway. Nothing is lost:
// every token is picked from the logits that it would have been picked from, in the same order, so
// the output is the same, token for token, greedy or sampled.
//
// How many tokens are proposed follows from how many were right lately; after wrong guesses it
// pauses, so that a text that repeats nothing costs next to nothing. The next token is guessed at
// every pick, proposed or not, so that it is known how many guesses in a row were right.
#ifndef FETTLE_LLM_LOOKUP_H
#define FETTLE_LLM_LOOKUP_H

#include "llm/engine.h"

enum { LOOKUP_MOST = 15 }; // tokens proposed at once

struct lookup {
    uint32_t length;           // to propose next
    uint32_t pause, next_wait; // picks to wait; how many after the next wrong guess
    int32_t expected;          // after `next`; negative: nothing
    uint32_t streak;           // guesses right in a row
    uint64_t steps, proposed, right;
};

void lookup_start(struct lookup *l); // for a new text

// Proposes what may follow the session's tokens and `next`, which is picked but not fed yet: at
// most `room` and LOOKUP_MOST tokens, and no more than the context holds; none unless the last
// `sure` guesses were right. Returns how many.
size_t lookup_propose(struct lookup *l, const struct session *s, int32_t next, size_t room,
                      uint32_t sure, int32_t draft[LOOKUP_MOST]);

// Picks a token from a row of logits and takes it into account (for penalties, a grammar);
// negative: the text ends here.
typedef int32_t lookup_pick_fn(void *arg, const float *logits);

// After a step fed `next` and n proposed tokens (all with logits wanted; n may be 0): picks from
// the rows as long as the picks are what was proposed, forgets the rest of the session. Returns how
// many tokens were picked, all in `out`; the last one is not fed yet. *ended: pick said so; that is
// not counted.
size_t lookup_take(struct lookup *l, struct session *s, const int32_t *draft, size_t n,
                   const float *logits, lookup_pick_fn *pick, void *arg,
                   int32_t out[LOOKUP_MOST + 1], bool *ended);

// All of it for one session: feeds `next` and what is proposed in one step. On failure the session
// has not changed.
enum err_code lookup_step(struct lookup *l, struct engine *e, struct session *s, int32_t next,
                          lookup_pick_fn *pick, void *arg, int32_t out[LOOKUP_MOST + 1], size_t *n,
                          bool *ended, struct err *err);

#endif
