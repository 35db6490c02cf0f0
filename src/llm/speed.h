// Measures how fast a model reads and writes on this machine, and how fast memory is.
#ifndef FETTLE_LLM_SPEED_H
#define FETTLE_LLM_SPEED_H

#include "llm/engine.h"

// GB/s (1e9 bytes) of reading 512 MiB with so many threads, the best of 12 times; 0: no memory.
double speed_of_memory(unsigned threads);

// Tokens per second over some repetitions.
struct speed {
    double mean, deviation, best; // deviation: of the sample, 0 for one repetition
};

enum { SPEED_REPEATS_MAX = 100 };

// Feeds tokens until the session has `length` of them.
enum err_code speed_fill(struct engine *e, struct session *s, uint32_t length, struct err *err);

// Reads n tokens behind what the session holds, in steps as large as the engine takes; or one by
// one, as they are when an answer is written. The session is as long as before afterwards. Calls
// `tell` (may be NULL) after each repetition; false ends with ERR_CANCELLED.
struct speed_plan {
    uint32_t n;
    bool one_by_one;
    unsigned repeats; // 1 .. SPEED_REPEATS_MAX
    bool (*tell)(void *arg);
    void *arg;
};
enum err_code speed_of_tokens(struct engine *e, struct session *s, const struct speed_plan *plan,
                              struct speed *out, struct err *err);

#endif
