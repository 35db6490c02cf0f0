// Fuzzes every format of a body: what comes out is sound, and a good line behind any bytes is read.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "ingest/ingest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct catalog *catalog;
    uint64_t readings, refused, good;
};

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static enum err_code take(void *arg, const struct reading *r, size_t count, struct err *err)
{
    (void)err;
    struct seen *seen = arg;
    seen->readings += count;
    expect(count > 0);
    for (size_t i = 0; i < count; i++) {
        const struct sensor *s = catalog_sensor(seen->catalog, r[i].sensor);
        expect(s && plant_name_valid(str_of(s->asset_name)) &&
               plant_name_valid(str_of(s->parameter)));
        expect(r[i].time_us >= TIME_MIN_US && r[i].time_us <= TIME_MAX_US);
        expect(isfinite(r[i].value) || (isnan(r[i].value) && r[i].quality == QUALITY_MISSING));
        seen->good += str_is(str_of(s->asset_name), "zz-good") && r[i].value == 4711;
    }
    return ERR_OK;
}

static void hear(void *arg, uint64_t line, const char *why)
{
    ((struct seen *)arg)->refused++;
    expect(line > 0 && *why && str_is_utf8(str_of(why)));
    for (; *why; why++)
        expect((unsigned char)*why >= 0x20 && *why != 0x7f);
}

// One catalogue serves many runs, because making one is slow; a full one is replaced.
static struct catalog *roomy_catalog(void)
{
    static struct catalog *c;
    if (c && catalog_sensor_count(c) > 3000)
        catalog_close(&c);
    if (!c)
        c = catalog_open(0);
    expect(c != NULL);
    return c;
}

static struct seen parse(enum ingest_format format, struct str body)
{
    struct seen seen = {.catalog = roomy_catalog()};
    struct ingest_sink sink = {
        .catalog = seen.catalog, .readings = take, .refused = hear, .arg = &seen};
    struct ingest_counts counts = {0};
    struct err err;
    enum err_code code = ingest_parse(format, body, 1700000000 * US_PER_SECOND,
                                      format == INGEST_AUTO ? 1e3 : 0, &sink, &counts, &err);
    // CSV alone can be refused as a whole.
    expect(code == ERR_OK || code == ERR_INPUT);
    expect(counts.accepted == seen.readings && counts.refused == seen.refused);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        enum ingest_format format;
        const char *line;
    } kinds[] = {{INGEST_NDJSON, "\n{\"sensor\":\"zz-good/x\",\"value\":4711}\n"},
                 {INGEST_LINE_PROTOCOL, "\nm,asset=zz-good x=4711\n"}};
    struct str text = {(const char *)data, size};
    for (int f = INGEST_AUTO; f <= INGEST_CSV; f++)
        parse((enum ingest_format)f, text);
    for (size_t i = 0; i < 2; i++) {
        struct buf body = {0};
        buf_add_str(&body, text);
        buf_add_z(&body, kinds[i].line);
        expect(parse(kinds[i].format, buf_str(&body)).good == 1);
        buf_free(&body);
    }
    return 0;
}
