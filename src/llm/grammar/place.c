// Places in a grammar: which states an answer may be in, and what called each of them.
#include "llm/grammar/place.h"

#include <stdlib.h>
#include <string.h>

#include "llm/grammar/step_table.h"

enum { SLOTS = 2 * CALLERS_MAX, SEEN = 4 * PLACE_MAX, WORK_MAX = 2 * PLACE_MAX };

enum err_code follower_open(const struct grammar *g, struct follower *f, struct err *err)
{
    *f = (struct follower){.g = g};
    f->frames = malloc(CALLERS_MAX * sizeof *f->frames);
    f->slots = calloc(SLOTS, sizeof *f->slots);
    f->work = malloc(WORK_MAX * sizeof *f->work);
    f->seen = calloc(SEEN, sizeof *f->seen);
    if (!f->frames || !f->slots || !f->work || !f->seen) {
        follower_close(f);
        return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    }
    f->frames[PLACE_BOTTOM] = (struct frame){0};
    f->frame_count = 1;
    return ERR_OK;
}

void follower_close(struct follower *f)
{
    free(f->frames);
    free(f->slots);
    free(f->work);
    free(f->seen);
    *f = (struct follower){0};
}

static uint32_t mix(uint32_t a, uint32_t b)
{
    uint64_t h = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(h >> 40 ^ h >> 20);
}

// Frames are entered and forgotten in turn, so that a forgotten one leaves no gap in its probe.
static uint32_t frame_of(struct follower *f, uint32_t parent, uint32_t state)
{
    uint32_t at = mix(parent, state) & (SLOTS - 1);
    for (; f->slots[at]; at = (at + 1) & (SLOTS - 1)) {
        const struct frame *r = &f->frames[f->slots[at] - 1];
        if (r->parent == parent && r->state == state)
            return f->slots[at] - 1;
    }
    if (f->frame_count == CALLERS_MAX) {
        f->failed = true;
        return PLACE_BOTTOM;
    }
    f->frames[f->frame_count] = (struct frame){parent, state, at};
    f->slots[at] = f->frame_count + 1;
    return f->frame_count++;
}

void follower_forget(struct follower *f, uint32_t count)
{
    while (f->frame_count > count)
        f->slots[f->frames[--f->frame_count].slot] = 0;
}

void follower_compact(struct follower *f, struct configuration *c, uint32_t n)
{
    // Parents have lower numbers than what they called: marks go down, new numbers go up.
    uint32_t *number = calloc(f->frame_count, sizeof *number);
    if (!number)
        return; // nothing changes; the next new frame fails
    uint32_t count = f->frame_count;
    for (uint32_t i = 0; i < n; i++)
        number[c[i].frame] = 1;
    for (uint32_t i = count; i-- > 1;)
        if (number[i])
            number[f->frames[i].parent] = 1;
    memset(f->slots, 0, SLOTS * sizeof *f->slots);
    f->frame_count = 1;
    number[PLACE_BOTTOM] = PLACE_BOTTOM;
    for (uint32_t i = 1; i < count; i++)
        if (number[i])
            number[i] = frame_of(f, number[f->frames[i].parent], f->frames[i].state);
    for (uint32_t i = 0; i < n; i++)
        c[i].frame = number[c[i].frame];
    free(number);
}

// Enters a configuration into the closure, once.
static void enter(struct follower *f, uint32_t state, uint32_t frame)
{
    uint32_t at = mix(frame, state) & (SEEN - 1);
    for (; f->seen[at]; at = (at + 1) & (SEEN - 1)) {
        const struct configuration *c = &f->work[f->seen[at] - 1];
        if (c->state == state && c->frame == frame)
            return;
    }
    if (f->work_count == WORK_MAX) {
        f->failed = true;
        return;
    }
    f->work[f->work_count++] = (struct configuration){state, frame};
    f->seen[at] = f->work_count;
}

static void leave_all(struct follower *f)
{
    if (f->work_count > SEEN / 16) {
        memset(f->seen, 0, SEEN * sizeof *f->seen);
    } else {
        for (uint32_t i = f->work_count; i-- > 0;) { // in turn, as entered
            uint32_t at = mix(f->work[i].frame, f->work[i].state) & (SEEN - 1);
            while (f->seen[at] != i + 1)
                at = (at + 1) & (SEEN - 1);
            f->seen[at] = 0;
        }
    }
    f->work_count = 0;
}

static bool goes_nowhere(const struct grammar_state *s)
{
    return s->ends && s->edges == 0 && s->calls == 0;
}

// Follows calls and ends from what was entered; `out` gets what can take a byte.
static struct place close_place(struct follower *f, struct configuration *out)
{
    const struct grammar *g = f->g;
    struct place place = {0};
    for (uint32_t i = 0; i < f->work_count && !f->failed; i++) {
        struct configuration c = f->work[i];
        const struct grammar_state *s = &g->states[c.state];
        if (s->edges) {
            if (place.n == PLACE_MAX) {
                f->failed = true;
                break;
            }
            out[place.n++] = c;
        }
        for (uint32_t k = 0; k < s->calls; k++) {
            struct grammar_call call = g->calls[s->call + k];
            // What comes back only to end again goes back further at once.
            uint32_t frame =
                goes_nowhere(&g->states[call.to]) ? c.frame : frame_of(f, c.frame, call.to);
            enter(f, g->starts[call.rule], frame);
        }
        if (s->ends && c.frame == PLACE_BOTTOM)
            place.done = true;
        else if (s->ends)
            enter(f, f->frames[c.frame].state, f->frames[c.frame].parent);
    }
    leave_all(f);
    return f->failed ? (struct place){0} : place;
}

struct place place_at(struct follower *f, uint32_t state, struct configuration *out)
{
    enter(f, state, PLACE_BOTTOM);
    return close_place(f, out);
}

struct place place_start(struct follower *f, uint32_t rule, struct configuration *out)
{
    return place_at(f, f->g->starts[rule], out);
}

struct place place_step(struct follower *f, const struct configuration *c, uint32_t n, uint8_t byte,
                        struct configuration *out)
{
    const struct grammar *g = f->g;
    if (n == 1) { // most often, and most often nothing but an edge
        uint32_t to = step_by(g, c->state, byte);
        if (!to)
            return (struct place){0};
        if (goes_by_bytes_only(&g->states[to - 1])) {
            out[0] = (struct configuration){to - 1, c->frame};
            return (struct place){.n = 1};
        }
        enter(f, to - 1, c->frame);
        return close_place(f, out);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t to = step_by(g, c[i].state, byte);
        if (to)
            enter(f, to - 1, c[i].frame);
    }
    return f->work_count ? close_place(f, out) : (struct place){0};
}

struct place place_return(struct follower *f, struct configuration c, struct configuration *out)
{
    if (c.frame == PLACE_BOTTOM)
        return (struct place){0};
    enter(f, f->frames[c.frame].state, f->frames[c.frame].parent);
    return close_place(f, out);
}
