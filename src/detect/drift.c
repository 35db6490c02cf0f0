// Detector "drift": values that stay beyond the drift limit for longer than a set time.
//
// What is beyond the spike limit too is the spike detector's: such a value does not begin or
// prolong a drift that was not raised yet, so that one jump is not alarmed twice. A drift that was
// raised goes on through a spike. A missing reading does not interrupt; silence for longer than
// dropout_after does, until the drift was raised.
#include "detect/limit.h"
#include "detect/registry.h"
#include "detect/words.h"

struct state {
    int64_t start_us, last_us; // of the readings beyond the limit, while side is set
    int64_t peak_us;
    double peak;
    uint32_t count;
    unsigned char side; // enum anomaly_side
    unsigned char raised;
};

static bool is_interrupted(const struct state *s, const struct rules *rules, int64_t time_us)
{
    int64_t since = time_us - s->last_us;
    return since < 0 || (rules->dropout_after_us > 0 && since > rules->dropout_after_us);
}

static void begin(struct state *s, enum anomaly_side side, const struct sample *sample)
{
    *s = (struct state){.start_us = sample->time_us, .side = (unsigned char)side};
}

static void add(struct state *s, const struct sample *sample)
{
    bool worse = s->side == SIDE_HIGH ? sample->value > s->peak : sample->value < s->peak;
    if (s->count == 0 || worse) {
        s->peak = sample->value;
        s->peak_us = sample->time_us;
    }
    s->count++;
    s->last_us = sample->time_us;
}

static void describe(const struct state *s, const struct rules *rules, const struct sample *sample,
                     struct finding *f)
{
    enum anomaly_side side = (enum anomaly_side)s->side;
    f->kind = ANOMALY_DRIFT;
    f->side = side;
    f->limit = side == SIDE_HIGH ? rules->drift_high.at : rules->drift_low.at;
    f->start_us = s->start_us;
    f->detected_us = sample->time_us;
    f->count = s->count;
    f->peak = s->peak;
    f->peak_us = s->peak_us;
    f->severity = SEVERITY_WARNING;
    f->excess = limit_excess(side, f->limit, s->peak);
    f->score = 1;
}

static enum judgement push(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *f)
{
    struct state *s = state;
    const struct rule_limit *low = &rules->drift_low, *high = &rules->drift_high;
    enum anomaly_side side = limit_side(low, high, sample->value);
    if (side == SIDE_NONE) {
        if (s->raised && limit_holds(low, high, (enum anomaly_side)s->side, sample->value))
            return JUDGED_HOLDING;
        s->side = SIDE_NONE;
        s->raised = 0;
        return JUDGED_INSIDE;
    }
    bool goes_on = s->side == side;
    if (!(goes_on && s->raised)) {
        if (limit_side(&rules->spike_low, &rules->spike_high, sample->value) != SIDE_NONE) {
            s->side = SIDE_NONE;
            s->raised = 0;
            return JUDGED_INSIDE;
        }
        if (!goes_on || is_interrupted(s, rules, sample->time_us))
            begin(s, side, sample);
    }
    add(s, sample);
    if (!s->raised && sample->time_us - s->start_us <= rules->drift_after_us)
        return JUDGED_INSIDE;
    s->raised = 1;
    describe(s, rules, sample, f);
    return JUDGED_OUTSIDE;
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    words_beyond_limit(a, sensor, "drift", out);
}

static void resume(void *state, const struct anomaly *a)
{
    struct state *s = state;
    s->start_us = a->start_us;
    s->last_us = s->peak_us = a->peak_us;
    s->peak = a->peak;
    s->count = (uint32_t)a->count;
    s->side = (unsigned char)a->side;
    s->raised = 1;
}

const struct detector detector_drift = {
    .name = "drift",
    .state_bytes = sizeof(struct state),
    .push = push,
    .say = say,
    .resume = resume,
};
