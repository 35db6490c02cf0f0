// The statistics of a reading, their surprise, and what the reading teaches.
#include "detect/univariate.h"

#include <math.h>

static const float second_weight = 0.2f; // of the most surprised statistic of another family
static const float clip = 12;            // a surprise beyond this teaches the records nothing
static const float report_margin = 2;
static const double value_most = 1e15;
enum { MEMORY = 6000, DAYS_A_WEEK = 7, MONDAY_AFTER_EPOCH = 3, SATURDAY = 5 };

static const struct {
    enum anomaly_kind kind;
    enum anomaly_side side;
    uint32_t readings;
} traits[UNIVARIATE_STATISTIC_COUNT] = {
#define X(NAME, kind, side, readings) {ANOMALY_##kind, side, readings},
    UNIVARIATE_STATISTICS(X)
#undef X
};

// Statistics of one family speak of the same thing: only another family's surprise adds.
static const unsigned char family[UNIVARIATE_STATISTIC_COUNT] = {0, 0, 1, 2, 2, 3, 4,
                                                                 5, 5, 5, 5, 6, 1};

// What the time of the reading says about it.
struct season {
    struct univariate_slots *slots;
    int at;
    float usual, deviation;
};

// The reading in relation to what is known.
struct look {
    float x, difference, epsilon, spread, step, residual;
    struct season season;
};

static float clamp(float v, float most)
{
    return v > most ? most : v < -most ? -most : v;
}

static struct season season_at(struct univariate *u, int64_t time_us, float epsilon)
{
    int64_t day = time_us / US_PER_DAY, in_day = time_us % US_PER_DAY;
    if (in_day < 0) {
        in_day += US_PER_DAY;
        day--;
    }
    int64_t weekday = (day + MONDAY_AFTER_EPOCH) % DAYS_A_WEEK;
    bool weekend = (weekday < 0 ? weekday + DAYS_A_WEEK : weekday) >= SATURDAY;
    double position = (double)in_day / 1e6 / 86400 * UNIVARIATE_SLOTS;
    int at = (int)position;
    struct univariate_slots *slots = &u->days[weekend];
    const struct univariate_slots *others = &u->days[!weekend];
    if (slots->readings[at] == 0 && others->readings[at] > 0) {
        slots->usual[at] = others->usual[at];
        slots->readings[at] = others->readings[at] < 6 ? others->readings[at] : 6;
    }
    bool known = slots->readings[at] > 0;
    struct season s = {.slots = slots, .at = at, .usual = known ? slots->usual[at].mean : u->level};
    s.deviation = u->season_spread + .05f * u->spread + epsilon;
    if (slots->readings[at] > 5)
        s.deviation = .5f * slots->usual[at].deviation + .5f * s.deviation + epsilon;
    // Between the middles of two slots the course is a straight line.
    float off = (float)position - (float)at - .5f;
    int beside = (at + (off < 0 ? UNIVARIATE_SLOTS - 1 : 1)) % UNIVARIATE_SLOTS;
    if (known && slots->readings[beside] > 0)
        s.usual += fabsf(off) * (slots->usual[beside].mean - s.usual);
    return s;
}

static void measure(struct univariate *u, const struct look *l, float s[])
{
    float z = (l->x - u->level) / l->spread, zs = l->residual / l->season.deviation;
    u->mean8 += .125f * (l->x - u->mean8);
    u->season8 += .125f * (zs - u->season8);
    u->step8 += (u->n < 12 ? 1.f / (float)u->n : .125f) * (l->difference - u->step8);
    u->course12 += (1.f / 12) * (fminf(fabsf(zs), 8) - u->course12);
    float shift = (u->mean8 - u->level) / l->spread;
    float lively = u->step8 + .02f * l->step + l->epsilon, usual = l->step + l->epsilon;
    s[UNIVARIATE_HIGH] = z;
    s[UNIVARIATE_LOW] = -z;
    s[UNIVARIATE_STEP] = l->difference / l->step;
    s[UNIVARIATE_SHIFT_HIGH] = shift;
    s[UNIVARIATE_SHIFT_LOW] = -shift;
    s[UNIVARIATE_SCATTER] = lively / usual;
    s[UNIVARIATE_STILL] = usual / lively;
    s[UNIVARIATE_SEASON_HIGH] = zs;
    s[UNIVARIATE_SEASON_LOW] = -zs;
    s[UNIVARIATE_DRIFT_HIGH] = u->season8;
    s[UNIVARIATE_DRIFT_LOW] = -u->season8;
    s[UNIVARIATE_SHAPE] = shapes_push(&u->shapes, l->x, u->level, u->spread);
    s[UNIVARIATE_COURSE] = u->course12;
}

