// Detector "idle": zero when the thing is usually at work.
#include "detect/idle.h"
#include "detect/registry.h"
#include "detect/words.h"

#include <math.h>
#include <stdio.h>

static enum judgement push(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *f)
{
    struct idle *s = state;
    bool outside = idle_push(s, sample->time_us, sample->value, sample->sensitivity);
    if (!outside || sample->claimed)
        return JUDGED_INSIDE;
    if (rules->accept_after_us > 0 && sample->time_us - s->zero_us > rules->accept_after_us) {
        idle_accept(s);
        return JUDGED_INSIDE;
    }
    f->kind = ANOMALY_SEASONAL;
    f->side = s->low >= 0 ? SIDE_LOW : SIDE_HIGH;
    f->severity = SEVERITY_WARNING;
    f->start_us = f->peak_us = s->zero_us;
    f->detected_us = sample->time_us;
    f->count = s->zeros;
    f->limit = (double)NAN;
    f->expected_low = (double)s->low;
    f->expected_high = (double)s->high;
    f->score = (double)s->zeros / ((double)s->zeros + 20);
    return JUDGED_OUTSIDE;
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    char zero[WORDS_BYTES], usual[WORDS_BYTES];
    snprintf(out, PLANT_MESSAGE_BYTES, "%.60s is %s, usually %s at this hour", sensor->parameter,
             words_value(0, 0, sensor->unit, zero),
             words_band(a->expected_low, a->expected_high, sensor->unit, usual));
}

const struct detector detector_idle = {
    .name = "idle",
    .state_bytes = sizeof(struct idle),
    .learns = true,
    .yields_to = 1u << DETECTOR_INDEX_spike | 1u << DETECTOR_INDEX_drift,
    .push = push,
    .say = say,
};
