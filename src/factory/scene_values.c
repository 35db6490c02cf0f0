// The numbers of a row as an instrument writes them: unit, limits, value, samples, flag.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "factory/pick.h"
#include "factory/scene_private.h"

static const struct {
    const char *unit;
    const char *other;
    double scale;
    int decimals; // more (or fewer) than the quantity's
} unit_ways[] = {
    {"bar", "kPa", 100, -2},
    {"bar", "barg", 1, 0},
    {"bar", "mbar", 1000, -2},
    {"C", "degC", 1, 0},
    {"C", "°C", 1, 0},
    {"m3/h", "l/min", 16.666667, -1},
    {"A", "mA", 1000, -2},
    {"V", "VDC", 1, 0},
    {"m3/h", "m³/h", 1, 0},
    {"m", "cm", 100, -2},
    {"uS/cm", "mS/cm", 0.001, 3},
    {"V", "mV", 1000, -2},

    {"s", "ms", 1000, -2},
};

struct scale {
    const char *unit;
    double factor;
    int decimals;
};

static struct scale pick_scale(const struct measure *q, struct rng *rng)
{
    struct scale s = {q->unit, 1, q->decimals};
    if (!rng_chance(rng, 0.3))
        return s;
    size_t i = (size_t)rng_below(rng, sizeof unit_ways / sizeof *unit_ways);
    bool small = strcmp(unit_ways[i].other, "mV") == 0 ? q->normal_high < 1 : true;
    if (strcmp(unit_ways[i].unit, q->unit) == 0 && small) {
        s.unit = unit_ways[i].other;
        s.factor = unit_ways[i].scale;
        s.decimals += unit_ways[i].decimals;
        s.decimals = s.decimals < 0 ? 0 : s.decimals;
    }
    return s;
}

static void write_number(double v, const struct scale *s, char to[WORD_BYTES])
{
    snprintf(to, WORD_BYTES, "%.*f", s->decimals, v * s->factor);
    if (strtod(to, NULL) == 0 && to[0] == '-')
        memmove(to, to + 1, strlen(to)); // no minus zero
}

static void write_limit(double v, const struct scale *s, char to[WORD_BYTES])
{
    char rounded[WORD_BYTES];
    if (isnan(v)) {
        to[0] = '\0';
        return;
    }
    snprintf(rounded, sizeof rounded, "%.*f", s->decimals, v * s->factor);
    snprintf(to, WORD_BYTES, "%.10g", strtod(rounded, NULL));
}

struct bounds {
    double low, high, from, to; // limits, and healthy values
};

// The limits of this one instrument: the table's, larger or smaller.
static struct bounds make_bounds(const struct measure *q, struct rng *rng)
{
    static const double sizes[] = {0.8, 0.9, 1, 1, 1, 1.1, 1.25};
    static const double supplies[][2] = {{10, 30}, {10, 30}, {10, 30}, {9, 36},
                                         {18, 32}, {20, 28}, {11, 28}, {19, 29}};
    struct bounds b = {q->limit_low, q->limit_high, q->normal_low, q->normal_high};
    if (strcmp(q->id, "supply_voltage") == 0) {
        size_t i = (size_t)rng_below(rng, sizeof supplies / sizeof *supplies);
        b.low = supplies[i][0];
        b.high = supplies[i][1];
    } else if (strcmp(q->id, "loop_current") != 0 && strcmp(q->unit, "%") != 0 &&
               strcmp(q->id, "ambient_temp") != 0 && b.from >= 0) {
        double size = sizes[rng_below(rng, sizeof sizes / sizeof *sizes)];
        b.low *= size;
        b.high *= size;
        b.from *= size;
        b.to *= size;
    }
    return b;
}

static double value_of(const struct measure *q, enum evidence_how how, const struct bounds *b,
                       struct rng *rng)
{
    switch (how) {
    case HOW_LOW:
        return b->low < 0 ? b->low - rng_between(rng, 3, 18)
                          : b->low * rng_between(rng, 0.12, 0.94);
    case HOW_HIGH:
        if (strcmp(q->unit, "%") == 0 && b->high > 50)
            return rng_between(rng, b->high + 1, 100);
        return b->high * rng_between(rng, 1.05, 1.7);
    case HOW_ZERO:
        return 0;
    case HOW_COLD:
        return rng_between(rng, -28, -0.6);
    default:
        return rng_between(rng, b->from, b->to);
    }
}

static void fill_samples(struct row *r, const struct bounds *b, const struct scale *scale,
                         double value, size_t count, struct rng *rng)
{
    double from =
        r->how == HOW_LOW || r->how == HOW_HIGH ? rng_between(rng, b->from, b->to) : value;
    double spread = (b->to - b->from) * 0.06;
    for (size_t i = 0; i < count; i++) {
        double along = count > 1 ? (double)i / (double)(count - 1) : 1;
        double v = from + (value - from) * along;
        if (r->how != HOW_STUCK && r->how != HOW_ZERO && i + 1 < count)
            v += spread * (rng_uniform(rng) - 0.5);
        if (r->how == HOW_OK && b->from >= 0 && v < 0)
            v = 0;
        write_number(v, scale, r->samples[i]);
    }
}

// The value as written lies where `how` says against the limits as written.
static bool lies_right(const struct row *r)
{
    bool below = r->number<r->low_number, above = r->number> r->high_number;
    switch (r->how) {
    case HOW_LOW:
        return below;
    case HOW_HIGH:
        return above;
    case HOW_ZERO:
    case HOW_COLD:
    case HOW_GOOD:
        return true;
    default:
        return !below && !above;
    }
}

void row_set_number(struct row *r, size_t samples, struct rng *rng)
{
    struct bounds b = make_bounds(r->quantity, rng);
    struct scale scale = pick_scale(r->quantity, rng);
    double value = 0;
    str_copy(r->unit, sizeof r->unit, str_of(scale.unit));
    if (r->how == HOW_GOOD) // a heater that is off since it is warm
        b.low = NAN;
    write_limit(b.low, &scale, r->low);
    write_limit(b.high, &scale, r->high);
    r->low_number = r->low[0] ? strtod(r->low, NULL) : NAN;
    r->high_number = r->high[0] ? strtod(r->high, NULL) : NAN;
    do {
        value = r->how == HOW_GOOD ? 0 : value_of(r->quantity, r->how, &b, rng);
        write_number(value, &scale, r->value);
        if (r->how == HOW_ZERO && rng_chance(rng, 0.2))
            str_copy(r->value, sizeof r->value, STR_LIT("0"));
        r->number = strtod(r->value, NULL);
    } while (!lies_right(r));
    fill_samples(r, &b, &scale, value, samples, rng);
    if (samples)
        str_copy(r->samples[samples - 1], WORD_BYTES, str_of(r->value));
}

void row_set_flag(struct row *r, struct rng *rng)
{
    bool low = r->how == HOW_LOW || (r->how == HOW_ZERO && r->low[0]);
    if (low && rng_chance(rng, 0.5))
        pick_way("LOW|LO|ALARM|LL|LOW", false, rng, r->flag, sizeof r->flag);
    else if (r->how == HOW_HIGH && rng_chance(rng, 0.5))
        pick_way("HIGH|HI|ALARM|HH|HIGH", false, rng, r->flag, sizeof r->flag);
    else if (rng_chance(rng, 0.06))
        snprintf(r->flag, sizeof r->flag, "OK");
}
