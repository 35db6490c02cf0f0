// Masks of random grammars against a recogniser that backtracks.
#include "grammar_kit.h"

#include <stdio.h>
#include <stdlib.h>

// A random grammar as a tree, which is printed as GBNF and recognised here by backtracking.
enum { NODES = 200, RULES = 4, LETTERS = 4, TEXT_MAX = 60 };

static const char *const letters[LETTERS] = {"a", "b", "c", "\xc3\xa9"};

struct tree {
    enum { T_LETTERS, T_CLASS, T_SEQUENCE, T_CHOICE, T_REPEAT, T_RULE } kind;
    int letters[3], n; // of T_LETTERS
    unsigned set;      // of T_CLASS, by letter
    struct tree *parts[3];
    int least, most; // of T_REPEAT; most -1: no limit
    int rule;
};

static struct tree nodes[NODES];
static int node_count;
static struct tree *rules[RULES];

static struct tree *random_tree(struct rng *rng, int depth)
{
    if (node_count == NODES)
        return NULL;
    struct tree *t = &nodes[node_count++];
    *t = (struct tree){.kind = (int)rng_below(rng, depth > 3 ? 2 : 6)};
    if (t->kind == T_LETTERS) {
        t->n = (int)rng_below(rng, 4);
        for (int i = 0; i < t->n; i++)
            t->letters[i] = (int)rng_below(rng, LETTERS);
    } else if (t->kind == T_CLASS) {
        t->set = 1 + (unsigned)rng_below(rng, 15);
    } else if (t->kind == T_RULE) {
        t->rule = (int)rng_below(rng, RULES);
    } else {
        t->n = t->kind == T_REPEAT ? 1 : 2 + (int)rng_below(rng, 2);
        for (int i = 0; i < t->n; i++)
            if (!(t->parts[i] = random_tree(rng, depth + 1)))
                return NULL;
        t->least = (int)rng_below(rng, 3);
        t->most = rng_below(rng, 2) ? -1 : t->least + (int)rng_below(rng, 3);
    }
    return t;
}

static void print_tree(const struct tree *t, struct buf *out)
{
    if (t->kind == T_LETTERS) {
        buf_add_char(out, '"');
        for (int i = 0; i < t->n; i++)
            buf_add_z(out, letters[t->letters[i]]);
        buf_add_char(out, '"');
    } else if (t->kind == T_CLASS) {
        buf_add_char(out, '[');
        for (int i = 0; i < LETTERS; i++)
            if (t->set >> i & 1)
                buf_add_z(out, letters[i]);
        buf_add_char(out, ']');
    } else if (t->kind == T_RULE) {
        buf_printf(out, "r%d", t->rule);
    } else {
        buf_add_char(out, '(');
        for (int i = 0; i < t->n; i++) {
            buf_add_z(out, i == 0 ? "" : t->kind == T_CHOICE ? " | " : " ");
            print_tree(t->parts[i], out);
        }
        buf_add_char(out, ')');
        if (t->kind == T_REPEAT && t->most < 0)
            buf_printf(out, "{%d,}", t->least);
        else if (t->kind == T_REPEAT)
            buf_printf(out, "{%d,%d}", t->least, t->most);
    }
}

// What is being recognised; `more` is set when the text ends where the grammar would go on.
static struct str text;
static bool more;
static struct {
    bool known;
    uint64_t ends;
} memo[RULES][TEXT_MAX + 1];

static uint64_t ends_of(const struct tree *t, uint64_t starts);

// Where a letter ends that begins at each of `starts`, as bits.
static uint64_t ends_of_letter(int letter, uint64_t starts)
{
    size_t n = strlen(letters[letter]);
    uint64_t ends = 0;
    for (size_t at = 0; at <= text.n; at++) {
        if (!(starts >> at & 1))
            continue;
        size_t left = text.n - at;
        if (memcmp(text.p + at, letters[letter], left < n ? left : n) != 0)
            continue;
        if (left < n)
            more = true;
        else
            ends |= (uint64_t)1 << (at + n);
    }
    return ends;
}

static uint64_t ends_of_rule(int rule, uint64_t starts)
{
    uint64_t ends = 0;
    for (size_t at = 0; at <= text.n; at++) {
        if (!(starts >> at & 1))
            continue;
        if (!memo[rule][at].known) {
            uint64_t found = ends_of(rules[rule], (uint64_t)1 << at);
            memo[rule][at].known = true;
            memo[rule][at].ends = found;
        }
        ends |= memo[rule][at].ends;
    }
    return ends;
}

static uint64_t ends_of_repeat(const struct tree *t, uint64_t starts)
{
    uint64_t ends = t->least == 0 ? starts : 0, at = starts;
    for (int i = 1; at && (t->most < 0 || i <= t->most) && i < 200; i++) {
        at = ends_of(t->parts[0], at);
        if (i >= t->least) {
            if (t->most < 0 && !(at & ~ends))
                break;
            ends |= at;
        }
    }
    return ends;
}

