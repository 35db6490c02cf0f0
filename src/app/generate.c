// The simulated plant, written to files.
#include "app/generate.h"

#include "ingest/sim_files.h"

enum err_code app_generate_plant(const struct generate_plant *plan, struct generate_result *result,
                                 struct err *err)
{
    if (plan->assets > SIM_ASSETS_MAX)
        return err_set(err, ERR_USAGE, "%llu assets: at most %d can be simulated",
                       (unsigned long long)plan->assets, SIM_ASSETS_MAX);
    struct sim_files_options options = {.dir = plan->dir,
                                        .config = {.seed = plan->seed,
                                                   .assets = (uint32_t)plan->assets,
                                                   .start_us = plan->start_us,
                                                   .rate_hz = plan->rate_hz,
                                                   .faults_per_hour = plan->faults_per_hour},
                                        .days = plan->days,
                                        .long_format = plan->long_format,
                                        .progress = plan->progress,
                                        .progress_arg = plan->progress_arg};
    struct sim_files_result written = {0};
    enum err_code code = sim_write_files(&options, &written, err);
    *result = (struct generate_result){written.readings, written.files, written.faults};
    return code;
}
