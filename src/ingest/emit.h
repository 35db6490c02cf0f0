// What every source shares on the way out: sensors by name, checks, blocks to the sink, refusals.
//
// Private to this folder. One thread owns an emit.
#ifndef FETTLE_INGEST_EMIT_H
#define FETTLE_INGEST_EMIT_H

#include "ingest/ingest.h"

enum { INGEST_BLOCK = 512, INGEST_WHY_BYTES = 256 };

struct ingest_name; // a remembered name

struct ingest_emit {
    const struct ingest_sink *sink;
    struct ingest_counts *counts;
    enum err_code code; // why the source must stop; ERR_OK: go on
    struct err *err;    // the caller's
    int64_t oldest_us, newest_us;
    struct ingest_name *names; // a power of two of them
    size_t name_mask;
    size_t n;
    struct reading block[INGEST_BLOCK];
};

// `input_bytes` is a hint of how much will come: it sizes the memory for names.
enum err_code ingest_emit_open(struct ingest_emit *e, const struct ingest_sink *sink,
                               struct ingest_counts *counts, size_t input_bytes, struct err *err);

// Flushes and frees; the code that the source returns.
enum err_code ingest_emit_close(struct ingest_emit *e);

// Passes on what waits. False when the source must stop (e->code says why).
bool ingest_emit_flush(struct ingest_emit *e);

// Takes one reading; a value that is not finite is missing. Refuses it when its time is outside
// the sink's bounds. False when the source must stop.
bool ingest_emit_reading(struct ingest_emit *e, uint64_t line, uint32_t sensor, int64_t time_us,
                         double value, enum reading_quality quality);

// Counts and reports a refusal.
void ingest_emit_refuse(struct ingest_emit *e, uint64_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// The sensor "asset/parameter", added when new; an empty `parameter` means that `asset` is a full
// name. On a bad name or a full catalogue: refuses and returns false. Lack of memory stops the
// source.
bool ingest_emit_sensor(struct ingest_emit *e, uint64_t line, struct str asset,
                        struct str parameter, struct str unit, uint32_t *sensor);

// A sensor remembered under a pair of spans that name it in the source's own way. The spans must
// stay where they are as long as the emit is open.
bool ingest_emit_recall(const struct ingest_emit *e, struct str a, struct str b, uint32_t *sensor);
void ingest_emit_remember(struct ingest_emit *e, struct str a, struct str b, uint32_t sensor);

#endif