// What the records take in of a value: a surprising one does not raise the bar above what was seen
// before.
static float lesson(const struct univariate *u, const struct records *r, uint32_t warm_up,
                    float value, float surprise)
{
    bool clipped = u->n > warm_up && r->count == RECORDS_KEPT && r->value[RECORDS_KEPT - 1] > 0 &&
                   surprise > clip;
    return clipped ? fminf(r->value[0], value) : value;
}

// Lets a value into the records of statistic k; its surprise before that.
static float take_note(struct univariate *u, uint32_t warm_up, int k, float value)
{
    struct records *r = &u->records[k];
    uint32_t seen = u->n < RECORDS_HORIZON ? u->n : RECORDS_HORIZON;
    float surprise = records_hold(r, value) ? 0 : records_surprise(r, seen, value);
    records_note(r, u->n, lesson(u, r, warm_up, value, surprise));
    u->least[k] = records_least(r);
    return surprise;
}

// Looks up what the quick way past the records goes by.
static void note_forgetting(struct univariate *u, unsigned ignored)
{
    uint32_t soonest = RECORDS_HORIZON + 1;
    for (int k = 0; k < UNIVARIATE_STATISTIC_COUNT; k++) {
        uint32_t left = records_forget_at(&u->records[k]) - u->n;
        if (!(ignored >> k & 1) && left < soonest)
            soonest = left;
    }
    u->forget_at = u->n + soonest;
    u->ignored = ignored;
}

// The index of the statistic that names what is found, -1 for none; `*surprise` is that of all
// together.
static int judge(struct univariate *u, uint32_t warm_up, unsigned ignored, const float s[],
                 float *surprise)
{
    float of[UNIVARIATE_STATISTIC_COUNT] = {0}, top = 0, second = 0;
    int best = -1;
    *surprise = 0;
    if (u->n <= UNIVARIATE_START)
        return best;
    bool forget = u->n - u->forget_at <= INT32_MAX || ignored != u->ignored;
    for (int k = 0; k < UNIVARIATE_STATISTIC_COUNT; k++) {
        if (ignored >> k & 1 || (!forget && !(s[k] > u->least[k])))
            continue;
        of[k] = take_note(u, warm_up, k, s[k]);
        if (of[k] > top) {
            top = of[k];
            best = k;
        }
    }
    if (forget)
        note_forgetting(u, ignored);
    for (int k = 0; best >= 0 && k < UNIVARIATE_STATISTIC_COUNT; k++)
        if (family[k] != family[best] && of[k] > second)
            second = of[k];
    *surprise = top + second_weight * second;
    // What is beyond everything, whatever the hour and the shape, is named so.
    int plain = of[UNIVARIATE_HIGH] > of[UNIVARIATE_LOW] ? UNIVARIATE_HIGH : UNIVARIATE_LOW;
    bool special = best == UNIVARIATE_SEASON_HIGH || best == UNIVARIATE_SEASON_LOW;
    if ((special || best == UNIVARIATE_SHAPE) && of[plain] > UNIVARIATE_OPEN)
        best = plain;
    return best;
}

static float usual_excess(const struct univariate *u, enum univariate_statistic k)
{
    const struct records *r = &u->records[k];
    return r->count ? fmaxf(r->value[r->count - 1], 0) : 4;
}

static void expect(const struct univariate *u, unsigned ignored, const struct look *l,
                   struct univariate_result *out)
{
    bool seasonal = !(ignored & UNIVARIATE_COURSE_BITS) && u->season_spread < .8f * u->spread;
    float expected = seasonal ? l->season.usual : u->level;
    float unit = seasonal ? l->season.deviation : l->spread;
    enum univariate_statistic high = seasonal ? UNIVARIATE_SEASON_HIGH : UNIVARIATE_HIGH;
    enum univariate_statistic low = seasonal ? UNIVARIATE_SEASON_LOW : UNIVARIATE_LOW;
    out->expected = expected;
    out->high = expected + unit * usual_excess(u, high);
    out->low = expected - unit * usual_excess(u, low);
}

