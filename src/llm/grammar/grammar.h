// Grammars that an answer must follow: compiled once, then they say which tokens may come next.
//
// A grammar comes from GBNF (the dialect of llama.cpp) or from a JSON Schema. It is compiled to
// automata over bytes that call each other, so that characters and tokens may be cut anywhere.
// Which tokens a place allows is found once for the part that does not depend on what called the
// place (Dong et al., 2024, "XGrammar") and kept.
//
//   struct grammar        what was compiled; read-only: any number of threads
//   struct token_trie     a vocabulary's tokens by their bytes; read-only; one for each model
//   struct grammar_masks  what is kept for a grammar with a vocabulary; one thread at a time
//   struct matcher        a place in an answer; borrows the masks; one for each answer
//
// The order of opening is that of this list, closing goes back.
#ifndef FETTLE_LLM_GRAMMAR_GRAMMAR_H
#define FETTLE_LLM_GRAMMAR_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "llm/tokenizer.h"

enum {
    GRAMMAR_TEXT_MAX = 1 << 20,   // bytes of a grammar or schema
    GRAMMAR_STATES_MAX = 1 << 16, // of all automata
    GRAMMAR_FEW = 256,            // tokens of the list that matcher_few gives
};

struct grammar;

// From GBNF; the start is the rule `root`. Rules: name ::= alternatives of "literals", [classes],
// ., (groups), names, with * + ? {m} {m,} {m,n} behind; # comments. `where` names the text in
// errors. ERR_INPUT: "where: line 3, column 7: ..." for syntax, undefined rules, left recursion;
// ERR_LIMIT for what would take more states than are allowed.
enum err_code grammar_from_gbnf(struct str text, const char *where, struct grammar **out,
                                struct err *err);

// From a JSON Schema (2020-12; README.md lists the keywords). Answers are JSON texts that are
// valid, with properties in the order of the schema and blanks as people write them. ERR_INPUT and
// ERR_UNSUPPORTED name the place as a JSON pointer ("#/properties/at/format").
enum err_code grammar_from_schema(struct str schema, struct grammar **out, struct err *err);

// Any JSON object.
enum err_code grammar_from_any_object(struct grammar **out, struct err *err);
void grammar_close(struct grammar **g);

size_t grammar_states(const struct grammar *g);

struct token_trie;

// `vocabulary` is the number of logits of the model (at least the tokenizer's count). Special
// tokens are not part of it: grammars never allow them, but for those that end an answer.
enum err_code token_trie_open(const struct tokenizer *t, uint32_t vocabulary,
                              struct token_trie **out, struct err *err);
void token_trie_close(struct token_trie **t);

struct grammar_masks;

// Keeps at most `limit` bytes (0: 64 MiB).
enum err_code grammar_masks_open(const struct grammar *g, const struct token_trie *t, size_t limit,
                                 struct grammar_masks **out, struct err *err);
void grammar_masks_close(struct grammar_masks **m);

struct matcher;

enum err_code matcher_open(struct grammar_masks *masks, struct matcher **out, struct err *err);
void matcher_close(struct matcher **m);
void matcher_reset(struct matcher *m); // to the start of an answer

// The tokens that may come next, as sampler_pick wants them (bit i % 64 of word i / 64, vocabulary
// bits). Valid until the next call on `m`. ERR_LIMIT: the answer nests too deep or the grammar is
// too ambiguous to be followed; the answer must end.
enum err_code matcher_mask(struct matcher *m, const uint64_t **mask, struct err *err);

// How many tokens the latest mask allows.
uint32_t matcher_allowed(const struct matcher *m);

// Their ids, when they are GRAMMAR_FEW at most (so that only their logits need be computed); NULL
// when they are more.
const int32_t *matcher_few(const struct matcher *m, size_t *n);

// Goes on by a token. ERR_INPUT, changing nothing, when it is not allowed; ERR_LIMIT as above.
enum err_code matcher_accept(struct matcher *m, int32_t token, struct err *err);

// The same by bytes.
enum err_code matcher_accept_bytes(struct matcher *m, struct str bytes, struct err *err);

// True when the answer may end here; after an end token it has.
bool matcher_complete(const struct matcher *m);
bool matcher_ended(const struct matcher *m);

// Appends the bytes that must come next, as long as there is no choice (`limit` at most), without
// going on.
enum err_code matcher_forced(struct matcher *m, size_t limit, struct buf *out, struct err *err);

#endif
