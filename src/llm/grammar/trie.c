// The tokens of a vocabulary as trees of their bytes.
#include "llm/grammar/trie.h"

#include <stdlib.h>
#include <string.h>

#include "llm/tokenizer_private.h"

static bool is_text(const struct vocab_token *v)
{
    return v->n && (v->kind == VOCAB_NORMAL || v->kind == VOCAB_USER || v->kind == VOCAB_BYTE);
}

static int by_bytes(const void *a, const void *b, void *arg)
{
    const struct str *bytes = arg;
    int32_t i = *(const int32_t *)a, k = *(const int32_t *)b;
    size_t n = bytes[i].n < bytes[k].n ? bytes[i].n : bytes[k].n;
    int order = memcmp(bytes[i].p, bytes[k].p, n);
    if (order)
        return order;
    if (bytes[i].n != bytes[k].n)
        return bytes[i].n < bytes[k].n ? -1 : 1;
    return i - k;
}

// Copies the tokens' bytes; returns how many tokens have some.
static uint32_t copy_bytes(const struct tokenizer *t, struct token_trie *out)
{
    uint32_t n = 0;
    char *at = out->blob;
    for (uint32_t i = 0; i < t->vocab.n && i < out->V; i++) {
        const struct vocab_token *v = &t->vocab.tokens[i];
        if (is_text(v)) {
            memcpy(at, v->p, v->n);
            out->bytes[i] = (struct str){at, v->n};
            at += v->n;
            n++;
        }
        if (tokenizer_ends(t, (int32_t)i))
            out->ends[out->end_count++] = (int32_t)i;
    }
    return n;
}

static size_t shared(struct str a, struct str b)
{
    size_t n = 0;
    while (n < a.n && n < b.n && a.p[n] == b.p[n])
        n++;
    return n;
}

// Ends the nodes of `path` (by depth) that are deeper than `depth`.
static void end_nodes(struct trie_tree *t, const uint32_t *path, size_t from, size_t depth)
{
    for (size_t d = from; d > depth; d--)
        t->nodes[path[d]].end = t->count;
}

// Adds the sorted tokens that belong to the tree.
static void add_nodes(struct token_trie *trie, int which, const int32_t *sorted, uint32_t n,
                      uint32_t *path)
{
    struct trie_tree *t = &trie->trees[which];
    struct str before = {NULL, 0};
    t->nodes[0] = (struct trie_node){.token = -1};
    t->count = 1;
    path[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct str bytes = trie->bytes[sorted[i]];
        if ((bytes.n > TRIE_SHORT_BYTES) != (which == TRIE_LONG))
            continue;
        size_t depth = shared(before, bytes);
        end_nodes(t, path, before.n, depth);
        for (size_t d = depth; d < bytes.n; d++) {
            path[d + 1] = t->count;
            t->nodes[t->count++] = (struct trie_node){
                .token = -1, .depth = (uint16_t)(d + 1), .byte = (uint8_t)bytes.p[d]};
        }
        struct trie_node *node = &t->nodes[path[bytes.n]];
        trie->same[sorted[i]] = node->token;
        node->token = sorted[i];
        before = bytes;
    }
    end_nodes(t, path, before.n, 0);
    t->nodes[0].end = t->count;
}

// Makes one tree; its nodes are at most as many as its tokens' bytes, and the root.
static bool build_tree(struct token_trie *trie, int which, const int32_t *sorted, uint32_t n)
{
    struct trie_tree *t = &trie->trees[which];
    size_t total = 0;
    for (uint32_t i = 0; i < n; i++) {
        size_t bytes = trie->bytes[sorted[i]].n;
        if ((bytes > TRIE_SHORT_BYTES) != (which == TRIE_LONG))
            continue;
        total += bytes;
        t->longest = bytes > t->longest ? (uint32_t)bytes : t->longest;
    }
    t->nodes = malloc((total + 1) * sizeof *t->nodes);
    uint32_t *path = malloc((t->longest + 1) * sizeof *path);
    bool done = t->nodes && path;
    if (done) {
        add_nodes(trie, which, sorted, n, path);
        struct trie_node *nodes = realloc(t->nodes, t->count * sizeof *nodes);
        t->nodes = nodes ? nodes : t->nodes;
    }
    free(path);
    return done;
}

static enum err_code build(const struct tokenizer *t, struct token_trie *out, struct err *err)
{
    size_t total = 0;
    for (uint32_t i = 0; i < t->vocab.n; i++)
        total += t->vocab.tokens[i].n;
    out->blob = malloc(total + 1);
    out->bytes = calloc(out->V + 1, sizeof *out->bytes);
    out->same = malloc((out->V + 1) * sizeof *out->same);
    out->ends = malloc((out->V + 1) * sizeof *out->ends);
    int32_t *sorted = malloc((out->V + 1) * sizeof *sorted);
    bool done = out->blob && out->bytes && out->same && out->ends && sorted;
    if (done) {
        uint32_t n = copy_bytes(t, out), k = 0;
        for (uint32_t i = 0; i < out->V; i++) {
            out->same[i] = -1;
            if (out->bytes[i].n)
                sorted[k++] = (int32_t)i;
        }
        qsort_r(sorted, n, sizeof *sorted, by_bytes, out->bytes);
        for (int which = 0; which < TRIE_TREES; which++)
            done = done && build_tree(out, which, sorted, n);
    }
    free(sorted);
    return done ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory for the tokens of a grammar");
}

enum err_code token_trie_open(const struct tokenizer *t, uint32_t vocabulary,
                              struct token_trie **out, struct err *err)
{
    *out = NULL;
    if (vocabulary < tokenizer_count(t))
        return err_set(err, ERR_USAGE, "%u logits for a tokenizer of %u tokens", vocabulary,
                       tokenizer_count(t));
    struct token_trie *trie = calloc(1, sizeof *trie);
    if (!trie)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the tokens of a grammar");
    trie->V = vocabulary;
    trie->words = (vocabulary + 63) / 64;
    enum err_code code = build(t, trie, err);
    if (code)
        token_trie_close(&trie);
    *out = trie;
    return code;
}

void token_trie_close(struct token_trie **t)
{
    if (!*t)
        return;
    for (int i = 0; i < TRIE_TREES; i++)
        free((*t)->trees[i].nodes);
    free((*t)->same);
    free((*t)->bytes);
    free((*t)->blob);
    free((*t)->ends);
    free(*t);
    *t = NULL;
}

bool token_trie_is_end(const struct token_trie *t, int32_t token)
{
    for (uint32_t i = 0; i < t->end_count; i++)
        if (t->ends[i] == token)
            return true;
    return false;
}
