// Places in a grammar: which states an answer may be in, and what called each of them.
#ifndef FETTLE_LLM_GRAMMAR_PLACE_H
#define FETTLE_LLM_GRAMMAR_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "llm/grammar/automaton.h"

enum {
    PLACE_MAX = 1 << 10,   // configurations of a place
    CALLERS_MAX = 1 << 16, // frames that are kept
    PLACE_BOTTOM = 0,      // the frame below the first rule
};

// A state and the frame to go on in when its rule ends.
struct configuration {
    uint32_t state, frame;
};

// The configurations that can take a byte. `done`: the bottom is reached, the text may end here.
struct place {
    uint32_t n;
    bool done;
};

// "Go on at `state`, in `parent`": a stack of calls shares its lower part with others. Equal frames
// have equal numbers.
struct frame {
    uint32_t parent, state;
    uint32_t slot;
};

// What follows places through a grammar: the frames, and room for closures.
struct follower {
    const struct grammar *g;
    struct frame *frames;
    uint32_t frame_count;
    uint32_t *slots; // 1 + frame, by hash
    struct configuration *work;
    uint32_t work_count;
    uint32_t *seen; // by hash: 1 + index into work, of this closure only
    bool failed;    // PLACE_MAX or CALLERS_MAX was met; stays set until it is cleared
};

enum err_code follower_open(const struct grammar *g, struct follower *f, struct err *err);
void follower_close(struct follower *f); // safe on a zeroed one

// Forgets the frames from `count` (at least 1, the bottom) on.
void follower_forget(struct follower *f, uint32_t count);

// Forgets all frames but those of c[0..n), whose numbers change.
void follower_compact(struct follower *f, struct configuration *c, uint32_t n);

// The place at the start of a rule; `out` has room for PLACE_MAX configurations in all of these.
struct place place_start(struct follower *f, uint32_t rule, struct configuration *out);

// The place at one state of the bottom frame.
struct place place_at(struct follower *f, uint32_t state, struct configuration *out);

// Where the place c[0..n) is after a byte; n = 0 and not done: nowhere.
struct place place_step(struct follower *f, const struct configuration *c, uint32_t n, uint8_t byte,
                        struct configuration *out);

// The place after the rule of a configuration ends; nothing where its frame is the bottom.
struct place place_return(struct follower *f, struct configuration c, struct configuration *out);

#endif
