// Times steps of the engine and reads of memory.
#include "llm/speed.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kernels/memory.h"
#include "kernels/team.h"

enum { MEMORY = 512 << 20, MEMORY_TIMES = 12 };

struct reading {
    struct team *team;
    const unsigned char *memory;
    atomic_ullong sum; // so that the reads are not left out
};

static void read_memory(void *arg, unsigned thread)
{
    (void)thread;
    struct reading *r = arg;
    size_t at, step = 1 << 20;
    uint64_t sums[32] = {0};
    while ((at = team_claim(r->team, step)) < MEMORY)
        for (size_t i = at; i < at + step; i += sizeof sums)
            for (size_t k = 0; k < 32; k++) {
                uint64_t v;
                memcpy(&v, r->memory + i + 8 * k, 8);
                sums[k] += v;
            }
    for (size_t k = 0; k < 32; k++)
        atomic_fetch_add(&r->sum, sums[k]);
}

double speed_of_memory(unsigned threads)
{
    struct reading r = {0};
    double best = 0;
    unsigned char *memory = memory_take(MEMORY);
    if (memory && team_open(threads, &r.team, NULL) == ERR_OK) {
        memset(memory, 1, MEMORY);
        r.memory = memory;
        for (int i = 0; i < MEMORY_TIMES; i++) {
            int64_t start = clock_mono_us();
            team_run(r.team, read_memory, &r);
            best = fmax(best, MEMORY / (double)(clock_mono_us() - start) / 1e3);
        }
        team_close(&r.team);
    }
    memory_give(memory, MEMORY);
    return best;
}

// Tokens of any text: ids that every vocabulary has.
static int32_t token_at(const struct engine *e, size_t i)
{
    uint32_t V = engine_model(e)->shape.V;
    return (int32_t)(i * 37 % (V < 256 ? V : 256));
}

static enum err_code feed(struct engine *e, struct session *s, uint32_t n, bool one_by_one,
                          struct err *err)
{
    int32_t *ids = malloc(((size_t)n + 1) * sizeof *ids);
    if (!ids)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %u tokens", n);
    for (uint32_t i = 0; i < n; i++)
        ids[i] = token_at(e, i);
    enum err_code code = ERR_OK;
    const float *logits;
    for (uint32_t i = 0; i < n && !code; i += one_by_one ? 1 : n)
        code = engine_feed(e, s, ids + i, one_by_one ? 1 : n, &logits, err);
    free(ids);
    return code;
}

enum err_code speed_fill(struct engine *e, struct session *s, uint32_t length, struct err *err)
{
    uint32_t have = session_length(s);
    return length > have ? feed(e, s, length - have, false, err) : ERR_OK;
}

enum err_code speed_of_tokens(struct engine *e, struct session *s, const struct speed_plan *plan,
                              struct speed *out, struct err *err)
{
    double rates[SPEED_REPEATS_MAX], sum = 0, squares = 0;
    uint32_t from = session_length(s);
    *out = (struct speed){0};
    if (plan->n == 0 || plan->repeats == 0 || plan->repeats > SPEED_REPEATS_MAX)
        return err_set(err, ERR_USAGE, "%u tokens, %u repetitions: 1 and more, up to %d, expected",
                       plan->n, plan->repeats, SPEED_REPEATS_MAX);
    for (unsigned k = 0; k < plan->repeats; k++) {
        int64_t start = clock_mono_us();
        enum err_code code = feed(e, s, plan->n, plan->one_by_one, err);
        if (code)
            return code;
        rates[k] = plan->n * 1e6 / (double)(clock_mono_us() - start);
        session_truncate(s, from);
        sum += rates[k];
        out->best = fmax(out->best, rates[k]);
        if (plan->tell && !plan->tell(plan->arg))
            return err_set(err, ERR_CANCELLED, "interrupted");
    }
    out->mean = sum / plan->repeats;
    for (unsigned k = 0; k < plan->repeats; k++)
        squares += (rates[k] - out->mean) * (rates[k] - out->mean);
    out->deviation = plan->repeats > 1 ? sqrt(squares / (plan->repeats - 1)) : 0;
    return ERR_OK;
}
