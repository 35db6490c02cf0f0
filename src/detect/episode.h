// Open episodes: one anomaly each, from the first reading outside to the return.
#ifndef FETTLE_DETECT_EPISODE_H
#define FETTLE_DETECT_EPISODE_H

#include "detect/detector.h"

struct episode {
    struct anomaly anomaly;
    const struct sensor *sensor;
    const struct detector *detector;
    double excess;   // of the peak
    int64_t last_us; // of the last reading outside or holding
    int64_t told_us; // event time of the last word on it to the outside
    bool told;       // it was raised
    bool kept_back;  // its score is not above the floor
    double floor;
    uint64_t after;     // the resolved incident that it belonged to; 0: none
    bool resumed;       // it was found before a restart and not seen again yet
    uint32_t next_free; // place + 1 in the pool
};

// Episodes live in a pool; a place is its index + 1, so that 0 means none.
struct episode_pool {
    struct episode *items;
    size_t n, cap, open;
    uint32_t free;
};

void episode_pool_free(struct episode_pool *p);

// An empty episode; 0 when memory is out.
uint32_t episode_new(struct episode_pool *p);
void episode_drop(struct episode_pool *p, uint32_t place);

static inline struct episode *episode_at(const struct episode_pool *p, uint32_t place)
{
    return &p->items[place - 1];
}

void episode_begin(struct episode *e, const struct sensor *sensor, const struct detector *detector,
                   const struct rules *rules, const struct finding *f);

// A further reading outside, at `time_us`. True when it is worth telling: graver, or a minute since
// the last word.
bool episode_extend(struct episode *e, const struct finding *f, int64_t time_us);

// An episode that was told as over goes on: from `now_us` on it is a new anomaly.
void episode_begin_again(struct episode *e, int64_t now_us);

// The episode is over; `return_us` is the time of the reading that ended it.
void episode_end(struct episode *e, int64_t return_us);

#endif
