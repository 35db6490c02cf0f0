// Detector "univariate": what is surprising in one sensor's readings, whatever the sensor is.
//
// A surprise is held back for a moment, so that the name fits what it turns into, and so that a
// detector that knows better (stuck, noise, a rule) can claim it. While an episode is open nothing
// is learnt: the episode goes on until readings are back in the band that was usual before.
#include "detect/registry.h"
#include "detect/univariate.h"
#include "detect/words.h"

#include <math.h>
#include <stdio.h>

enum phase { CALM, HELD, OPEN };
enum {
    WARM_UP = 1000,
    HELD_READINGS = 20,
    HELD_LONG_READINGS = 50,
    STAYS_READINGS = 12,
    CALM_READINGS = 16
};

// Until the readings of an episode have left all that looks back.
enum { SETTLE_READINGS = SHAPE_READINGS + 8 };

static const double alarms_a_day = 0.05; // of healthy readings, at most; see docs/detection.md
static const double margin = 1;
static const int64_t held_us = US_PER_MINUTE;
static const int64_t gap_intervals = 5;

// The detectors "stuck" and "noise" judge these better.
static const unsigned judged_elsewhere = 1u << UNIVARIATE_SCATTER | 1u << UNIVARIATE_STILL;

// A half hour is remembered through its last ten readings or so: of faster series that is no
// course, only their last moments.
static const float course_interval_s = 60;

struct state {
    struct univariate u;
    int64_t last_us, start_us, held_us, outside_us;
    float interval_s;
    float low, high;    // the band at the beginning of the episode, and while calm
    float peak, excess; // outside of it
    int64_t peak_us;
    float surprise;
    uint32_t outside, calm;      // readings of the episode; calm: the last ones
    uint16_t held, above, below; // readings while held
    uint16_t settle;             // readings until an episode may begin again
    unsigned char phase, kind, side, skipped;
};

static double threshold(const struct state *s, double sensitivity)
{
    double bar = margin + log((double)US_PER_DAY / 1e6 / (double)s->interval_s / alarms_a_day);
    return (bar > UNIVARIATE_OPEN ? bar : UNIVARIATE_OPEN) / sensitivity;
}

// False when the readings were interrupted.
static bool follow_interval(struct state *s, int64_t time_us)
{
    int64_t step = time_us - s->last_us;
    bool first = s->u.n == 0;
    s->last_us = time_us;
    if (first || step <= 0)
        return true;
    float seconds = (float)((double)step / 1e6);
    if (s->interval_s > 0 && seconds > (float)gap_intervals * s->interval_s && s->u.n > 64) {
        s->interval_s *= 1.05f; // a pace that slowed down for good is learnt in the end
        return false;
    }
    s->interval_s += (seconds - s->interval_s) / (s->u.n < 64 ? (float)s->u.n : 64);
    return true;
}

static unsigned ignored(const struct state *s)
{
    return judged_elsewhere | (s->interval_s < course_interval_s ? UNIVARIATE_COURSE_BITS : 0);
}

// How far outside the band of the episode, on its side; not above 0: inside.
static float excess(const struct state *s, float x)
{
    float high = x - s->high, low = s->low - x;
    return s->side == SIDE_HIGH ? high : s->side == SIDE_LOW ? low : fmaxf(high, low);
}

static bool note_outside(struct state *s, const struct sample *sample)
{
    float over = excess(s, (float)sample->value);
    if (s->outside == 0 || over > s->excess) {
        s->excess = over;
        s->peak = (float)sample->value;
        s->peak_us = sample->time_us;
    }
    bool outside = over > 0;
    if (outside)
        s->outside_us = sample->time_us;
    s->outside += outside;
    s->calm = outside ? 0 : s->calm + 1;
    return outside;
}

static void begin(struct state *s, const struct univariate_result *r, const struct sample *sample)
{
    s->phase = HELD;
    s->kind = (unsigned char)r->kind;
    s->side = (unsigned char)r->side;
    s->surprise = r->surprise;
    s->outside = s->calm = s->held = s->above = s->below = 0;
    s->held_us = s->outside_us = sample->time_us;
    s->start_us =
        sample->time_us - (int64_t)((double)(r->readings - 1) * (double)s->interval_s * 1e6);
}

static void end(struct state *s, double value)
{
    s->phase = CALM;
    s->settle = SETTLE_READINGS;
    univariate_rejoin(&s->u, value);
}

static void describe(const struct state *s, const struct sample *sample, struct finding *f)
{
    f->kind = (enum anomaly_kind)s->kind;
    f->side = (enum anomaly_side)s->side;
    f->severity = SEVERITY_WARNING;
    f->start_us = s->start_us;
    f->detected_us = sample->time_us;
    f->last_us = s->outside_us;
    f->count = s->outside ? s->outside : 1;
    f->peak = (double)s->peak;
    f->peak_us = s->peak_us;
    f->excess = (double)s->excess;
    f->limit = s->side == SIDE_NONE   ? (double)NAN
               : s->side == SIDE_HIGH ? (double)s->high
                                      : (double)s->low;
    f->expected_low = (double)s->low;
    f->expected_high = (double)s->high;
    f->score = (double)(s->surprise / (s->surprise + 10));
}

