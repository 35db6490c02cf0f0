// Recursive least squares, and errors in their own deviation.
#include "detect/predict.h"

#include <string.h>

enum { N = PREDICT_ORDER, MEMORY = 2000, LEARN = 500 };
static const double forgetting = 0.999, start = 100, inverse_most = 1e6;
static const float bar = 10, scaled_most = 10;

static void restart(struct predict *s)
{
    memset(s->inverse, 0, sizeof s->inverse);
    for (int i = 0; i < N; i++)
        s->inverse[i][i] = start;
}

static void learn(struct predict *s, double error)
{
    double gain[N], power = forgetting;
    for (int i = 0; i < N; i++) {
        gain[i] = 0;
        for (int k = 0; k < N; k++)
            gain[i] += s->inverse[i][k] * (double)s->past[k];
        power += gain[i] * (double)s->past[i];
    }
    double most = 0;
    for (int i = 0; i < N; i++) {
        s->weights[i] += gain[i] / power * error;
        for (int k = 0; k <= i; k++) {
            double p = (s->inverse[i][k] - gain[i] * gain[k] / power) / forgetting;
            s->inverse[i][k] = s->inverse[k][i] = p;
        }
        most = fmax(most, s->inverse[i][i]);
    }
    // A series that stands still teaches nothing, and forgetting alone would blow this up.
    if (!(most < inverse_most) || !(power > 0))
        restart(s);
}

void predict_push(struct predict *s, int64_t time_us, double value, struct point *out)
{
    float x = (float)value;
    (void)time_us;
    *out = (struct point){0};
    if (!baseline_learnt(&s->baseline)) {
        baseline_learn(&s->baseline, x);
        if (baseline_learnt(&s->baseline))
            restart(s);
        return;
    }
    float sigma = s->baseline.deviation + point_least(s->baseline.level);
    float scaled = (x - s->baseline.level) / sigma, foreseen = 0;
    for (int i = 0; i < N; i++)
        foreseen += (float)s->weights[i] * s->past[i];
    foreseen = fminf(fmaxf(foreseen, -scaled_most), scaled_most);
    float error = scaled - foreseen, usual = s->error + 1e-3f;
    if (s->errors >= LEARN)
        point_say(out, ANOMALY_PATTERN, error / usual, bar, s->baseline.level + sigma * foreseen,
                  bar * usual * sigma);
    // A wild value counts little, in what is learnt and in what the next ones are foretold from.
    float most = s->errors > 50 ? 4 * usual : scaled_most;
    float counted = fminf(fmaxf(error, -most), most);
    learn(s, (double)counted);
    if (s->errors < MEMORY)
        s->errors++;
    s->error += (1.25f * fabsf(counted) - s->error) / (float)s->errors;
    memmove(s->past + 1, s->past, (N - 1) * sizeof *s->past);
    s->past[0] = fminf(fmaxf(scaled, -scaled_most), scaled_most);
    baseline_learn(&s->baseline, x);
}
