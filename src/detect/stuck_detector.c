// Detector "stuck": a lively value that stopped changing.
#include "detect/registry.h"
#include "detect/stuck.h"
#include "detect/words.h"

#include <math.h>
#include <stdio.h>

static enum judgement push(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *f)
{
    struct stuck *s = state;
    if (sample->claimed)
        return JUDGED_INSIDE; // what a rule objects to teaches nothing
    bool stuck = stuck_push(s, sample->time_us, sample->value, sample->sensitivity);
    if (!stuck)
        return JUDGED_INSIDE;
    if (rules->accept_after_us > 0 && sample->time_us - s->since_us > rules->accept_after_us) {
        stuck_accept(s);
        return JUDGED_INSIDE;
    }
    f->kind = ANOMALY_STUCK;
    f->severity = SEVERITY_WARNING;
    f->start_us = f->peak_us = s->since_us;
    f->detected_us = sample->time_us;
    f->count = s->run;
    f->peak = sample->value;
    f->limit = (double)NAN;
    f->score = (double)s->run / ((double)s->run + (double)STUCK_RUN_MIN);
    return JUDGED_OUTSIDE;
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    char value[WORDS_BYTES], lasted[WORDS_BYTES];
    int64_t until = a->end_us != TIME_NONE ? a->end_us : a->detected_us;
    words_value(a->peak, a->peak, sensor->unit, value);
    snprintf(out, PLANT_MESSAGE_BYTES, "%.60s stuck at %s for %s%s, though it used to change",
             sensor->parameter, value, words_duration(until - a->start_us, lasted),
             a->end_us == TIME_NONE ? " or longer" : "");
}

const struct detector detector_stuck = {
    .name = "stuck",
    .state_bytes = sizeof(struct stuck),
    .learns = true,
    .yields_to = 1u << DETECTOR_INDEX_spike | 1u << DETECTOR_INDEX_drift,
    .push = push,
    .say = say,
};
