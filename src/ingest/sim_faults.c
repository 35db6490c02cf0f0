// Injected faults: how each kind is planned, and what it does to an instant of its asset.
//
// Only the asset's `fate` is drawn from here. An asset has one fault at a time.
#include <math.h>

#include "ingest/sim_private.h"

enum { QUIET_S = 120, FIRST_FAULT_S = 60, RETRY_S = 600 };

// Temperature, pressure and flow come first among the parameters.
#define RULE_PARAMETERS ((unsigned)SIM_FLOW + 1)

// Above the normal range the plant's exact rules; below it the same distances.
static const struct sim_limits limits[RULE_PARAMETERS] = {
    [SIM_TEMPERATURE] = {10, 35, 0, 45, 7, 38},
    [SIM_PRESSURE] = {1.0, 3.0, 0.0, 4.0, 0.5, 3.5},
    [SIM_FLOW] = {20, 100, 0, 120, 10, 110},
};

static const struct {
    const char *name;
    enum anomaly_kind expected;
} kinds[] = {
#define X(NAME, name, expected, text) {name, (enum anomaly_kind)expected},
    SIM_FAULTS(X)
#undef X
};

const struct sim_limits *sim_limits(enum sim_parameter p)
{
    return (unsigned)p < RULE_PARAMETERS ? &limits[p] : NULL;
}

const char *sim_fault_name(enum sim_fault_kind kind)
{
    return kind < SIM_FAULT_KIND_COUNT ? kinds[kind].name : "unknown";
}

// Ticks that last at least `seconds`, and at least one.
static int64_t ticks_of(const struct sim *s, double seconds)
{
    int64_t n = (int64_t)ceil(seconds * 1e6 / (double)s->period_us);
    return n > 1 ? n : 1;
}

void sim_fault_schedule(const struct sim *s, struct sim_asset *a, int64_t from)
{
    a->faulty = false;
    if (s->config.faults_per_hour <= 0) {
        a->next_tick = INT64_MAX;
        return;
    }
    double wait_s = from ? QUIET_S : FIRST_FAULT_S;
    wait_s += 3600 / s->config.faults_per_hour * rng_exponential(&a->fate);
    a->next_tick = from + ticks_of(s, wait_s);
}

static void choose_place(struct sim_asset *a)
{
    a->plan.parameter = (enum sim_parameter)rng_below(&a->fate, RULE_PARAMETERS);
    a->plan.side = rng_below(&a->fate, 3) ? SIDE_HIGH : SIDE_LOW;
}

// ---- spike ----

static bool plan_spike(const struct sim *s, struct sim_asset *a)
{
    choose_place(a);
    struct sim_plan *plan = &a->plan;
    const struct sim_limits *l = &limits[plan->parameter];
    // Over within 8 s, so that nobody can call it a drift.
    int64_t most = ticks_of(s, 8) - 1;
    plan->end = plan->first + 1 + (most > 1 ? (int64_t)rng_below(&a->fate, (uint64_t)most) : 0);
    double margin = rng_between(&a->fate, 0.08, 0.6) * (l->normal_high - l->normal_low);
    plan->level = plan->side == SIDE_HIGH ? l->spike_high + margin : l->spike_low - margin;
    return true;
}

static void show_spike(const struct sim *s, struct sim_asset *a, struct sim_instant *now)
{
    (void)s;
    const struct sim_limits *l = &limits[a->plan.parameter];
    double jitter = 0.02 * (l->normal_high - l->normal_low);
    now->v[a->plan.parameter] = a->plan.level + rng_between(&a->fate, -jitter, jitter);
}

// ---- drift ----

