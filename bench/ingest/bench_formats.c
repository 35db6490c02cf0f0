// Prints how many readings a second each format of a body gives on one core: best of several.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "ingest/ingest.h"

enum { ROUNDS = 7, SENSORS = 300, READINGS = 60000 };

static uint64_t received;

static enum err_code count_readings(void *arg, const struct reading *r, size_t count,
                                    struct err *err)
{
    (void)arg, (void)r, (void)err;
    received += count;
    return ERR_OK;
}

typedef void make_body_fn(struct buf *body, int i, double value);

static void json_object_line(struct buf *body, int i, double value)
{
    buf_printf(body, "{\"sensor\":\"wtf-pipe-%d/temperature\",\"time\":%d,\"value\":%.2f}\n",
               i % SENSORS, 1700000000 + i / SENSORS, value);
}

static void json_element(struct buf *body, int i, double value)
{
    buf_printf(body,
               "%s{\"sensor\":\"wtf-pipe-%d/temperature\",\"time\":\"2026-11-21T09:%02d:%02dZ\","
               "\"value\":%.2f}%s",
               i ? "," : "[", i % SENSORS, i / SENSORS / 60 % 60, i / SENSORS % 60, value,
               i == READINGS - 1 ? "]" : "");
}

static void json_wide(struct buf *body, int i, double value)
{
    if (i % 3 == 0)
        buf_printf(body,
                   "{\"asset\":\"wtf-pipe-%d\",\"time\":%d,\"values\":{\"temperature\":%.2f,"
                   "\"pressure\":2.1,\"flow\":60.5}}\n",
                   i / 3 % 100, 1700000000 + i / SENSORS, value);
}

static void line_single(struct buf *body, int i, double value)
{
    buf_printf(body, "temperature,asset=wtf-pipe-%d value=%.2f %d000000000\n", i % SENSORS, value,
               1700000000 + i / SENSORS);
}

static void line_three_fields(struct buf *body, int i, double value)
{
    if (i % 3 == 0)
        buf_printf(body,
                   "water,asset=wtf-pipe-%d temperature=%.2f,pressure=2.1,flow=60.5 %d000000000\n",
                   i / 3 % 100, value, 1700000000 + i / SENSORS);
}

static void csv_long(struct buf *body, int i, double value)
{
    if (i == 0)
        buf_add_z(body, "time,sensor,value\n");
    buf_printf(body, "2026-11-21T09:%02d:%02dZ,wtf-pipe-%d/temperature,%.2f\n",
               i / SENSORS / 60 % 60, i / SENSORS % 60, i % SENSORS, value);
}

static void csv_wide(struct buf *body, int i, double value)
{
    if (i == 0)
        buf_add_z(body, "datetime;Accelerometer1RMS;Accelerometer2RMS;Current;Pressure;Temperature;"
                        "Thermocouple;Voltage;Volume Flow RateRMS;anomaly;changepoint\n");
    if (i % 10 == 0)
        buf_printf(body,
                   "2020-03-09 10:%02d:%02d;0.0265878;0.0401113;1.3302;0.054711;79.3366;%.4f;"
                   "233.062;32.0;0.0;0.0\n",
                   i / 600 % 60, i / 10 % 60, value);
}

static void run(const char *name, enum ingest_format format, make_body_fn *make)
{
    struct rng rng;
    rng_seed(&rng, 1);
    struct buf body = {0};
    for (int i = 0; i < READINGS; i++)
        make(&body, i, 20 + 5 * rng_uniform(&rng));
    struct ingest_sink sink = {.catalog = catalog_open(0), .readings = count_readings};
    int64_t best = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        struct ingest_counts counts = {0};
        struct err err;
        received = 0;
        int64_t start = clock_mono_us();
        if (ingest_parse(format, buf_str(&body), 0, 0, &sink, &counts, &err) != ERR_OK ||
            counts.refused || received != READINGS) {
            fprintf(stderr, "%s: %" PRIu64 " of %d readings\n", name, received, READINGS);
            exit(1);
        }
        int64_t took = clock_mono_us() - start;
        if (took < best)
            best = took;
    }
    printf("%-28s %7.2f million readings/s %7.0f MB/s\n", name, READINGS / (double)best,
           (double)body.n / (double)best);
    buf_free(&body);
    catalog_close(&sink.catalog);
}

int main(void)
{
    run("json objects, a line each", INGEST_NDJSON, json_object_line);
    run("json array, RFC 3339 times", INGEST_JSON, json_element);
    run("json wide objects", INGEST_NDJSON, json_wide);
    run("line protocol, one field", INGEST_LINE_PROTOCOL, line_single);
    run("line protocol, three fields", INGEST_LINE_PROTOCOL, line_three_fields);
    run("csv, wide, 10 columns", INGEST_CSV, csv_wide);
    run("csv, long", INGEST_CSV, csv_long);
    return 0;
}
