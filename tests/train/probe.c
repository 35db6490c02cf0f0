// Prints what the engine makes of a model file, for tests in other languages.
//
// usage: probe MODEL logits CONTEXT ID...       one line a token: all logits
//        probe MODEL greedy CONTEXT COUNT ADAPTER ID...   the COUNT most likely tokens that follow;
//                                               ADAPTER is a file or "-"
//        probe MODEL tokens FILE                one line a text: its tokens; texts in FILE are
//        apart
//                                               by a line __ggml_vocab_test__
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "llm/engine.h"

static int fail(const struct err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

static int print_logits(struct session *s, char **ids, int n)
{
    struct engine *e = session_engine(s);
    struct err err;
    for (int i = 0; i < n; i++) {
        const float *logits;
        int32_t id = atoi(ids[i]);
        if (engine_feed(e, s, &id, 1, &logits, &err))
            return fail(&err);
        for (uint32_t v = 0; v < engine_model(e)->shape.V; v++)
            printf("%s%.9g", v ? " " : "", (double)logits[v]);
        printf("\n");
    }
    return 0;
}

static int print_greedy(struct session *s, int count, char **ids, int n)
{
    struct engine *e = session_engine(s);
    struct err err;
    int32_t best = 0;
    for (int i = 0; i < n + count; i++) {
        const float *logits;
        int32_t id = i < n ? atoi(ids[i]) : best;
        if (i >= n)
            printf("%s%d", i > n ? " " : "", id);
        if (engine_feed(e, s, &id, 1, &logits, &err))
            return fail(&err);
        best = 0;
        for (uint32_t v = 1; v < engine_model(e)->shape.V; v++)
            if (logits[v] > logits[best])
                best = (int32_t)v;
    }
    printf("\n");
    return 0;
}

static int run_model(char **argv, int argc)
{
    struct engine *e;
    struct adapter *a = NULL;
    struct session *s;
    struct err err;
    if (engine_open(argv[1], 2, &e, &err) ||
        (strcmp(argv[2], "-") != 0 && adapter_open(e, argv[2], 1, &a, &err)))
        return fail(&err);
    struct session_options o = {.context = (uint32_t)atoi(argv[3]), .adapter = a};
    if (session_open(e, &o, &s, &err))
        return fail(&err);
    int rc = strcmp(argv[4], "logits") == 0 ? print_logits(s, argv + 5, argc - 5)
                                            : print_greedy(s, atoi(argv[4]), argv + 5, argc - 5);
    session_close(&s);
    adapter_close(&a);
    engine_close(&e);
    return rc;
}

static int print_tokens(const struct tokenizer *t, const char *path)
{
    static const char apart[] = "\n__ggml_vocab_test__\n";
    struct buf text = {0};
    struct err err;
    if (file_read(path, 1 << 24, &text, &err))
        return fail(&err);
    for (const char *p = text.p, *end = text.p + text.n; p && p < end;) {
        const char *next = memmem(p, (size_t)(end - p), apart, strlen(apart));
        struct str one = {p, (size_t)((next ? next : end) - p)};
        struct tokens ids = {0};
        if (tokenizer_encode(t, one, 0, &ids, &err))
            return fail(&err);
        for (size_t i = 0; i < ids.n; i++)
            printf("%s%d", i ? " " : "", ids.p[i]);
        printf("\n");
        tokens_free(&ids);
        p = next ? next + strlen(apart) : NULL;
    }
    buf_free(&text);
    return 0;
}

int main(int argc, char **argv)
{
    struct err err;
    struct gguf *g;
    struct tokenizer *t;
    if (argc > 5)
        return run_model(argv, argc);
    if (argc != 4 || strcmp(argv[2], "tokens") != 0)
        return 2;
    if (gguf_open(argv[1], &g, &err) || tokenizer_open(g, &t, &err))
        return fail(&err);
    int rc = print_tokens(t, argv[3]);
    tokenizer_close(&t);
    gguf_close(&g);
    return rc;
}
