// Cuts text into the pieces that byte-pair merges do not cross.
//
// Each family is a list of expressions. The first cuts the text into matches and what lies between
// them, the next one cuts each of those pieces, and so on. Expressions are written out by hand:
//   gpt-2   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//   llama-3 (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
//            ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
//   qwen2   as llama-3 with \p{N} in place of \p{N}{1,3}
#include "llm/pretokenize.h"

#include <string.h>

#include "llm/unicode.h"

// Returns where the match that starts at p ends; p when there is none.
typedef const char *match_fn(const char *p, const char *end);

enum { STAGES = 4, NAMES = 8 };

struct pretokenizer {
    const char *names[NAMES];
    match_fn *stages[STAGES];
    bool whole;
};

static enum unicode_class class_at(const char *p, const char *end, const char **next)
{
    if (p == end) {
        *next = end;
        return UNICODE_CONTROL; // no class that an expression asks for, and no space
    }
    uint32_t cp;
    *next = p + unicode_decode(p, end, &cp);
    return unicode_class_of(cp);
}

static bool is_other(enum unicode_class c)
{
    return c != UNICODE_SPACE && c != UNICODE_LETTER && c != UNICODE_NUMBER;
}

static bool is_break(char c)
{
    return c == '\r' || c == '\n';
}

static const char *run_of(enum unicode_class class, const char *p, const char *end)
{
    const char *next;
    while (p < end && class_at(p, end, &next) == class)
        p = next;
    return p;
}

static const char *run_of_others(const char *p, const char *end)
{
    const char *next;
    while (p < end && is_other(class_at(p, end, &next)))
        p = next;
    return p;
}

static const char *contraction(const char *p, const char *end, bool any_case)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    if (p == end || *p != '\'')
        return p;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]);
        if ((size_t)(end - p) <= n)
            continue;
        struct str s = {p + 1, n}, e = {endings[i], n};
        if (any_case ? str_eq_nocase(s, e) : str_eq(s, e))
            return p + 1 + n;
    }
    return p;
}

// \s+(?!\S): a run of space up to the text's end, or all but its last.
static const char *space_before_space(const char *p, const char *end)
{
    const char *last = p, *at = p, *next;
    while (at < end && class_at(at, end, &next) == UNICODE_SPACE) {
        last = at;
        at = next;
    }
    return at == end ? at : last;
}

// The part of gpt-2's expression that others share: all but the last alternative.
static const char *match_gpt2_words(const char *p, const char *end)
{
    const char *at = contraction(p, end, false), *next;
    if (at > p)
        return at;
    const char *body = *p == ' ' ? p + 1 : p;
    if (body < end) {
        enum unicode_class c = class_at(body, end, &next);
        if (c == UNICODE_LETTER || c == UNICODE_NUMBER)
            return run_of(c, body, end);
        if (is_other(c))
            return run_of_others(body, end);
    }
    return space_before_space(p, end);
}

static const char *match_gpt2(const char *p, const char *end)
{
    const char *at = match_gpt2_words(p, end);
    return at > p ? at : run_of(UNICODE_SPACE, p, end);
}

static const char *match_llama3_space(const char *p, const char *end)
{
    const char *at = run_of(UNICODE_SPACE, p, end), *line = at;
    while (line > p && !is_break(line[-1]))
        line--;
    if (line > p)
        return line; // \s*[\r\n]+ ends at the run's last line break
    const char *before = space_before_space(p, end);
    return before > p ? before : at;
}

static const char *match_llama3_digits(const char *p, const char *end, int digits)
{
    const char *at = contraction(p, end, true), *next;
    if (at > p)
        return at;
    enum unicode_class c = class_at(p, end, &next);
    if (c == UNICODE_LETTER)
        return run_of(c, p, end);
    if (c != UNICODE_NUMBER && !is_break(*p)) {
        at = run_of(UNICODE_LETTER, next, end);
        if (at > next)
            return at;
    }
    if (c == UNICODE_NUMBER) {
        for (at = next; --digits > 0 && class_at(at, end, &next) == UNICODE_NUMBER; at = next)
            ;
        return at;
    }
    const char *body = *p == ' ' ? p + 1 : p;
    at = run_of_others(body, end);
    if (at > body) {
        while (at < end && is_break(*at))
            at++;
        return at;
    }
    return match_llama3_space(p, end);
}

static const char *match_llama3(const char *p, const char *end)
{
    return match_llama3_digits(p, end, 3);
}

static const char *match_qwen2(const char *p, const char *end)
{
    return match_llama3_digits(p, end, 1);
}

static const char *match_one_number(const char *p, const char *end)
{
    const char *next;
    return class_at(p, end, &next) == UNICODE_NUMBER ? next : p;
}

static const char *match_numbers(const char *p, const char *end)
{
    return run_of(UNICODE_NUMBER, p, end);
}

static const char *match_three_digits(const char *p, const char *end)
{
    if (end - p < 3)
        return p;
    for (int i = 0; i < 3; i++)
        if (p[i] < '0' || p[i] > '9')
            return p;
    return p + 3;
}

static const char *match_punctuation(const char *p, const char *end)
{
    const char *next;
    while (p < end &&
           (class_at(p, end, &next) == UNICODE_PUNCTUATION || (*p && strchr("$+<=>^~|", *p))))
        p = next;
    return p;
}

static const struct pretokenizer families[] = {
    {{"gpt-2", "gpt2", "phi-2", "mpt", "olmo", "jais"}, {match_gpt2}, false},
    {{"llama-bpe", "llama3", "llama-v3", "llama4", "smaug-bpe"}, {match_llama3}, true},
    {{"qwen2", "deepseek-r1-qwen", "megrez"}, {match_qwen2}, true},
    {{"smollm", "starcoder", "refact", "command-r"}, {match_one_number, match_gpt2_words}, false},
    {{"default"}, {match_punctuation, match_gpt2_words, match_numbers, match_three_digits}, false},
};

const struct pretokenizer *pretokenizer_by_name(struct str name)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (size_t k = 0; k < NAMES && families[i].names[k]; k++)
            if (str_is(name, families[i].names[k]))
                return &families[i];
    return NULL;
}

bool pretokenizer_takes_whole(const struct pretokenizer *p)
{
    return p->whole;
}

static bool run_stage(const struct pretokenizer *pre, size_t stage, struct str piece,
                      pretokenize_fn *each, void *arg)
{
    if (piece.n == 0)
        return true;
    if (stage == STAGES || !pre->stages[stage])
        return each(arg, piece);
    const char *p = piece.p, *end = p + piece.n, *between = p;
    while (p < end) {
        const char *match = pre->stages[stage](p, end), *next;
        if (match == p) {
            class_at(p, end, &next);
            p = next;
            continue;
        }
        if (!run_stage(pre, stage + 1, (struct str){between, (size_t)(p - between)}, each, arg) ||
            !run_stage(pre, stage + 1, (struct str){p, (size_t)(match - p)}, each, arg))
            return false;
        p = between = match;
    }
    return run_stage(pre, stage + 1, (struct str){between, (size_t)(end - between)}, each, arg);
}

bool pretokenize(const struct pretokenizer *p, struct str text, pretokenize_fn *each, void *arg)
{
    return run_stage(p, 0, text, each, arg);
}
