// Run lengths: the present one against the usual ones.
#include "detect/stuck.h"

static const float forget = 1.0f / 20000; // share of the usual run forgotten a reading
static const float lively = 0.33f;
static const float run_factor = 10;

static bool is_stuck(const struct stuck *s, double sensitivity)
{
    double run = (double)s->run * sensitivity;
    // Zero is where things rest that are switched off.
    return s->value != 0 && s->readings >= STUCK_LEARN_READINGS && s->liveliness >= lively &&
           run >= STUCK_RUN_MIN && run >= (double)(run_factor * s->longest);
}

bool stuck_push(struct stuck *s, int64_t time_us, double value, double sensitivity)
{
    bool first = s->readings == 0, same = !first && value == s->value;
    if (s->readings < STUCK_LEARN_READINGS)
        s->readings++;
    if (same) {
        s->run++;
        bool stuck = is_stuck(s, sensitivity);
        // What may become a fault must not wear down the memory of how it used to be.
        if (s->run < STUCK_RUN_MIN / 4)
            s->liveliness -= s->liveliness / 100;
        return stuck;
    }
    if (!first && !is_stuck(s, sensitivity) && (float)s->run > s->longest)
        s->longest = (float)s->run;
    s->longest -= s->longest * forget;
    float rate = s->readings < 100 ? 1.0f / (float)s->readings : 0.01f;
    s->liveliness += ((first ? 0 : 1) - s->liveliness) * rate;
    s->value = value;
    s->since_us = time_us;
    s->run = 1;
    return false;
}

void stuck_accept(struct stuck *s)
{
    s->liveliness = 0;
}
