// A day of a large plant in one process: source, store and detection, as fast as the machine can.
//
//     build/bench/bench_day [FOLDER [ASSETS [HOURS]]]      (6 sensors an asset, 1 Hz)
//
// Prints for every simulated hour the resident memory, the bytes on disk, and the share of one core
// that the plant would take at its own pace (processor time over simulated time, the simulator's
// own share taken off).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/app.h"
#include "ingest/sim.h"

static double processor_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double resident_mib(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

// What the simulator alone costs for an hour.
static double simulator_s(const struct sim_config *config, struct reading *block, struct err *err)
{
    struct catalog *catalog = catalog_open(0);
    struct sim *sim = NULL;
    double before = processor_s();
    if (catalog && sim_open(config, catalog, &sim, err) == ERR_OK) {
        size_t count;
        int64_t t;
        for (int i = 0; i < 3600; i++)
            if (sim_next(sim, block, &count, &t, err) != ERR_OK)
                break;
    }
    sim_close(&sim);
    catalog_close(&catalog);
    return processor_s() - before;
}

// Several seconds go in one delivery, or waiting for the disk would be most of the time.
enum { DELIVERY_S = 8 };

static enum err_code run_hour(struct app *app, struct sim *sim, struct reading *block,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    size_t filled = 0;
    for (int i = 1; code == ERR_OK && i <= 3600; i++) {
        size_t count;
        int64_t t;
        code = sim_next(sim, block + filled, &count, &t, err);
        filled += count;
        if (code == ERR_OK && i % DELIVERY_S == 0) {
            code = app_submit_wait(app, block, filled, NULL, NULL, err);
            filled = 0;
        }
    }
    return code;
}

int main(int argc, char **argv)
{
    static const char *const sets[] = {"store.retain_readings=1h"};
    char folder[] = "/tmp/fettle-day-XXXXXX";
    struct app_sources from = {
        .data_dir = argc > 1 ? argv[1] : mkdtemp(folder), .sets = sets, .set_count = 1};
    from.tables = app_setting_tables(&from.table_count);
    struct sim_config config = {.seed = 1,
                                .assets = argc > 2 ? (uint32_t)atoi(argv[2]) : 1667,
                                .start_us = clock_wall_us() / US_PER_DAY * US_PER_DAY,
                                .rate_hz = 1,
                                .faults_per_hour = 0.01,
                                .truth_max = 100};
    int hours = argc > 3 ? atoi(argv[3]) : 24;
    struct app *app = NULL;
    struct sim *sim = NULL;
    struct err err = {0};
    struct reading *block =
        calloc((size_t)config.assets * SIM_PARAMETER_COUNT * DELIVERY_S, sizeof *block);
    if (!block || !from.data_dir)
        return 1;
    double simulator = simulator_s(&config, block, &err);
    enum err_code code = app_open(&from, &app, &err);
    if (code == ERR_OK)
        code = sim_open(&config, app_catalog(app), &sim, &err);
    printf("%zu sensors at 1 Hz, data in %s\n", (size_t)config.assets * SIM_PARAMETER_COUNT,
           from.data_dir);
    for (int hour = 1; code == ERR_OK && hour <= hours; hour++) {
        double cpu = processor_s();
        int64_t wall = clock_mono_us();
        code = run_hour(app, sim, block, &err);
        cpu = processor_s() - cpu - simulator;
        double seconds = (double)(clock_mono_us() - wall) / 1e6;
        struct store_stats stats;
        store_stats(app_store(app), &stats);
        printf("hour %2d: %5.1f MiB resident, %6.1f MiB on disk, %4.1f %% of a core at 1 Hz, %.2f "
               "million readings/s now\n",
               hour, resident_mib(), (double)stats.database_bytes / (1 << 20), cpu / 36,
               (double)config.assets * SIM_PARAMETER_COUNT * 3600 / seconds / 1e6);
        fflush(stdout);
    }
    sim_close(&sim);
    if (app)
        code = app_close(&app, &err) == ERR_OK ? code : ERR_IO;
    free(block);
    if (code != ERR_OK)
        fprintf(stderr, "%s\n", err.text);
    return code != ERR_OK;
}
