// Makes up windows: how long, what happened on which sensors, what the data was like.
#include "factory/window.h"

#include <math.h>

// Zero is plus zero: "-0" is no way to write a limit.
static double rounded(double value, int decimals)
{
    double scale = pow(10, decimals);
    return round(value * scale) / scale + 0.0;
}

static enum anomaly_kind pick_kind(struct rng *rng)
{
    static const struct {
        enum anomaly_kind kind;
        unsigned share; // of 100
    } shares[] = {{ANOMALY_SPIKE, 26},      {ANOMALY_DRIFT, 20},  {ANOMALY_DROPOUT, 16},
                  {ANOMALY_LEVEL_SHIFT, 9}, {ANOMALY_STUCK, 8},   {ANOMALY_NOISE, 6},
                  {ANOMALY_SEASONAL, 5},    {ANOMALY_PATTERN, 5}, {ANOMALY_MULTIVARIATE, 5}};
    uint64_t at = rng_below(rng, 100);
    size_t i = 0;
    while (at >= shares[i].share)
        at -= shares[i++].share;
    return shares[i].kind;
}

// The window's span; most have the length that is set by default.
static void make_span(struct summary_facts *f, struct rng *rng)
{
    static const int minutes[] = {1, 2, 5, 10, 15, 30, 60, 480};
    const int64_t year_us = 365 * US_PER_DAY, epoch_us = 20000 * US_PER_DAY;
    int64_t length = rng_chance(rng, 0.6) ? 3 : minutes[rng_below(rng, 8)];
    int64_t to = epoch_us + (int64_t)(rng_uniform(rng) * (double)year_us);
    if (rng_chance(rng, 0.3))
        to -= to % US_PER_MINUTE;
    summary_facts_begin(f, to - length * US_PER_MINUTE, to);
}

static void make_time(const struct summary_facts *f, struct anomaly *a, struct rng *rng)
{
    double length = (double)(f->to_us - f->from_us);
    bool before = rng_chance(rng, 0.25);
    double ago = before ? length + rng_log_between(rng, 1e6, rng_chance(rng, 0.2) ? 4e11 : 1.5e10)
                        : length * rng_between(rng, 0.02, 1);
    a->start_us = f->to_us - (int64_t)ago;
    if (rng_chance(rng, 0.45)) {
        a->end_us = TIME_NONE;
        return;
    }
    int64_t earliest = before ? f->from_us : a->start_us;
    double left = (double)(f->to_us - earliest);
    bool instant = !before && a->kind == ANOMALY_SPIKE && rng_chance(rng, 0.4);
    a->end_us = instant ? a->start_us : earliest + (int64_t)(left * rng_between(rng, 0.02, 0.98));
}

static void set_silence(struct anomaly *a, struct rng *rng)
{
    static const double limits[] = {5, 10, 10, 30, 60, 120, 300};
    a->side = SIDE_NONE;
    a->peak = a->limit = a->expected_low = a->expected_high = NAN;
    if (rng_chance(rng, 0.9))
        a->limit = limits[rng_below(rng, 7)];
}

// What the other sensors or the hour would let expect: a narrow band, anywhere.
static void set_unexpected(struct anomaly *a, double low, double width, int decimals,
                           struct rng *rng)
{
    double half = width * rng_log_between(rng, 0.0005, 0.1);
    double middle = low + width * rng_between(rng, 0.1, 0.9);
    double beyond = half + width * rng_log_between(rng, 0.01, 0.6);
    bool is_low = rng_chance(rng, 0.5) && middle > beyond;
    a->side = is_low ? SIDE_LOW : SIDE_HIGH;
    a->expected_low = low < 0 ? middle - half : fmax(0, middle - half);
    a->expected_high = middle + half;
    a->peak = rounded(is_low ? middle - beyond : middle + beyond, decimals);
}

// Where the value went, from the sensor's normal range.
static void make_values(const struct made_plant *p, struct anomaly *a, struct rng *rng)
{
    double low = p->ranges[a->sensor].low, high = p->ranges[a->sensor].high;
    int decimals = p->ranges[a->sensor].decimals;
    double width = high - low, beyond = width * rng_log_between(rng, 0.03, 1.5);
    bool by_rule = (a->kind == ANOMALY_SPIKE || a->kind == ANOMALY_DRIFT) && rng_chance(rng, 0.6);
    bool inside =
        a->kind == ANOMALY_STUCK || a->kind == ANOMALY_NOISE || a->kind == ANOMALY_PATTERN;
    a->limit = a->expected_low = a->expected_high = NAN;
    if (a->kind == ANOMALY_DROPOUT) {
        set_silence(a, rng);
        return;
    }
    if (a->kind == ANOMALY_MULTIVARIATE || (a->kind == ANOMALY_SEASONAL && rng_chance(rng, 0.5))) {
        set_unexpected(a, low, width, decimals, rng);
        return;
    }
    a->side = inside ? SIDE_NONE : rng_chance(rng, 0.4) ? SIDE_LOW : SIDE_HIGH;
    double floor = low < 0 ? -INFINITY : 0; // what is never negative stays so
    double from = fmax(floor, rounded(low + width * rng_between(rng, -0.1, 0.2), decimals));
    double to = rounded(high + width * rng_between(rng, -0.2, 0.1), decimals);
    if (a->kind == ANOMALY_LEVEL_SHIFT && rng_chance(rng, 0.7)) { // learnt, and as fine as learnt
        from = fmax(floor, low + width * rng_between(rng, -0.1, 0.5));
        to = from + width * rng_log_between(rng, 0.01, 0.6);
        by_rule = true;
    }
    a->peak = a->side == SIDE_LOW    ? from - beyond
              : a->side == SIDE_HIGH ? to + beyond
                                     : rng_between(rng, low - width / 4, high + width / 4);
    // Detectors give more digits than instruments do.
    a->peak = fmax(floor, rounded(a->peak, decimals + (int)rng_below(rng, 2)));
    if (by_rule)
        a->limit = a->side == SIDE_LOW ? from : to;
    else if (!(inside && rng_chance(rng, 0.4)) && rng_chance(rng, 0.95)) {
        a->expected_low = from;
        a->expected_high = to;
    }
}

