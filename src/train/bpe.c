// Learns byte-level BPE from the counts of words.
//
// Every pair of neighbours has a count and the words it stands in. A heap gives the most frequent
// pair; its entries may be stale and are checked against the table when they come up.
#include "train/bpe.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "llm/pretokenize.h"

enum { BYTES = 256, WORD_MAX = 1 << 16 };

struct word {
    int32_t *symbols;
    uint32_t n;
    uint64_t count;
};

struct pair {
    uint64_t key; // left << 32 | right, plus 1; 0: an empty slot
    int64_t count;
    uint32_t *words; // may name a word twice, or one that has lost the pair
    uint32_t n, cap;
};

struct entry {
    int64_t count;
    uint64_t key;
};

struct bpe {
    const struct pretokenizer *pre;
    struct map words; // text to count
    struct word *list;
    int32_t *symbols;
    struct pair *pairs;
    size_t pair_count, pair_slots;
    struct entry *heap;
    size_t heap_n, heap_cap;
    struct bpe_pair *merges;
    size_t merge_count;
    char **tokens; // each with its length in front
    bool failed;   // memory ran out
};

enum err_code bpe_open(struct str pre, struct bpe **out, struct err *err)
{
    *out = NULL;
    const struct pretokenizer *p = pretokenizer_by_name(pre);
    if (!p)
        return err_set(err, ERR_NOT_FOUND, "no pre-tokenizer is called '%.*s'", STR_ARG(pre));
    if (!(*out = calloc(1, sizeof **out)))
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    (*out)->pre = p;
    return ERR_OK;
}

void bpe_close(struct bpe **bpe)
{
    struct bpe *b = *bpe;
    if (!b)
        return;
    map_free(&b->words);
    for (size_t i = 0; i < b->pair_slots; i++)
        free(b->pairs[i].words);
    free(b->pairs);
    free(b->list);
    free(b->symbols);
    free(b->heap);
    for (size_t i = 0; b->tokens && i < BYTES + b->merge_count; i++)
        free(b->tokens[i]);
    free(b->tokens);
    free(b->merges);
    free(b);
    *bpe = NULL;
}

static bool count_word(void *arg, struct str piece)
{
    struct bpe *b = arg;
    if (piece.n > WORD_MAX)
        piece.n = WORD_MAX;
    uint64_t *count = map_find(&b->words, piece);
    if (count) {
        ++*count;
        return true;
    }
    return map_put(&b->words, piece, 1);
}

enum err_code bpe_add(struct bpe *b, struct str text, struct err *err)
{
    if (!pretokenize(b->pre, text, count_word, b))
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu words", b->words.n);
    return ERR_OK;
}

static uint64_t key_of(int32_t left, int32_t right)
{
    return ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) + 1;
}

static struct pair *find_slot(struct bpe *b, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (b->pair_slots - 1);
    while (b->pairs[at].key && b->pairs[at].key != key)
        at = (at + 1) & (b->pair_slots - 1);
    return &b->pairs[at];
}

static bool grow_pairs(struct bpe *b)
{
    size_t old_slots = b->pair_slots;
    struct pair *old = b->pairs;
    size_t slots = old_slots ? 2 * old_slots : 1 << 12;
    struct pair *pairs = calloc(slots, sizeof *pairs);
    if (!pairs)
        return false;
    b->pairs = pairs;
    b->pair_slots = slots;
    for (size_t i = 0; i < old_slots; i++)
        if (old[i].key)
            *find_slot(b, old[i].key) = old[i];
    free(old);
    return true;
}

// Adds `count` (maybe negative) to a pair; with a positive one, notes that it stands in the word.
static struct pair *change(struct bpe *b, int32_t left, int32_t right, int64_t count, uint32_t word)
{
    if (2 * (b->pair_count + 1) > b->pair_slots && !grow_pairs(b)) {
        b->failed = true;
        return NULL;
    }
    uint64_t key = key_of(left, right);
    struct pair *p = find_slot(b, key);
    if (!p->key) {
        p->key = key;
        b->pair_count++;
    }
    p->count += count;
    if (count <= 0 || (p->n && p->words[p->n - 1] == word))
        return p;
    if (p->n == p->cap) {
        uint32_t cap = p->cap ? 2 * p->cap : 4;
        uint32_t *words = realloc(p->words, cap * sizeof *words);
        if (!words) {
            b->failed = true;
            return NULL;
        }
        p->words = words;
        p->cap = cap;
    }
    p->words[p->n++] = word;
    return p;
}

// More frequent first, then the lower tokens.
static bool before(const struct entry *a, const struct entry *b)
{
    return a->count != b->count ? a->count > b->count : a->key < b->key;
}

static void push(struct bpe *b, struct entry e)
{
    if (b->heap_n == b->heap_cap) {
        size_t cap = b->heap_cap ? 2 * b->heap_cap : 1 << 12;
        struct entry *heap = realloc(b->heap, cap * sizeof *heap);
        if (!heap) {
            b->failed = true;
            return;
        }
        b->heap = heap;
        b->heap_cap = cap;
    }
    size_t at = b->heap_n++;
    for (; at > 0 && before(&e, &b->heap[(at - 1) / 2]); at = (at - 1) / 2)
        b->heap[at] = b->heap[(at - 1) / 2];
    b->heap[at] = e;
}

static struct entry pop(struct bpe *b)
{
    struct entry top = b->heap[0], last = b->heap[--b->heap_n];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < b->heap_n; at = child) {
        if (child + 1 < b->heap_n && before(&b->heap[child + 1], &b->heap[child]))
            child++;
        if (!before(&b->heap[child], &last))
            break;
        b->heap[at] = b->heap[child];
    }
    b->heap[at] = last;
    return top;
}

