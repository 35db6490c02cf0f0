// Runs a detector over one series.
#include "eval/judge.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static enum err_code push_rows(const struct eval_detector *d, void *state,
                               const struct eval_series *s, struct eval_marks *out, struct err *err)
{
    for (size_t i = 0; i < s->rows; i++) {
        struct eval_judgement j = {0};
        enum err_code code = d->push(state, s->times_us[i], s->values + i * s->sensors, &j, err);
        if (code != ERR_OK)
            return code;
        if (!isfinite(j.score))
            return err_set(err, ERR_INTERNAL, "%s: the score of row %zu is no number", d->name,
                           i + 1);
        if (j.back > i)
            continue;
        out->scores[i - j.back] = j.score;
        out->alarms[i - j.back] = j.alarm;
        out->changes[i - j.back] = j.change_point;
    }
    return ERR_OK;
}

enum err_code eval_judge(const struct eval_detector *detector, const struct eval_series *series,
                         size_t train_rows, uint64_t seed, struct eval_marks *out, struct err *err)
{
    struct eval_setup setup = {series->sensors, train_rows, seed};
    void *state = NULL;
    *out = (struct eval_marks){.scores = calloc(series->rows + 1, sizeof *out->scores),
                               .alarms = calloc(series->rows + 1, 1),
                               .changes = calloc(series->rows + 1, 1)};
    enum err_code code = ERR_OK;
    if (!out->scores || !out->alarms || !out->changes)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for %zu rows", series->rows);
    double started = thread_seconds();
    if (code == ERR_OK)
        code = detector->open(&setup, &state, err);
    if (code == ERR_OK) {
        code = push_rows(detector, state, series, out, err);
        detector->close(state);
    }
    out->seconds = thread_seconds() - started;
    if (code != ERR_OK)
        eval_marks_close(out);
    return code;
}

void eval_marks_close(struct eval_marks *m)
{
    free(m->scores);
    free(m->alarms);
    free(m->changes);
    *m = (struct eval_marks){0};
}
