// The tokens of a vocabulary as trees of their bytes.
#ifndef FETTLE_LLM_GRAMMAR_TRIE_H
#define FETTLE_LLM_GRAMMAR_TRIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "llm/grammar/grammar.h"

// In the order of a walk that goes down before it goes on: the nodes below node i are those from
// i + 1 to end - 1. Node 0 is the root, without a byte.
struct trie_node {
    uint32_t end;
    int32_t token; // that ends here; -1: none
    uint16_t depth;
    uint8_t byte;
};

struct trie_tree {
    struct trie_node *nodes;
    uint32_t count;
    uint32_t longest; // bytes of a token
};

// Two trees, because a place tells few tokens apart that are short, and few are long.
enum { TRIE_SHORT, TRIE_LONG, TRIE_TREES, TRIE_SHORT_BYTES = 16 };

struct token_trie {
    struct trie_tree trees[TRIE_TREES]; // tokens of at most TRIE_SHORT_BYTES bytes; the others
    uint32_t V, words;                  // vocabulary; 64-bit words of a mask
    int32_t *same;                      // [V] the next token of the same bytes; -1: none
    struct str *bytes;                  // [V] without bytes: tokens that grammars never allow
    char *blob;                         // of all bytes
    int32_t *ends;                      // tokens that end an answer
    uint32_t end_count;
};

bool token_trie_is_end(const struct token_trie *t, int32_t token);

#endif
