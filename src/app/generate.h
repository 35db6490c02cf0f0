// Making data for people and tests: the simulated plant as files.
#ifndef FETTLE_APP_GENERATE_H
#define FETTLE_APP_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct generate_plant {
    const char *dir;
    double days;
    uint64_t assets, seed;
    int64_t start_us;
    double rate_hz, faults_per_hour;
    bool long_format;
    bool (*progress)(void *arg, uint64_t done, uint64_t total); // false cancels
    void *progress_arg;
};

struct generate_result {
    uint64_t readings, files, faults;
};

// See sim_write_files.
enum err_code app_generate_plant(const struct generate_plant *plan, struct generate_result *result,
                                 struct err *err);

#endif
