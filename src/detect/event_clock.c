// Decides which readings and ticks may move the engine's clock, and how far.
#include "detect/event_clock.h"

#include "base/clock.h"

// A run of a single sensor among several is believed when it has gone on for this long.
static const int64_t lone_run_us = US_PER_MINUTE;

void event_clock_open(struct event_clock *c)
{
    *c = (struct event_clock){.now_us = TIME_NONE};
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

// How far a reading may be from the clock. Ticks of a plant whose time runs fast come in large
// steps.
static int64_t leap(const struct event_clock *c)
{
    return c->tick_step_us * 2 > c->leap_us ? c->tick_step_us * 2 : c->leap_us;
}

// Adds a reading to a run; returns by how much the run's newest time moved, 0 for its first.
static int64_t run_add(struct clock_run *run, int64_t time_us, uint32_t sensor)
{
    if (!run->any) {
        *run = (struct clock_run){
            .any = true, .sensor = sensor, .first_us = time_us, .newest_us = time_us};
        return 0;
    }
    if (sensor != run->sensor)
        run->others = true;
    else if (run->others && time_us > run->first_us)
        run->round = true;
    int64_t step = time_us - run->newest_us;
    if (step <= 0)
        return 0;
    run->newest_us = time_us;
    return step;
}

static bool is_ahead(const struct event_clock *c, int64_t time_us)
{
    if (time_us - c->now_us > leap(c))
        return true;
    // How fast ticks come must be known before readings can be held against them.
    return c->tick_step_us > 0 && time_us - (c->tick_us + c->tick_shift_us) > 2 * leap(c);
}

// Moves the clock up to a run ahead of it, if the run convinces and no tick contradicts.
static bool follow_run(struct event_clock *c)
{
    struct clock_run *run = &c->ahead;
    if (!run->any || !run->convincing ||
        (c->ticking && distance(run->newest_us, c->tick_us) > 2 * leap(c)))
        return false;
    c->now_us = run->newest_us;
    c->tick_shift_us = 0;
    run->any = false;
    return true;
}

static enum clock_verdict hear_ahead(struct event_clock *c, int64_t time_us, uint32_t sensor,
                                     uint64_t sensors)
{
    struct clock_run *run = &c->ahead;
    c->behind.any = false;
    run_add(run, time_us, sensor);
    run->convincing = run->round || (sensors == 1 && run->newest_us > run->first_us) ||
                      run->newest_us - run->first_us >= lone_run_us;
    return follow_run(c) ? CLOCK_NEAR : CLOCK_AHEAD;
}

static enum clock_verdict hear_behind(struct event_clock *c, int64_t time_us, uint32_t sensor,
                                      uint64_t sensors)
{
    int64_t step = run_add(&c->behind, time_us, sensor);
    c->behind.convincing = c->behind.round || sensors == 1;
    c->ahead.any = false;
    if (c->behind.convincing && step <= c->leap_us && !c->ticking)
        c->now_us += step;
    return CLOCK_BEHIND;
}

enum clock_verdict event_clock_reading(struct event_clock *c, int64_t time_us, uint32_t sensor,
                                       int64_t passed_us, uint64_t sensors)
{
    if (c->now_us == TIME_NONE) {
        c->now_us = time_us;
        return CLOCK_NEAR;
    }
    if (time_us <= passed_us)
        return hear_behind(c, time_us, sensor, sensors);
    if (is_ahead(c, time_us))
        return hear_ahead(c, time_us, sensor, sensors);
    c->ahead.any = c->behind.any = false;
    if (time_us > c->now_us)
        c->now_us = time_us;
    return CLOCK_NEAR;
}

void event_clock_tick(struct event_clock *c, int64_t time_us)
{
    if (!c->ticking) {
        c->ticking = true;
        if (c->now_us == TIME_NONE)
            c->now_us = time_us;
        c->tick_shift_us = distance(time_us, c->now_us) <= c->leap_us ? 0 : c->now_us - time_us;
    } else {
        // A step is believed when it is small, or leads to where readings are already, or is no
        // larger than the one before: two large ones in a row show that time runs fast.
        int64_t step = time_us - c->tick_us;
        int64_t beyond = time_us + c->tick_shift_us - c->now_us;
        if (step >= 0 &&
            (step <= c->leap_us || beyond <= c->leap_us || step <= 2 * c->tick_heard_us))
            c->tick_step_us = step;
        else
            c->tick_shift_us -= step;
        c->tick_heard_us = step;
    }
    c->tick_us = time_us;
    follow_run(c);
    if (time_us + c->tick_shift_us > c->now_us)
        c->now_us = time_us + c->tick_shift_us;
}
