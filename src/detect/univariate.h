// Judges one series by itself: thirteen statistics of the newest readings, each against its own
// records, with the daily and weekly course found along the way.
//
// Nothing is set and nothing is known in advance; memory is this struct, whatever the rate.
// Formulas and how the constants were chosen: docs/detection.md.
#ifndef FETTLE_DETECT_UNIVARIATE_H
#define FETTLE_DETECT_UNIVARIATE_H

#include "detect/records.h"
#include "detect/shapes.h"
#include "plant/plant.h"

// X(NAME, kind, side or what the difference to the reading before decides, readings it looks at)
#define UNIVARIATE_STATISTICS(X)                                                                   \
    X(HIGH, SPIKE, SIDE_HIGH, 1)                                                                   \
    X(LOW, SPIKE, SIDE_LOW, 1)                                                                     \
    X(STEP, SPIKE, SIDE_NONE, 1)                                                                   \
    X(SHIFT_HIGH, LEVEL_SHIFT, SIDE_HIGH, 8)                                                       \
    X(SHIFT_LOW, LEVEL_SHIFT, SIDE_LOW, 8)                                                         \
    X(SCATTER, NOISE, SIDE_NONE, 8)                                                                \
    X(STILL, STUCK, SIDE_NONE, 8)                                                                  \
    X(SEASON_HIGH, SEASONAL, SIDE_HIGH, 1)                                                         \
    X(SEASON_LOW, SEASONAL, SIDE_LOW, 1)                                                           \
    X(DRIFT_HIGH, DRIFT, SIDE_HIGH, 8)                                                             \
    X(DRIFT_LOW, DRIFT, SIDE_LOW, 8)                                                               \
    X(SHAPE, PATTERN, SIDE_NONE, 1)                                                                \
    X(COURSE, SEASONAL, SIDE_NONE, 12)

enum univariate_statistic {
#define X(NAME, kind, side, readings) UNIVARIATE_##NAME,
    UNIVARIATE_STATISTICS(X)
#undef X
        UNIVARIATE_STATISTIC_COUNT
};

// Those that go by the course of the day; without them the expected band goes by the level alone.
#define UNIVARIATE_COURSE_BITS                                                                     \
    (1u << UNIVARIATE_SEASON_HIGH | 1u << UNIVARIATE_SEASON_LOW | 1u << UNIVARIATE_DRIFT_HIGH |    \
     1u << UNIVARIATE_DRIFT_LOW | 1u << UNIVARIATE_COURSE)

enum { UNIVARIATE_SLOTS = 48, UNIVARIATE_START = 30 };

// What the slots of a day (half hours) usually are.
struct univariate_slots {
    struct {
        float mean, deviation;
    } usual[UNIVARIATE_SLOTS];
    uint8_t readings[UNIVARIATE_SLOTS]; // up to UINT8_MAX
};

// Zero-initialise to start.
struct univariate {
    uint32_t n;                              // readings seen
    uint32_t same;                           // readings since the value last moved
    float last, level, spread, step;         // slow mean, mean deviation from it, mean difference
    float season_spread;                     // mean deviation from the daily course
    float mean8, step8, season8, course12;   // over about as many readings
    float least[UNIVARIATE_STATISTIC_COUNT]; // what enters the records
    uint32_t forget_at;                      // the first reading at which records are forgotten
    unsigned ignored;                        // statistics up to now
    struct univariate_slots days[2];         // working days, weekends
    struct shapes shapes;
    struct records records[UNIVARIATE_STATISTIC_COUNT];
};

struct univariate_result {
    float surprise; // how rare this is, as a negative logarithm; 0: nothing special
    enum univariate_statistic statistic; // the one most surprised
    enum anomaly_kind kind;
    enum anomaly_side side;
    uint32_t readings;          // it began this many readings ago; 1: with this one
    double expected, low, high; // the value that was to be expected, and its usual band
};

// The next reading, in order of time. What is not finite or beyond 1e15 is neither judged nor
// learnt. After the first `warm_up` readings, what is most surprising no longer raises the records
// beyond what was seen before it. `ignored`: bits 1 << statistic of those that are not judged.
void univariate_push(struct univariate *u, uint32_t warm_up, unsigned ignored, int64_t time_us,
                     double value, struct univariate_result *out);

// The reading to come may follow a pause: the step to it says nothing.
void univariate_rejoin(struct univariate *u, double value);

// Takes `value` as the level from now on, at all hours.
void univariate_accept(struct univariate *u, int64_t time_us, double value);

// One report an episode: the surprise of an episode's first reading that exceeds
// UNIVARIATE_OPEN, of each later one that clearly exceeds what was reported, 0 otherwise.
#define UNIVARIATE_OPEN 7
struct univariate_report {
    float peak;
    uint32_t at; // number of the reading; 0: none
};
float univariate_report(struct univariate_report *r, const struct univariate *u, uint32_t warm_up,
                        float surprise);

#endif
