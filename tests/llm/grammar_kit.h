// A vocabulary of bytes and short pieces, and a grammar over it with its masks and a matcher.
#ifndef FETTLE_TESTS_LLM_GRAMMAR_KIT_H
#define FETTLE_TESTS_LLM_GRAMMAR_KIT_H

#include "test.h"

#include <string.h>

#include "base/rng.h"
#include "llm/grammar/grammar.h"
#include "llm_vocab.h"

enum { PIECES = 64, EOS = LLM_VOCAB_BYTES + PIECES + 1, V = EOS + 1 };

static struct tokenizer *tokenizer;
static struct token_trie *trie;
static struct str pieces[PIECES];

// Every byte, and pieces of one to four letters of a, b, c and (cut anywhere) é.
static inline int open_all(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "b", "c", "\xc3\xa9", "\xa9", "\xc3"};
    static const char *const controls[] = {"<s>", "</s>"};
    static char texts[PIECES][16];
    struct rng rng;
    rng_seed(&rng, 1);
    for (int i = 0; i < PIECES; i++) {
        for (uint64_t n = 2 + rng_below(&rng, 3); n > 0; n--)
            strcat(texts[i], letters[rng_below(&rng, i % 2 ? 3 : 6)]);
        pieces[i] = str_of(texts[i]);
    }
    struct gguf *g = llm_vocab_open(&(struct llm_vocab){.arch = "llama",
                                                        .pieces = pieces,
                                                        .piece_count = PIECES,
                                                        .controls = controls,
                                                        .control_count = 2});
    struct err err;
    assert_ok(tokenizer_open(g, &tokenizer, &err), err);
    assert_ok(token_trie_open(tokenizer, V, &trie, &err), err);
    gguf_close(&g);
    return 0;
}

static inline int close_all(void **state)
{
    (void)state;
    token_trie_close(&trie);
    tokenizer_close(&tokenizer);
    return 0;
}

// A grammar with its masks and one matcher.
struct kit {
    struct grammar *g;
    struct grammar_masks *masks;
    struct matcher *m;
};

static inline struct kit open_kit(const char *gbnf)
{
    struct kit k;
    struct err err;
    assert_ok(grammar_from_gbnf(str_of(gbnf), "test", &k.g, &err), err);
    assert_ok(grammar_masks_open(k.g, trie, 0, &k.masks, &err), err);
    assert_ok(matcher_open(k.masks, &k.m, &err), err);
    return k;
}

static inline void close_kit(struct kit *k)
{
    matcher_close(&k->m);
    grammar_masks_close(&k->masks);
    grammar_close(&k->g);
}

#endif
