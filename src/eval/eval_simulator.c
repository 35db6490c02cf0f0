// Runs simulated plants through the engine and holds what it finds against the truth.
#include "eval/eval_simulator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"

struct anomalies {
    struct anomaly *items;
    size_t n, cap;
    bool failed;
};

struct delays {
    double *items;
    size_t n, cap;
};

struct run {
    struct eval_simulator_report *report;
    struct catalog *catalog;
    struct settings *settings;
    struct sim *sim;
    struct detect *engine;
    struct reading *readings;
    struct anomalies found; // of the plant being run
    struct delays delays[SIM_FAULT_KIND_COUNT];
    uint64_t seed;
    uint64_t done, total; // instants, of all plants
    int64_t end_us;
};

static void *grow(void *items, size_t n, size_t *cap, size_t item_bytes)
{
    if (n < *cap)
        return items;
    size_t more = *cap ? *cap * 2 : 256;
    void *grown = realloc(items, more * item_bytes);
    if (grown)
        *cap = more;
    return grown;
}

static void take_anomaly(void *arg, const struct anomaly *a, enum change change)
{
    struct anomalies *found = arg;
    for (size_t i = found->n; change != CHANGE_OPENED && i-- > 0;) {
        if (found->items[i].id == a->id) {
            found->items[i] = *a;
            return;
        }
    }
    struct anomaly *items = grow(found->items, found->n, &found->cap, sizeof *items);
    if (!items) {
        found->failed = true;
        return;
    }
    found->items = items;
    found->items[found->n++] = *a;
}

static enum err_code set_low(struct run *run, const struct sensor *s, const char *field,
                             double value, struct err *err)
{
    char name[PLANT_FULL_NAME_BYTES + 64], text[32];
    snprintf(name, sizeof name, "rules.sensor.%s/%s.%s", s->asset_name, s->parameter, field);
    snprintf(text, sizeof text, "%.17g", value);
    return settings_set(run->settings, name, str_of(text), "simulator", err);
}

// The exact rules have limits on the high side; the simulator's faults go to both.
static enum err_code set_low_limits(struct run *run, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t count = catalog_sensor_count(run->catalog);
    for (uint32_t id = 0; code == ERR_OK && id < count; id++) {
        const struct sensor *s = catalog_sensor(run->catalog, id);
        const struct sim_limits *l = sim_limits((enum sim_parameter)(id % SIM_PARAMETER_COUNT));
        if (!l)
            continue;
        code = set_low(run, s, "spike_low", l->spike_low, err);
        if (code == ERR_OK)
            code = set_low(run, s, "drift_low", l->drift_low, err);
    }
    return code;
}

static enum err_code open_plant(struct run *run, struct err *err)
{
    static const struct setting_def *const tables[] = {detect_settings};
    const struct eval_simulator_options *o = &run->report->options;
    struct sim_config config = {.seed = run->seed,
                                .assets = o->assets,
                                .rate_hz = o->rate_hz,
                                .faults_per_hour = o->faults_per_hour};
    struct detect_events events = {.anomaly = take_anomaly, .arg = &run->found};
    run->found.n = 0;
    run->catalog = catalog_open(0);
    run->settings = settings_open(tables, 1);
    if (!run->catalog || !run->settings)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a simulated plant");
    enum err_code code = sim_open(&config, run->catalog, &run->sim, err);
    if (code == ERR_OK)
        code = set_low_limits(run, err);
    if (code == ERR_OK && o->rules_only)
        code = settings_set(run->settings, "rules.sensitivity", str_of("0"), "simulator", err);
    if (code == ERR_OK)
        code = detect_open(run->catalog, run->settings, &events, 1, &run->engine, err);
    if (code != ERR_OK)
        return code;
    run->readings = calloc(sim_sensor_count(run->sim), sizeof *run->readings);
    return run->readings ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory for readings");
}

static void close_plant(struct run *run)
{
    free(run->readings);
    run->readings = NULL;
    detect_close(&run->engine);
    sim_close(&run->sim);
    settings_close(&run->settings);
    catalog_close(&run->catalog);
}

