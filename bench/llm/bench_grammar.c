// Time of grammars over a real vocabulary: opening, masks and steps along answers.
//
// bench_grammar VOCABULARY.gguf    microseconds a step: first answer, later ones
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "llm/grammar/grammar.h"

enum { STEPS_MAX = 1 << 14, ANSWERS = 20 };

static const char diagnosis[] =
    "{\"type\":\"object\",\"properties\":{\"cause\":{\"type\":\"string\",\"maxLength\":200},"
    "\"severity\":{\"enum\":[\"low\",\"medium\",\"high\"]},\"confidence\":{\"type\":\"number\","
    "\"minimum\":0,\"maximum\":1},\"evidence\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":8,"
    "\"items\":{\"type\":\"object\",\"properties\":{\"sensor\":{\"type\":\"string\",\"pattern\":"
    "\"^[A-Z][A-Z0-9_-]{1,15}$\"},\"at\":{\"type\":\"string\",\"format\":\"date-time\"},\"value\":"
    "{\"type\":\"number\"},\"note\":{\"type\":\"string\"}},\"required\":[\"sensor\",\"value\"],"
    "\"additionalProperties\":false}},\"checks\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"string\"}"
    "},\"parent\":{\"anyOf\":[{\"$ref\":\"#\"},{\"type\":\"null\"}]}},\"required\":[\"cause\","
    "\"severity\",\"evidence\"],\"additionalProperties\":false}";
static const char diagnosis_answer[] =
    "{\"cause\": \"The bearing of pump P-101 runs dry: its temperature rose by 14 \xc2\xb0"
    "C in two hours while vibration doubled.\", \"severity\": \"high\", \"confidence\": 0.85, "
    "\"evidence\": [{\"sensor\": \"P101-TEMP\", \"at\": \"2025-11-21T10:15:00Z\", \"value\": "
    "91.25, "
    "\"note\": \"above the limit of 80\"}, {\"sensor\": \"P101-VIB\", \"value\": 7.1}], "
    "\"checks\": "
    "[\"Look at the oil level.\", \"Measure the temperature of the housing.\"], \"parent\": null}";
static const char object_answer[] =
    "{\n  \"name\": \"P-101\",\n  \"tags\": [\"pump\", \"water\", 3, true, null],\n  \"limits\": "
    "{\"low\": -5.5, \"high\": 80},\n  \"note\": \"Installed in 2019 \xe2\x80\x94 serviced twice, "
    "see the \\\"blue\\\" book.\"\n}";
static const char sql[] =
    "root ::= \"SELECT \" columns \" FROM \" name where? order? limit? \";\"\n"
    "columns ::= \"*\" | column (\", \" column)*\n"
    "column ::= name | (\"avg\" | \"min\" | \"max\" | \"count\") \"(\" name \")\"\n"
    "where ::= \" WHERE \" test ((\" AND \" | \" OR \") test)*\n"
    "test ::= name (\" = \" | \" < \" | \" > \") (number | \"'\" [^'\\n]* \"'\") | \"(\" test "
    "\")\"\n"
    "order ::= \" ORDER BY \" name (\" ASC\" | \" DESC\")?\n"
    "limit ::= \" LIMIT \" [1-9] [0-9]{0,3}\n"
    "name ::= [a-z] [a-z0-9_]{0,40}\n"
    "number ::= \"-\"? [0-9]+ (\".\" [0-9]+)?\n";
static const char sql_answer[] =
    "SELECT sensor, avg(value), max(value) FROM reading WHERE sensor = 'P101-TEMP' AND (value > "
    "80.5) ORDER BY time_us DESC LIMIT 100;";
static const char words[] = "root ::= (\"- \" [^\\n]{1,120} \"\\n\"){2,6}";
static const char words_answer[] =
    "- Look at the oil level of the pump.\n- Measure the temperature of its housing by hand.\n"
    "- Compare the vibration with last week's.\n";

static const struct {
    const char *name, *schema, *gbnf, *answer;
} cases[] = {
    {"schema: diagnosis", diagnosis, NULL, diagnosis_answer},
    {"schema: any object", "{\"type\":\"object\"}", NULL, object_answer},
    {"GBNF: SQL", NULL, sql, sql_answer},
    {"GBNF: list of lines", NULL, words, words_answer},
};

