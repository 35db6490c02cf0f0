// Counting what the splits hold and share.
#include "factory/stats.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"

static const char *const split_names[] = {"train", "valid", "eval"};

enum kind {
    KIND_FAMILY,
    KIND_DIALECT,
    KIND_PHRASING,
    KIND_QUESTION,
    KIND_INPUT,
    KIND_OPENING,
    KINDS
};

// What was seen: for each kind a map of names to the set of splits that have it.
struct seen {
    const struct factory_tokens *tokens; // NULL: words are counted
    struct map maps[KINDS];
    struct map openings; // of this split, to how often
    bool failed;
};

static void see(struct seen *s, enum kind kind, struct str name, int split)
{
    uint64_t *at = map_find(&s->maps[kind], name);
    uint64_t bit = (uint64_t)1 << split;
    if (at)
        *at |= bit;
    else if (!map_put(&s->maps[kind], name, bit))
        s->failed = true;
}

static uint64_t words_of(struct seen *s, const struct buf *b)
{
    uint64_t words = 0;
    if (s->tokens) {
        int64_t tokens = s->tokens->count(s->tokens->arg, buf_str(b));
        s->failed |= tokens < 0;
        return tokens < 0 ? 0 : (uint64_t)tokens;
    }
    for (size_t i = 0; i < b->n; i++)
        words += b->p[i] > ' ' && (i == 0 || b->p[i - 1] <= ' ');
    return words;
}

static struct str opening_of(const struct buf *b)
{
    size_t n = 0;
    for (int blanks = 0; n < b->n && blanks < 4; n++)
        blanks += b->p[n] == ' ';
    return (struct str){b->p ? b->p : "", n};
}

static void see_example(struct seen *s, const struct factory_example *e, int split,
                        struct factory_split_stats *to)
{
    struct str rest = str_trim(buf_str(&e->phrasings));
    uint64_t words =
        words_of(s, &e->instruction) + words_of(s, &e->input) + words_of(s, &e->output);
    uint64_t question[2] = {str_hash(buf_str(&e->instruction)), str_hash(buf_str(&e->input))};
    if (e->family)
        see(s, KIND_FAMILY, str_of(e->family), split);
    if (e->dialect)
        see(s, KIND_DIALECT, str_of(e->dialect), split);
    while (rest.p && rest.n)
        see(s, KIND_PHRASING, str_cut(&rest, ' '), split);
    see(s, KIND_QUESTION, (struct str){(const char *)question, sizeof question}, split);
    if (e->input.n >= FACTORY_BARE_INPUT)
        see(s, KIND_INPUT, (struct str){(const char *)&question[1], sizeof question[1]}, split);
    struct str opening = opening_of(&e->output);
    see(s, KIND_OPENING, opening, split);
    uint64_t *often = map_find(&s->openings, opening);
    if (often)
        ++*often;
    else if (!map_put(&s->openings, opening, 1))
        s->failed = true;
    to->words += words;
    to->longest = words > to->longest ? words : to->longest;
    to->bytes += e->instruction.n + e->input.n + e->output.n;
}

static enum err_code count_split(const struct factory_options *options, uint64_t count, int split,
                                 struct seen *seen, struct factory_split_stats *to, struct err *err)
{
    struct factory_options own = *options;
    struct factory_example e = {0};
    struct factory *f;
    own.split = (enum factory_split)split;
    enum err_code code = factory_open(&f, &own, err);
    for (uint64_t i = 0; code == ERR_OK && i < count; i++) {
        code = factory_next(f, &e, err);
        if (code == ERR_OK)
            see_example(seen, &e, split, to);
    }
    if (code == ERR_LIMIT) // the task is small: everything it has was made
        code = ERR_OK;
    for (size_t i = 0; i < seen->openings.n; i++)
        if (seen->openings.entries[i].value > to->commonest_opening)
            to->commonest_opening = seen->openings.entries[i].value;
    map_free(&seen->openings);
    if (f)
        to->counts = *factory_counts(f);
    factory_close(&f);
    factory_example_free(&e);
    return code;
}

// How many names of a kind are both in the splits of `a` and in those of `b`.
static uint64_t shared(const struct seen *s, enum kind kind, uint64_t a, uint64_t b)
{
    uint64_t count = 0;
    for (size_t i = 0; i < s->maps[kind].n; i++) {
        uint64_t splits = s->maps[kind].entries[i].value;
        count += (splits & a) && (splits & b);
    }
    return count;
}