static void name(const struct univariate *u, int best, float x, struct univariate_result *out)
{
    out->statistic = (enum univariate_statistic)(best < 0 ? 0 : best);
    out->kind = traits[out->statistic].kind;
    out->side = traits[out->statistic].side;
    out->readings = best == UNIVARIATE_STILL ? u->same + 1 : traits[out->statistic].readings;
    if (best == UNIVARIATE_STEP)
        out->side = x > u->last ? SIDE_HIGH : SIDE_LOW;
}

// Each reading has a bounded influence.
static void learn(struct univariate *u, struct look *l)
{
    float rate = 1.f / (u->n < MEMORY ? (float)u->n : (float)MEMORY);
    float off = l->x - u->level;
    u->last = l->x;
    if (u->n > 50) {
        off = clamp(off, 4 * u->spread);
        l->difference = fminf(l->difference, 10 * u->step + l->epsilon);
    }
    u->level += rate * off;
    u->spread += rate * (fabsf(off) - u->spread);
    u->step += rate * (l->difference - u->step);
    if (u->n > 300)
        l->residual = clamp(l->residual, 4 * u->season_spread);
    u->season_spread += rate * (fabsf(l->residual) - u->season_spread);

    struct univariate_slots *slots = l->season.slots;
    int at = l->season.at;
    uint8_t *readings = &slots->readings[at];
    if (*readings < UINT8_MAX)
        ++*readings;
    if (*readings == 1) {
        slots->usual[at].mean = l->season.usual;
        slots->usual[at].deviation = u->season_spread;
    }
    float follow = *readings < 10 ? 1 / (float)*readings : .1f;
    slots->usual[at].mean += follow * l->residual;
    slots->usual[at].deviation += follow * (fabsf(l->residual) - slots->usual[at].deviation);
}

void univariate_push(struct univariate *u, uint32_t warm_up, unsigned ignored, int64_t time_us,
                     double value, struct univariate_result *out)
{
    *out = (struct univariate_result){.expected = u->level, .low = u->level, .high = u->level};
    if (!(fabs(value) <= value_most))
        return;
    struct look l = {.x = (float)value};
    if (++u->n == 0)
        u->n = MEMORY; // numbers have run out: records begin anew, levels stay
    if (u->n == 1)
        u->level = u->last = u->mean8 = l.x;
    l.difference = fabsf(l.x - u->last);
    l.epsilon = 1e-6f * fabsf(u->level) + 1e-9f;
    l.spread = u->spread + l.epsilon;
    l.step = u->step + .01f * u->spread + l.epsilon;
    l.season = season_at(u, time_us, l.epsilon);
    l.residual = l.x - l.season.usual;
    u->same = l.difference > l.epsilon ? 0 : u->same + 1;

    float s[UNIVARIATE_STATISTIC_COUNT];
    measure(u, &l, s);
    int best = judge(u, warm_up, ignored, s, &out->surprise);
    expect(u, ignored, &l, out);
    name(u, best, l.x, out);
    learn(u, &l);
}

void univariate_rejoin(struct univariate *u, double value)
{
    u->last = (float)value;
}

void univariate_accept(struct univariate *u, int64_t time_us, double value)
{
    float usual = season_at(u, time_us, 0).usual, x = (float)value;
    for (int weekend = 0; weekend < 2; weekend++)
        for (int i = 0; i < UNIVARIATE_SLOTS; i++)
            u->days[weekend].usual[i].mean += u->days[weekend].readings[i] > 0 ? x - usual : 0;
    u->level = u->last = u->mean8 = x;
    u->season8 = u->course12 = 0;
}

float univariate_report(struct univariate_report *r, const struct univariate *u, uint32_t warm_up,
                        float surprise)
{
    float told = u->n <= warm_up || surprise <= UNIVARIATE_OPEN ? 0 : surprise;
    bool goes_on = r->at && u->n - r->at <= (uint32_t)(.4 * warm_up);
    if (goes_on ? told <= r->peak + report_margin : told == 0)
        return 0;
    r->peak = told;
    r->at = u->n;
    return told;
}
