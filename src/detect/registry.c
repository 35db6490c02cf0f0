// The table of all detectors, in the order of judging.
#include "detect/registry.h"

const struct detector *const detectors[DETECTOR_COUNT] = {
#define X(name) &detector_##name,
    DETECTORS(X)
#undef X
};
