// What the columns of a CSV file mean. Private to this folder.
#ifndef FETTLE_INGEST_CSV_COLUMNS_H
#define FETTLE_INGEST_CSV_COLUMNS_H

#include "base/arena.h"
#include "ingest/csv_replay.h"
#include "ingest/emit.h"

// Columns that are not there are CSV_NO_COLUMN.
#define CSV_NO_COLUMN SIZE_MAX

struct csv_columns {
    size_t count; // fields that a row must have
    bool has_header;
    bool is_long; // a reading a row; otherwise a sensor a column
    size_t time;
    size_t date; // a date that goes in front of `time`
    // long
    size_t sensor, asset, parameter, value, unit, quality;
    // wide: the columns that hold sensors
    struct {
        size_t at;
        uint32_t sensor;
        const char *name;
    } * sensors;
    size_t sensor_count;
};

// Works out what the columns are from the first record and the one after it (`second_count` 0: none
// there). Adds the sensors of a wide file to the catalogue through `e`, which also hears of columns
// that cannot be taken. Everything lives in `memory`. Errors name `source`.
enum err_code csv_columns_find(struct csv_columns *out, const struct str *first, size_t first_count,
                               const struct str *second, size_t second_count,
                               const struct csv_replay_options *options, const char *asset,
                               const char *source, struct arena *memory, struct ingest_emit *e,
                               struct err *err);

#endif
