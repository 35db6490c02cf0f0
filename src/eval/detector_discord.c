// The product's pattern detector (detect/discord.h) behind the adapter.
#include "detect/discord.h"

#include <math.h>
#include <stdlib.h>

#include "eval/detector.h"

enum { HISTORY = 8192 };

struct discord_state {
    size_t train_rows, rows;
    double *train; // until the detector is open
    double last;   // in place of missing training values
    struct discord *discord;
};

static void close_state(void *state)
{
    struct discord_state *s = state;
    discord_close(&s->discord);
    free(s->train);
    free(s);
}

static enum err_code open_state(const struct eval_setup *setup, void **state, struct err *err)
{
    if (setup->sensors != 1)
        return err_set(err, ERR_UNSUPPORTED, "discord takes one sensor, not %zu", setup->sensors);
    struct discord_state *s = calloc(1, sizeof *s);
    if (s) {
        s->train_rows = setup->train_rows;
        s->train = calloc(setup->train_rows + 1, sizeof *s->train);
    }
    if (!s || !s->train) {
        free(s);
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu training rows",
                       setup->train_rows);
    }
    *state = s;
    return ERR_OK;
}

static enum err_code push(void *state, int64_t time_us, const double *row,
                          struct eval_judgement *out, struct err *err)
{
    struct discord_state *s = state;
    (void)time_us;
    if (s->discord) {
        discord_push(s->discord, *row, &out->score, &out->back);
        return ERR_OK;
    }
    if (isfinite(*row))
        s->last = *row;
    s->train[s->rows++] = s->last;
    if (s->rows < s->train_rows)
        return ERR_OK;
    enum err_code code = discord_open(s->train, s->rows, HISTORY, &s->discord, err);
    free(s->train);
    s->train = NULL;
    return code;
}

const struct eval_detector eval_detector_discord = {
    .name = "discord",
    .summary = "fettle's left matrix profiles of several lengths: shapes not seen before",
    .suites = EVAL_UCR,
    .open = open_state,
    .push = push,
    .close = close_state,
};
