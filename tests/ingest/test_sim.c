// The simulated plant: reproducible, healthy when nothing is injected, and faults by the rules.
//
// The rules' numbers stand here as the plant's specification writes them, not as the code does.
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "ingest/sim.h"

enum { HOUR = 3600, DAY = 86400 };

static const int64_t start_us = INT64_C(1767225600) * US_PER_SECOND; // 2026-01-01

static struct sim *open_sim(struct catalog *c, struct sim_config config)
{
    struct sim *s;
    struct err err;
    config.start_us = start_us;
    assert_ok(sim_open(&config, c, &s, &err), err);
    return s;
}

static uint64_t hash_run(uint64_t seed, int ticks)
{
    struct catalog *c = catalog_open(0);
    struct sim *s =
        open_sim(c, (struct sim_config){.seed = seed, .assets = 3, .faults_per_hour = 20});
    struct reading out[18];
    uint64_t h = 0;
    struct err err;
    for (int i = 0; i < ticks; i++) {
        size_t n;
        int64_t t;
        assert_ok(sim_next(s, out, &n, &t, &err), err);
        for (size_t k = 0; k < n; k++)
            h = h * 31 + str_hash((struct str){(const char *)&out[k], sizeof out[k]});
    }
    struct buf json = {0};
    sim_truth_json(s, &json);
    h ^= str_hash(buf_str(&json));
    buf_free(&json);
    sim_close(&s);
    catalog_close(&c);
    return h;
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    assert_true(hash_run(1, 4 * HOUR) == hash_run(1, 4 * HOUR));
    assert_true(hash_run(1, 4 * HOUR) != hash_run(2, 4 * HOUR));
}

static void faults_leave_the_healthy_course_alone(void **state)
{
    (void)state;
    struct catalog *c = catalog_open(0);
    struct sim *well = open_sim(c, (struct sim_config){.seed = 5, .assets = 1});
    struct sim *ill = open_sim(
        c, (struct sim_config){
               .seed = 5, .assets = 1, .faults_per_hour = 5, .kinds = 1u << SIM_FAULT_SPIKE});
    struct reading a[6], b[6];
    size_t differ = 0, n, m;
    int64_t t;
    struct err err;
    for (int i = 0; i < 6 * HOUR; i++) {
        assert_ok(sim_next(well, a, &n, &t, &err), err);
        assert_ok(sim_next(ill, b, &m, &t, &err), err);
        assert_int_equal(n, m);
        for (size_t k = 0; k < n; k++)
            differ += a[k].value != b[k].value;
    }
    size_t faults;
    sim_truth(ill, &faults);
    assert_true(faults > 5);
    assert_true(differ >= faults && differ <= 7 * faults);
    sim_close(&well);
    sim_close(&ill);
    catalog_close(&c);
}

static void a_healthy_plant_stays_in_its_normal_ranges(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct catalog *c = catalog_open(0);
        // One reading in 10 s for two weeks covers the cycles of days and week.
        struct sim *s = open_sim(c, (struct sim_config){.seed = seed, .assets = 4, .rate_hz = 0.1});
        struct reading out[24];
        double low[6], high[6];
        for (int p = 0; p < 6; p++)
            low[p] = INFINITY, high[p] = -INFINITY;
        for (int i = 0; i < 14 * DAY / 10; i++) {
            size_t n;
            int64_t t;
            struct err err;
            assert_ok(sim_next(s, out, &n, &t, &err), err);
            assert_int_equal(n, 24);
            assert_true(t == start_us + i * 10 * US_PER_SECOND);
            for (size_t k = 0; k < n; k++) {
                low[k % 6] = fmin(low[k % 6], out[k].value);
                high[k % 6] = fmax(high[k % 6], out[k].value);
            }
        }
        assert_true(low[SIM_TEMPERATURE] > 10 && high[SIM_TEMPERATURE] < 35);
        assert_true(low[SIM_PRESSURE] > 1.0 && high[SIM_PRESSURE] < 3.0);
        assert_true(low[SIM_FLOW] > 20 && high[SIM_FLOW] < 100);
        // And it lives: each value moves through a good part of its range.
        assert_true(high[SIM_TEMPERATURE] - low[SIM_TEMPERATURE] > 4);
        assert_true(high[SIM_PRESSURE] - low[SIM_PRESSURE] > 0.2);
        assert_true(high[SIM_FLOW] - low[SIM_FLOW] > 20);
        sim_close(&s);
        catalog_close(&c);
    }
}

