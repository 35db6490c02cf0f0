// Detector "noise": readings that scatter much more than they used to.
#include "detect/registry.h"
#include "detect/scatter.h"
#include "detect/words.h"

#include <math.h>
#include <stdio.h>

struct state {
    struct scatter scatter;
    int64_t start_us; // of the readings that scatter too much
};

static enum judgement push(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *f)
{
    struct state *s = state;
    double ratio;
    if (sample->claimed)
        return JUDGED_INSIDE;
    bool outside = scatter_push(&s->scatter, sample->value, sample->sensitivity, &ratio);
    if (s->scatter.wild <= 1)
        s->start_us = sample->time_us;
    if (!outside)
        return JUDGED_INSIDE;
    if (rules->accept_after_us > 0 && sample->time_us - s->start_us > rules->accept_after_us) {
        s->scatter = (struct scatter){0};
        return JUDGED_INSIDE;
    }
    f->kind = ANOMALY_NOISE;
    f->severity = SEVERITY_WARNING;
    f->start_us = s->start_us;
    f->detected_us = f->peak_us = sample->time_us;
    f->count = s->scatter.wild;
    f->peak = sample->value;
    f->excess = ratio;
    f->limit = (double)NAN;
    f->score = ratio > 1 ? 1 - 1 / ratio : 0;
    return JUDGED_OUTSIDE;
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    char lasted[WORDS_BYTES];
    double ratio = a->score < 1 ? 1 / (1 - a->score) : (double)INFINITY;
    if (a->end_us == TIME_NONE)
        snprintf(out, PLANT_MESSAGE_BYTES, "%.60s scatters %.1f times as much as usual",
                 sensor->parameter, ratio);
    else
        snprintf(out, PLANT_MESSAGE_BYTES, "%.60s scattered %.1f times as much as usual for %s",
                 sensor->parameter, ratio, words_duration(a->end_us - a->start_us, lasted));
}

const struct detector detector_noise = {
    .name = "noise",
    .state_bytes = sizeof(struct state),
    .learns = true,
    .yields_to = 1u << DETECTOR_INDEX_spike | 1u << DETECTOR_INDEX_drift |
                 1u << DETECTOR_INDEX_stuck | 1u << DETECTOR_INDEX_idle |
                 1u << DETECTOR_INDEX_univariate,
    .push = push,
    .say = say,
};
