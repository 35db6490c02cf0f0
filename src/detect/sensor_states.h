// What the engine keeps of each sensor: a head, and behind it the states of all detectors.
#ifndef FETTLE_DETECT_SENSOR_STATES_H
#define FETTLE_DETECT_SENSOR_STATES_H

#include "detect/registry.h"

struct sensor_state {
    const struct sensor *sensor; // NULL: not met yet
    const struct rules *rules;
    int64_t last_us;                  // time of the last value judged; TIME_NONE before
    int64_t last_clock_us;            // the engine's clock then
    int64_t armed_us;                 // when its timer goes off; INT64_MAX: none
    uint32_t episode[DETECTOR_COUNT]; // places of open episodes, 0 for none
};

// States stand in blocks of equal records, found by the sensor's number.
struct sensor_states {
    unsigned char **blocks;
    size_t block_count;
    size_t record_bytes;
    size_t offset[DETECTOR_COUNT];
    size_t known;   // sensors met
    uint32_t limit; // numbers met are below this
};

void sensor_states_open(struct sensor_states *s);
void sensor_states_free(struct sensor_states *s);
size_t sensor_states_bytes(const struct sensor_states *s);

enum { SENSOR_BLOCK = 64, SENSOR_STATE_LINE = 64, SENSOR_STATE_ALIGN = 8 };

// The sensor's record, NULL when it was not met.
static inline struct sensor_state *sensor_states_find(const struct sensor_states *s, uint32_t id)
{
    size_t block = id / SENSOR_BLOCK;
    if (block >= s->block_count || !s->blocks[block])
        return NULL;
    struct sensor_state *at = (void *)(s->blocks[block] + id % SENSOR_BLOCK * s->record_bytes);
    return at->sensor ? at : NULL;
}

// Asks for the sensor's record ahead of its use: of many sensors it lies in no cache.
static inline void sensor_states_prefetch(const struct sensor_states *s, uint32_t id)
{
    size_t block = id / SENSOR_BLOCK;
    if (block >= s->block_count || !s->blocks[block])
        return;
    const unsigned char *at = s->blocks[block] + id % SENSOR_BLOCK * s->record_bytes;
    for (size_t i = 0; i < s->record_bytes; i += SENSOR_STATE_LINE)
        __builtin_prefetch(at + i, 1);
}

// A new record for the sensor; NULL when memory is out.
struct sensor_state *sensor_states_add(struct sensor_states *s, const struct sensor *sensor,
                                       const struct rules *rules);

static inline void *sensor_state_of(const struct sensor_states *s, struct sensor_state *at,
                                    size_t detector)
{
    return (unsigned char *)at + s->offset[detector];
}

#endif
