// The residual of a level and its seasons, and the search for another one.
#include "detect/seasons.h"

#include <string.h>

#include "base/clock.h"
#include "detect/period.h"

enum { KEPT = SEASONS_KEPT, BINS = SEASONS_BINS, WARM_UP = 300, MEMORY = 4000, REFINE_STEPS = 41 };
static const float bar = 7;
static const double explains = 0.3;     // of the variance that is left: what makes a season
static const double least_share = 0.03; // of all variance: less is what bins leave of a season
static const float follow = 0.05f;      // of a bin, each time it is met
static const double gap_intervals = 50;
// A period this near to one of these is it.
static const double near_to = 0.02;
static const int64_t natural_us[] = {US_PER_DAY, 7 * US_PER_DAY, 3600 * US_PER_SECOND,
                                     12 * 3600 * US_PER_SECOND};

int seasons_found(const struct seasons *s)
{
    int n = 0;
    while (n < SEASONS_MOST && s->course[n].period_us > 0)
        n++;
    return n;
}

static double phase(double time_us, double period_us)
{
    double turns = time_us / period_us;
    return (turns - floor(turns)) * BINS;
}

// Between the middles of two bins the course is a straight line.
static float course_at(const struct season_course *c, double time_us)
{
    double at = phase(time_us, c->period_us) - 0.5;
    int bin = (int)floor(at);
    float share = (float)(at - bin);
    return (1 - share) * c->mean[(bin + BINS) % BINS] + share * c->mean[(bin + 1) % BINS];
}

static double all_courses(const struct seasons *s, double time_us)
{
    double sum = 0;
    for (int i = 0; i < seasons_found(s); i++)
        sum += (double)course_at(&s->course[i], time_us);
    return sum;
}

static double interval(const struct seasons *s)
{
    double readings = (double)s->count * s->stride;
    return readings > 1 ? (double)(s->last_us - s->first_us) / (readings - 1) : 0;
}

// The middle of the readings whose mean it is.
static double time_of_kept(const struct seasons *s, uint32_t i)
{
    return (double)s->first_us + ((i + 0.5) * s->stride - 0.5) * interval(s);
}

// Bins that nothing fell into lie on the line between their neighbours.
static void fill_gaps(struct season_course *c, const uint32_t n[BINS])
{
    for (int b = 0; b < BINS; b++) {
        if (n[b])
            continue;
        int before = 1, after = 1;
        while (before < BINS && !n[(b + BINS - before) % BINS])
            before++;
        while (after < BINS && !n[(b + after) % BINS])
            after++;
        float left = c->mean[(b + BINS - before) % BINS], right = c->mean[(b + after) % BINS];
        c->mean[b] = left + (right - left) * (float)before / (float)(before + after);
    }
}

// The course of `rest` at that period; the share of its variance that is left.
static double fold(const struct seasons *s, const double *rest, struct season_course *c)
{
    double sum[BINS] = {0}, all = 0, left = 0;
    uint32_t n[BINS] = {0};
    for (uint32_t i = 0; i < s->count; i++) {
        int bin = (int)phase(time_of_kept(s, i), c->period_us) % BINS;
        sum[bin] += rest[i];
        n[bin]++;
        all += rest[i] * rest[i];
    }
    for (int b = 0; b < BINS; b++)
        c->mean[b] = n[b] ? (float)(sum[b] / n[b]) : 0;
    fill_gaps(c, n);
    for (uint32_t i = 0; i < s->count; i++) {
        int bin = (int)phase(time_of_kept(s, i), c->period_us) % BINS;
        double off = rest[i] - (double)c->mean[bin];
        left += off * off;
    }
    return all > 0 ? left / all : 1;
}

// The period within `reach` of `period` whose course explains most.
static double refine(const struct seasons *s, const double *rest, double period, double reach,
                     struct season_course *c)
{
    double best = 2, found = period;
    for (int k = 0; k < REFINE_STEPS; k++) {
        c->period_us = period + reach * (2.0 * k / (REFINE_STEPS - 1) - 1);
        double left = fold(s, rest, c);
        if (left < best) {
            best = left;
            found = c->period_us;
        }
    }
    return found;
}