static bool plan_drift(const struct sim *s, struct sim_asset *a)
{
    choose_place(a);
    struct sim_plan *plan = &a->plan;
    const struct sim_limits *l = &limits[plan->parameter];
    plan->ramp = ticks_of(s, rng_between(&a->fate, 20, 600));
    plan->ramp_down = ticks_of(s, rng_between(&a->fate, 2, 60));
    plan->end =
        plan->first + plan->ramp + ticks_of(s, rng_between(&a->fate, 40, 900)) + plan->ramp_down;
    double way = rng_between(&a->fate, 0.35, 0.7);
    plan->level = plan->side == SIDE_HIGH ? l->drift_high + way * (l->spike_high - l->drift_high)
                                          : l->drift_low + way * (l->spike_low - l->drift_low);
    return true;
}

static void show_drift(const struct sim *s, struct sim_asset *a, struct sim_instant *now)
{
    const struct sim_plan *plan = &a->plan;
    const struct sim_limits *l = &limits[plan->parameter];
    int64_t up = s->tick - plan->first + 1, down = plan->end - s->tick;
    double share = up < plan->ramp          ? (double)up / (double)plan->ramp
                   : down < plan->ramp_down ? (double)down / (double)plan->ramp_down
                                            : 1;
    double *v = &now->v[plan->parameter];
    double jitter = 0.05 * (l->spike_high - l->drift_high);
    double there = plan->level + rng_between(&a->fate, -jitter, jitter);
    *v = (1 - share) * *v + share * there;
}

// ---- dropout ----

static bool plan_dropout(const struct sim *s, struct sim_asset *a)
{
    choose_place(a);
    a->plan.side = SIDE_NONE;
    // From the last reading to the next one there is a tick more than are missing.
    double silent_s = 12 + 288 * pow(rng_uniform(&a->fate), 2);
    a->plan.end = a->plan.first + ticks_of(s, silent_s);
    return true;
}

static void show_dropout(const struct sim *s, struct sim_asset *a, struct sim_instant *now)
{
    (void)s;
    now->silent[a->plan.parameter] = true;
}

// ---- stuck ----

static bool plan_stuck(const struct sim *s, struct sim_asset *a)
{
    choose_place(a);
    a->plan.side = SIDE_NONE;
    a->plan.end = a->plan.first + ticks_of(s, rng_between(&a->fate, 300, 3600));
    return true;
}

static void show_stuck(const struct sim *s, struct sim_asset *a, struct sim_instant *now)
{
    (void)s;
    now->v[a->plan.parameter] = a->last[a->plan.parameter];
}

// ---- noise ----

static bool plan_noise(const struct sim *s, struct sim_asset *a)
{
    choose_place(a);
    a->plan.side = SIDE_NONE;
    a->plan.end = a->plan.first + ticks_of(s, rng_between(&a->fate, 60, 600));
    const struct sim_limits *l = &limits[a->plan.parameter];
    a->plan.level = rng_between(&a->fate, 0.15, 0.4) * (l->normal_high - l->normal_low);
    return true;
}

static void show_noise(const struct sim *s, struct sim_asset *a, struct sim_instant *now)
{
    (void)s;
    const struct sim_limits *l = &limits[a->plan.parameter];
    double edge = 0.02 * (l->normal_high - l->normal_low);
    double low = l->normal_low + edge, high = l->normal_high - edge;
    double *v = &now->v[a->plan.parameter];
    *v += rng_between(&a->fate, -a->plan.level, a->plan.level);
    *v = *v < low ? low : *v > high ? high : *v;
}

// ---- heater failure ----

enum { COLD_C = 8, MILD_C = 10, WATER_LOW_C = 12 };

static bool plan_heater(const struct sim *s, struct sim_asset *a)
{
    if (a->last[SIM_AMBIENT_TEMPERATURE] > COLD_C)
        return false;
    a->plan.parameter = SIM_HEATER_CURRENT;
    a->plan.side = SIDE_LOW;
    a->plan.end = a->plan.first + ticks_of(s, rng_between(&a->fate, 1200, 5400));
    a->plan.ramp = ticks_of(s, 1200);
    return true;
}