static bool spread_words(struct bpe *b)
{
    size_t bytes = 0, at = 0;
    for (size_t i = 0; i < b->words.n; i++)
        bytes += b->words.entries[i].key_n;
    b->list = calloc(b->words.n + 1, sizeof *b->list);
    b->symbols = calloc(bytes + 1, sizeof *b->symbols);
    if (!b->list || !b->symbols || (!b->pair_slots && !grow_pairs(b)))
        return false;
    for (size_t i = 0; i < b->words.n; i++) {
        const struct map_entry *e = &b->words.entries[i];
        b->list[i] = (struct word){b->symbols + at, (uint32_t)e->key_n, e->value};
        for (size_t k = 0; k < e->key_n; k++)
            b->symbols[at++] = (unsigned char)e->key[k];
    }
    return true;
}

static void count_pairs(struct bpe *b)
{
    for (size_t i = 0; i < b->words.n; i++)
        for (uint32_t k = 0; k + 1 < b->list[i].n; k++)
            change(b, b->list[i].symbols[k], b->list[i].symbols[k + 1], (int64_t)b->list[i].count,
                   (uint32_t)i);
    for (size_t i = 0; i < b->pair_slots; i++)
        if (b->pairs[i].key)
            push(b, (struct entry){b->pairs[i].count, b->pairs[i].key});
}

// A pair that has just become more frequent needs an entry with its new count.
static void raise_pair(struct bpe *b, int32_t left, int32_t right, int64_t count, uint32_t word)
{
    struct pair *p = change(b, left, right, count, word);
    if (p)
        push(b, (struct entry){p->count, p->key});
}

static void merge_in_word(struct bpe *b, uint32_t word, int32_t left, int32_t right, int32_t id)
{
    struct word *w = &b->list[word];
    int32_t *s = w->symbols;
    int64_t count = (int64_t)w->count;
    uint32_t to = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        if (i + 1 == w->n || s[i] != left || s[i + 1] != right) {
            s[to++] = s[i];
            continue;
        }
        if (to > 0) {
            change(b, s[to - 1], left, -count, word);
            raise_pair(b, s[to - 1], id, count, word);
        }
        if (i + 2 < w->n) {
            change(b, right, s[i + 2], -count, word);
            raise_pair(b, id, s[i + 2], count, word);
        }
        s[to++] = id;
        i++;
    }
    w->n = to;
}

static char *join(const char *left, const char *right)
{
    uint32_t a, b, n;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    n = a + b;
    char *token = malloc(sizeof n + n);
    if (!token)
        return NULL;
    memcpy(token, &n, sizeof n);
    memcpy(token + sizeof n, left + sizeof n, a);
    memcpy(token + sizeof n + a, right + sizeof n, b);
    return token;
}

static bool add_token(struct bpe *b, uint64_t key, int64_t count)
{
    int32_t left = (int32_t)((key - 1) >> 32), right = (int32_t)(uint32_t)(key - 1);
    char *token = join(b->tokens[left], b->tokens[right]);
    if (!token)
        return false;
    b->tokens[BYTES + b->merge_count] = token;
    b->merges[b->merge_count++] = (struct bpe_pair){left, right, (uint64_t)count};
    return true;
}

static bool byte_tokens(struct bpe *b, size_t merges)
{
    b->tokens = calloc(BYTES + merges, sizeof *b->tokens);
    b->merges = calloc(merges + 1, sizeof *b->merges);
    if (!b->tokens || !b->merges)
        return false;
    for (int i = 0; i < BYTES; i++) {
        uint32_t one = 1;
        if (!(b->tokens[i] = malloc(sizeof one + 1)))
            return false;
        memcpy(b->tokens[i], &one, sizeof one);
        b->tokens[i][sizeof one] = (char)i;
    }
    return true;
}

static void merge_everywhere(struct bpe *b, const struct entry *top, int32_t id)
{
    struct pair *p = find_slot(b, top->key);
    uint32_t *words = p->words, n = p->n;
    p->words = NULL; // the table may move while words change
    p->n = p->cap = 0;
    p->count = 0;
    for (uint32_t i = 0; i < n && !b->failed; i++)
        merge_in_word(b, words[i], (int32_t)((top->key - 1) >> 32),
                      (int32_t)(uint32_t)(top->key - 1), id);
    free(words);
    p = find_slot(b, top->key);
    p->count = 0; // "aaa" has counted down a pair that is merged already
}

enum err_code bpe_learn(struct bpe *b, size_t merges, uint64_t least, const struct bpe_pair **out,
                        size_t *count, struct err *err)
{
    b->failed = !byte_tokens(b, merges) || !spread_words(b);
    if (!b->failed)
        count_pairs(b);
    while (b->merge_count < merges && b->heap_n && !b->failed) {
        struct entry top = pop(b);
        int64_t now = find_slot(b, top.key)->count;
        if (now < top.count) { // it has become rarer since
            if (now > 0)
                push(b, (struct entry){now, top.key});
            continue;
        }
        if (now > top.count)
            continue; // a newer entry says so
        if (top.count < (int64_t)least)
            break;
        int32_t id = (int32_t)(BYTES + b->merge_count);
        b->failed = !add_token(b, top.key, top.count);
        if (!b->failed)
            merge_everywhere(b, &top, id);
    }
    if (b->failed)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu pairs of tokens", b->pair_count);
    *out = b->merges;
    *count = b->merge_count;
    return ERR_OK;
}

struct str bpe_token(const struct bpe *b, int32_t id)
{
    uint32_t n;
    memcpy(&n, b->tokens[id], sizeof n);
    return (struct str){b->tokens[id] + sizeof n, n};
}
