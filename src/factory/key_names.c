// Spelling the keys of instruments: styles, tags in front, codes behind.
#include "factory/key_names.h"

#include <stdio.h>
#include <string.h>

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

void key_spell(const char *words, enum key_style style, char *to, size_t cap)
{
    size_t n = 0;
    bool starts = true, first = true;
    for (size_t i = 0; words[i] && n + 1 < cap; i++) {
        if (words[i] == ' ') {
            starts = true;
            first = false;
            if (style == KEY_CAMEL || style == KEY_PASCAL)
                continue;
            to[n++] = style == KEY_DASHED ? '-' : style >= KEY_TITLE ? ' ' : '_';
            continue;
        }
        bool big = style == KEY_UPPER || style == KEY_DASHED ||
                   (starts &&
                    (style == KEY_PASCAL || style == KEY_TITLE || (style == KEY_CAMEL && !first)));
        to[n++] = big ? upper(words[i]) : words[i];
        starts = false;
    }
    to[n] = '\0';
}

void key_prefix(const char *device, enum key_style style, struct rng *rng,
                char to[KEY_PREFIX_BYTES])
{
    size_t n = 0;
    to[0] = '\0';
    if (style > KEY_LOWER || rng_uniform(rng) >= 0.25)
        return;
    for (size_t i = 0; device[i] && n < 8; i++)
        if (device[i] != '-' && device[i] != ' ')
            to[n++] = device[i];
    to[n] = '_';
    to[n + 1] = '\0';
}

void key_add_code(struct rng *rng, char *words, size_t cap)
{
    static const char consonants[] = "bcdfghjklmnprstvwxz", vowels[] = "aeiou";
    size_t n = strlen(words), letters = 2 + (size_t)rng_below(rng, 3);
    if (n + 7 > cap)
        return;
    words[n++] = ' ';
    for (size_t i = 0; i < letters; i++)
        words[n++] = i % 2 ? vowels[rng_below(rng, sizeof vowels - 1)]
                           : consonants[rng_below(rng, sizeof consonants - 1)];
    if (rng_uniform(rng) < 0.3)
        words[n++] = (char)('1' + rng_below(rng, 9));
    words[n] = '\0';
}

// Words that people put before or behind a name.
static const char *const before_words[] = {
    "main",  "spare", "left",   "right",  "upper", "lower", "inner", "outer", "line",
    "hall",  "unit",  "actual", "mean",   "raw",   "total", "local", "aux",   "old",
    "north", "east",  "cell",   "stage",  "front", "rear",  "port",  "act",   "cur",
    "deck",  "bay",   "loop",   "branch", "house", "site",  "field", "base",  "first"};
static const char *const behind_words[] = {
    "now", "today", "a",   "b",     "c",   "1",   "2",    "3",    "10",   "act",  "avg",
    "pv",  "in",    "out", "top",   "low", "end", "side", "east", "west", "last", "nde",
    "de",  "pri",   "sec", "local", "bus", "cab", "abs",  "net",  "raw",  "trend"};

// Leaves out the vowels of a word but for its first letter: "crrnt".
static void drop_vowels(char words[KEY_WORDS_BYTES], size_t begin)
{
    size_t to = begin, i = begin;
    for (; words[i] && words[i] != ' '; i++)
        if (i == begin || !strchr("aeiou", words[i]))
            words[to++] = words[i];
    memmove(words + to, words + i, strlen(words + i) + 1);
}

static void swap_letters(char words[KEY_WORDS_BYTES], struct rng *rng)
{
    size_t i = (size_t)rng_below(rng, strlen(words));
    if (i == 0 || words[i] == ' ' || words[i - 1] == ' ')
        return;
    char first = words[i - 1];
    words[i - 1] = words[i];
    words[i] = first;
}

void key_vary(struct rng *rng, char words[KEY_WORDS_BYTES])
{
    char more[KEY_WORDS_BYTES];
    if (rng_uniform(rng) < 0.15) {
        size_t i = (size_t)rng_below(rng, sizeof before_words / sizeof *before_words);
        snprintf(more, sizeof more, "%s %.40s", before_words[i], words);
        memcpy(words, more, sizeof more);
    }
    if (rng_uniform(rng) < 0.15) {
        size_t i = (size_t)rng_below(rng, sizeof behind_words / sizeof *behind_words);
        snprintf(more, sizeof more, "%.40s %s", words, behind_words[i]);
        memcpy(words, more, sizeof more);
    }
    if (rng_uniform(rng) < 0.08) {
        const char *last = strrchr(words, ' ');
        drop_vowels(words, last && rng_uniform(rng) < 0.5 ? (size_t)(last + 1 - words) : 0);
    }
    if (rng_uniform(rng) < 0.04)
        swap_letters(words, rng);
}