static void pressure_falls_when_flow_rises(void **state)
{
    (void)state;
    struct catalog *c = catalog_open(0);
    struct sim *s = open_sim(c, (struct sim_config){.seed = 8, .assets = 1, .rate_hz = 0.1});
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, n = DAY / 10;
    for (int i = 0; i < DAY / 10; i++) {
        struct reading out[6];
        size_t count;
        int64_t t;
        struct err err;
        assert_ok(sim_next(s, out, &count, &t, &err), err);
        double x = out[SIM_FLOW].value, y = out[SIM_PRESSURE].value;
        sx += x, sy += y, sxx += x * x, syy += y * y, sxy += x * y;
    }
    double r = (n * sxy - sx * sy) / sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
    assert_true(r < -0.8 && r > -0.999);
    sim_close(&s);
    catalog_close(&c);
}

// ---- the rules, as specified, applied naively to what comes out ----

static const double spike_high[3] = {45, 4.0, 120}, drift_high[3] = {38, 3.5, 110},
                    spike_low[3] = {0, 0.0, 0}, drift_low[3] = {7, 0.5, 10};

struct watch {
    int64_t last_us, drift_since_us;
    bool in_spike, drift_told;
};

struct found {
    size_t spikes, drifts, dropouts;
};

// Whether a fault of that kind covers the time on the sensor; marks it.
static bool explained(const struct sim_fault *truth, size_t n, uint32_t sensor,
                      enum anomaly_kind kind, int64_t t, bool *hit)
{
    for (size_t i = n; i-- > 0;) {
        if (truth[i].sensor == sensor && truth[i].expected == kind && truth[i].from_us <= t &&
            t <= truth[i].to_us) {
            hit[i] = true;
            return true;
        }
    }
    return false;
}

static void judge(struct watch *w, const struct reading *r, const struct sim *s, bool *hit)
{
    size_t n;
    const struct sim_fault *truth = sim_truth(s, &n);
    int p = (int)(r->sensor % 6);
    if (w->last_us && r->time_us - w->last_us > 10 * US_PER_SECOND)
        assert_true(explained(truth, n, r->sensor, ANOMALY_DROPOUT, r->time_us, hit));
    w->last_us = r->time_us;
    if (p >= 3)
        return;
    if (r->value > spike_high[p] || r->value < spike_low[p])
        assert_true(explained(truth, n, r->sensor, ANOMALY_SPIKE, r->time_us, hit));
    if (r->value > drift_high[p] || r->value < drift_low[p]) {
        if (!w->drift_since_us)
            w->drift_since_us = r->time_us;
        if (r->time_us - w->drift_since_us > 15 * US_PER_SECOND)
            assert_true(explained(truth, n, r->sensor, ANOMALY_DRIFT, r->time_us, hit));
    } else {
        w->drift_since_us = 0;
    }
}

static void faults_are_what_the_rules_call_them_and_nothing_else_is(void **state)
{
    (void)state;
    static const double rates[] = {1, 0.2, 5};
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct catalog *c = catalog_open(0);
        struct sim *s = open_sim(
            c, (struct sim_config){
                   .seed = seed, .assets = 3, .faults_per_hour = 12, .rate_hz = rates[seed % 3]});
        struct watch w[18] = {0};
        bool *hit = calloc(100000, sizeof *hit);
        struct reading out[18];
        size_t n;
        int64_t t = 0;
        struct err err;
        while (t < start_us + 36 * HOUR * US_PER_SECOND) {
            assert_ok(sim_next(s, out, &n, &t, &err), err);
            for (size_t k = 0; k < n; k++)
                judge(&w[out[k].sensor], &out[k], s, hit);
        }
        const struct sim_fault *truth = sim_truth(s, &n);
        size_t seen[SIM_FAULT_KIND_COUNT] = {0}, sides[3] = {0};
        for (size_t i = 0; i < n; i++) {
            if (truth[i].to_us >= t)
                continue;
            seen[truth[i].kind]++;
            sides[truth[i].side]++;
            if (truth[i].expected != SIM_NO_RULE && !hit[i])
                fail_msg("seed %d: %s of parameter %d at %lld is not to be seen", (int)seed,
                         sim_fault_name(truth[i].kind), truth[i].parameter,
                         (long long)truth[i].from_us);
            bool crosses = truth[i].kind == SIM_FAULT_SPIKE || truth[i].kind == SIM_FAULT_DRIFT;
            assert_int_equal(crosses, truth[i].beyond_us != TIME_NONE);
        }
        for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++)
            assert_true(seen[k] > 3);
        assert_true(sides[SIDE_LOW] > 10 && sides[SIDE_HIGH] > 10);
        free(hit);
        sim_close(&s);
        catalog_close(&c);
    }
}