static enum err_code simulate(struct run *run, struct err *err)
{
    const struct eval_simulator_options *o = &run->report->options;
    enum err_code code = ERR_OK;
    int64_t time_us = 0;
    run->end_us = sim_next_time_us(run->sim) + (int64_t)(o->days * (double)US_PER_DAY);
    while (code == ERR_OK && sim_next_time_us(run->sim) < run->end_us) {
        size_t count;
        code = sim_next(run->sim, run->readings, &count, &time_us, err);
        if (code == ERR_OK)
            code = detect_push(run->engine, run->readings, count, err);
        if (code == ERR_OK && run->done++ % 65536 == 0 && o->progress &&
            !o->progress(o->arg, run->done, run->total))
            code = err_set(err, ERR_CANCELLED, "stopped");
    }
    if (code == ERR_OK)
        code = detect_flush(run->engine, err);
    if (code == ERR_OK && run->found.failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for anomalies");
    return code;
}

static void add_example(struct run *run, const char *what, uint32_t sensor, const char *name,
                        int64_t from_us)
{
    struct eval_simulator_report *r = run->report;
    char full[PLANT_FULL_NAME_BYTES], time[TIME_TEXT_BYTES];
    if (r->example_count == EVAL_SIMULATOR_EXAMPLES)
        return;
    snprintf(r->examples[r->example_count++], EVAL_SIMULATOR_TEXT, "%s: seed %llu, %s, %s from %s",
             what, (unsigned long long)run->seed,
             sensor_full_name(catalog_sensor(run->catalog, sensor), full), name,
             time_to_text(from_us, time));
}

static bool overlaps(const struct anomaly *a, const struct sim_fault *f)
{
    int64_t end = a->end_us == TIME_NONE ? INT64_MAX : a->end_us;
    return a->sensor == f->sensor && a->start_us <= f->to_us && end >= f->from_us;
}

// The kinds, as bits, that name a fault rightly. A heater that fails is off when it should be on,
// or at another level; a supply that sags goes to another level, with resets that make it a burst
// of single low values when the sag is short.
static unsigned right_kinds(enum sim_fault_kind kind)
{
    static const unsigned kinds[SIM_FAULT_KIND_COUNT] = {
        [SIM_FAULT_SPIKE] = 1u << ANOMALY_SPIKE,
        [SIM_FAULT_DRIFT] = 1u << ANOMALY_DRIFT,
        [SIM_FAULT_DROPOUT] = 1u << ANOMALY_DROPOUT,
        [SIM_FAULT_STUCK] = 1u << ANOMALY_STUCK,
        [SIM_FAULT_NOISE] = 1u << ANOMALY_NOISE,
        [SIM_FAULT_HEATER] =
            1u << ANOMALY_SEASONAL | 1u << ANOMALY_LEVEL_SHIFT | 1u << ANOMALY_MULTIVARIATE,
        [SIM_FAULT_SUPPLY] =
            1u << ANOMALY_LEVEL_SHIFT | 1u << ANOMALY_SPIKE | 1u << ANOMALY_MULTIVARIATE,
    };
    return kinds[kind];
}

static bool is_rule(const struct anomaly *a)
{
    return strcmp(a->detector, "spike") == 0 || strcmp(a->detector, "drift") == 0 ||
           strcmp(a->detector, "dropout") == 0;
}

// Whether a statistical anomaly is what the fault does to its asset, then or just after.
static bool is_consequence(const struct run *run, const struct anomaly *a,
                           const struct sim_fault *f)
{
    int64_t end = a->end_us == TIME_NONE ? INT64_MAX : a->end_us;
    return !is_rule(a) && end >= f->from_us && a->start_us <= f->to_us + 5 * US_PER_MINUTE &&
           catalog_sensor(run->catalog, a->sensor)->asset ==
               catalog_sensor(run->catalog, f->sensor)->asset;
}

static bool add_delay(struct delays *d, double seconds)
{
    double *items = grow(d->items, d->n, &d->cap, sizeof *items);
    if (!items)
        return false;
    d->items = items;
    d->items[d->n++] = seconds;
    return true;
}

// Judges one fault; marks the anomalies that belong to it in `explained`.
static enum err_code judge_fault(struct run *run, const struct sim_fault *f, bool *explained,
                                 struct err *err)
{
    struct eval_simulator_kind *k = &run->report->kinds[f->kind];
    const struct anomaly *first = NULL;
    uint64_t right = 0, other = 0;
    for (size_t i = 0; i < run->found.n; i++) {
        const struct anomaly *a = &run->found.items[i];
        explained[i] = explained[i] || is_consequence(run, a, f);
        if (!overlaps(a, f))
            continue;
        explained[i] = true;
        bool is_right = right_kinds(f->kind) >> a->kind & 1 &&
                        (f->expected == SIM_NO_RULE || f->side == SIDE_NONE || a->side == f->side);
        right += is_right;
        other += !is_right;
        if (is_right && !first)
            first = a;
    }
    if (f->to_us >= run->end_us - US_PER_MINUTE)
        return ERR_OK; // it did not end within the run
    k->injected++;
    k->found += right + other > 0;
    k->other += other;
    if (!run->report->judged[f->kind])
        return ERR_OK;
    k->named += right > 0;
    k->again += right > 1 ? right - 1 : 0;
    if (!first)
        add_example(run, other ? "named wrongly" : "missed", f->sensor, sim_fault_name(f->kind),
                    f->from_us);
    else if (run->report->options.rules_only && (right > 1 || other))
        add_example(run, "alarmed twice", f->sensor, sim_fault_name(f->kind), f->from_us);
    int64_t visible = f->beyond_us == TIME_NONE ? f->from_us : f->beyond_us;
    if (first && !add_delay(&run->delays[f->kind], (double)(first->detected_us - visible) / 1e6))
        return err_set(err, ERR_NO_MEMORY, "out of memory for delays");
    return ERR_OK;
}

static enum err_code judge_plant(struct run *run, struct err *err)
{
    struct eval_simulator_report *r = run->report;
    struct detect_stats stats;
    size_t faults;
    const struct sim_fault *truth = sim_truth(run->sim, &faults);
    bool *explained = calloc(run->found.n + 1, sizeof *explained);
    if (!explained)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the comparison");
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < faults; i++)
        code = judge_fault(run, &truth[i], explained, err);
    for (size_t i = 0; i < run->found.n; i++) {
        const struct anomaly *a = &run->found.items[i];
        r->false_alarms += !explained[i];
        if (!explained[i])
            add_example(run, "false alarm", a->sensor, anomaly_kind_name(a->kind), a->start_us);
    }
    free(explained);
    detect_stats(run->engine, &stats);
    r->readings += stats.readings;
    r->anomalies += stats.anomalies;
    r->incidents += stats.incidents;
    r->sensor_days += (double)sim_sensor_count(run->sim) * r->options.days;
    return code;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sum_up(struct run *run)
{
    for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++) {
        struct delays *d = &run->delays[k];
        struct eval_simulator_kind *kind = &run->report->kinds[k];
        if (d->n)
            qsort(d->items, d->n, sizeof *d->items, by_size);
        kind->delay_median_s = d->n ? d->items[d->n / 2] : (double)NAN;
        kind->delay_max_s = d->n ? d->items[d->n - 1] : (double)NAN;
        free(d->items);
    }
    free(run->found.items);
}

