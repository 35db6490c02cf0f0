// Median and median absolute deviation from a window that is kept sorted.
#include "detect/robust_z.h"

#include <string.h>

enum { W = ROBUST_Z_WINDOW };
static const float bar = 6, to_deviation = 1.4826f;

// The first place whose value is not below `x`.
static uint32_t place_of(const struct robust_z *s, float x)
{
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->sorted[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void keep(struct robust_z *s, float x)
{
    if (s->count == W) {
        uint32_t old = place_of(s, s->ring[s->at]);
        memmove(s->sorted + old, s->sorted + old + 1, (--s->count - old) * sizeof *s->sorted);
    }
    uint32_t place = place_of(s, x);
    memmove(s->sorted + place + 1, s->sorted + place, (s->count++ - place) * sizeof *s->sorted);
    s->sorted[place] = x;
    s->ring[s->at] = x;
    s->at = (s->at + 1) % W;
}

// Of an even number of values: the mean of the two in the middle, and the upper one of the
// deviations. From the median outwards deviations grow on both sides: they are merged.
static float median_deviation(const float *sorted, int n, float median)
{
    int left = (n - 1) / 2, right = left + 1;
    float d = 0;
    for (int taken = 0; taken <= n / 2; taken++) {
        bool take_left =
            right >= n || (left >= 0 && median - sorted[left] < sorted[right] - median);
        d = take_left ? median - sorted[left--] : sorted[right++] - median;
    }
    return d;
}

void robust_z_push(struct robust_z *s, int64_t time_us, double value, struct point *out)
{
    float x = (float)value;
    (void)time_us;
    *out = (struct point){0};
    if (s->count == W) {
        float median = (s->sorted[W / 2 - 1] + s->sorted[W / 2]) / 2;
        float deviation = to_deviation * median_deviation(s->sorted, W, median);
        deviation += point_least(median);
        point_say(out, ANOMALY_SPIKE, (x - median) / deviation, bar, median, bar * deviation);
    }
    keep(s, x);
}
