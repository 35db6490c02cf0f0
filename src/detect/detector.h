// The contract of a detector: it judges one sensor's readings, in order of time.
//
// A detector is one .c file, one test and one line in the registry. It keeps, for each sensor, a
// state of its own: plain bytes without pointers, where all zeroes are "nothing seen yet", so that
// the engine can lay states out side by side, forget them, and copy them. It says of each reading
// whether it is outside; the engine makes one anomaly of each episode from that (detect/episode.h).
#ifndef FETTLE_DETECT_DETECTOR_H
#define FETTLE_DETECT_DETECTOR_H

#include "detect/rules.h"
#include "plant/plant.h"

// A reading to be judged. Its value is finite: missing values are no samples.
struct sample {
    int64_t time_us;  // by the sensor's clock; it does not go back except after a clock fault
    int64_t clock_us; // by the engine's clock, which never goes back; both are the same while the
                      // sensor's clock is right
    double value;
    bool ahead;         // the engine does not believe this sensor's clock, which is far ahead
    bool claimed;       // a detector that this one yields to has an open episode on this sensor
    double sensitivity; // 1: usual; 2: alarms at half of it; above 0. Rules take no notice
};

enum judgement {
    JUDGED_INSIDE,  // nothing is wrong; an episode that was open is over
    JUDGED_HOLDING, // inside the limit, but not far enough to end an open episode
    JUDGED_WAITING, // inside, but not for long enough to end an open episode
    JUDGED_OUTSIDE, // an episode begins or goes on
    JUDGED_PAST,    // an episode began and ended before this reading, which itself is inside
};

// What a detector says along with anything but JUDGED_INSIDE. The engine zeroes it before, and sets
// the expected band to NaN, and last_us to TIME_NONE.
struct finding {
    enum anomaly_kind kind;
    enum anomaly_side side;
    enum severity severity;
    int64_t start_us;    // where the episode began
    int64_t detected_us; // where it became certain
    int64_t last_us;     // of the last reading outside; TIME_NONE: detected_us
    uint64_t count;      // readings outside since the start
    double peak;         // the value farthest outside since the start; NaN: none
    int64_t peak_us;
    double excess; // how far outside the peak is, for comparing; larger is worse
    double limit;  // that was crossed; seconds for a dropout; NaN: none
    double score;  // 0..1
    double expected_low, expected_high; // where the value should be; NaN: the rules' normal range
};

struct detector {
    const char *name;
    size_t state_bytes;

    // Whether an episode ends with the reading that is inside again (true: the time of silence) or
    // with the last one before it.
    bool ends_with_return;

    // Whether it learns what is normal: then sensitivity and relearning are for it.
    bool learns;

    // The detectors to which it leaves what both could name: bits 1 << DETECTOR_INDEX_<name>.
    unsigned yields_to;

    // NULL: it judges assets (detect/multivariate.h).
    enum judgement (*push)(void *state, const struct rules *rules, const struct sample *sample,
                           struct finding *finding);

    // For what time alone can show (NULL: nothing): the engine's clock at which `tick` has
    // something to say, INT64_MAX for never; called after each push. `tick` gives OUTSIDE when an
    // episode has begun. `alive` says that the sensor sent something that cannot be judged.
    int64_t (*deadline)(const void *state, const struct rules *rules);
    enum judgement (*tick)(void *state, const struct rules *rules, struct finding *finding);
    void (*alive)(void *state, int64_t clock_us);

    // Where the value should be now (NULL: it does not know). False while it is not known yet.
    bool (*band)(const void *state, double *low, double *high);

    // One line for people about an episode, open or closed.
    void (*say)(const struct anomaly *a, const struct sensor *sensor,
                char out[PLANT_MESSAGE_BYTES]);

    // Puts the state where it was during the open episode `a`, which was found before a restart.
    void (*resume)(void *state, const struct anomaly *a);
};

#endif
