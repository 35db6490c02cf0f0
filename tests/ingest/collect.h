// A sink that writes what it gets as text, so that a test compares one string.
#ifndef FETTLE_TESTS_INGEST_COLLECT_H
#define FETTLE_TESTS_INGEST_COLLECT_H

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "ingest/ingest.h"

struct collect {
    struct catalog *catalog;
    struct buf readings; // "asset/parameter time value[?];" a reading; "-" for a missing value
    struct buf refused;  // "line: why\n" each
    struct ingest_counts counts;
    struct ingest_sink sink;
    struct err err;
};

static enum err_code collect_readings(void *arg, const struct reading *r, size_t count,
                                      struct err *err)
{
    (void)err;
    struct collect *c = arg;
    for (size_t i = 0; i < count; i++) {
        const struct sensor *s = catalog_sensor(c->catalog, r[i].sensor);
        char time[TIME_TEXT_BYTES];
        buf_printf(&c->readings, "%s/%s %s ", s->asset_name, s->parameter,
                   time_to_text(r[i].time_us, time));
        if (isnan(r[i].value) != (r[i].quality == QUALITY_MISSING))
            buf_add_z(&c->readings, "WRONG QUALITY ");
        if (isnan(r[i].value))
            buf_add_z(&c->readings, "-");
        else
            buf_add_double(&c->readings, r[i].value);
        buf_add_z(&c->readings, r[i].quality == QUALITY_SUSPECT ? "?;" : ";");
    }
    return ERR_OK;
}

static void collect_refused(void *arg, uint64_t line, const char *why)
{
    struct collect *c = arg;
    buf_printf(&c->refused, "%llu: %s\n", (unsigned long long)line, why);
}

static inline void collect_open(struct collect *c)
{
    *c = (struct collect){.catalog = catalog_open(0)};
    buf_add_z(&c->readings, "");
    buf_add_z(&c->refused, "");
    c->sink = (struct ingest_sink){
        .catalog = c->catalog, .readings = collect_readings, .refused = collect_refused, .arg = c};
}

static inline void collect_close(struct collect *c)
{
    catalog_close(&c->catalog);
    buf_free(&c->readings);
    buf_free(&c->refused);
}

#endif
