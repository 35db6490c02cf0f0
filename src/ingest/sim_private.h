// The simulator's insides, shared by its files.
#ifndef FETTLE_INGEST_SIM_PRIVATE_H
#define FETTLE_INGEST_SIM_PRIVATE_H

#include "base/rng.h"
#include "ingest/sim.h"

enum { SIM_RESETS_MAX = 4 };

// The fault that an asset has or will have next. Times are ticks: instants since the start.
struct sim_plan {
    enum sim_fault_kind kind;
    enum sim_parameter parameter;
    enum anomaly_side side;
    int64_t first, end;      // touches ticks first .. end-1
    double level;            // spike, drift: where the value goes
    int64_t ramp, ramp_down; // drift: ticks on the way up, and back
    struct {
        int64_t first, end;
    } reset[SIM_RESETS_MAX]; // supply: all sensors are silent
    int resets;
    uint64_t truth; // number of its record
};

struct sim_asset {
    struct rng noise, fate;             // apart, so that faults do not change the healthy course
    double drift[SIM_PARAMETER_COUNT];  // state of the coloured noise
    double offset[SIM_PARAMETER_COUNT]; // how this asset differs from others
    double last[SIM_PARAMETER_COUNT];   // latest values sent
    uint32_t sensor[SIM_PARAMETER_COUNT];
    bool faulty;       // plan.first has come
    int64_t next_tick; // when a fault begins, or a decision about one is due
    struct sim_plan plan;
};

struct sim {
    struct sim_config config;
    struct catalog *catalog;
    int64_t period_us, tick;
    struct sim_asset *assets;
    struct sim_fault *truth;
    size_t truth_count, truth_cap;
    uint64_t truth_dropped; // records that were forgotten
};

// What one asset shows at one instant.
struct sim_instant {
    double v[SIM_PARAMETER_COUNT];
    bool silent[SIM_PARAMETER_COUNT];
};

// Draws when the asset's next fault may begin, after tick `from`.
void sim_fault_schedule(const struct sim *s, struct sim_asset *a, int64_t from);

// Begins, carries on and ends the asset's faults at s->tick, changing what it shows.
enum err_code sim_fault_apply(struct sim *s, struct sim_asset *a, struct sim_instant *now,
                              struct err *err);

// The value as the parameter's sensor resolves it.
double sim_quantised(enum sim_parameter p, double v);

int64_t sim_tick_time_us(const struct sim *s, int64_t tick);

// Adds a record; `*number` finds it again.
enum err_code sim_truth_add(struct sim *s, const struct sim_fault *fault, uint64_t *number,
                            struct err *err);
struct sim_fault *sim_truth_record(struct sim *s, uint64_t number); // NULL: forgotten

#endif
