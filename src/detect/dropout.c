// Detector "dropout": no value from a sensor for longer than a set time.
//
// Silence is measured by the engine's clock, from the last reading. An episode starts at the last
// reading's time and ends at the next one's. A sensor that regularly sends less often than the set
// time is given a number of its own intervals instead.
#include <math.h>
#include <stdio.h>

#include "detect/registry.h"
#include "detect/words.h"

struct state {
    int64_t last_us;      // time of the last value, by the sensor's clock
    int64_t heard_us;     // the engine's clock then
    int64_t alive_us;     // the engine's clock at the last sign of life that was no sample
    int64_t intervals[2]; // the last two between values
    unsigned char seen;   // last_us and heard_us are set
    unsigned char alive;  // alive_us is set
    unsigned char open;
};

// How long this sensor may be silent.
static int64_t allowance(const struct state *s, const struct rules *rules)
{
    int64_t after = rules->dropout_after_us;
    int64_t usual = s->intervals[0] < s->intervals[1] ? s->intervals[0] : s->intervals[1];
    if (usual <= after || !(rules->dropout_intervals > 0))
        return after;
    double own = (double)usual * rules->dropout_intervals;
    return own > (double)after && own < (double)US_PER_DAY * 3660 ? (int64_t)own : after;
}

// The engine's clock at the last sign of life.
static int64_t last_sign(const struct state *s)
{
    return s->alive && s->alive_us > s->heard_us ? s->alive_us : s->heard_us;
}

static void describe(const struct state *s, int64_t after, struct finding *f)
{
    f->kind = ANOMALY_DROPOUT;
    f->severity = SEVERITY_WARNING;
    f->start_us = s->last_us;
    f->detected_us = s->last_us + after;
    f->peak = (double)NAN;
    f->peak_us = TIME_NONE;
    f->limit = (double)after / (double)US_PER_SECOND;
    f->score = 1;
}

static enum judgement push(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *f)
{
    struct state *s = state;
    enum judgement judged = JUDGED_INSIDE;
    if (s->seen) {
        int64_t after = allowance(s, rules);
        int64_t own_gap = sample->time_us - s->last_us;
        int64_t gap = sample->ahead ? sample->clock_us - last_sign(s) : own_gap;
        if (!s->open && after > 0 && gap > after) {
            describe(s, after, f);
            judged = JUDGED_PAST;
        }
        s->intervals[0] = s->intervals[1];
        s->intervals[1] = own_gap;
    }
    s->last_us = sample->time_us;
    s->heard_us = sample->clock_us;
    s->seen = 1;
    s->alive = s->open = 0;
    return judged;
}

static int64_t deadline(const void *state, const struct rules *rules)
{
    const struct state *s = state;
    int64_t after = allowance(s, rules);
    if (!s->seen || s->open || after <= 0)
        return INT64_MAX;
    return last_sign(s) + after + 1;
}

static enum judgement tick(void *state, const struct rules *rules, struct finding *f)
{
    struct state *s = state;
    s->open = 1;
    describe(s, allowance(s, rules), f);
    return JUDGED_OUTSIDE;
}

static void alive(void *state, int64_t clock_us)
{
    struct state *s = state;
    s->alive_us = clock_us;
    s->alive = 1;
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    char limit[WORDS_BYTES], lasted[WORDS_BYTES];
    (void)sensor;
    words_duration((int64_t)(a->limit * (double)US_PER_SECOND), limit);
    if (a->end_us == TIME_NONE)
        snprintf(out, PLANT_MESSAGE_BYTES, "no data for more than %s", limit);
    else
        snprintf(out, PLANT_MESSAGE_BYTES, "no data for %s (limit %s)",
                 words_duration(a->end_us - a->start_us, lasted), limit);
}

static void resume(void *state, const struct anomaly *a)
{
    struct state *s = state;
    (void)a;
    s->open = 1;
}

const struct detector detector_dropout = {
    .name = "dropout",
    .state_bytes = sizeof(struct state),
    .ends_with_return = true,
    .push = push,
    .deadline = deadline,
    .tick = tick,
    .alive = alive,
    .say = say,
    .resume = resume,
};
