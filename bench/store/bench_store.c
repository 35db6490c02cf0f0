// How fast the store takes readings, how large they become on disk, how much memory it needs.
//
// usage: bench_store [FOLDER], where the database is made (default: the temporary folder).
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/rng.h"
#include "store/store.h"

struct bench {
    char dir[512];
    struct settings *settings;
    struct catalog *catalog;
    struct store *store;
    struct err err;
};

static void check(struct bench *b, enum err_code code)
{
    if (code == ERR_OK)
        return;
    fprintf(stderr, "bench_store: %s\n", b->err.text);
    exit(1);
}

static double rss_mb(void)
{
    char line[256];
    double kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %lf", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb / 1024;
}

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void open_store(struct bench *b, const char *folder, size_t sensors)
{
    static const struct setting_def *const tables[] = {store_settings};
    snprintf(b->dir, sizeof b->dir, "%s/fettle-bench-XXXXXX", folder);
    if (!mkdtemp(b->dir)) {
        perror(b->dir);
        exit(1);
    }
    b->settings = settings_open(tables, 1);
    b->catalog = catalog_open(0);
    check(b, store_open(b->dir, b->settings, b->catalog, &b->store, &b->err));
    for (size_t i = 0; i < sensors; i++) {
        char asset[32];
        uint32_t id;
        snprintf(asset, sizeof asset, "asset-%zu", i / 3);
        static const char *const parameters[] = {"temperature", "pressure", "flow"};
        check(b, catalog_intern(b->catalog, str_of(asset), str_of(parameters[i % 3]), STR_LIT(""),
                                &id, &b->err));
    }
}

static void close_store(struct bench *b)
{
    char command[600];
    check(b, store_close(&b->store, &b->err));
    catalog_close(&b->catalog);
    settings_close(&b->settings);
    snprintf(command, sizeof command, "rm -rf '%s'", b->dir);
    if (system(command) != 0)
        fprintf(stderr, "could not remove %s\n", b->dir);
    malloc_trim(0);
}

// A sensor's course: a slow wave and noise, with the given number of decimals (negative: all bits).
static double course(struct rng *rng, size_t sensor, int64_t second, int decimals)
{
    double v = 20 + (double)(sensor % 50) + 5 * sin((double)second / 3000) + rng_normal(rng) / 5;
    if (decimals < 0)
        return v;
    double scale = pow(10, decimals);
    return round(v * scale) / scale;
}

static void committed(struct store_batch *batch, enum err_code code, const struct err *err)
{
    struct bench *b = batch->arg;
    if (code == ERR_OK)
        return;
    b->err = *err;
    check(b, code);
}

// `rounds` batches of one reading a sensor each second (or `each` of them), as fast as possible.
static void appends(const char *folder, const char *what, size_t sensors, size_t each,
                    size_t rounds, int decimals)
{
    enum { AHEAD = 8 };
    struct bench b = {0};
    struct rng rng;
    double before_mb = rss_mb();
    size_t n = sensors * each;
    struct reading *readings[AHEAD];
    open_store(&b, folder, sensors);
    rng_seed(&rng, 1);
    for (size_t k = 0; k < AHEAD; k++)
        readings[k] = malloc(n * sizeof **readings);
    double buffers_mb = (double)(n * AHEAD * sizeof **readings) / 1048576;
    double seconds = 0, cpu = 0;
    int64_t second = 1700000000;
    for (size_t round = 0; round < rounds; round += AHEAD) {
        for (size_t k = 0; k < AHEAD; k++)
            for (size_t i = 0; i < n; i++) {
                size_t sensor = i / each;
                int64_t at = second + (int64_t)(k * each + i % each);
                readings[k][i] = (struct reading){
                    at * US_PER_SECOND + (int64_t)sensor % 1000 * 1000,
                    course(&rng, sensor, at, decimals), (uint32_t)sensor, QUALITY_GOOD};
            }
        second += (int64_t)(AHEAD * each);
        struct store_batch batches[AHEAD], barrier = {0};
        int64_t start = clock_mono_us();
        double cpu_start = cpu_seconds();
        for (size_t k = 0; k < AHEAD; k++) {
            batches[k] = (struct store_batch){
                .readings = readings[k], .reading_count = n, .done = committed, .arg = &b};
            check(&b, store_submit(b.store, &batches[k], &b.err));
        }
        check(&b, store_write(b.store, &barrier, &b.err));
        seconds += (double)(clock_mono_us() - start) / 1e6;
        cpu += cpu_seconds() - cpu_start;
    }
    struct store_stats stats;
    store_stats(b.store, &stats);
    double total = (double)n * (double)rounds, mb = rss_mb() - before_mb - buffers_mb;
    int64_t start = clock_mono_us();
    check(&b, store_close(&b.store, &b.err));
    catalog_close(&b.catalog);
    double close_ms = (double)(clock_mono_us() - start) / 1e3;
    b.catalog = catalog_open(0);
    start = clock_mono_us();
    check(&b, store_open(b.dir, b.settings, b.catalog, &b.store, &b.err));
    double open_ms = (double)(clock_mono_us() - start) / 1e3;
    struct store_stats after;
    store_stats(b.store, &after);
    printf("%-34s %9.0f readings/s  %5.2f us CPU each  %5.2f bytes each  %5.1f MB  commits %llu "
           "(mean %.1f, worst %.1f ms)  close %.0f ms  open %.0f ms\n",
           what, total / seconds, cpu / total * 1e6, (double)after.database_bytes / total, mb,
           (unsigned long long)stats.commits,
           (double)stats.commit_us_total / (double)stats.commits / 1e3,
           (double)stats.commit_us_max / 1e3, close_ms, open_ms);
    for (size_t k = 0; k < AHEAD; k++)
        free(readings[k]);
    close_store(&b);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    appends(folder, "3 sensors, 1 decimal", 3, 10000, 400, 1);
    appends(folder, "3 sensors, 3 decimals", 3, 10000, 400, 3);
    appends(folder, "3 sensors, all bits", 3, 10000, 200, -1);
    appends(folder, "300 sensors, 2 decimals", 300, 100, 400, 2);
    appends(folder, "10,000 sensors, 2 decimals", 10000, 1, 800, 2);
    return 0;
}
