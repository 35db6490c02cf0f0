// Prints what a model's logits are after each of the last tokens: MODEL COUNT ID..., a line each.
#include <stdio.h>
#include <stdlib.h>

#include "llm/engine.h"

static int fail(const struct err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

int main(int argc, char **argv)
{
    struct err err;
    struct engine *e;
    struct session *s;
    if (argc < 4)
        return 2;
    int count = atoi(argv[2]), n = argc - 3;
    if (engine_open(argv[1], 1, &e, &err) || session_open(e, NULL, &s, &err))
        return fail(&err);
    for (int i = 0; i < n; i++) {
        int32_t id = atoi(argv[3 + i]);
        const float *logits;
        if (engine_feed(e, s, &id, 1, &logits, &err))
            return fail(&err);
        if (i < n - count)
            continue;
        for (uint32_t v = 0; v < engine_model(e)->shape.V; v++)
            printf("%.9g ", (double)logits[v]);
        putchar('\n');
    }
    session_close(&s);
    engine_close(&e);
    return 0;
}