static void show_heater(const struct sim *s, struct sim_asset *a, struct sim_instant *now)
{
    struct sim_plan *plan = &a->plan;
    // When the day gets mild the heater would be off anyway: that ends the failure.
    if (now->v[SIM_AMBIENT_TEMPERATURE] > MILD_C)
        plan->end = s->tick + 1;
    now->v[SIM_HEATER_CURRENT] = 0;
    // The water cools slowly, but stays in its normal range.
    double cooled = 3 * (1 - exp(-(double)(s->tick - plan->first) / (double)plan->ramp));
    double *water = &now->v[SIM_TEMPERATURE];
    *water = *water - cooled < WATER_LOW_C ? WATER_LOW_C : *water - cooled;
}

// ---- supply sag ----

static bool plan_supply(const struct sim *s, struct sim_asset *a)
{
    struct sim_plan *plan = &a->plan;
    plan->parameter = SIM_SUPPLY_VOLTAGE;
    plan->side = SIDE_LOW;
    plan->level = rng_between(&a->fate, 15, 19);
    plan->resets = 0;
    int64_t at = plan->first + ticks_of(s, rng_between(&a->fate, 4, 20));
    // A short reset leaves at most 9 s between readings: no dropout. One sag in three ends with a
    // long one, which is a dropout of every sensor.
    int64_t most = (int64_t)(9e6 / (double)s->period_us) - 1;
    int resets = 1 + (int)rng_below(&a->fate, SIM_RESETS_MAX);
    bool long_one = rng_below(&a->fate, 3) == 0;
    for (int i = 0; i < resets; i++) {
        bool is_long = long_one && i == resets - 1;
        int64_t n = is_long ? ticks_of(s, rng_between(&a->fate, 15, 40))
                            : (int64_t)((double)most * rng_between(&a->fate, 0.4, 1.01));
        if (n < 1)
            continue;
        plan->reset[plan->resets].first = at;
        plan->reset[plan->resets].end = at + n;
        plan->resets++;
        at += n + ticks_of(s, rng_between(&a->fate, 15, 60));
    }
    plan->end = at;
    return true;
}

static void show_supply(const struct sim *s, struct sim_asset *a, struct sim_instant *now)
{
    now->v[SIM_SUPPLY_VOLTAGE] = a->plan.level + rng_between(&a->fate, -0.6, 0.6);
    for (int i = 0; i < a->plan.resets; i++)
        if (s->tick >= a->plan.reset[i].first && s->tick < a->plan.reset[i].end)
            for (int p = 0; p < SIM_PARAMETER_COUNT; p++)
                now->silent[p] = true;
}

// ---- all kinds ----

static const struct {
    // Fills the plan from a->plan.first on; false when the kind cannot happen now.
    bool (*plan)(const struct sim *s, struct sim_asset *a);
    void (*show)(const struct sim *s, struct sim_asset *a, struct sim_instant *now);
} acts[SIM_FAULT_KIND_COUNT] = {
    [SIM_FAULT_SPIKE] = {plan_spike, show_spike},
    [SIM_FAULT_DRIFT] = {plan_drift, show_drift},
    [SIM_FAULT_DROPOUT] = {plan_dropout, show_dropout},
    [SIM_FAULT_STUCK] = {plan_stuck, show_stuck},
    [SIM_FAULT_NOISE] = {plan_noise, show_noise},
    [SIM_FAULT_HEATER] = {plan_heater, show_heater},
    [SIM_FAULT_SUPPLY] = {plan_supply, show_supply},
};

static enum err_code record_silence(struct sim *s, const struct sim_asset *a,
                                    enum sim_parameter parameter, int64_t first, int64_t end,
                                    uint64_t *number, struct err *err)
{
    return sim_truth_add(s,
                         &(struct sim_fault){.sensor = a->sensor[parameter],
                                             .parameter = parameter,
                                             .kind = SIM_FAULT_DROPOUT,
                                             .expected = ANOMALY_DROPOUT,
                                             .from_us = sim_tick_time_us(s, first - 1),
                                             .to_us = sim_tick_time_us(s, end),
                                             .beyond_us = TIME_NONE},
                         number, err);
}

