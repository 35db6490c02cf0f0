// Reads GBNF text into rules.
#ifndef FETTLE_LLM_GRAMMAR_GBNF_H
#define FETTLE_LLM_GRAMMAR_GBNF_H

#include "base/buf.h"
#include "llm/grammar/expr.h"

// Every rule named is defined and `root` is there, unless it fails or `rules->failed` is set.
enum err_code gbnf_read(struct rules *rules, struct str text, const char *where, struct err *err);

#endif
