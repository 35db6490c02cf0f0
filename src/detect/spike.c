// Detector "spike": a single value beyond the spike limit, at once.
#include "detect/limit.h"
#include "detect/registry.h"
#include "detect/words.h"

struct state {
    unsigned char side; // enum anomaly_side of the episode that is open
};

// Critical: as far beyond the limit again as the limit is beyond the normal range, or farther.
static enum severity severity(const struct rules *rules, const struct finding *f)
{
    double margin =
        f->side == SIDE_HIGH ? f->limit - rules->normal_high : rules->normal_low - f->limit;
    return margin > 0 && f->excess >= margin ? SEVERITY_CRITICAL : SEVERITY_WARNING;
}

static enum judgement push(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *f)
{
    struct state *s = state;
    const struct rule_limit *low = &rules->spike_low, *high = &rules->spike_high;
    double value = sample->value;
    enum anomaly_side side = limit_side(low, high, value);
    if (side == SIDE_NONE) {
        if (limit_holds(low, high, (enum anomaly_side)s->side, value))
            return JUDGED_HOLDING;
        s->side = SIDE_NONE;
        return JUDGED_INSIDE;
    }
    s->side = (unsigned char)side;
    f->kind = ANOMALY_SPIKE;
    f->side = side;
    f->start_us = f->detected_us = f->peak_us = sample->time_us;
    f->count = 1;
    f->peak = value;
    f->limit = side == SIDE_HIGH ? high->at : low->at;
    f->excess = limit_excess(side, f->limit, value);
    f->severity = severity(rules, f);
    f->score = 1;
    return JUDGED_OUTSIDE;
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    words_beyond_limit(a, sensor, "spike", out);
}

static void resume(void *state, const struct anomaly *a)
{
    ((struct state *)state)->side = (unsigned char)a->side;
}

const struct detector detector_spike = {
    .name = "spike",
    .state_bytes = sizeof(struct state),
    .push = push,
    .say = say,
    .resume = resume,
};
