// The way out of every source.
#include "ingest/emit.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct ingest_name {
    uint64_t hash; // 0: empty
    const char *a, *b;
    uint32_t a_n, b_n;
    uint32_t sensor;
};

// Longer names are not remembered: hashing them would cost more than it saves.
enum { REMEMBERED_BYTES = 8192 };

enum { NAMES_MIN = 32, NAMES_MAX = 32768, BYTES_PER_NAME = 64 };

enum err_code ingest_emit_open(struct ingest_emit *e, const struct ingest_sink *sink,
                               struct ingest_counts *counts, size_t input_bytes, struct err *err)
{
    size_t names = NAMES_MIN;
    while (names < NAMES_MAX && names < input_bytes / BYTES_PER_NAME)
        names *= 2;
    e->sink = sink;
    e->counts = counts;
    e->code = ERR_OK;
    e->err = err;
    e->oldest_us = sink->oldest_us ? sink->oldest_us : TIME_MIN_US;
    e->newest_us = sink->newest_us ? sink->newest_us : TIME_MAX_US;
    e->n = 0;
    e->name_mask = names - 1;
    e->names = calloc(names, sizeof *e->names);
    if (!e->names)
        e->code = err_set(err, ERR_NO_MEMORY, "out of memory for %zu names", names);
    return e->code;
}

enum err_code ingest_emit_close(struct ingest_emit *e)
{
    ingest_emit_flush(e);
    free(e->names);
    e->names = NULL;
    return e->code;
}

bool ingest_emit_flush(struct ingest_emit *e)
{
    if (e->n && e->code == ERR_OK) {
        e->code = e->sink->readings(e->sink->arg, e->block, e->n, e->err);
        if (e->code == ERR_OK)
            e->counts->accepted += e->n;
    }
    e->n = 0;
    return e->code == ERR_OK;
}

static void refuse_time(struct ingest_emit *e, uint64_t line, int64_t time_us)
{
    char at[TIME_TEXT_BYTES], limit[TIME_TEXT_BYTES];
    bool future = time_us > e->newest_us;
    time_to_text(time_us, at);
    time_to_text(future ? e->newest_us : e->oldest_us, limit);
    ingest_emit_refuse(e, line, "time %s is %s: nothing %s %s is taken",
                       *at ? at : "beyond the year 9999", future ? "in the future" : "too old",
                       future ? "after" : "before", limit);
}

bool ingest_emit_reading(struct ingest_emit *e, uint64_t line, uint32_t sensor, int64_t time_us,
                         double value, enum reading_quality quality)
{
    if (time_us < e->oldest_us || time_us > e->newest_us) {
        refuse_time(e, line, time_us);
        return e->code == ERR_OK;
    }
    if (!isfinite(value) || quality == QUALITY_MISSING) {
        value = (double)NAN;
        quality = QUALITY_MISSING;
    }
    e->block[e->n++] = (struct reading){time_us, value, sensor, quality};
    return e->n < INGEST_BLOCK || ingest_emit_flush(e);
}

// Reasons quote what came in: nothing of that may reach a terminal or a log as control characters
// or broken UTF-8.
static void make_printable(char *text)
{
    size_t n = strlen(text), cut = n;
    while (cut && n - cut < 4 && !str_is_utf8((struct str){text, cut}))
        cut--;
    bool utf8 = str_is_utf8((struct str){text, cut});
    if (utf8)
        text[n = cut] = '\0';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f || (!utf8 && c >= 0x80))
            text[i] = '?';
    }
}

void ingest_emit_refuse(struct ingest_emit *e, uint64_t line, const char *fmt, ...)
{
    e->counts->refused++;
    if (!e->sink->refused)
        return;
    char why[INGEST_WHY_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    make_printable(why);
    e->sink->refused(e->sink->arg, line, why);
}

bool ingest_emit_sensor(struct ingest_emit *e, uint64_t line, struct str asset,
                        struct str parameter, struct str unit, uint32_t *sensor)
{
    char full[PLANT_FULL_NAME_BYTES];
    struct str key = asset;
    if (asset.n + 1 + parameter.n >= sizeof full) {
        ingest_emit_refuse(e, line,
                           "a sensor's name of %zu bytes: at most %d for the asset and %d "
                           "for the parameter",
                           asset.n + parameter.n, PLANT_NAME_BYTES - 1, PLANT_NAME_BYTES - 1);
        return false;
    }
    if (parameter.n) {
        memcpy(full, asset.p, asset.n);
        full[asset.n] = '/';
        memcpy(full + asset.n + 1, parameter.p, parameter.n);
        key = (struct str){full, asset.n + 1 + parameter.n};
    }
    // A slash inside one of the parts would make another sensor's name: such parts go the long way,
    // where they are refused.
    bool split_once =
        !parameter.n || (!memchr(asset.p, '/', asset.n) && !memchr(parameter.p, '/', parameter.n));
    if (split_once && catalog_find_full(e->sink->catalog, key, sensor))
        return true;
    struct err why;
    enum err_code code =
        parameter.n
            ? catalog_intern(e->sink->catalog, asset, parameter, unit, sensor, &why)
            : catalog_intern_full(e->sink->catalog, asset, (struct str){"", 0}, unit, sensor, &why);
    if (code == ERR_OK)
        return true;
    if (code == ERR_NO_MEMORY)
        e->code = err_set(e->err, code, "%s", why.text);
    else
        ingest_emit_refuse(e, line, "%s", why.text);
    return false;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

static uint64_t hash_span(uint64_t h, struct str s)
{
    uint64_t v;
    const char *p = s.p;
    size_t n = s.n;
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&v, p, 8);
        h = mix(h, v);
    }
    v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | (unsigned char)p[i];
    return mix(h, v ^ (uint64_t)s.n << 56);
}

static uint64_t hash_pair(struct str a, struct str b)
{
    return hash_span(hash_span(1, a), b) | 1;
}

static struct ingest_name *name_slot(const struct ingest_emit *e, uint64_t hash)
{
    return &e->names[hash >> 17 & e->name_mask];
}

bool ingest_emit_recall(const struct ingest_emit *e, struct str a, struct str b, uint32_t *sensor)
{
    if (a.n + b.n > REMEMBERED_BYTES)
        return false;
    uint64_t hash = hash_pair(a, b);
    const struct ingest_name *slot = name_slot(e, hash);
    if (slot->hash != hash || !str_eq((struct str){slot->a, slot->a_n}, a) ||
        !str_eq((struct str){slot->b, slot->b_n}, b))
        return false;
    *sensor = slot->sensor;
    return true;
}

void ingest_emit_remember(struct ingest_emit *e, struct str a, struct str b, uint32_t sensor)
{
    if (a.n + b.n > REMEMBERED_BYTES)
        return;
    uint64_t hash = hash_pair(a, b);
    *name_slot(e, hash) =
        (struct ingest_name){hash, a.p, b.p, (uint32_t)a.n, (uint32_t)b.n, sensor};
}
