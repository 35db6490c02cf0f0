// Measures prompt lookup: writes a given answer to a given prompt, plainly and with lookup.
//
// bench_lookup MODEL.gguf PROMPT ANSWER [THREADS]
// The model computes every step in full, but the answer's tokens are picked whatever it says, so
// that random weights of a real shape show what a real answer would take. Rounds are interleaved.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "llm/lookup.h"

enum { ROUNDS = 3 };

// The answer, token by token.
struct script {
    struct tokens tokens;
    size_t at;
};

static int32_t follow(void *arg, const float *logits)
{
    (void)logits;
    struct script *s = arg;
    return s->at < s->tokens.n ? s->tokens.p[s->at++] : -1;
}

static enum err_code read_tokens(const struct engine *e, const char *path, struct tokens *out,
                                 struct err *err)
{
    struct buf text = {0};
    enum err_code code = file_read(path, 1 << 20, &text, err);
    if (!code)
        code = tokenizer_encode(engine_tokenizer(e), buf_str(&text), 0, out, err);
    buf_free(&text);
    return code;
}

// Writes the answer behind the prompt that the session holds; takes it back. *seconds of it all.
static enum err_code write_answer(struct engine *e, struct session *s, struct script *script,
                                  struct lookup *l, double *seconds, struct err *err)
{
    uint32_t from = session_length(s);
    enum err_code code = ERR_OK;
    const float *logits;
    int64_t start = clock_mono_us();
    script->at = 0;
    int32_t next = follow(script, NULL), out[LOOKUP_MOST + 1];
    for (bool ended = false; !ended && !code;) {
        size_t n;
        if (l && !(code = lookup_step(l, e, s, next, follow, script, out, &n, &ended, err)))
            next = n ? out[n - 1] : next;
        if (!l && !(code = engine_feed(e, s, &next, 1, &logits, err)))
            ended = (next = follow(script, NULL)) < 0;
    }
    *seconds = (double)(clock_mono_us() - start) / 1e6;
    session_truncate(s, from);
    return code;
}

static enum err_code measure(struct engine *e, const char *prompt, const char *answer,
                             struct err *err)
{
    struct script script = {0};
    struct tokens text = {0};
    struct session *s = NULL;
    struct lookup l;
    const float *logits;
    double plain = 0, with = 0;
    enum err_code code;
    if ((code = read_tokens(e, prompt, &text, err)) ||
        (code = read_tokens(e, answer, &script.tokens, err)) ||
        (code = session_open(e, NULL, &s, err)) ||
        (code = engine_feed(e, s, text.p, text.n, &logits, err)))
        goto out;
    for (int i = 0; i < ROUNDS && !code; i++) {
        double seconds;
        lookup_start(&l);
        if ((code = write_answer(e, s, &script, NULL, &seconds, err)))
            break;
        plain = i == 0 || seconds < plain ? seconds : plain;
        code = write_answer(e, s, &script, &l, &seconds, err);
        with = i == 0 || seconds < with ? seconds : with;
    }
    if (!code)
        printf(
            "%s: prompt of %zu tokens, answer of %zu: plain %.1f tok/s, with lookup %.1f tok/s = "
            "%.2f times; %llu steps, %llu of %llu guesses right\n",
            prompt, text.n, script.tokens.n, (double)script.tokens.n / plain,
            (double)script.tokens.n / with, plain / with, (unsigned long long)l.steps,
            (unsigned long long)l.right, (unsigned long long)l.proposed);
out:
    session_close(&s);
    tokens_free(&text);
    tokens_free(&script.tokens);
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s MODEL.gguf PROMPT ANSWER [THREADS]\n", argv[0]);
        return 2;
    }
    struct engine *e = NULL;
    struct err err;
    enum err_code code = engine_open(argv[1], argc > 4 ? (unsigned)atoi(argv[4]) : 2, &e, &err);
    if (!code)
        code = measure(e, argv[2], argv[3], &err);
    if (code)
        fprintf(stderr, "%s\n", err.text);
    engine_close(&e);
    return code ? 1 : 0;
}