static struct eval_simulator_options with_defaults(const struct eval_simulator_options *given)
{
    struct eval_simulator_options o = *given;
    o.plants = o.plants ? o.plants : 3;
    o.assets = o.assets ? o.assets : 2;
    o.days = o.days > 0 ? o.days : 2;
    o.rate_hz = o.rate_hz > 0 ? o.rate_hz : 1;
    o.faults_per_hour = o.faults_per_hour > 0 ? o.faults_per_hour : 2;
    return o;
}

enum err_code eval_simulator_run(const struct eval_simulator_options *options,
                                 struct eval_simulator_report *out, struct err *err)
{
    static const enum anomaly_kind expected[] = {
#define X(NAME, name, expected, text) (enum anomaly_kind)(expected),
        SIM_FAULTS(X)
#undef X
    };
    *out = (struct eval_simulator_report){.options = with_defaults(options)};
    struct eval_simulator_options *o = &out->options;
    if (!(o->days <= 36500))
        return err_set(err, ERR_USAGE, "%g days: at most 36,500 expected", o->days);
    for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++) {
        out->ruled[k] = expected[k] != SIM_NO_RULE;
        out->judged[k] = out->ruled[k] || !o->rules_only;
    }
    struct run run = {.report = out, .seed = o->seed};
    run.total = (uint64_t)((double)o->plants * o->days * 86400 * o->rate_hz);
    int64_t start = clock_mono_us();
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < o->plants; i++) {
        code = open_plant(&run, err);
        if (code == ERR_OK)
            code = simulate(&run, err);
        if (code == ERR_OK)
            code = judge_plant(&run, err);
        close_plant(&run);
        run.seed++;
    }
    sum_up(&run);
    out->seconds = (double)(clock_mono_us() - start) / 1e6;
    return code;
}

static bool rules_passed(const struct eval_simulator_report *r)
{
    bool passed = r->false_alarms == 0;
    for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++) {
        const struct eval_simulator_kind *kind = &r->kinds[k];
        if (r->ruled[k])
            passed &= kind->named == kind->injected && kind->again == 0 && kind->other == 0;
    }
    return passed;
}

bool eval_simulator_passed(const struct eval_simulator_report *r)
{
    if (r->options.rules_only)
        return rules_passed(r);
    uint64_t injected = 0, named = 0;
    bool passed = (double)r->false_alarms < 0.1 * r->sensor_days;
    for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++) {
        const struct eval_simulator_kind *kind = &r->kinds[k];
        injected += kind->injected;
        named += kind->named;
        passed &= !r->ruled[k] || kind->found == kind->injected;
    }
    return passed && (double)named >= 0.95 * (double)injected;
}
