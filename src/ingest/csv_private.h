// A CSV source being read: its bytes and records, and the readings in a row.
#ifndef FETTLE_INGEST_CSV_PRIVATE_H
#define FETTLE_INGEST_CSV_PRIVATE_H

#include "base/csv.h"
#include "ingest/csv_columns.h"
#include "ingest/csv_replay.h"

struct csv_replay {
    const struct csv_replay_options *options;
    const char *source;
    char asset[PLANT_NAME_BYTES];
    struct csv csv;
    struct csv_columns columns;
    bool ready;        // the columns are known
    struct str *first; // the first record, until the second one is there
    size_t first_count;
    uint64_t first_line;
    uint64_t rows;
    struct arena *memory;
    struct ingest_emit e;
};

// Takes the record in r->csv as a row, once the columns are known: passes on its readings, refuses
// what is none. r->e.code tells when the source must stop.
void csv_take_row(struct csv_replay *r);

#endif
