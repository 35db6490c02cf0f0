// The words for kinds of anomalies whose names are terms.
#include "plant/kind_words.h"

const char *anomaly_kind_words(enum anomaly_kind kind)
{
    static const char *const words[ANOMALY_KIND_COUNT] = {
        [ANOMALY_LEVEL_SHIFT] = "level shift",
        [ANOMALY_SEASONAL] = "off its usual course",
        [ANOMALY_PATTERN] = "unusual course",
        [ANOMALY_MULTIVARIATE] = "out of step",
    };
    return words[kind] ? words[kind] : anomaly_kind_name(kind);
}
