// Counts days without rest, half hour by half hour.
#include "detect/idle.h"

#include <string.h>

#include "base/clock.h"

enum { WEEK = 7, MONDAY_AFTER_EPOCH = 3, SATURDAY = 5, KNOWN_READINGS = 1000 };
enum { OFF_READINGS = 20, OFF_READINGS_MIN = 3 }; // off: so many zeros, or fewer in a minute
static const float forget = 1.0f / 4096;
static const float apart = 0.2f; // at work the smallest value is above this share of the largest

static bool is_weekend(int64_t time_us)
{
    int64_t day = time_us / US_PER_DAY - (time_us % US_PER_DAY < 0);
    int64_t weekday = ((day + MONDAY_AFTER_EPOCH) % WEEK + WEEK) % WEEK;
    return weekday >= SATURDAY;
}

static int slot_of(int64_t time_us)
{
    int64_t in_day = time_us % US_PER_DAY;
    if (in_day < 0)
        in_day += US_PER_DAY;
    return is_weekend(time_us) * IDLE_SLOTS + (int)(in_day / (US_PER_DAY / IDLE_SLOTS));
}

// A slot has been lived through: one more day of work, or a day of rest.
static void close_slot(struct idle *s)
{
    uint8_t *worked = &s->worked[s->slot / IDLE_SLOTS][s->slot % IDLE_SLOTS];
    if (s->rested)
        *worked = IDLE_RESTED;
    else if (*worked < UINT8_MAX)
        *worked = (uint8_t)(*worked == IDLE_UNKNOWN ? IDLE_RESTED + 1 : *worked + 1);
}

// A weekend that was not seen yet is taken to be like working days.
static bool works_now(const struct idle *s, int64_t time_us, double sensitivity)
{
    int slot = slot_of(time_us);
    for (int off = -1; off <= 1; off++) {
        int at = (slot + off + IDLE_SLOTS) % IDLE_SLOTS;
        int worked = s->worked[slot / IDLE_SLOTS][at];
        if (worked == IDLE_UNKNOWN)
            worked = s->worked[0][at];
        if ((worked - IDLE_RESTED) * sensitivity < IDLE_KNOWN_DAYS)
            return false;
    }
    return true;
}

static void learn_range(struct idle *s, float value)
{
    if (s->low == 0 && s->high == 0)
        s->low = s->high = value;
    s->low = value < s->low ? value : s->low + forget * (value - s->low);
    s->high = value > s->high ? value : s->high + forget * (value - s->high);
}

bool idle_push(struct idle *s, int64_t time_us, double value, double sensitivity)
{
    int slot = slot_of(time_us);
    if (s->readings == 0) {
        s->begun_us = time_us;
        s->slot = (uint8_t)slot;
        s->rested = true; // of a slot begun in the middle nothing is known
    }
    if (s->slot != slot) {
        if (!s->outside)
            close_slot(s);
        s->slot = (uint8_t)slot;
        s->rested = false;
    }
    if (s->readings < UINT32_MAX)
        s->readings++;
    if (value != 0) {
        s->zeros = 0;
        s->outside = false;
        learn_range(s, (float)value);
        return false;
    }
    if (s->zeros++ == 0)
        s->zero_us = time_us;
    bool off = s->zeros >= OFF_READINGS ||
               (s->zeros >= OFF_READINGS_MIN && time_us - s->zero_us >= US_PER_MINUTE);
    if (!off || s->outside)
        return s->outside;
    // What comes down to zero by itself, as a temperature does, does not rest there.
    if (s->low < apart * s->high)
        return false;
    bool never =
        !s->ever_rested && s->readings >= KNOWN_READINGS && time_us - s->begun_us >= US_PER_HOUR;
    s->outside = never || works_now(s, time_us, sensitivity);
    s->ever_rested = true;
    s->rested = s->rested || !s->outside;
    return s->outside;
}

void idle_accept(struct idle *s)
{
    memset(s->worked, IDLE_RESTED, sizeof s->worked);
    s->outside = false;
    s->rested = true;
}