// Takes the mean off; what is left of squares, summed up.
static double centre(double *x, uint32_t n)
{
    double mean = 0, squares = 0;
    for (uint32_t i = 0; i < n; i++)
        mean += x[i] / n;
    for (uint32_t i = 0; i < n; i++) {
        x[i] -= mean;
        squares += x[i] * x[i];
    }
    return squares;
}

static bool find_one(struct seasons *s, struct season_course *c)
{
    double whole[KEPT], rest[KEPT], step = interval(s) * s->stride;
    for (uint32_t i = 0; i < s->count; i++) {
        whole[i] = (double)s->kept[i];
        rest[i] = whole[i] - all_courses(s, time_of_kept(s, i));
    }
    double all = centre(whole, s->count), unexplained = centre(rest, s->count);
    int lag = period_find(rest, s->count);
    if (lag == 0 || unexplained < least_share * all)
        return false;
    double period = refine(s, rest, lag * step, 0.6 * step, c);
    period = refine(s, rest, period, 0.05 * step, c);
    for (size_t i = 0; i < sizeof natural_us / sizeof *natural_us; i++)
        if (fabs(period / (double)natural_us[i] - 1) < near_to)
            period = (double)natural_us[i];
    c->period_us = period;
    // Of smooth noise a fold of n turns explains 1 / n by chance.
    double turns = (double)(s->last_us - s->first_us) / period;
    return turns >= 2.9 && fold(s, rest, c) < (1 - explains) * (1 - 1 / turns);
}

static void search(struct seasons *s)
{
    int found = seasons_found(s);
    struct season_course c = {0};
    while (found < SEASONS_MOST && find_one(s, &c)) {
        s->course[found++] = c;
        s->known_from = s->readings;
        s->spread = 0; // learnt anew
        s->level = 0;
        for (uint32_t i = 0; i < s->count; i++)
            s->level += (s->kept[i] - (float)all_courses(s, time_of_kept(s, i))) / (float)s->count;
    }
}

static void keep(struct seasons *s, int64_t time_us, float x)
{
    double usual = interval(s);
    if (s->stride == 0 ||
        (usual > 0 && (double)(time_us - s->last_us) > gap_intervals * s->stride * usual)) {
        s->stride = s->stride ? s->stride : 1;
        s->count = s->gathered = 0;
        s->gathering = 0;
        s->first_us = time_us;
    }
    s->gathering += (x - s->gathering) / (float)++s->gathered;
    if (s->gathered < s->stride)
        return;
    s->kept[s->count++] = s->gathering;
    s->last_us = time_us;
    s->gathered = 0;
    s->gathering = 0;
    if (s->count < KEPT)
        return;
    search(s);
    for (uint32_t i = 0; i < KEPT / 2; i++)
        s->kept[i] = (s->kept[2 * i] + s->kept[2 * i + 1]) / 2;
    s->count = KEPT / 2;
    s->stride = s->stride < 1u << 20 ? s->stride * 2 : s->stride;
}

static void learn(struct seasons *s, double time_us, float residual)
{
    uint32_t since = s->readings - s->known_from + 1;
    float rate = 1 / (float)(since < MEMORY ? since : MEMORY), most = 4 * s->spread;
    if (since > 100)
        residual = fminf(fmaxf(residual, -most), most);
    s->level += rate * residual;
    s->spread += rate * (1.25f * fabsf(residual) - s->spread);
    int found = seasons_found(s);
    for (int i = 0; i < found; i++) {
        int bin = (int)phase(time_us, s->course[i].period_us) % BINS;
        s->course[i].mean[bin] += follow / (float)found * residual;
    }
}

void seasons_push(struct seasons *s, int64_t time_us, double value, struct point *out)
{
    float x = (float)value;
    double t = (double)time_us;
    *out = (struct point){0};
    if (s->readings == 0)
        s->level = x;
    float expected = s->level + (float)all_courses(s, t), residual = x - expected;
    float spread = s->spread + point_least(s->level);
    if (s->readings - s->known_from >= WARM_UP)
        point_say(out, ANOMALY_SEASONAL, residual / spread, bar, expected, bar * spread);
    learn(s, t, residual);
    if (s->readings < UINT32_MAX)
        s->readings++;
    keep(s, time_us, x);
}