static enum judgement hold(struct state *s, const struct univariate_result *r,
                           const struct sample *sample, struct finding *f)
{
    if (r->surprise > s->surprise) {
        s->surprise = r->surprise;
        s->kind = (unsigned char)r->kind;
        s->side = (unsigned char)r->side;
    }
    note_outside(s, sample);
    s->held++;
    if (sample->value > (double)s->high)
        s->above++;
    if (sample->value < (double)s->low)
        s->below++;
    bool slow = (double)s->interval_s * 1e6 >= (double)held_us;
    bool one_sided = s->held == s->above || s->held == s->below;
    bool stays = one_sided && s->held >= STAYS_READINGS;
    // On both sides: let "noise" make up its mind.
    int enough = s->above && s->below ? HELD_LONG_READINGS : HELD_READINGS;
    if (!slow && !stays && s->held < enough && sample->time_us - s->held_us < held_us)
        return JUDGED_INSIDE;
    // What came at once and stays is another level.
    if (stays && (s->kind == ANOMALY_SPIKE || s->kind == ANOMALY_PATTERN)) {
        s->kind = ANOMALY_LEVEL_SHIFT;
        s->side = s->above ? SIDE_HIGH : SIDE_LOW;
    }
    describe(s, sample, f);
    if (s->calm >= CALM_READINGS) {
        end(s, sample->value);
        return JUDGED_PAST;
    }
    s->phase = OPEN;
    return JUDGED_OUTSIDE;
}

static enum judgement go_on(struct state *s, const struct rules *rules, const struct sample *sample,
                            struct finding *f)
{
    bool outside = note_outside(s, sample);
    bool lasts = rules->accept_after_us > 0 &&
                 sample->time_us - s->start_us > rules->accept_after_us && s->outside > WARM_UP / 8;
    if (lasts)
        univariate_accept(&s->u, sample->time_us, sample->value);
    if (lasts || s->calm >= CALM_READINGS) {
        end(s, sample->value);
        return JUDGED_INSIDE;
    }
    if (!outside)
        return JUDGED_WAITING;
    describe(s, sample, f);
    return JUDGED_OUTSIDE;
}

static enum judgement push(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *f)
{
    struct state *s = state;
    struct univariate_result r;
    if (sample->value == 0) // at rest, which detector "idle" judges
        return s->phase == OPEN ? JUDGED_WAITING : JUDGED_INSIDE;
    bool goes_on = follow_interval(s, sample->time_us);
    if (sample->claimed) {
        s->phase = CALM;
        s->skipped = 1;
        return JUDGED_INSIDE;
    }
    if (s->phase == OPEN)
        return go_on(s, rules, sample, f);
    if (s->skipped) {
        end(s, sample->value);
        s->skipped = 0;
    } else if (!goes_on) {
        univariate_rejoin(&s->u, sample->value);
    }
    univariate_push(&s->u, WARM_UP, ignored(s), sample->time_us, sample->value, &r);
    if (s->phase == CALM) {
        s->low = (float)r.low;
        s->high = (float)r.high;
        if (s->settle > 0)
            s->settle--;
        if (s->settle > 0 || s->u.n <= WARM_UP ||
            (double)r.surprise <= threshold(s, sample->sensitivity))
            return JUDGED_INSIDE;
        begin(s, &r, sample);
    }
    return hold(s, &r, sample, f);
}

static bool band(const void *state, double *low, double *high)
{
    const struct state *s = state;
    if (s->u.n <= WARM_UP)
        return false;
    *low = (double)s->low;
    *high = (double)s->high;
    return true;
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    static const char *const words[ANOMALY_KIND_COUNT] = {
        [ANOMALY_SPIKE] = "jumped to",
        [ANOMALY_LEVEL_SHIFT] = "went to",
        [ANOMALY_DRIFT] = "drifted to",
        [ANOMALY_SEASONAL] = "is",
        [ANOMALY_PATTERN] = "moves as never before, at",
    };
    char value[WORDS_BYTES], usual[WORDS_BYTES], duration[WORDS_BYTES];
    bool lasted = a->end_us != TIME_NONE && a->end_us > a->start_us;
    snprintf(value, sizeof value, "%.4g%s%s", a->peak, sensor->unit[0] ? " " : "", sensor->unit);
    snprintf(out, PLANT_MESSAGE_BYTES, "%.60s %s %s%s%s, usually %s%s", sensor->parameter,
             words[a->kind] ? words[a->kind] : "is", value, lasted ? " for " : "",
             lasted ? words_duration(a->end_us - a->start_us, duration) : "",
             words_band(a->expected_low, a->expected_high, sensor->unit, usual),
             a->kind == ANOMALY_SEASONAL ? " at this hour" : "");
}

const struct detector detector_univariate = {
    .name = "univariate",
    .state_bytes = sizeof(struct state),
    .learns = true,
    .yields_to = 1u << DETECTOR_INDEX_spike | 1u << DETECTOR_INDEX_drift |
                 1u << DETECTOR_INDEX_stuck | 1u << DETECTOR_INDEX_idle |
                 1u << DETECTOR_INDEX_noise,
    .push = push,
    .band = band,
    .say = say,
};
