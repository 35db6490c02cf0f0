// The table of detectors that can be measured.
#include "eval/detector.h"

#include <string.h>

// The product's own first: the first one for a suite is its default.
#define DETECTORS(X)                                                                               \
    X(drift_t2)                                                                                    \
    X(ensemble)                                                                                    \
    X(univariate)                                                                                  \
    X(discord)                                                                                     \
    X(t2)                                                                                          \
    X(t2q)                                                                                         \
    X(isolation_forest)                                                                            \
    X(windowed_gaussian)                                                                           \
    X(second_difference)                                                                           \
    X(robust_z)                                                                                    \
    X(ewma)                                                                                        \
    X(cusum)                                                                                       \
    X(seasons)                                                                                     \
    X(predict)

#define X(name) extern const struct eval_detector eval_detector_##name;
DETECTORS(X)
#undef X

const struct eval_detector *const eval_detectors[] = {
#define X(name) &eval_detector_##name,
    DETECTORS(X)
#undef X
        NULL};

enum err_code eval_detector_find(const char *name, enum eval_suite suite,
                                 const struct eval_detector **out, struct err *err)
{
    struct buf names = {0};
    *out = NULL;
    for (const struct eval_detector *const *d = eval_detectors; *d && !*out; d++) {
        if (!((*d)->suites & suite))
            continue;
        if (!name || strcmp(name, (*d)->name) == 0)
            *out = *d;
        buf_printf(&names, "%s%s", names.n ? ", " : "", (*d)->name);
    }
    if (!*out)
        err_set(err, ERR_USAGE, "no detector \"%s\" for this benchmark; there are: %s", name,
                buf_str(&names).p);
    buf_free(&names);
    return *out ? ERR_OK : ERR_USAGE;
}