// Finer than base/clock.h.
static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void report(const char *what, double *us, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += us[i];
    qsort(us, n, sizeof *us, by_size);
    printf("  %-14s %6zu steps  mean %8.2f  median %8.2f  p99 %9.2f  most %9.2f us\n", what, n,
           sum / (double)n, us[n / 2], us[n * 99 / 100], us[n - 1]);
}

// Follows the answer's tokens; adds the time of each mask and step.
static enum err_code follow(struct matcher *m, const struct tokens *ids, double *us, size_t *n,
                            struct err *err)
{
    matcher_reset(m);
    for (size_t i = 0; i < ids->n && *n < STEPS_MAX; i++) {
        const uint64_t *mask;
        double start = now_us();
        enum err_code code = matcher_mask(m, &mask, err);
        if (!code && !(mask[ids->p[i] / 64] >> (ids->p[i] % 64) & 1))
            code = err_set(err, ERR_INTERNAL, "token %zu is not in the mask", i);
        if (!code)
            code = matcher_accept(m, ids->p[i], err);
        if (code)
            return code;
        us[(*n)++] = now_us() - start;
    }
    return matcher_complete(m) ? ERR_OK : err_set(err, ERR_INTERNAL, "the answer is not complete");
}

static enum err_code open_case(size_t i, const struct token_trie *trie, struct grammar **g,
                               struct grammar_masks **masks, struct err *err)
{
    int64_t start = clock_mono_us();
    enum err_code code = cases[i].schema
                             ? grammar_from_schema(str_of(cases[i].schema), g, err)
                             : grammar_from_gbnf(str_of(cases[i].gbnf), "grammar", g, err);
    double compile_ms = (double)(clock_mono_us() - start) / 1e3;
    start = clock_mono_us();
    if (!code)
        code = grammar_masks_open(*g, trie, 0, masks, err);
    if (!code)
        printf("%s: compiled in %.2f ms to %zu states, masks opened in %.2f ms\n", cases[i].name,
               compile_ms, grammar_states(*g), (double)(clock_mono_us() - start) / 1e3);
    return code;
}

static enum err_code measure(size_t i, const struct tokenizer *t, const struct token_trie *trie,
                             struct err *err)
{
    static double us[STEPS_MAX];
    struct grammar *g = NULL;
    struct grammar_masks *masks = NULL;
    struct matcher *m = NULL;
    struct tokens ids = {0};
    size_t n = 0;
    enum err_code code = open_case(i, trie, &g, &masks, err);
    if (!code)
        code = matcher_open(masks, &m, err);
    if (!code)
        code = tokenizer_encode(t, str_of(cases[i].answer), 0, &ids, err);
    if (!code)
        code = follow(m, &ids, us, &n, err);
    if (!code)
        report("first answer", us, n);
    n = 0;
    for (int k = 0; k < ANSWERS && !code; k++)
        code = follow(m, &ids, us, &n, err);
    if (!code)
        report("later answers", us, n);
    tokens_free(&ids);
    matcher_close(&m);
    grammar_masks_close(&masks);
    grammar_close(&g);
    return code;
}

int main(int argc, char **argv)
{
    struct gguf *file;
    struct tokenizer *t;
    struct token_trie *trie;
    struct err err;
    if (argc != 2) {
        fprintf(stderr, "usage: %s VOCABULARY.gguf\n", argv[0]);
        return 2;
    }
    int64_t start = clock_mono_us();
    if (gguf_open(argv[1], &file, &err) || tokenizer_open(file, &t, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    double tokenizer_ms = (double)(clock_mono_us() - start) / 1e3;
    start = clock_mono_us();
    enum err_code code = token_trie_open(t, tokenizer_count(t), &trie, &err);
    if (!code)
        printf("%u tokens: tokenizer opened in %.0f ms, tree of tokens in %.0f ms\n",
               tokenizer_count(t), tokenizer_ms, (double)(clock_mono_us() - start) / 1e3);
    for (size_t i = 0; !code && i < sizeof cases / sizeof *cases; i++)
        code = measure(i, t, trie, &err);
    if (code)
        fprintf(stderr, "%s\n", err.text);
    token_trie_close(&trie);
    tokenizer_close(&t);
    gguf_close(&file);
    return code != ERR_OK;
}
