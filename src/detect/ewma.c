// The weighted mean of the newest readings on its chart.
#include "detect/ewma.h"

static const float weight = 0.2f, width = 8;

void ewma_push(struct ewma *s, int64_t time_us, double value, struct point *out)
{
    float x = (float)value;
    (void)time_us;
    *out = (struct point){0};
    s->z = s->baseline.readings ? s->z + weight * (x - s->z) : x;
    if (baseline_learnt(&s->baseline)) {
        float level = s->baseline.level;
        float sigma = s->baseline.deviation * sqrtf(weight / (2 - weight)) + point_least(level);
        point_say(out, ANOMALY_LEVEL_SHIFT, (s->z - level) / sigma, width, level, width * sigma);
    }
    baseline_learn(&s->baseline, x);
}
