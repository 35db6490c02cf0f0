// Measures prompt lookup while serving: 1 to 8 answers at once, plainly and with lookup.
//
// bench_serving PEAKED.gguf quoting|free|teasing [THREADS]
// The model (bench_model peaked TinyLlama-1.1B Q4_0 1 FILE) leans to the token behind the last one,
// so that it is known beforehand what it answers. "Quoting" prompts hold 40 of every 52 tokens of
// the answer, as in quotes/, "free" ones nothing of it; "teasing" ones hold every two tokens of it
// with another one behind, so that every guess is wrong. Rounds are interleaved; the best of each
// counts.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "llm/serving.h"

enum { PROMPT = 260, ANSWER = 208, MOST = 8, ROUNDS = 2, FIRST = 1000, RANGE = 2000 };

enum kind { QUOTING, FREE, TEASING, KINDS };
static const char *const kind_names[] = {"quoting", "free", "teasing"};

static int32_t other(struct rng *rng)
{
    return FIRST + MOST * RANGE + (int32_t)rng_below(rng, RANGE);
}

// The answer goes on behind ids[PROMPT - 1] = `first`.
static void make_prompt(enum kind kind, int32_t first, int32_t ids[PROMPT])
{
    struct rng rng;
    rng_seed(&rng, (uint64_t)first);
    for (int32_t i = 0; i < PROMPT - 1; i++)
        if (kind == QUOTING && i % 52 < 40)
            ids[i] = first + i - 26;
        else if (kind == TEASING && i % 3 < 2)
            ids[i] = first + i / 3 * 2 + i % 3;
        else
            ids[i] = other(&rng);
    ids[PROMPT - 1] = first;
}

struct sum {
    uint32_t tokens, guessed, right;
    double seconds;
};

// All answers at once; from the first one's first token to the last one's last.
static enum err_code write_answers(struct serving *s, enum kind kind, uint32_t count, bool lookup,
                                   struct sum *out, struct err *err)
{
    int32_t ids[MOST][PROMPT];
    struct answer *a[MOST] = {0};
    int64_t begin = INT64_MAX, end = 0;
    enum err_code code = ERR_OK;
    *out = (struct sum){0};
    for (uint32_t i = 0; i < count && !code; i++) {
        make_prompt(kind, (int32_t)(FIRST + i * RANGE), ids[i]);
        struct serving_request r = {.prompt = ids[i],
                                    .prompt_count = PROMPT,
                                    .max_tokens = ANSWER,
                                    .choices = 1,
                                    .keep_end = true,
                                    .no_lookup = !lookup,
                                    .sampler = SAMPLER_GREEDY};
        code = serving_submit(s, &r, &a[i], err);
    }
    for (uint32_t i = 0; i < count && a[i]; i++) {
        struct answer_stats stats;
        answer_wait(a[i], 100 * US_PER_SECOND);
        answer_stats(a[i], &stats);
        out->tokens += stats.tokens;
        out->guessed += stats.guessed;
        out->right += stats.guessed_right;
        int64_t first = stats.first_token_us, last = first + stats.decode_us;
        begin = first < begin ? first : begin;
        end = last > end ? last : end;
        code = code ? code : answer_error(a[i], err);
        answer_release(&a[i]);
    }
    out->seconds = (double)(end - begin) / 1e6;
    return code;
}

static enum err_code measure(struct serving *s, enum kind kind, uint32_t count, struct err *err)
{
    struct sum best[2] = {{.seconds = 1e9}, {.seconds = 1e9}};
    for (int i = 0; i < 2 * ROUNDS; i++) {
        struct sum now;
        enum err_code code = write_answers(s, kind, count, i % 2, &now, err);
        if (code)
            return code;
        best[i % 2] = now.seconds < best[i % 2].seconds ? now : best[i % 2];
    }
    double plain = best[0].tokens / best[0].seconds, with = best[1].tokens / best[1].seconds;
    printf("%-8s %u at once: plain %6.1f tok/s, with lookup %6.1f tok/s = %.2f times; %u of %u "
           "guesses right\n",
           kind_names[kind], count, plain, with, with / plain, best[1].right, best[1].guessed);
    fflush(stdout);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    static const uint32_t counts[] = {1, 2, 4, MOST};
    int kind = 0;
    while (argc > 2 && kind < KINDS && strcmp(argv[2], kind_names[kind]) != 0)
        kind++;
    if (argc < 3 || kind == KINDS) {
        fprintf(stderr, "usage: %s PEAKED.gguf quoting|free|teasing [THREADS]\n", argv[0]);
        return 2;
    }
    struct serving_settings settings = {.threads = argc > 3 ? (unsigned)atoi(argv[3]) : 2,
                                        .context = 512,
                                        .sessions = MOST,
                                        .queue = 16,
                                        .keep_bytes = (size_t)1 << 30};
    struct serving *s = NULL;
    struct err err;
    enum err_code code = serving_open(argv[1], &settings, &s, &err);
    for (size_t i = 0; i < sizeof counts / sizeof *counts && !code; i++)
        code = measure(s, (enum kind)kind, counts[i], &err);
    if (code)
        fprintf(stderr, "%s\n", err.text);
    serving_close(&s);
    return code ? 1 : 0;
}
