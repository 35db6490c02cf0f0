// The engine's clock: what time it is in the plant, believed from readings and ticks.
//
// Readings move it; but one sensor whose clock is wrong must not make all others late or silent. So
// a reading alone moves the clock by at most a set leap. A larger step needs agreement: a run of
// readings, uninterrupted by any near the present time, in which a sensor comes round again after
// others (or the only sensor there is goes on). The same kind of run behind the present time shows
// that the plant's clock was set back; the clock then goes on by the run's steps, so that no timer
// stands still. Ticks of a wall clock move it by their steps, and leaps of the wall clock count for
// nothing until readings agree with them. The clock never goes back.
#ifndef FETTLE_DETECT_EVENT_CLOCK_H
#define FETTLE_DETECT_EVENT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

// Consecutive readings far from the present time.
struct clock_run {
    bool any, others, round; // others: another sensor than the first; round: then the first again
    bool convincing;
    uint32_t sensor; // of the first reading
    int64_t first_us, newest_us;
};

struct event_clock {
    int64_t now_us; // TIME_NONE before the first reading or tick
    int64_t leap_us;
    struct clock_run ahead, behind;
    bool ticking;
    int64_t tick_us;       // the last tick
    int64_t tick_heard_us; // the last step between two ticks
    int64_t tick_step_us;  // the last step that was believed
    int64_t tick_shift_us; // added to a tick to get what is believed of it
};

enum clock_verdict {
    CLOCK_NEAR,   // the reading's time is taken for true; the clock may have moved
    CLOCK_BEHIND, // before `passed_us`
    CLOCK_AHEAD,  // too far ahead to be believed now
};

void event_clock_open(struct event_clock *c);

// Hears a reading. `passed_us` is the time up to which readings have been judged; `sensors` is how
// many sensors are known, this one included.
enum clock_verdict event_clock_reading(struct event_clock *c, int64_t time_us, uint32_t sensor,
                                       int64_t passed_us, uint64_t sensors);

void event_clock_tick(struct event_clock *c, int64_t time_us);

#endif