// Runs one kind alone and gives each reading, with the fault that covers it or NULL, to `each`.
typedef void each_fn(const struct reading *r, const struct sim_fault *f, void *arg);

static void run_kind(enum sim_fault_kind kind, int hours, each_fn *each, void *arg)
{
    struct catalog *c = catalog_open(0);
    struct sim *s = open_sim(
        c, (struct sim_config){.seed = 3, .assets = 2, .faults_per_hour = 2, .kinds = 1u << kind});
    for (int i = 0; i < hours * HOUR; i++) {
        struct reading out[12];
        size_t n, faults;
        int64_t t;
        struct err err;
        assert_ok(sim_next(s, out, &n, &t, &err), err);
        const struct sim_fault *truth = sim_truth(s, &faults);
        for (size_t k = 0; k < n; k++) {
            const struct sim_fault *f = NULL;
            for (size_t q = faults; q-- > 0 && !f;)
                if (truth[q].sensor / 6 == out[k].sensor / 6 && truth[q].from_us <= t &&
                    t <= truth[q].to_us)
                    f = &truth[q];
            each(&out[k], f, arg);
        }
    }
    sim_close(&s);
    catalog_close(&c);
}

struct tally {
    size_t covered, held;
    double last[12], sum, sum_healthy;
    size_t count_healthy;
};

static void tally_stuck(const struct reading *r, const struct sim_fault *f, void *arg)
{
    struct tally *t = arg;
    if (f && f->sensor == r->sensor) {
        t->covered++;
        t->held += r->value == t->last[r->sensor];
    }
    t->last[r->sensor] = r->value;
}

static void a_stuck_sensor_repeats_its_value(void **state)
{
    (void)state;
    struct tally t = {0};
    run_kind(SIM_FAULT_STUCK, 12, tally_stuck, &t);
    assert_true(t.covered > 3000);
    assert_int_equal(t.held, t.covered);
}

static void tally_noise(const struct reading *r, const struct sim_fault *f, void *arg)
{
    struct tally *t = arg;
    if (r->sensor % 6 == SIM_FLOW) {
        double step = fabs(r->value - t->last[r->sensor]);
        if (f && f->sensor == r->sensor)
            t->sum += step, t->covered++;
        else if (!f)
            t->sum_healthy += step, t->count_healthy++;
        t->last[r->sensor] = r->value;
    }
}

static void a_noise_burst_scatters_several_times_as_much(void **state)
{
    (void)state;
    struct tally t = {0};
    run_kind(SIM_FAULT_NOISE, 24, tally_noise, &t);
    assert_true(t.covered > 300);
    assert_true(t.sum / (double)t.covered > 4 * t.sum_healthy / (double)t.count_healthy);
}

static void tally_heater(const struct reading *r, const struct sim_fault *f, void *arg)
{
    struct tally *t = arg;
    static double ambient_of[12];
    uint32_t asset = r->sensor / 6;
    if (r->sensor % 6 == SIM_HEATER_CURRENT) {
        t->covered += f != NULL;
        t->held += f && r->value == 0;
        t->last[asset] = r->value;
    }
    if (r->sensor % 6 == SIM_AMBIENT_TEMPERATURE) {
        ambient_of[asset] = r->value;
        if (f)
            assert_true(ambient_of[asset] < 11);
        else if (ambient_of[asset] < 10.5) // a healthy heater heats when it is cold
            assert_true(t->last[asset] > 1);
    }
}

static void a_failed_heater_draws_nothing_in_the_cold(void **state)
{
    (void)state;
    struct tally t = {0};
    run_kind(SIM_FAULT_HEATER, 48, tally_heater, &t);
    assert_true(t.covered > 3000);
    assert_int_equal(t.held, t.covered);
}

