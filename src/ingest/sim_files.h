// Writes a simulated plant to a folder: CSV files, and truth.json beside them.
#ifndef FETTLE_INGEST_SIM_FILES_H
#define FETTLE_INGEST_SIM_FILES_H

#include "ingest/sim.h"

struct sim_files_options {
    const char *dir;          // made when it is not there
    struct sim_config config; // the plant
    double days;              // how long, more than 0
    // One file plant.csv with a reading a row ("time,asset,parameter,value,unit"). Otherwise a file
    // for each asset (wtf-pipe-1.csv...) with a column for each of its sensors, where a silent
    // sensor has an empty cell and a row without any reading is left out.
    bool long_format;
    // Called now and then with the instants done and their number. False cancels.
    bool (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
};

// How much was written.
struct sim_files_result {
    uint64_t readings, files, faults;
};

// ERR_CONFLICT when one of the files is there already: nothing is ever overwritten. truth.json is
// written last: where it is, the files are complete.
enum err_code sim_write_files(const struct sim_files_options *options,
                              struct sim_files_result *result, struct err *err);

#endif
