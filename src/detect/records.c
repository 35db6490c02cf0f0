// Keeps the largest excursions, and reckons with their tail.
#include "detect/records.h"

#include <math.h>

static const float tail_prior = 0.15f, tail_prior_weight = 8; // exponent before anything is known
static const float size_floor = 0.5f;                         // so that tiny sizes have no ratios
static const float rate_power = 0.7f; // readings in a row are alike: n of them count n^0.7 times

float records_surprise(const struct records *r, uint32_t seen, float value)
{
    if (r->count < 2)
        return 0;
    float smallest = r->value[r->count - 1];
    if (!(value > smallest) || smallest < 0)
        return 0;
    float base = smallest + size_floor, sum = 0;
    for (uint32_t i = 0; i < r->count; i++)
        sum += logf((r->value[i] + size_floor) / base);
    float tail = (sum + tail_prior_weight * tail_prior) / ((float)r->count + tail_prior_weight);
    return rate_power * logf((float)seen) - logf((float)r->count) +
           logf((value + size_floor) / base) / tail;
}

static void drop(struct records *r, uint32_t i)
{
    r->count--;
    for (; i < r->count; i++) {
        r->value[i] = r->value[i + 1];
        r->at[i] = r->at[i + 1];
    }
}

static uint32_t age(const struct records *r, uint32_t i, uint32_t now)
{
    return (uint16_t)(now - r->at[i]);
}

static void forget_old(struct records *r, uint32_t now)
{
    // The ages in a list lie within a horizon of each other. Where the oldest is beyond two,
    // nothing was noted for so long that all are old, and half a number would no longer tell.
    if (now - r->oldest > 2 * RECORDS_HORIZON)
        r->count = 0;
    uint32_t most = 0;
    for (uint32_t i = r->count; i-- > 0;)
        if (age(r, i, now) > RECORDS_HORIZON)
            drop(r, i);
        else if (age(r, i, now) > most)
            most = age(r, i, now);
    r->oldest = now - most;
}

void records_note(struct records *r, uint32_t now, float value)
{
    if (now - r->oldest > RECORDS_HORIZON)
        forget_old(r, now);
    if (records_hold(r, value))
        return;
    for (uint32_t i = 0; i < r->count;) {
        if (age(r, i, now) > RECORDS_GAP) {
            i++;
            continue;
        }
        if (value <= r->value[i])
            return;
        drop(r, i);
    }
    uint32_t i = r->count < RECORDS_KEPT ? r->count++ : RECORDS_KEPT - 1;
    for (; i > 0 && r->value[i - 1] < value; i--) {
        r->value[i] = r->value[i - 1];
        r->at[i] = r->at[i - 1];
    }
    r->value[i] = value;
    r->at[i] = (uint16_t)now;
    if (r->count == 1)
        r->oldest = now;
}