static uint64_t ends_of(const struct tree *t, uint64_t starts)
{
    uint64_t ends = t->kind == T_LETTERS || t->kind == T_SEQUENCE ? starts : 0;
    switch (t->kind) {
    case T_LETTERS:
        for (int i = 0; i < t->n; i++)
            ends = ends_of_letter(t->letters[i], ends);
        return ends;
    case T_CLASS:
        for (int i = 0; i < LETTERS; i++)
            if (t->set >> i & 1)
                ends |= ends_of_letter(i, starts);
        return ends;
    case T_SEQUENCE:
        for (int i = 0; i < t->n; i++)
            ends = ends_of(t->parts[i], ends);
        return ends;
    case T_CHOICE:
        for (int i = 0; i < t->n; i++)
            ends |= ends_of(t->parts[i], starts);
        return ends;
    case T_REPEAT:
        return ends_of_repeat(t, starts);
    case T_RULE:
        return ends_of_rule(t->rule, starts);
    }
    return 0;
}

// Whether the text matches; *viable: whether it or a longer text does.
static bool recognise(struct str s, bool *viable)
{
    memset(memo, 0, sizeof memo);
    text = s;
    more = false;
    bool whole = ends_of(rules[0], 1) >> s.n & 1;
    *viable = whole || more;
    return whole;
}

static struct str bytes_of(int32_t token, char *byte)
{
    *byte = (char)token;
    return token < LLM_VOCAB_BYTES ? (struct str){byte, 1} : pieces[token - LLM_VOCAB_BYTES];
}

// The mask allows exactly the tokens after which an answer is still possible. False: the grammar is
// too ambiguous.
static bool check_mask(struct kit *k, const char *said, size_t n, const char *grammar)
{
    const uint64_t *mask;
    struct err err;
    if (matcher_mask(k->m, &mask, &err) == ERR_LIMIT)
        return false;
    for (int32_t token = 0; token < LLM_VOCAB_BYTES + PIECES; token++) {
        char longer[TEXT_MAX + 16], byte;
        struct str more_bytes = bytes_of(token, &byte);
        memcpy(longer, said, n);
        memcpy(longer + n, more_bytes.p, more_bytes.n);
        bool viable, allowed = mask[token / 64] >> (token % 64) & 1;
        recognise((struct str){longer, n + more_bytes.n}, &viable);
        if (allowed != viable)
            fail_msg("%s\nafter '%.*s' token %d '%.*s' is %s", grammar, (int)n, said, token,
                     STR_ARG(more_bytes), allowed ? "allowed" : "not allowed");
    }
    bool viable;
    assert_int_equal(recognise((struct str){said, n}, &viable), mask[EOS / 64] >> (EOS % 64) & 1);
    return true;
}

// False: as above.
static bool answer_at_random(struct kit *k, struct rng *rng, const char *grammar)
{
    char said[TEXT_MAX + 16];
    size_t n = 0;
    struct err err;
    matcher_reset(k->m);
    while (n + 16 < TEXT_MAX) {
        const uint64_t *mask;
        if (!check_mask(k, said, n, grammar))
            return false;
        assert_ok(matcher_mask(k->m, &mask, &err), err);
        if (matcher_allowed(k->m) == 0)
            fail_msg("%s\nafter '%.*s' nothing is allowed", grammar, (int)n, said);
        int32_t token;
        do
            token = (int32_t)rng_below(rng, V);
        while (!(mask[token / 64] >> (token % 64) & 1));
        if (matcher_accept(k->m, token, &err) == ERR_LIMIT)
            return false;
        if (token == EOS)
            return true;
        char byte;
        struct str bytes = bytes_of(token, &byte);
        memcpy(said + n, bytes.p, bytes.n);
        n += bytes.n;
    }
    return true;
}

static void masks_allow_exactly_what_backtracking_finds_possible(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 9);
    int compiled = 0, refused = 0, followed = 0;
    for (int round = 0; round < 900; round++) {
        struct buf gbnf = {0};
        node_count = 0;
        bool whole = true;
        for (int i = 0; i < RULES; i++) {
            // A letter as an alternative: every rule can come to an end.
            struct tree *base = &nodes[node_count++], *choice = &nodes[node_count++];
            *base = (struct tree){.kind = T_LETTERS, .n = 1, .letters = {i}};
            *choice = (struct tree){.kind = T_CHOICE, .n = 2};
            choice->parts[0] = base;
            choice->parts[1] = random_tree(&rng, 0);
            rules[i] = choice;
            whole = whole && choice->parts[1];
            if (!whole)
                break;
            buf_printf(&gbnf, "%s%d ::= ", "r", i);
            print_tree(choice, &gbnf);
            buf_add_char(&gbnf, '\n');
        }
        buf_add_z(&gbnf, "root ::= r0\n");
        struct grammar *g = NULL;
        struct err err;
        enum err_code code =
            whole ? grammar_from_gbnf(buf_str(&gbnf), "test", &g, &err) : ERR_INPUT;
        grammar_close(&g);
        refused += code != ERR_OK;
        if (!code) {
            struct kit k = open_kit(gbnf.p);
            for (int i = 0; i < 3; i++)
                followed += answer_at_random(&k, &rng, gbnf.p);
            close_kit(&k);
            compiled++;
        }
        buf_free(&gbnf);
    }
    assert_true(compiled > 300);
    assert_true(followed > compiled * 3 * 95 / 100);
    assert_true(refused > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_allow_exactly_what_backtracking_finds_possible),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
