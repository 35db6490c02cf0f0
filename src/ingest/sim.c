// The healthy plant: daily and weekly cycles, coloured noise, flow against pressure, quantisation.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/sim_private.h"

static const char *const parameter_names[] = {
#define X(NAME, name, unit) name,
    SIM_PARAMETERS(X)
#undef X
};

static const char *const parameter_units[] = {
#define X(NAME, name, unit) unit,
    SIM_PARAMETERS(X)
#undef X
};

// The noise of each parameter is x = keep * x + push * e with e of standard deviation 0.577 and at
// most 2. Sensors resolve 1/steps of their unit. [low, high] is what a healthy plant never leaves.
static const struct {
    double keep, push;
    double steps;
    double offset; // the most by which one asset differs from the mean of all
    double low, high;
} nature[SIM_PARAMETER_COUNT] = {
    [SIM_TEMPERATURE] = {0.95, 0.12, 20, 1.5, 12, 33},
    [SIM_PRESSURE] = {0.90, 0.012, 200, 0.08, 1.1, 2.9},
    [SIM_FLOW] = {0.90, 1.0, 10, 4, 24, 96},
    [SIM_HEATER_CURRENT] = {0.80, 0.08, 50, 0.5, 0, 12},
    [SIM_AMBIENT_TEMPERATURE] = {0.98, 0.06, 10, 1.5, -5, 25},
    [SIM_SUPPLY_VOLTAGE] = {0.80, 0.03, 20, 0.15, 23, 25},
};

const char *sim_parameter_name(enum sim_parameter p)
{
    return p < SIM_PARAMETER_COUNT ? parameter_names[p] : "unknown";
}

static enum err_code check(const struct sim_config *c, struct err *err)
{
    if (c->assets < 1 || c->assets > SIM_ASSETS_MAX)
        return err_set(err, ERR_USAGE, "assets: %u is not within 1 to %d", c->assets,
                       SIM_ASSETS_MAX);
    if (!(c->rate_hz >= 0.1 && c->rate_hz <= 1000))
        return err_set(err, ERR_USAGE, "rate: %g Hz is not within 0.1 to 1000", c->rate_hz);
    if (!(c->faults_per_hour >= 0 && c->faults_per_hour <= 3600))
        return err_set(err, ERR_USAGE, "faults per hour: %g is not within 0 to 3600",
                       c->faults_per_hour);
    if (c->kinds >= 1u << SIM_FAULT_KIND_COUNT)
        return err_set(err, ERR_USAGE, "kinds of faults: no such bits: %#x", c->kinds);
    if (c->start_us < TIME_MIN_US || c->start_us > TIME_MAX_US)
        return err_set(err, ERR_USAGE, "start: not within the years 1 to 9999");
    return ERR_OK;
}

static enum err_code open_asset(struct sim *s, uint32_t number, struct err *err)
{
    struct sim_asset *a = &s->assets[number];
    char name[PLANT_NAME_BYTES];
    snprintf(name, sizeof name, "wtf-pipe-%u", number + 1);
    for (int p = 0; p < SIM_PARAMETER_COUNT; p++) {
        enum err_code code = catalog_intern(s->catalog, str_of(name), str_of(parameter_names[p]),
                                            str_of(parameter_units[p]), &a->sensor[p], err);
        if (code != ERR_OK)
            return code;
    }
    rng_seed_stream(&a->noise, s->config.seed, 2 * (uint64_t)number);
    rng_seed_stream(&a->fate, s->config.seed, 2 * (uint64_t)number + 1);
    for (int p = 0; p < SIM_PARAMETER_COUNT; p++)
        a->offset[p] = nature[p].offset * (2 * rng_uniform(&a->noise) - 1);
    sim_fault_schedule(s, a, 0);
    return ERR_OK;
}

enum err_code sim_open(const struct sim_config *config, struct catalog *catalog, struct sim **out,
                       struct err *err)
{
    *out = NULL;
    struct sim *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the simulator");
    s->config = *config;
    s->catalog = catalog;
    if (s->config.assets == 0)
        s->config.assets = 1;
    if (s->config.rate_hz == 0)
        s->config.rate_hz = 1;
    if (s->config.kinds == 0)
        s->config.kinds = (1u << SIM_FAULT_KIND_COUNT) - 1;
    enum err_code code = check(&s->config, err);
    if (code == ERR_OK) {
        s->period_us = llround(1e6 / s->config.rate_hz);
        s->assets = calloc(s->config.assets, sizeof *s->assets);
        if (!s->assets)
            code = err_set(err, ERR_NO_MEMORY, "out of memory for %u assets", s->config.assets);
    }
    for (uint32_t i = 0; code == ERR_OK && i < s->config.assets; i++)
        code = open_asset(s, i, err);
    if (code == ERR_OK)
        *out = s;
    else
        sim_close(&s);
    return code;
}

