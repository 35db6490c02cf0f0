// Random answers under JSON Schemas, drawn from the masks, for schema_answers.py to check.
//
// llm_random_answers VOCABULARY.gguf COUNT SCHEMA.json...    a line "==" for each schema, then
// COUNT
//                                                            of them, one a line, \n as \\n
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/rng.h"
#include "llm/grammar/grammar.h"

enum { TOKENS = 400 };

// One answer by tokens drawn from the masks; ends as soon as it may, half of the time.
static enum err_code answer(struct matcher *m, const struct tokenizer *t, struct rng *rng,
                            struct buf *out, bool *whole, struct err *err)
{
    matcher_reset(m);
    buf_reset(out);
    *whole = false;
    for (int i = 0; i < TOKENS; i++) {
        const uint64_t *mask;
        enum err_code code = matcher_mask(m, &mask, err);
        if (code)
            return code;
        if (matcher_complete(m) && (rng_below(rng, 2) || matcher_allowed(m) < 8)) {
            *whole = true;
            return ERR_OK;
        }
        // Quotes and brackets come more often, so that answers end.
        static const char closing[] = "\"}],\n";
        int32_t id = -1;
        for (int k = 0; k < 4 && id < 0 && rng_below(rng, 2); k++) {
            int32_t close = tokenizer_find(t, (struct str){closing + rng_below(rng, 5), 1});
            id = close >= 0 && mask[close / 64] >> (close % 64) & 1 ? close : -1;
        }
        while (id < 0 || !(mask[id / 64] >> (id % 64) & 1))
            id = (int32_t)rng_below(rng, tokenizer_count(t));
        if (tokenizer_ends(t, id))
            continue;
        if ((code = matcher_accept(m, id, err)))
            return code;
        tokenizer_piece(t, id, false, out);
    }
    return ERR_OK;
}

static enum err_code print_answers(const char *path, int count, const struct tokenizer *t,
                                   const struct token_trie *trie, struct err *err)
{
    struct grammar *g = NULL;
    struct grammar_masks *masks = NULL;
    struct matcher *m = NULL;
    struct buf text = {0}, out = {0};
    struct rng rng;
    rng_seed(&rng, 1);
    puts("==");
    enum err_code code = file_read(path, GRAMMAR_TEXT_MAX, &text, err);
    if (!code)
        code = grammar_from_schema(buf_str(&text), &g, err);
    if (!code)
        code = grammar_masks_open(g, trie, 0, &masks, err);
    if (!code)
        code = matcher_open(masks, &m, err);
    for (int i = 0; i < count && !code; i++) {
        bool whole = false;
        code = answer(m, t, &rng, &out, &whole, err);
        for (size_t k = 0; whole && k < out.n; k++)
            fputs(out.p[k] == '\n' ? "\\n" : (char[]){out.p[k], 0}, stdout);
        if (whole)
            putchar('\n');
    }
    matcher_close(&m);
    grammar_masks_close(&masks);
    grammar_close(&g);
    buf_free(&text);
    buf_free(&out);
    return code;
}

int main(int argc, char **argv)
{
    struct gguf *file;
    struct tokenizer *t;
    struct token_trie *trie;
    struct err err;
    if (argc < 4) {
        fprintf(stderr, "usage: %s VOCABULARY.gguf COUNT SCHEMA.json...\n", argv[0]);
        return 2;
    }
    if (gguf_open(argv[1], &file, &err) || tokenizer_open(file, &t, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    enum err_code code = token_trie_open(t, tokenizer_count(t), &trie, &err);
    for (int i = 3; i < argc && !code; i++)
        if ((code = print_answers(argv[i], atoi(argv[2]), t, trie, &err)))
            err_prefix(&err, "%s", argv[i]);
    if (code)
        fprintf(stderr, "%s\n", err.text);
    token_trie_close(&trie);
    tokenizer_close(&t);
    gguf_close(&file);
    return code != ERR_OK;
}
