// Repeatedly joins the best pair of neighbouring symbols: what both kinds of BPE do to a piece.
#ifndef FETTLE_LLM_MERGE_H
#define FETTLE_LLM_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct merge_symbol {
    int32_t id;         // token; -1: none
    uint32_t at, n;     // bytes of the piece
    int32_t prev, next; // neighbours; -1: none
};

struct merge_pair {
    uint64_t rank; // lowest first; the leftmost of equals
    int32_t left, right;
    uint32_t n; // bytes of both when it was found; a pair that has changed since is stale
    int32_t id; // what they become
};

// Asks whether two neighbours join: fills rank and id of `out`.
typedef bool merge_lookup_fn(const void *model, struct str piece, const struct merge_symbol *left,
                             const struct merge_symbol *right, struct merge_pair *out);

// Working memory that grows and is used again; zero-initialise.
struct merge_work {
    struct merge_symbol *symbols;
    size_t n, cap;
    struct merge_pair *heap;
    size_t heap_n, heap_cap;
};

void merge_work_free(struct merge_work *w);

// Adds a symbol at the end; false when memory is out.
bool merge_add(struct merge_work *w, int32_t id, size_t at, size_t n);

// Joins until nothing joins: O(n log n). What is left is symbols[0] and onwards by `next`. False
// when memory is out.
bool merge_run(struct merge_work *w, struct str piece, merge_lookup_fn *lookup, const void *model);

#endif
