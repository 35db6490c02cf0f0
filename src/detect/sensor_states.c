// Lays out and finds the records of sensors.
#include "detect/sensor_states.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

void sensor_states_open(struct sensor_states *s)
{
    *s = (struct sensor_states){0};
    size_t bytes = sizeof(struct sensor_state);
    for (size_t i = 0; i < DETECTOR_COUNT; i++) {
        bytes = round_up(bytes, SENSOR_STATE_ALIGN);
        s->offset[i] = bytes;
        bytes += detectors[i]->state_bytes;
    }
    s->record_bytes = round_up(bytes, SENSOR_STATE_LINE);
}

void sensor_states_free(struct sensor_states *s)
{
    for (size_t i = 0; i < s->block_count; i++)
        free(s->blocks[i]);
    free(s->blocks);
    *s = (struct sensor_states){0};
}

size_t sensor_states_bytes(const struct sensor_states *s)
{
    size_t bytes = s->block_count * sizeof *s->blocks;
    for (size_t i = 0; i < s->block_count; i++)
        bytes += s->blocks[i] ? SENSOR_BLOCK * s->record_bytes : 0;
    return bytes;
}

static bool make_block(struct sensor_states *s, size_t block)
{
    if (block >= s->block_count) {
        size_t count = s->block_count ? s->block_count : 16;
        while (count <= block)
            count *= 2;
        unsigned char **blocks = realloc(s->blocks, count * sizeof *blocks);
        if (!blocks)
            return false;
        memset(blocks + s->block_count, 0, (count - s->block_count) * sizeof *blocks);
        s->blocks = blocks;
        s->block_count = count;
    }
    if (s->blocks[block])
        return true;
    s->blocks[block] = aligned_alloc(SENSOR_STATE_LINE, SENSOR_BLOCK * s->record_bytes);
    if (s->blocks[block])
        memset(s->blocks[block], 0, SENSOR_BLOCK * s->record_bytes);
    return s->blocks[block] != NULL;
}

struct sensor_state *sensor_states_add(struct sensor_states *s, const struct sensor *sensor,
                                       const struct rules *rules)
{
    if (!make_block(s, sensor->id / SENSOR_BLOCK))
        return NULL;
    struct sensor_state *at = (void *)(s->blocks[sensor->id / SENSOR_BLOCK] +
                                       sensor->id % SENSOR_BLOCK * s->record_bytes);
    at->sensor = sensor;
    at->rules = rules;
    at->last_us = TIME_NONE;
    at->armed_us = INT64_MAX;
    s->known++;
    if (sensor->id >= s->limit)
        s->limit = sensor->id + 1;
    return at;
}
