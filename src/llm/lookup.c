// Prompt lookup: finds repeated tokens, and how much to trust them.
#include "llm/lookup.h"

// Tokens that must have stood before; that are compared at most; proposed to begin with; picks to
// pause after wrong guesses, at first and at most.
enum { NEEDED = 2, COMPARED = 12, FIRST = 4, WAIT_FIRST = 2, WAIT_MOST = 32 };

void lookup_start(struct lookup *l)
{
    *l = (struct lookup){.length = FIRST, .next_wait = WAIT_FIRST, .expected = -1};
}

// Where the text's end stood before, followed by something: the longest match, the latest of those.
// Returns the position after it; 0: nowhere.
static size_t find_before(const int32_t *text, size_t n, int32_t next, size_t *matched)
{
    size_t best = 0, after = 0;
    for (size_t at = n; at-- > 0 && best < COMPARED;) {
        if (text[at] != next)
            continue;
        size_t same = 1;
        while (same < COMPARED && same <= at && text[at - same] == text[n - same])
            same++;
        if (same > best) {
            best = same;
            after = at + 1;
        }
    }
    *matched = best;
    return best >= NEEDED ? after : 0;
}

size_t lookup_propose(struct lookup *l, const struct session *s, int32_t next, size_t room,
                      uint32_t sure, int32_t draft[LOOKUP_MOST])
{
    const int32_t *text = session_tokens(s);
    size_t n = session_length(s), left = session_context(s) - n, count = l->length, matched;
    size_t after = find_before(text, n, next, &matched);
    l->expected = after == 0 ? -1 : after < n ? text[after] : next;
    if (l->pause > 0) {
        l->pause--;
        return 0;
    }
    if (after == 0 || left < 2 || l->streak < sure)
        return 0;
    count = matched < 2 * NEEDED && count > FIRST ? FIRST : count;
    count = count < room ? count : room;
    count = count < left - 1 ? count : left - 1;
    size_t there = n + 1 - after; // tokens behind the match, the last of them `next`
    for (size_t i = 0; i < count; i++) {
        size_t at = after + i % there; // a period goes on
        draft[i] = at < n ? text[at] : next;
    }
    return count;
}

static void learn(struct lookup *l, size_t proposed, size_t right, int32_t first)
{
    l->steps++;
    l->proposed += proposed;
    l->right += right;
    if (proposed > right || (proposed == 0 && first != l->expected))
        l->streak = 0;
    else
        l->streak += proposed ? (uint32_t)right : 1;
    if (proposed == 0)
        return;
    if (right == proposed) {
        l->length = l->length * 2 < LOOKUP_MOST ? l->length * 2 : LOOKUP_MOST;
        l->next_wait = WAIT_FIRST;
    } else if (right > 0) {
        l->length = (uint32_t)right + 1 > FIRST ? (uint32_t)right + 1 : FIRST;
        l->next_wait = WAIT_FIRST;
    } else {
        l->length = FIRST;
        l->pause = l->next_wait;
        l->next_wait = l->next_wait * 2 < WAIT_MOST ? l->next_wait * 2 : WAIT_MOST;
    }
}

size_t lookup_take(struct lookup *l, struct session *s, const int32_t *draft, size_t n,
                   const float *logits, lookup_pick_fn *pick, void *arg,
                   int32_t out[LOOKUP_MOST + 1], bool *ended)
{
    size_t V = engine_model(session_engine(s))->shape.V, count = 0, right = 0;
    *ended = false;
    for (size_t i = 0; i <= n; i++) {
        int32_t token = pick(arg, logits + i * V);
        if (token < 0) {
            *ended = true;
            break;
        }
        out[count++] = token;
        if (i == n || token != draft[i])
            break;
        right++;
    }
    session_truncate(s, session_length(s) - (uint32_t)(n - right));
    if (count > 0)
        learn(l, n, right, out[0]);
    return count;
}

enum err_code lookup_step(struct lookup *l, struct engine *e, struct session *s, int32_t next,
                          lookup_pick_fn *pick, void *arg, int32_t out[LOOKUP_MOST + 1], size_t *n,
                          bool *ended, struct err *err)
{
    int32_t draft[LOOKUP_MOST];
    struct step_token tokens[LOOKUP_MOST + 1] = {{next, s, true}};
    size_t proposed = lookup_propose(l, s, next, LOOKUP_MOST, 0, draft);
    for (size_t i = 0; i < proposed; i++)
        tokens[i + 1] = (struct step_token){draft[i], s, true};
    const float *logits;
    enum err_code code = engine_step(e, tokens, proposed + 1, &logits, err);
    if (!code)
        *n = lookup_take(l, s, draft, proposed, logits, pick, arg, out, ended);
    return code;
}
