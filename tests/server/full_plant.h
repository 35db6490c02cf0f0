// A server over a plant with everything in it, for a whole test program.
#ifndef FETTLE_TESTS_SERVER_FULL_PLANT_H
#define FETTLE_TESTS_SERVER_FULL_PLANT_H

#include "rig.h"

static struct rig rig;
static struct arena *arena;

// A plant with everything in it: a spike and what follows from it, a missing value, odd names.
static const char plant[] =
    "[{\"sensor\":\"pump-1/temperature\",\"time\":\"2026-11-21T09:00:00Z\",\"value\":20},"
    "{\"sensor\":\"pump-1/temperature\",\"time\":\"2026-11-21T09:00:01Z\",\"value\":99.5},"
    "{\"sensor\":\"pump-1/temperature\",\"time\":\"2026-11-21T09:00:02Z\",\"value\":20.25},"
    "{\"sensor\":\"pump-1/temperature\",\"time\":\"2026-11-21T09:00:05Z\",\"value\":null},"
    "{\"sensor\":\"pump-1/flow\",\"time\":\"2026-11-21T09:00:05Z\",\"value\":\"NaN\"},"
    "{\"sensor\":\"\xC3\x9C \\\"2\\\"/<b>\",\"time\":\"2026-11-21T09:00:08Z\",\"value\":1e300}]";

static inline int set_up(void **state)
{
    (void)state;
    struct answer a;
    rig_open(&rig, NULL);
    arena = arena_open(0);
    assert_int_equal(rig_post(&rig, "/api/v1/readings", "application/json", plant, &a), 200);
    answer_free(&a);
    rig_await_incident(&rig);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    rig_close(&rig);
    return 0;
}

static inline struct json_node *get_json(const char *path, struct answer *a)
{
    if (rig_get(&rig, path, a) != 200)
        fail_msg("%s: %d %s", path, a->status, a->all.p);
    return answer_json(a, arena);
}

#endif
