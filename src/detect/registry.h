// The table of all detectors.
#ifndef FETTLE_DETECT_REGISTRY_H
#define FETTLE_DETECT_REGISTRY_H

#include "detect/detector.h"

// X(name): each is `const struct detector detector_<name>` in <name>.c. The order is the order in
// which a reading is judged.
#define DETECTORS(X)                                                                               \
    X(dropout)                                                                                     \
    X(spike)                                                                                       \
    X(drift)                                                                                       \
    X(stuck)                                                                                       \
    X(noise)                                                                                       \
    X(idle)                                                                                        \
    X(univariate)                                                                                  \
    X(creep)                                                                                       \
    X(multivariate)

#define X(name) extern const struct detector detector_##name;
DETECTORS(X)
#undef X

enum {
#define X(name) DETECTOR_INDEX_##name,
    DETECTORS(X)
#undef X
        DETECTOR_COUNT
};

extern const struct detector *const detectors[DETECTOR_COUNT];

#endif