// A value on the far side of its limit, and a silence longer than its limit.
static bool is_sound(const struct summary_facts *f, const struct anomaly *a)
{
    int64_t lasted = (a->end_us == TIME_NONE ? f->to_us : a->end_us) - a->start_us;
    if (a->kind == ANOMALY_DROPOUT)
        return lasted >= US_PER_SECOND && !((double)lasted / 1e6 < a->limit);
    double edge = !isnan(a->limit)      ? a->limit
                  : a->side == SIDE_LOW ? a->expected_low
                                        : a->expected_high;
    return a->side == SIDE_NONE || isnan(edge) ||
           (a->side == SIDE_LOW ? a->peak < edge : a->peak > edge);
}

static void add_anomalies(struct made_window *w, size_t count, struct rng *rng)
{
    struct summary_facts *f = &w->facts;
    while (f->anomalies < count) {
        struct anomaly a = {.kind = pick_kind(rng)};
        a.sensor = (uint32_t)rng_below(rng, w->plant.sensor_count);
        a.severity = rng_chance(rng, 0.65)  ? SEVERITY_WARNING
                     : rng_chance(rng, 0.8) ? SEVERITY_CRITICAL
                                            : SEVERITY_INFO;
        size_t times = rng_chance(rng, 0.15) ? 2 + (size_t)rng_below(rng, 4) : 1;
        for (size_t i = 0; i < times && f->anomalies < count; i++) {
            enum anomaly_side side = a.side;
            make_time(f, &a, rng);
            make_values(&w->plant, &a, rng);
            a.score = isnan(a.limit) ? rng_between(rng, 0.5, 1) : 1;
            if ((i == 0 || a.side == side) && is_sound(f, &a))
                summary_facts_add(f, &w->plant.sensors[a.sensor], &a);
        }
    }
}

// Every sensor of an asset silent at once: it lost its power or its network.
static void add_silence(struct made_window *w, struct rng *rng)
{
    struct summary_facts *f = &w->facts;
    uint32_t asset = w->plant.sensors[rng_below(rng, w->plant.sensor_count)].asset;
    struct anomaly a = {
        .kind = ANOMALY_DROPOUT, .severity = SEVERITY_WARNING, .score = 1, .limit = NAN};
    set_silence(&a, rng);
    do {
        make_time(f, &a, rng);
    } while (!is_sound(f, &a));
    for (size_t i = 0; i < w->plant.sensor_count; i++)
        if (w->plant.sensors[i].asset == asset)
            summary_facts_add(f, &w->plant.sensors[i], &a);
}

static void make_data(struct made_window *w, struct rng *rng)
{
    struct summary_facts *f = &w->facts;
    double seconds = (double)(f->to_us - f->from_us) / 1e6;
    f->assets = (int64_t)w->plant.asset_count;
    f->sensors = (int64_t)w->plant.sensor_count;
    if (rng_chance(rng, 0.4)) { // a larger plant
        f->assets += (int64_t)rng_log_between(rng, 1, 200);
        f->sensors = f->assets * (1 + (int64_t)rng_below(rng, 12)) + f->sensors;
    }
    if (rng_chance(rng, 0.85))
        f->readings = (int64_t)((double)f->sensors * seconds * rng_log_between(rng, 0.02, 10));
    if (rng_chance(rng, 0.9))
        f->late = rng_chance(rng, 0.15) ? (int64_t)rng_log_between(rng, 1, 400) : 0;
    if (rng_chance(rng, 0.9))
        f->missing = rng_chance(rng, 0.1) ? (int64_t)rng_log_between(rng, 1, 200) : 0;
}

static void make_incidents(struct made_window *w, struct rng *rng)
{
    struct summary_facts *f = &w->facts;
    size_t troubled = w->plant.asset_count - summary_facts_quiet_assets(f);
    if (rng_chance(rng, 0.1))
        return;
    troubled = f->anomalies ? troubled : 0;
    f->incidents_opened = f->begun ? (int64_t)rng_below(rng, troubled + 1) : 0;
    f->incidents_closed = rng_chance(rng, 0.2) ? 1 + (int64_t)rng_below(rng, 2) : 0;
    f->incidents_active = f->open                ? 1 + (int64_t)rng_below(rng, troubled)
                          : rng_chance(rng, 0.2) ? 1 + (int64_t)rng_below(rng, 3)
                                                 : 0;
}

void window_make(struct made_window *w, bool held_out, struct rng *rng)
{
    plant_make(&w->plant, held_out, rng);
    make_span(&w->facts, rng);
    size_t count =
        rng_chance(rng, 0.16) ? 0 : 1 + (size_t)rng_below(rng, rng_chance(rng, 0.6) ? 3 : 12);
    add_anomalies(w, count, rng);
    if (count && rng_chance(rng, 0.12))
        add_silence(w, rng);
    w->facts.assets = (int64_t)w->plant.asset_count;
    make_incidents(w, rng);
    make_data(w, rng);
    summary_facts_rank(&w->facts);
}
