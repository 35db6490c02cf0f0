// Measures detection on the simulated plant, whose faults are known: found, named, how fast, and
// how many false alarms.
#ifndef FETTLE_EVAL_EVAL_SIMULATOR_H
#define FETTLE_EVAL_EVAL_SIMULATOR_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json_out.h"
#include "ingest/sim.h"

struct eval_simulator_options {
    uint64_t seed;          // of the first plant; the others follow
    size_t plants;          // 0: 3
    uint32_t assets;        // of each; 0: 2
    double days;            // simulated; 0: 2
    double rate_hz;         // 0: 1
    double faults_per_hour; // of each asset; 0: 2
    bool rules_only;        // without the statistical detectors
    // Called now and then; false stops with ERR_CANCELLED. May be NULL.
    bool (*progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

// What became of the faults of one kind. Faults that begin but do not end within the run are left
// out, whether found or not.
struct eval_simulator_kind {
    uint64_t injected;
    uint64_t found; // an anomaly of the fault's sensor overlaps it
    uint64_t
        named; // one of them has a kind that names it rightly, and its side if a rule is for it
    uint64_t again; // anomalies of the right kind beyond the first: the same fault alarmed twice
    uint64_t other; // anomalies of another kind during it, on its sensor
    // From where the fault became visible (the first reading beyond the limit, the last one before
    // silence) to where it was certain, of those named rightly; NaN when there is none.
    double delay_median_s, delay_max_s;
};

enum { EVAL_SIMULATOR_EXAMPLES = 10, EVAL_SIMULATOR_TEXT = 256 };

struct eval_simulator_report {
    struct eval_simulator_options options; // with what zeroes stand for
    struct eval_simulator_kind kinds[SIM_FAULT_KIND_COUNT];
    bool ruled[SIM_FAULT_KIND_COUNT];  // the rules can find this kind
    bool judged[SIM_FAULT_KIND_COUNT]; // something that was on can find it
    uint64_t readings, anomalies, incidents;
    // Anomalies that overlap no fault of their sensor; those of the statistical detectors, none of
    // their asset, or of the five minutes before: what a fault does to the sensors beside it, and
    // its end, are no false alarms.
    uint64_t false_alarms;
    double sensor_days, seconds;
    // The first faults that were missed or named wrongly, and the first false alarms, in words.
    char examples[EVAL_SIMULATOR_EXAMPLES][EVAL_SIMULATOR_TEXT];
    size_t example_count;
};

// Runs the plants through the engine with the exact rules and, for the low side, the limits that
// the simulator's faults cross (sim_limits).
enum err_code eval_simulator_run(const struct eval_simulator_options *options,
                                 struct eval_simulator_report *out, struct err *err);

// With the rules only: true if every fault that they can find was found and named rightly, once,
// and nothing else was alarmed. With all detectors: if every fault of the rules was found, 95 % of
// all faults were found and named rightly, and there were fewer than 0.1 false alarms per
// sensor-day.
bool eval_simulator_passed(const struct eval_simulator_report *r);

void eval_simulator_text(const struct eval_simulator_report *r, struct buf *to); // a table
void eval_simulator_json(const struct eval_simulator_report *r, struct json_out *to);

#endif
