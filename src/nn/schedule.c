// Warm-up, then cosine, a line, or nothing.
#include "nn/schedule.h"

#include <math.h>

double nn_schedule_rate(const struct nn_schedule *s, uint64_t step)
{
    if (step <= s->warmup)
        return s->peak * (double)step / (double)s->warmup;
    if (s->kind == NN_SCHEDULE_CONSTANT)
        return s->peak;
    if (step >= s->steps)
        return s->last;
    double part = (double)(step - s->warmup) / (double)(s->steps - s->warmup);
    double left =
        s->kind == NN_SCHEDULE_COSINE ? (1 + cos(3.14159265358979323846 * part)) / 2 : 1 - part;
    return s->last + (s->peak - s->last) * left;
}