void sim_close(struct sim **s)
{
    if (!*s)
        return;
    free((*s)->assets);
    free((*s)->truth);
    free(*s);
    *s = NULL;
}

size_t sim_sensor_count(const struct sim *s)
{
    return (size_t)s->config.assets * SIM_PARAMETER_COUNT;
}

int64_t sim_tick_time_us(const struct sim *s, int64_t tick)
{
    return s->config.start_us + tick * s->period_us;
}

int64_t sim_next_time_us(const struct sim *s)
{
    return sim_tick_time_us(s, s->tick);
}

// What time of day and week does to the whole plant: departures from the mean.
struct course {
    double temperature, flow, ambient;
};

static double cycle(int64_t time_us, double period_h, double peak_h)
{
    int64_t period_us = (int64_t)(period_h * 3600e6);
    int64_t at = time_us % period_us;
    return cos(6.283185307179586 * ((double)at / (double)period_us - peak_h / period_h));
}

static struct course course_at(int64_t time_us)
{
    // 1970-01-01 was a Thursday: demand is highest in the middle of the working week.
    double week = cycle(time_us, 168, 156);
    return (struct course){
        .temperature = 2.5 * cycle(time_us, 24, 17) + 0.5 * week,
        // Two peaks a day, morning and evening, on top of a day that is busier than the night.
        .flow = 8 * cycle(time_us, 12, 7.5) + 6 * cycle(time_us, 24, 13) + 2.5 * week,
        .ambient = 7 * cycle(time_us, 24, 15),
    };
}

// The sum of four uniform numbers of 16 bits: nearly normal, standard deviation 0.577, within +-2.
static double scatter(struct rng *r)
{
    uint64_t u = rng_u64(r);
    uint32_t sum = (uint32_t)(u & 0xffff) + (uint32_t)(u >> 16 & 0xffff) +
                   (uint32_t)(u >> 32 & 0xffff) + (uint32_t)(u >> 48);
    return (double)sum * (1.0 / 65536) - 2 + 2.0 / 65536;
}

double sim_quantised(enum sim_parameter p, double v)
{
    v *= nature[p].steps;
    return (double)(int64_t)(v < 0 ? v - 0.5 : v + 0.5) / nature[p].steps;
}

static void healthy_instant(struct sim_asset *a, const struct course *c, double v[])
{
    for (int p = 0; p < SIM_PARAMETER_COUNT; p++)
        a->drift[p] = nature[p].keep * a->drift[p] + nature[p].push * scatter(&a->noise);
    double vary[SIM_PARAMETER_COUNT];
    for (int p = 0; p < SIM_PARAMETER_COUNT; p++)
        vary[p] = a->offset[p] + a->drift[p];
    double ambient = 9 + c->ambient + vary[SIM_AMBIENT_TEMPERATURE];
    double flow = 58 + c->flow + vary[SIM_FLOW];
    // The thermostat heats below 11 °C, the more the colder it is.
    double cold = ambient < 11 ? (11 - ambient) / 15 : 0;
    double current = ambient < 11 ? 2 + 8 * cold + vary[SIM_HEATER_CURRENT] : 0;
    v[SIM_AMBIENT_TEMPERATURE] = ambient;
    v[SIM_FLOW] = flow;
    // The pump's curve: the more water flows, the less pressure is left.
    v[SIM_PRESSURE] = 2.05 - 0.012 * (flow - 58) + vary[SIM_PRESSURE];
    v[SIM_TEMPERATURE] = 22 + c->temperature + 0.1 * (ambient - 9) + vary[SIM_TEMPERATURE];
    v[SIM_HEATER_CURRENT] = current;
    v[SIM_SUPPLY_VOLTAGE] = 24 - 0.02 * current + vary[SIM_SUPPLY_VOLTAGE];
    for (int p = 0; p < SIM_PARAMETER_COUNT; p++)
        v[p] = v[p] < nature[p].low ? nature[p].low : v[p] > nature[p].high ? nature[p].high : v[p];
}

enum err_code sim_next(struct sim *s, struct reading *out, size_t *count, int64_t *time_us,
                       struct err *err)
{
    int64_t at = sim_tick_time_us(s, s->tick);
    struct course c = course_at(at);
    size_t n = 0;
    for (uint32_t i = 0; i < s->config.assets; i++) {
        struct sim_asset *a = &s->assets[i];
        struct sim_instant now = {0};
        healthy_instant(a, &c, now.v);
        if (s->tick >= a->next_tick) {
            enum err_code code = sim_fault_apply(s, a, &now, err);
            if (code != ERR_OK)
                return code;
        }
        for (int p = 0; p < SIM_PARAMETER_COUNT; p++) {
            if (now.silent[p])
                continue;
            a->last[p] = sim_quantised((enum sim_parameter)p, now.v[p]);
            out[n++] = (struct reading){at, a->last[p], a->sensor[p], QUALITY_GOOD};
        }
    }
    s->tick++;
    *count = n;
    *time_us = at;
    return ERR_OK;
}
