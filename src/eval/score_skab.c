// The scores of the SKAB leaderboard.
#include "eval/score_skab.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"

#define HALF_PI 1.57079632679489661923

enum { WINDOW_S = 60, RAMP_STEPS = 1000 };

// What a detection at the left edge of a window earns, what a false one and a missed window cost.
static const struct {
    double tp, fp, fn;
} profiles[SKAB_PROFILES] = {[SKAB_STANDARD] = {1, -0.11, -1},
                             [SKAB_LOW_FP] = {1, -0.22, -1},
                             [SKAB_LOW_FN] = {1, -0.11, -2}};

void score_skab_add_outliers(struct score_skab_outliers *to, const unsigned char *truth,
                             const unsigned char *alarms, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        if (truth[i])
            alarms[i] ? to->tp++ : to->fn++;
        else
            alarms[i] ? to->fp++ : to->tn++;
    }
}

double score_skab_f1(const struct score_skab_outliers *o)
{
    return (double)o->tp / ((double)o->tp + (double)(o->fn + o->fp) / 2);
}

double score_skab_far(const struct score_skab_outliers *o)
{
    return 100 * (double)o->fp / (double)(o->fp + o->tn);
}

double score_skab_mar(const struct score_skab_outliers *o)
{
    return 100 * (double)o->fn / (double)(o->fn + o->tp);
}

// From tp at the left edge (position 0) down to fp at the right one (1), in the steps of the
// leaderboard's table.
static double ramp(double position, double tp, double fp)
{
    int step = (int)(position * RAMP_STEPS);
    if (step > RAMP_STEPS - 1)
        step = RAMP_STEPS - 1;
    double x = -HALF_PI + 2 * HALF_PI * step / (RAMP_STEPS - 1);
    return (tp - fp) / 2 * (-tanh(x) / tanh(HALF_PI)) + (tp - fp) / 2 + fp;
}

// The first detection of [left, right] counts; all of them are marked in `inside`.
static void add_window(struct score_skab_changes *to, const int64_t *times_us, const size_t *found,
                       size_t found_count, int64_t left, int64_t right, bool *inside)
{
    bool hit = false;
    double position = 0;
    for (size_t i = 0; i < found_count; i++) {
        int64_t t = times_us[found[i]];
        if (t < left || t > right)
            continue;
        if (!hit && right > left)
            position = (double)(t - left) / (double)(right - left);
        hit = true;
        inside[i] = true;
    }
    for (int p = 0; p < SKAB_PROFILES; p++)
        to->sum[p] += hit ? ramp(position, profiles[p].tp, profiles[p].fp) : profiles[p].fn;
    to->truths++;
    to->missed += !hit;
}

enum err_code score_skab_add_changes(struct score_skab_changes *to, const int64_t *times_us,
                                     const unsigned char *truth, const unsigned char *found,
                                     size_t rows, struct err *err)
{
    size_t *at = calloc(rows + 1, sizeof *at), count = 0;
    bool *inside = calloc(rows + 1, sizeof *inside);
    enum err_code code = ERR_OK;
    if (!at || !inside) {
        code = err_set(err, ERR_NO_MEMORY, "out of memory for %zu rows", rows);
        goto out;
    }
    for (size_t i = 0; i < rows; i++)
        if (found[i])
            at[count++] = i;
    // Windows that overlap: the later one begins where the earlier one ends.
    int64_t last_right = TIME_NONE;
    for (size_t i = 0; i < rows; i++) {
        if (!truth[i])
            continue;
        int64_t left = times_us[i], right = left + WINDOW_S * US_PER_SECOND;
        if (last_right >= left)
            left = last_right;
        add_window(to, times_us, at, count, left, right, inside);
        last_right = right;
    }
    for (size_t i = 0; i < count; i++) {
        if (inside[i])
            continue;
        to->false_alarms++;
        for (int p = 0; p < SKAB_PROFILES; p++)
            to->sum[p] += profiles[p].fp;
    }
out:
    free(at);
    free(inside);
    return code;
}

double score_skab_change_score(const struct score_skab_changes *c, enum skab_profile profile)
{
    double silent = (double)c->truths * profiles[profile].fn;
    double perfect = (double)c->truths * profiles[profile].tp;
    return 100 * (c->sum[profile] - silent) / (perfect - silent);
}
