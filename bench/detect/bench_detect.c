// Prints how many readings a second the engine judges on one core, by its rules alone or with all
// detectors: best of several.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "detect/detect.h"

enum { ROUNDS = 5, READINGS = 6000000, BLOCK = 8192 };

// How the readings of one second lie: as sensors are numbered, or as they happen to come.
enum order { IN_ORDER, SHUFFLED, UNEVEN };
static const char *const order_names[] = {"in order", "shuffled within a second",
                                          "at uneven times, out of order by up to 1.9 s"};

static uint64_t told;

static void count_anomaly(void *arg, const struct anomaly *a, enum change change)
{
    (void)arg;
    (void)a;
    told += change == CHANGE_OPENED;
}

static struct catalog *make_catalog(uint32_t sensors)
{
    static const char *const parameters[] = {"temperature", "pressure", "flow"};
    struct catalog *c = catalog_open(0);
    struct err err;
    for (uint32_t i = 0; c && i < sensors; i++) {
        char asset[32];
        uint32_t id;
        snprintf(asset, sizeof asset, "pipe-%u", i / 3);
        if (catalog_intern(c, str_of(asset), str_of(parameters[i % 3]), str_of(""), &id, &err) !=
            ERR_OK)
            catalog_close(&c);
    }
    return c;
}

// Healthy values at one a second, and one reading in 10,000 a spike.
static void make_readings(uint32_t sensors, enum order order, struct reading *out)
{
    static const double normal[] = {20, 2, 60}, spike[] = {50, 4.5, 130};
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < READINGS; i++) {
        uint32_t s = (uint32_t)(i % sensors);
        double value = rng_below(&rng, 10000) ? normal[s % 3] + rng_uniform(&rng) : spike[s % 3];
        int64_t time = (int64_t)(i / sensors) * US_PER_SECOND;
        if (order == UNEVEN)
            time += (int64_t)rng_below(&rng, 1900) * 1000;
        out[i] = (struct reading){time, value, s, QUALITY_GOOD};
    }
    for (size_t i = 0; order == SHUFFLED && i + sensors <= READINGS; i += sensors) {
        for (uint32_t k = sensors - 1; k > 0; k--) {
            uint32_t j = (uint32_t)rng_below(&rng, k + 1);
            struct reading swap = out[i + k];
            out[i + k] = out[i + j];
            out[i + j] = swap;
        }
    }
}

static int run(uint32_t sensors, enum order order, bool rules_only, struct reading *readings)
{
    static const struct setting_def *const tables[] = {detect_settings};
    struct settings *settings = settings_open(tables, 1);
    struct catalog *catalog = make_catalog(sensors);
    struct detect_events events = {.anomaly = count_anomaly};
    struct detect_stats stats = {0};
    struct err err;
    int64_t best = INT64_MAX;
    if (!settings || !catalog)
        return 1;
    if (rules_only && settings_set_pair(settings, "rules.sensitivity=0", &err) != ERR_OK)
        return 1;
    make_readings(sensors, order, readings);
    for (int round = 0; round < ROUNDS; round++) {
        struct detect *d;
        told = 0;
        if (detect_open(catalog, settings, &events, 1, &d, &err) != ERR_OK)
            return 1;
        int64_t start = clock_mono_us();
        for (size_t i = 0; i < READINGS; i += BLOCK) {
            size_t n = READINGS - i < BLOCK ? READINGS - i : BLOCK;
            if (detect_push(d, readings + i, n, &err) != ERR_OK)
                return 1;
        }
        int64_t took = clock_mono_us() - start;
        best = took < best ? took : best;
        detect_stats(d, &stats);
        detect_close(&d);
    }
    printf("%-13s %6u sensors, %-45s %6.2f million readings/s, %5.0f bytes of state a sensor, "
           "%llu anomalies, %llu late\n",
           rules_only ? "rules" : "all detectors", sensors, order_names[order],
           (double)READINGS / (double)best, (double)stats.state_bytes / sensors,
           (unsigned long long)told, (unsigned long long)stats.late);
    catalog_close(&catalog);
    settings_close(&settings);
    return 0;
}

// bench_detect, or bench_detect rules|all SENSORS for one line of its table.
int main(int argc, char **argv)
{
    struct reading *readings = calloc(READINGS, sizeof *readings);
    int failed = readings ? 0 : 1;
    if (argc == 3 && !failed) {
        failed = run((uint32_t)strtoul(argv[2], NULL, 10), IN_ORDER, strcmp(argv[1], "rules") == 0,
                     readings);
        free(readings);
        return failed;
    }
    for (int order = IN_ORDER; !failed && order <= UNEVEN; order++)
        failed = run(3, (enum order)order, true, readings) ||
                 run(300, (enum order)order, true, readings) ||
                 run(10000, (enum order)order, true, readings);
    failed = failed || run(3, IN_ORDER, false, readings) || run(300, IN_ORDER, false, readings) ||
             run(10000, IN_ORDER, false, readings);
    free(readings);
    return failed;
}