enum err_code factory_stats(const struct factory_options *options, uint64_t count,
                            const struct factory_tokens *tokens, struct factory_stats *out,
                            struct err *err)
{
    const uint64_t train = 1, valid = 2, eval = 4;
    struct seen seen = {.tokens = tokens};
    enum err_code code = ERR_OK;
    memset(out, 0, sizeof *out);
    out->has_tokens = tokens != NULL;
    for (int split = 0; code == ERR_OK && split < FACTORY_SPLITS; split++)
        code = count_split(options, split == FACTORY_TRAIN ? count : 1 + count / 10, split, &seen,
                           &out->splits[split], err);
    if (code == ERR_OK && seen.failed)
        code = err_set(err, ERR_NO_MEMORY, "no memory to compare the splits");
    for (int i = 0; i < FACTORY_SPLITS; i++) {
        uint64_t bit = (uint64_t)1 << i;
        out->splits[i].families = shared(&seen, KIND_FAMILY, bit, bit);
        out->splits[i].dialects = shared(&seen, KIND_DIALECT, bit, bit);
        out->splits[i].phrasings = shared(&seen, KIND_PHRASING, bit, bit);
        out->splits[i].openings = shared(&seen, KIND_OPENING, bit, bit);
    }
    out->shared_families = shared(&seen, KIND_FAMILY, eval, train | valid);
    out->shared_dialects = shared(&seen, KIND_DIALECT, eval, train | valid);
    out->shared_phrasings = shared(&seen, KIND_PHRASING, eval, train | valid);
    out->shared_questions = shared(&seen, KIND_QUESTION, eval, train | valid);
    out->shared_inputs = shared(&seen, KIND_INPUT, eval, train | valid);
    out->shared_train_valid = shared(&seen, KIND_QUESTION, train, valid);
    for (int i = 0; i < KINDS; i++)
        map_free(&seen.maps[i]);
    return code;
}

void factory_stats_text(const struct factory_stats *s, struct buf *to)
{
    buf_printf(to, "%-6s %9s %9s %8s %10s %9s %8s %8s %9s %8s %8s\n", "split", "examples",
               "repeated", "misread", s->has_tokens ? "tokens" : "words",
               s->has_tokens ? "longest" : "words max", "families", "dialects", "phrasings",
               "openings", "commonest");
    for (int i = 0; i < FACTORY_SPLITS; i++) {
        const struct factory_split_stats *p = &s->splits[i];
        double made = p->counts.made ? (double)p->counts.made : 1;
        buf_printf(to, "%-6s %9llu %9llu %8llu %10.1f %9llu %8llu %8llu %9llu %8llu %7.1f%%\n",
                   split_names[i], (unsigned long long)p->counts.made,
                   (unsigned long long)p->counts.repeated, (unsigned long long)p->counts.misread,
                   (double)p->words / made, (unsigned long long)p->longest,
                   (unsigned long long)p->families, (unsigned long long)p->dialects,
                   (unsigned long long)p->phrasings, (unsigned long long)p->openings,
                   100 * (double)p->commonest_opening / made);
    }
    buf_printf(to,
               "eval shares with train and valid: %llu families, %llu dialects, %llu phrasings, "
               "%llu questions, %llu inputs; train shares %llu questions with valid\n",
               (unsigned long long)s->shared_families, (unsigned long long)s->shared_dialects,
               (unsigned long long)s->shared_phrasings, (unsigned long long)s->shared_questions,
               (unsigned long long)s->shared_inputs, (unsigned long long)s->shared_train_valid);
}

void factory_stats_json(const struct factory_stats *s, struct json_out *to)
{
    json_object(to);
    for (int i = 0; i < FACTORY_SPLITS; i++) {
        const struct factory_split_stats *p = &s->splits[i];
        json_key(to, split_names[i]);
        json_object(to);
        json_key_int(to, "examples", (int64_t)p->counts.made);
        json_key_int(to, "repeated", (int64_t)p->counts.repeated);
        json_key_int(to, "misread", (int64_t)p->counts.misread);
        json_key_int(to, s->has_tokens ? "tokens" : "words", (int64_t)p->words);
        json_key_int(to, s->has_tokens ? "tokens_longest" : "words_longest", (int64_t)p->longest);
        json_key_int(to, "bytes", (int64_t)p->bytes);
        json_key_int(to, "families", (int64_t)p->families);
        json_key_int(to, "dialects", (int64_t)p->dialects);
        json_key_int(to, "phrasings", (int64_t)p->phrasings);
        json_key_int(to, "openings", (int64_t)p->openings);
        json_key_int(to, "commonest_opening", (int64_t)p->commonest_opening);
        json_end(to);
    }
    json_key_int(to, "shared_families", (int64_t)s->shared_families);
    json_key_int(to, "shared_dialects", (int64_t)s->shared_dialects);
    json_key_int(to, "shared_phrasings", (int64_t)s->shared_phrasings);
    json_key_int(to, "shared_questions", (int64_t)s->shared_questions);
    json_key_int(to, "shared_inputs", (int64_t)s->shared_inputs);
    json_key_int(to, "shared_train_valid", (int64_t)s->shared_train_valid);
    json_end(to);
}