static enum err_code record_plan(struct sim *s, struct sim_asset *a, struct err *err)
{
    struct sim_plan *plan = &a->plan;
    if (plan->kind == SIM_FAULT_DROPOUT)
        return record_silence(s, a, plan->parameter, plan->first, plan->end, &plan->truth, err);
    return sim_truth_add(s,
                         &(struct sim_fault){.sensor = a->sensor[plan->parameter],
                                             .parameter = plan->parameter,
                                             .kind = plan->kind,
                                             .side = plan->side,
                                             .expected = kinds[plan->kind].expected,
                                             .from_us = sim_tick_time_us(s, plan->first),
                                             .to_us = sim_tick_time_us(s, plan->end - 1),
                                             .beyond_us = TIME_NONE},
                         &plan->truth, err);
}

// Chooses among the kinds that are on. Without one that can happen now, tries again later.
static enum err_code begin(struct sim *s, struct sim_asset *a, struct err *err)
{
    enum sim_fault_kind able[SIM_FAULT_KIND_COUNT];
    size_t n = 0;
    for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++)
        if (s->config.kinds >> k & 1)
            able[n++] = (enum sim_fault_kind)k;
    while (n) {
        size_t at = (size_t)rng_below(&a->fate, n);
        a->plan = (struct sim_plan){.kind = able[at], .first = s->tick};
        if (acts[able[at]].plan(s, a)) {
            a->faulty = true;
            return record_plan(s, a, err);
        }
        able[at] = able[--n];
    }
    a->next_tick = s->tick + ticks_of(s, RETRY_S);
    return ERR_OK;
}

// The first reading beyond the limit that the fault crosses.
static void note_beyond(struct sim *s, const struct sim_asset *a, double v)
{
    struct sim_fault *fault = sim_truth_record(s, a->plan.truth);
    if (!fault || fault->beyond_us != TIME_NONE)
        return;
    const struct sim_limits *l = &limits[fault->parameter];
    bool spike = fault->kind == SIM_FAULT_SPIKE;
    if (fault->side == SIDE_HIGH ? v > (spike ? l->spike_high : l->drift_high)
                                 : v < (spike ? l->spike_low : l->drift_low))
        fault->beyond_us = sim_tick_time_us(s, s->tick);
}

// A reset that is too long to pass unnoticed silences every sensor: six dropouts.
static enum err_code record_resets(struct sim *s, const struct sim_asset *a, struct err *err)
{
    for (int i = 0; i < a->plan.resets; i++) {
        int64_t first = a->plan.reset[i].first, end = a->plan.reset[i].end;
        if (first != s->tick || (end - first + 1) * s->period_us <= 10 * US_PER_SECOND)
            continue;
        for (int p = 0; p < SIM_PARAMETER_COUNT; p++) {
            uint64_t number;
            enum err_code code =
                record_silence(s, a, (enum sim_parameter)p, first, end, &number, err);
            if (code != ERR_OK)
                return code;
        }
    }
    return ERR_OK;
}

enum err_code sim_fault_apply(struct sim *s, struct sim_asset *a, struct sim_instant *now,
                              struct err *err)
{
    if (!a->faulty) {
        enum err_code code = begin(s, a, err);
        if (code != ERR_OK || !a->faulty)
            return code;
    }
    if (s->tick >= a->plan.end) {
        struct sim_fault *fault = sim_truth_record(s, a->plan.truth);
        if (fault && a->plan.kind == SIM_FAULT_HEATER)
            fault->to_us = sim_tick_time_us(s, a->plan.end - 1);
        sim_fault_schedule(s, a, a->plan.end);
        return ERR_OK;
    }
    acts[a->plan.kind].show(s, a, now);
    if (a->plan.kind == SIM_FAULT_SPIKE || a->plan.kind == SIM_FAULT_DRIFT)
        note_beyond(s, a, sim_quantised(a->plan.parameter, now->v[a->plan.parameter]));
    return a->plan.kind == SIM_FAULT_SUPPLY ? record_resets(s, a, err) : ERR_OK;
}
