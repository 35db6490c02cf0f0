// What is set for a sensor: limits and times, resolved from the settings of its kind and its own.
#ifndef FETTLE_DETECT_RULES_H
#define FETTLE_DETECT_RULES_H

#include "base/err.h"
#include "base/settings.h"
#include "plant/plant.h"

// One side's limit of one rule. A value is outside when it is strictly beyond `at`; an episode goes
// on until a value is at `back` or further inside. NaN: no limit.
struct rule_limit {
    double at, back;
};

struct rules {
    double normal_low, normal_high; // NaN: unknown
    struct rule_limit spike_low, spike_high, drift_low, drift_high;
    int64_t drift_after_us;
    int64_t dropout_after_us; // 0: no dropout rule
    double dropout_intervals;
    double sensitivity; // of the statistical detectors: 1 usual, 0 off
    int64_t
        accept_after_us; // an episode of theirs that lasts this long is the new normal; 0: never
};

struct rule_book;

// Resolves `settings` for every kind and for every sensor that has settings of its own. ERR_INPUT
// names the setting that contradicts another or names no kind of sensor. `settings` is read only
// during the call.
enum err_code rule_book_open(const struct settings *settings, struct rule_book **out,
                             struct err *err);
void rule_book_close(struct rule_book **book);

// The rules of a sensor; they live as long as the book.
const struct rules *rule_book_find(const struct rule_book *book, const struct sensor *sensor);

#endif
