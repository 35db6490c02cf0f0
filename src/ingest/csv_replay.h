// Replays CSV: wide (a time column and a column for each sensor) or long (a reading a row).
//
// Delimiter, header, time column and shape are found; options overrule. Rows that cannot be read
// are refused one by one through the sink (docs/ingest.md has the rules); errors are a file that is
// not there or no text, columns that make no sense, the sink's own, and cancelling. Memory is
// bounded, whatever the file's size.
#ifndef FETTLE_INGEST_CSV_REPLAY_H
#define FETTLE_INGEST_CSV_REPLAY_H

#include "ingest/ingest.h"
#include "ingest/pace.h"

// Zero-initialise for the defaults.
struct csv_replay_options {
    char delimiter;    // 0: found among tab ; | ,
    const char *asset; // of columns and sensors whose names have none; NULL: after the file
    const char *const *columns; // only these sensors' columns (any case)
    size_t column_count;        // 0: all
    const char *const *ignore;  // not these, such as labels
    size_t ignore_count;
    const char *time_column; // NULL: found
    int64_t origin_us;       // time of the first row of a file without times; 0: 1970
    int64_t interval_us;     // from row to row there; 0: 1 s
    int64_t from_us, to_us;  // only readings in [from, to); 0: no such bound
    struct pace *pace;       // NULL: as fast as possible
    // Called now and then with the bytes read and the size (0: unknown). False cancels.
    bool (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
};

// A file; "-" is standard input. Adds to `*counts`.
enum err_code csv_replay_file(const char *path, const struct csv_replay_options *options,
                              const struct ingest_sink *sink, struct ingest_counts *counts,
                              struct err *err);

// A descriptor, read to its end; readings are passed on before each wait for more. `name` is for
// messages and the asset. `head` is what was read from it already.
enum err_code csv_replay_fd(int fd, const char *name, struct str head,
                            const struct csv_replay_options *options,
                            const struct ingest_sink *sink, struct ingest_counts *counts,
                            struct err *err);

// Bytes in memory; the asset's default name is "csv".
enum err_code csv_replay_body(struct str body, const struct csv_replay_options *options,
                              const struct ingest_sink *sink, struct ingest_counts *counts,
                              struct err *err);

// The asset that a file's name stands for: its stem, or "folder-stem" when the stem is a number
// ("valve1/0.csv" gives "valve1-0"). Cut to fit; returns `out`.
char *csv_replay_asset(const char *path, char out[PLANT_NAME_BYTES]);

#endif
