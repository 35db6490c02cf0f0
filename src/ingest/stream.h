// Reads readings from a descriptor as they come: any format, line by line, with low latency.
#ifndef FETTLE_INGEST_STREAM_H
#define FETTLE_INGEST_STREAM_H

#include "ingest/csv_replay.h"

// Zero-initialise for the defaults.
struct ingest_stream_options {
    enum ingest_format format;     // INGEST_AUTO: told from the first line
    double precision_us;           // as for ingest_parse
    struct csv_replay_options csv; // when it is CSV; its progress and cancelling count for all
};

// Reads to the end. Lines that are complete are passed on before each wait for more; only a JSON
// array or an object over several lines is read whole first (ERR_LIMIT beyond 256 MiB). `name` is
// for messages. Readings without a time get the wall clock's.
enum err_code ingest_stream(int fd, const char *name, const struct ingest_stream_options *options,
                            const struct ingest_sink *sink, struct ingest_counts *counts,
                            struct err *err);

#endif