static void tally_supply(const struct reading *r, const struct sim_fault *f, void *arg)
{
    struct tally *t = arg;
    if (r->sensor % 6 == SIM_SUPPLY_VOLTAGE) {
        t->covered += f != NULL;
        if (f && f->kind == SIM_FAULT_SUPPLY)
            assert_true(r->value < 20);
        else if (!f)
            assert_true(r->value > 22.5);
    }
}

static void a_sagging_supply_is_below_20_volts(void **state)
{
    (void)state;
    struct tally t = {0};
    run_kind(SIM_FAULT_SUPPLY, 12, tally_supply, &t);
    assert_true(t.covered > 500);
}

static void old_truth_is_forgotten_when_asked(void **state)
{
    (void)state;
    struct catalog *c = catalog_open(0);
    struct sim *s = open_sim(
        c, (struct sim_config){
               .seed = 4, .assets = 5, .faults_per_hour = 30, .rate_hz = 0.2, .truth_max = 10});
    struct reading out[30];
    size_t n;
    int64_t t;
    struct err err;
    for (int i = 0; i < 20000; i++) {
        assert_ok(sim_next(s, out, &n, &t, &err), err);
        sim_truth(s, &n);
        assert_true(n <= 10);
    }
    const struct sim_fault *truth = sim_truth(s, &n);
    assert_true(n >= 4 && truth[n - 1].from_us > t - HOUR * US_PER_SECOND);
    sim_close(&s);
    catalog_close(&c);
}

static void the_truth_is_json(void **state)
{
    (void)state;
    struct catalog *c = catalog_open(0);
    struct sim *s =
        open_sim(c, (struct sim_config){.seed = UINT64_MAX, .assets = 2, .faults_per_hour = 30});
    struct reading out[12];
    size_t n, objects = 0;
    int64_t t;
    struct err err;
    for (int i = 0; i < 3 * HOUR; i++)
        assert_ok(sim_next(s, out, &n, &t, &err), err);
    struct buf json = {0};
    sim_truth_json(s, &json);
    struct json_scan scan;
    json_scan_open(&scan, buf_str(&json), 0, 0);
    enum json_token token;
    while ((token = json_scan_next(&scan)) > JSON_TOKEN_END)
        objects += token == JSON_TOKEN_OBJECT;
    assert_int_equal(token, JSON_TOKEN_END);
    sim_truth(s, &n);
    assert_int_equal(objects, n + 1);
    assert_non_null(strstr(json.p, "\"seed\":\"18446744073709551615\""));
    assert_non_null(strstr(json.p, "\"asset\":\"wtf-pipe-1\""));
    buf_free(&json);
    sim_close(&s);
    catalog_close(&c);
}

static void wrong_configurations_are_named(void **state)
{
    (void)state;
    static const struct sim_config wrong[] = {
        {.assets = SIM_ASSETS_MAX + 1}, {.rate_hz = 0.01},
        {.rate_hz = (double)NAN},       {.rate_hz = 1e6},
        {.faults_per_hour = -1},        {.kinds = 1u << SIM_FAULT_KIND_COUNT},
        {.start_us = TIME_NONE}};
    struct catalog *c = catalog_open(0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct sim *s;
        struct err err;
        assert_int_equal(sim_open(&wrong[i], c, &s, &err), ERR_USAGE);
        assert_null(s);
    }
    catalog_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(faults_leave_the_healthy_course_alone),
        cmocka_unit_test(a_healthy_plant_stays_in_its_normal_ranges),
        cmocka_unit_test(pressure_falls_when_flow_rises),
        cmocka_unit_test(faults_are_what_the_rules_call_them_and_nothing_else_is),
        cmocka_unit_test(a_stuck_sensor_repeats_its_value),
        cmocka_unit_test(a_noise_burst_scatters_several_times_as_much),
        cmocka_unit_test(a_failed_heater_draws_nothing_in_the_cold),
        cmocka_unit_test(a_sagging_supply_is_below_20_volts),
        cmocka_unit_test(old_truth_is_forgotten_when_asked),
        cmocka_unit_test(the_truth_is_json),
        cmocka_unit_test(wrong_configurations_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
