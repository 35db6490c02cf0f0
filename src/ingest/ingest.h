// Sources of readings: each parses or makes readings and hands them on through a callback.
#ifndef FETTLE_INGEST_INGEST_H
#define FETTLE_INGEST_INGEST_H

#include "base/err.h"
#include "base/settings.h"
#include "plant/catalog.h"
#include "plant/plant.h"

// Takes readings in the order of the source, in blocks. Anything but ERR_OK stops the source, which
// returns that code.
typedef enum err_code ingest_readings_fn(void *arg, const struct reading *readings, size_t count,
                                         struct err *err);

// Hears of a line, row or element that was refused. `line` counts from 1 (the element's number for
// a JSON array); `why` is a sentence for people. Parsing goes on with the next one.
typedef void ingest_refused_fn(void *arg, uint64_t line, const char *why);

struct ingest_sink {
    struct catalog *catalog; // sensors are added as they are met
    ingest_readings_fn *readings;
    ingest_refused_fn *refused; // may be NULL
    void *arg;
    // Readings outside [oldest_us, newest_us] are refused ("in the future", "before ..."). Zeroes
    // mean TIME_MIN_US and TIME_MAX_US.
    int64_t oldest_us, newest_us;
};

struct ingest_counts {
    uint64_t accepted; // readings that the sink took
    uint64_t refused;  // calls of `refused`
    uint64_t skipped; // fields that are text by their format (line protocol, Telegraf's JSON): they
                      // are no readings, and nobody's mistake
};

// ---- formats of a request body (POST /api/v1/readings) and of stdin ----

enum ingest_format {
    INGEST_AUTO,          // told from the first bytes (CSV only by ingest_stream)
    INGEST_JSON,          // an array of objects, or one object (or several, one after another)
    INGEST_NDJSON,        // an object a line
    INGEST_LINE_PROTOCOL, // InfluxDB line protocol
    INGEST_CSV,           // see csv_replay.h
};

// Parses a whole body and adds to `*counts`. Bad input is never an error here: it is refused, place
// by place, through the sink; errors are the sink's own, lack of memory, and CSV in which no column
// holds a sensor. docs/ingest.md says
// what is read and what becomes of bad input. `now_us` is the time of readings that carry none;
// `precision` (us per unit of an integer time in line protocol; 0: nanoseconds, as InfluxDB's
// default).
enum err_code ingest_parse(enum ingest_format format, struct str body, int64_t now_us,
                           double precision_us, const struct ingest_sink *sink,
                           struct ingest_counts *counts, struct err *err);

#endif
