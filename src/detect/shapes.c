// Nearest remembered shape, with a small memory that gives up what is least used.
#include "detect/shapes.h"

#include <math.h>

static const float new_beyond = 0.5f;     // while there is room, a shape this far off is a new one
static const float replace_beyond = 2.0f; // when there is none, this far
static const float square_most = 1e30f;
static const float use_forgotten = 0.995f, use_most = 200;

// The scales as ranges of the readings in order of time, the newest being the last.
static const struct {
    unsigned char first, count;
} scales[SHAPE_SCALES] = {{63, 1}, {62, 1}, {60, 2}, {56, 4}, {48, 8}, {32, 16}, {1, 31}, {0, 1}};

// Four sums side by side, so that one addition need not wait for another.
static float sum_of(const float *x, uint32_t n)
{
    float sum[4] = {0};
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (uint32_t k = 0; k < 4; k++)
            sum[k] += x[i + k];
    for (; i < n; i++)
        sum[i & 3] += x[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void see(const struct shapes *s, float level, float spread, float out[SHAPE_SCALES])
{
    float unit = 1 / (spread + 1e-9f);
    for (int j = 0; j < SHAPE_SCALES; j++) {
        uint32_t count = scales[j].count, at = (s->readings + scales[j].first) % SHAPE_READINGS;
        uint32_t left = SHAPE_READINGS - at, here = count < left ? count : left;
        float sum = sum_of(s->recent + at, here) + sum_of(s->recent, count - here);
        out[j] = (sum / (float)count - level) * unit;
    }
}

static uint32_t nearest(const struct shapes *s, const float seen[SHAPE_SCALES], float *distance)
{
    float square[SHAPES_KEPT] = {0};
    for (int j = 0; j < SHAPE_SCALES; j++)
        for (int p = 0; p < SHAPES_KEPT; p++) {
            float off = seen[j] - s->centre[j][p];
            square[p] += off * off;
        }
    uint32_t best = 0;
    float least = square[0];
    for (uint32_t p = 1; p < s->count; p++)
        if (square[p] < least) {
            least = square[p];
            best = p;
        }
    *distance = s->count ? sqrtf(fminf(square[best], square_most)) : 0;
    return best;
}

static void remember(struct shapes *s, uint32_t place, const float seen[SHAPE_SCALES])
{
    for (int j = 0; j < SHAPE_SCALES; j++)
        s->centre[j][place] = seen[j];
    s->use[place] = 1;
}

static uint32_t least_used(struct shapes *s)
{
    uint32_t least = 0;
    for (uint32_t p = 0; p < SHAPES_KEPT; p++) {
        s->use[p] *= use_forgotten;
        if (s->use[p] < s->use[least])
            least = p;
    }
    return least;
}

float shapes_push(struct shapes *s, float value, float level, float spread)
{
    float seen[SHAPE_SCALES], distance;
    s->recent[s->readings++ % SHAPE_READINGS] = value;
    if (s->readings < SHAPE_READINGS)
        return 0;
    see(s, level, spread, seen);
    uint32_t at = nearest(s, seen, &distance);
    if (s->count < SHAPES_KEPT && (s->count == 0 || distance > new_beyond)) {
        remember(s, s->count++, seen);
    } else if (s->count == SHAPES_KEPT && distance > replace_beyond) {
        remember(s, least_used(s), seen);
    } else {
        s->use[at] += 1;
        float rate = 1 / fminf(s->use[at], use_most);
        for (int j = 0; j < SHAPE_SCALES; j++)
            s->centre[j][at] += rate * (seen[j] - s->centre[j][at]);
    }
    return distance;
}
