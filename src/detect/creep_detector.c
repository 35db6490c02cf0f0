// Detector "creep": a drift slower than days, which nobody sees in a chart of hours.
#include "detect/creep.h"
#include "detect/registry.h"
#include "detect/words.h"

#include <math.h>
#include <stdio.h>

// An open one stays open until a day's end says otherwise.
static enum judgement unchanged(const struct creep *c)
{
    return c->outside_days ? JUDGED_WAITING : JUDGED_INSIDE;
}

static enum judgement push(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *f)
{
    struct creep *c = state;
    (void)rules;
    if (sample->claimed || sample->value == 0)
        return unchanged(c);
    if (!creep_push(c, sample->time_us, sample->value, sample->sensitivity) || !c->outside_days)
        return unchanged(c);
    f->kind = ANOMALY_DRIFT;
    f->side = c->high_side ? SIDE_HIGH : SIDE_LOW;
    f->severity = SEVERITY_WARNING;
    f->start_us = c->high_side ? c->rise_us : c->fall_us;
    f->detected_us = f->peak_us = sample->time_us;
    f->count = c->outside_days;
    f->peak = (double)c->mean;
    f->excess = (double)(c->high_side ? c->mean - c->high : c->low - c->mean);
    f->limit = (double)(c->high_side ? c->high : c->low);
    f->expected_low = (double)c->low;
    f->expected_high = (double)c->high;
    double sum = (double)(c->high_side ? c->rise : c->fall);
    f->score = sum / (sum + 6);
    return JUDGED_OUTSIDE;
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    char value[WORDS_BYTES], usual[WORDS_BYTES], duration[WORDS_BYTES];
    snprintf(value, sizeof value, "%.4g%s%s", a->peak, sensor->unit[0] ? " " : "", sensor->unit);
    snprintf(
        out, PLANT_MESSAGE_BYTES, "%.60s crept to %s over %s (mean of a day), usually %s",
        sensor->parameter, value,
        words_duration((a->end_us != TIME_NONE ? a->end_us : a->peak_us) - a->start_us, duration),
        words_band(a->expected_low, a->expected_high, sensor->unit, usual));
}

const struct detector detector_creep = {
    .name = "creep",
    .state_bytes = sizeof(struct creep),
    .learns = true,
    .yields_to = 1u << DETECTOR_INDEX_spike | 1u << DETECTOR_INDEX_drift |
                 1u << DETECTOR_INDEX_stuck | 1u << DETECTOR_INDEX_noise |
                 1u << DETECTOR_INDEX_idle | 1u << DETECTOR_INDEX_univariate,
    .push = push,
    .say = say,
};
