// Tiny random models for tests, and sessions over them.
#ifndef FETTLE_TESTS_LLM_TINY_H
#define FETTLE_TESTS_LLM_TINY_H

#include <stdint.h>

#include "llm/engine.h"

enum { TINY_V = 320, TINY_CONTEXT = 512 };

// A model of the shape "tiny-<arch>" with seed 7, opened; its file is gone already.
struct engine *tiny_engine(const char *arch, const char *type, unsigned threads);

struct session *tiny_session(struct engine *e, uint32_t context, enum cache_type cache);

// n random bytes as tokens.
void tiny_text(int32_t *ids, size_t n, uint64_t seed);

// Feeds n tokens and returns the last one's logits, TINY_V of them.
const float *tiny_feed(struct engine *e, struct session *s, const int32_t *ids, size_t n);

#endif
