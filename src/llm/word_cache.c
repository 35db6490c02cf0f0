// Remembers what words became, within one call of the tokenizer.
#include <stdlib.h>
#include <string.h>

#include "llm/tokenizer_private.h"

enum { SLOTS = 8192, IDS = 6, SHORT_TEXT = 2048 };

struct word_cache {
    struct {
        uint64_t hash;
        struct str word; // within the text of this call
        uint32_t n;
        int32_t ids[IDS];
    } slots[SLOTS];
};

struct word_cache *word_cache_open(size_t text_bytes)
{
    return text_bytes < SHORT_TEXT ? NULL : calloc(1, sizeof(struct word_cache));
}

void word_cache_close(struct word_cache *c)
{
    free(c);
}

bool word_cache_find(struct word_cache *c, struct str word, struct tokens *out)
{
    if (!c)
        return false;
    uint64_t hash = str_hash(word);
    size_t at = hash % SLOTS;
    if (c->slots[at].hash != hash || c->slots[at].n == 0 || !str_eq(c->slots[at].word, word))
        return false;
    for (uint32_t i = 0; i < c->slots[at].n; i++)
        tokens_add(out, c->slots[at].ids[i]);
    return true;
}

void word_cache_put(struct word_cache *c, struct str word, const struct tokens *out, size_t from)
{
    if (!c || out->failed || out->n - from > IDS || out->n == from)
        return;
    uint64_t hash = str_hash(word);
    size_t at = hash % SLOTS;
    c->slots[at].hash = hash;
    c->slots[at].word = word;
    c->slots[at].n = (uint32_t)(out->n - from);
    memcpy(c->slots[at].ids, out->p + from, (out->n - from) * sizeof *out->p);
}
