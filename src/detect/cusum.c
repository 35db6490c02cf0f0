// The two sums. They stop growing at some bars, so that an alarm ends soon after its cause.
#include "detect/cusum.h"

static const float slack = 1, bar = 20, most_bars = 3;

void cusum_push(struct cusum *s, int64_t time_us, double value, struct point *out)
{
    float x = (float)value;
    (void)time_us;
    *out = (struct point){0};
    if (baseline_learnt(&s->baseline)) {
        float level = s->baseline.level, sigma = s->baseline.deviation + point_least(level);
        float z = (x - level) / sigma;
        s->high = fminf(fmaxf(0, s->high + z - slack), most_bars * bar);
        s->low = fminf(fmaxf(0, s->low - z - slack), most_bars * bar);
        point_say(out, ANOMALY_DRIFT, s->high >= s->low ? s->high : -s->low, bar, level,
                  (slack + 2) * sigma);
    }
    baseline_learn(&s->baseline, x);
}
