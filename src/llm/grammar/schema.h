// Reads a JSON Schema into rules.
#ifndef FETTLE_LLM_GRAMMAR_SCHEMA_H
#define FETTLE_LLM_GRAMMAR_SCHEMA_H

#include "base/err.h"
#include "llm/grammar/expr.h"

// Defines `root` and all it needs, unless it fails or `rules->failed` is set.
enum err_code schema_read(struct rules *rules, struct str json, struct err *err);

#endif
