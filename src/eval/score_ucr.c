// The score of the UCR anomaly archive.
#include "eval/score_ucr.h"

#include <math.h>

enum { SLACK = 100 };

bool score_ucr_right(int64_t begin, int64_t end, int64_t position)
{
    int64_t length = end - begin + 1;
    int64_t slack = length > SLACK ? length : SLACK;
    return position > 0 && begin - slack < position && position < end + slack;
}

int64_t score_ucr_position(const double *scores, size_t count, size_t train)
{
    size_t best = count;
    for (size_t i = train; i < count; i++)
        if (!isnan(scores[i]) && (best == count || scores[i] > scores[best]))
            best = i;
    return best == count ? 0 : (int64_t)best + 1;
}
