// Anomalies, incidents, edits and summaries: kept, filtered, paged; people's words stay theirs.
#include "store/store_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_make(f);
    fixture_set(f, "store.group_commit", "0");
    fixture_open(f);
    fixture_sensors(f, 4);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_remove(*state);
    free(*state);
    return 0;
}

static struct anomaly anomaly(uint64_t id, uint32_t sensor, int64_t start, int64_t end)
{
    struct anomaly a = {.id = id,
                        .incident = id / 10,
                        .sensor = sensor,
                        .kind = (enum anomaly_kind)(id % ANOMALY_KIND_COUNT),
                        .side = id % 2 ? SIDE_HIGH : SIDE_LOW,
                        .severity = SEVERITY_WARNING,
                        .start_us = start * US_PER_SECOND,
                        .end_us = end == -1 ? TIME_NONE : end * US_PER_SECOND,
                        .detected_us = start * US_PER_SECOND + 5,
                        .peak_us = TIME_NONE,
                        .peak = 47.25,
                        .limit = (double)NAN,
                        .expected_low = 10,
                        .expected_high = 35,
                        .score = 1,
                        .count = 12};
    snprintf(a.detector, sizeof a.detector, "spike");
    snprintf(a.message, sizeof a.message, "47.25 °C is \"too\" high; DROP TABLE'; %llu",
             (unsigned long long)id);
    return a;
}

static void put_anomalies(struct fixture *f, const struct anomaly *a, size_t n)
{
    struct err err;
    struct store_batch b = {.anomalies = a, .anomaly_count = n};
    assert_ok(store_write(f->store, &b, &err), err);
}

static void check_same(const struct anomaly *a, const struct anomaly *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->incident, b->incident);
    assert_int_equal(a->sensor, b->sensor);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->side, b->side);
    assert_int_equal(a->severity, b->severity);
    assert_string_equal(a->detector, b->detector);
    assert_int_equal(a->start_us, b->start_us);
    assert_int_equal(a->end_us, b->end_us);
    assert_int_equal(a->detected_us, b->detected_us);
    assert_int_equal(a->peak_us, b->peak_us);
    assert_true(a->peak == b->peak && isnan(a->limit) == isnan(b->limit));
    assert_true(a->expected_low == b->expected_low && a->expected_high == b->expected_high);
    assert_true(a->score == b->score);
    assert_int_equal(a->count, b->count);
    assert_string_equal(a->message, b->message);
}

static void an_anomaly_comes_back_whole_and_is_updated(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct anomaly a = anomaly(INT64_MAX, f->sensors[1], 100, -1), back;
    put_anomalies(f, &a, 1);
    fixture_close(f);
    fixture_open(f);
    assert_ok(store_anomaly(f->store, a.id, &back, &err), err);
    check_same(&back, &a);
    a.end_us = 200 * US_PER_SECOND;
    a.peak = (double)NAN;
    a.limit = 45;
    a.incident = 7;
    put_anomalies(f, &a, 1);
    assert_ok(store_anomaly(f->store, a.id, &back, &err), err);
    assert_true(isnan(back.peak) && back.limit == 45 && back.incident == 7);
    assert_int_equal(back.end_us, a.end_us);
    uint64_t count;
    assert_ok(store_anomaly_count(f->store, 100 * US_PER_SECOND, &count, &err), err);
    assert_int_equal(count, 1);
    assert_ok(store_anomaly_count(f->store, 100 * US_PER_SECOND + 1, &count, &err), err);
    assert_int_equal(count, 0);
}

// The same question put to a plain loop.
static bool passes(const struct anomaly_filter *q, const struct anomaly *a, const struct fixture *f)
{
    const struct sensor *sensor = catalog_sensor(f->catalog, a->sensor);
    return (q->from_us == TIME_NONE || a->end_us == TIME_NONE || a->end_us >= q->from_us) &&
           (q->to_us == TIME_NONE || a->start_us < q->to_us) &&
           (!q->has_asset || sensor->asset == q->asset) &&
           (!q->has_sensor || a->sensor == q->sensor) && (!q->has_kind || a->kind == q->kind) &&
           (!q->has_incident || a->incident == q->incident) &&
           (!q->open_only || a->end_us == TIME_NONE) &&
           (!q->before_id || a->start_us < q->before_us ||
            (a->start_us == q->before_us && a->id < q->before_id));
}

static int newest_first(const void *pa, const void *pb)
{
    const struct anomaly *a = pa, *b = pb;
    if (a->start_us != b->start_us)
        return a->start_us > b->start_us ? -1 : 1;
    return a->id > b->id ? -1 : 1;
}

static void filters_of_anomalies_do_what_a_plain_loop_does(void **state)
{
    struct fixture *f = *state;
    enum { N = 300 };
    struct anomaly *all = malloc(N * sizeof *all), *got = malloc(N * sizeof *got);
    struct rng rng;
    struct err err;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < N; i++) {
        int64_t start = (int64_t)rng_below(&rng, 60); // many begin together
        all[i] = anomaly(i + 1, f->sensors[rng_below(&rng, 4)], start,
                         rng_below(&rng, 4) ? start + (int64_t)rng_below(&rng, 20) : -1);
    }
    put_anomalies(f, all, N);
    qsort(all, N, sizeof *all, newest_first);
    for (int round = 0; round < 600; round++) {
        struct anomaly_filter q = {.from_us = TIME_NONE, .to_us = TIME_NONE};
        q.limit = rng_below(&rng, 3) ? N : rng_below(&rng, 9) + 1;
        if (rng_below(&rng, 3) == 0)
            q.from_us = (int64_t)rng_below(&rng, 80) * US_PER_SECOND;
        if (rng_below(&rng, 3) == 0)
            q.to_us = (int64_t)rng_below(&rng, 80) * US_PER_SECOND;
        q.has_asset = rng_below(&rng, 4) == 0;
        q.asset = (uint32_t)rng_below(&rng, 5); // 4 is none
        q.has_sensor = rng_below(&rng, 4) == 0;
        q.sensor = (uint32_t)rng_below(&rng, 4);
        q.has_kind = rng_below(&rng, 4) == 0;
        q.kind = (enum anomaly_kind)rng_below(&rng, ANOMALY_KIND_COUNT);
        q.has_incident = rng_below(&rng, 6) == 0;
        q.incident = rng_below(&rng, 30);
        q.open_only = rng_below(&rng, 5) == 0;
        if (rng_below(&rng, 2)) {
            const struct anomaly *at = &all[rng_below(&rng, N)];
            q.before_us = at->start_us;
            q.before_id = at->id;
        }
        size_t count, expected = 0;
        assert_ok(store_anomalies(f->store, &q, got, &count, &err), err);
        for (size_t i = 0; i < N && expected < q.limit; i++)
            if (passes(&q, &all[i], f)) {
                assert_true(expected < count);
                check_same(&got[expected++], &all[i]);
            }
        assert_int_equal(count, expected);
    }
    free(all);
    free(got);
}

static struct incident incident(uint64_t id, uint32_t asset)
{
    struct incident in = {.id = id,
                          .asset = asset,
                          .severity = SEVERITY_CRITICAL,
                          .active = id % 2,
                          .start_us = (int64_t)id * US_PER_SECOND,
                          .last_us = (int64_t)id * US_PER_SECOND + 9,
                          .acknowledged_us = TIME_NONE,
                          .resolved_us = TIME_NONE,
                          .anomaly_count = 3,
                          .kinds = 1u << ANOMALY_SPIKE | 1u << ANOMALY_DROPOUT};
    snprintf(in.title, sizeof in.title, "incident %llu", (unsigned long long)id);
    return in;
}

static void what_people_said_outlives_what_detection_says(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct incident in = incident(1, 2), back;
    struct store_batch b = {.incidents = &in, .incident_count = 1};
    assert_ok(store_write(f->store, &b, &err), err);
    struct incident_edit edit = {.id = 1,
                                 .time_us = 777,
                                 .set_state = true,
                                 .set_verdict = true,
                                 .set_note = true,
                                 .set_cause = true,
                                 .state = INCIDENT_ACKNOWLEDGED,
                                 .verdict = VERDICT_TRUE_FAULT,
                                 .note = "valve looked at",
                                 .cause = "heater"};
    struct store_batch e = {.edits = &edit, .edit_count = 1};
    assert_ok(store_write(f->store, &e, &err), err);
    in.anomaly_count = 8;
    in.active = false;
    in.kinds |= 1u << ANOMALY_DRIFT;
    in.last_us += 5;
    snprintf(in.title, sizeof in.title, "longer");
    assert_ok(store_write(f->store, &b, &err), err);
    fixture_close(f);
    fixture_open(f);
    assert_ok(store_incident(f->store, 1, &back, &err), err);
    assert_int_equal(back.state, INCIDENT_ACKNOWLEDGED);
    assert_int_equal(back.acknowledged_us, 777);
    assert_true(back.resolved_us == TIME_NONE);
    assert_int_equal(back.verdict, VERDICT_TRUE_FAULT);
    assert_string_equal(back.note, "valve looked at");
    assert_string_equal(back.cause, "heater");
    assert_int_equal(back.anomaly_count, 8);
    assert_int_equal(back.kinds, in.kinds);
    assert_int_equal(back.last_us, in.last_us);
    assert_int_equal(back.severity, SEVERITY_CRITICAL);
    assert_int_equal(back.asset, 2);
    assert_false(back.active);
    assert_string_equal(back.title, "longer");
}

static void states_set_and_clear_their_times(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct incident in = incident(5, 0), back;
    struct store_batch b = {.incidents = &in, .incident_count = 1};
    assert_ok(store_write(f->store, &b, &err), err);
    static const struct {
        enum incident_state state;
        int64_t at, acknowledged, resolved;
    } steps[] = {{INCIDENT_ACKNOWLEDGED, 10, 10, TIME_NONE},
                 {INCIDENT_RESOLVED, 20, 10, 20},
                 {INCIDENT_OPEN, 30, TIME_NONE, TIME_NONE},
                 {INCIDENT_RESOLVED, 40, TIME_NONE, 40},
                 {INCIDENT_ACKNOWLEDGED, 50, 50, TIME_NONE}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct incident_edit edit = {
            .id = 5, .set_state = true, .state = steps[i].state, .time_us = steps[i].at};
        struct store_batch e = {.edits = &edit, .edit_count = 1};
        assert_ok(store_write(f->store, &e, &err), err);
        assert_ok(store_incident(f->store, 5, &back, &err), err);
        assert_int_equal(back.state, steps[i].state);
        assert_int_equal(back.acknowledged_us, steps[i].acknowledged);
        assert_int_equal(back.resolved_us, steps[i].resolved);
    }
}

static void an_edit_of_an_unknown_incident_writes_nothing_of_its_batch(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct anomaly a = anomaly(3, f->sensors[0], 1, 2);
    struct incident_edit edits[] = {{.id = 1, .set_note = true, .note = "x"},
                                    {.id = 2, .set_note = true, .note = "y"}};
    struct incident in = incident(1, 0), back;
    struct store_batch b = {.anomalies = &a,
                            .anomaly_count = 1,
                            .incidents = &in,
                            .incident_count = 1,
                            .edits = edits,
                            .edit_count = 2};
    assert_int_equal(store_write(f->store, &b, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "incident 2"));
    assert_int_equal(store_incident(f->store, 1, &back, &err), ERR_NOT_FOUND);
    assert_int_equal(store_anomaly(f->store, 3, &a, &err), ERR_NOT_FOUND);
    b.edit_count = 1; // the incident comes with the batch itself
    assert_ok(store_write(f->store, &b, &err), err);
    assert_ok(store_incident(f->store, 1, &back, &err), err);
    assert_string_equal(back.note, "x");
}

static void incidents_are_listed_newest_first_and_filtered(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct incident all[20], got[20];
    size_t count;
    for (size_t i = 0; i < 20; i++)
        all[i] = incident(i + 1, (uint32_t)(i % 3));
    struct store_batch b = {.incidents = all, .incident_count = 20};
    assert_ok(store_write(f->store, &b, &err), err);
    struct incident_edit edit = {.id = 8, .set_state = true, .state = INCIDENT_RESOLVED};
    struct store_batch e = {.edits = &edit, .edit_count = 1};
    assert_ok(store_write(f->store, &e, &err), err);
    struct incident_filter q = {.limit = 5};
    assert_ok(store_incidents(f->store, &q, got, &count, &err), err);
    assert_int_equal(count, 5);
    assert_true(got[0].id == 20 && got[4].id == 16);
    q.before_id = 16;
    assert_ok(store_incidents(f->store, &q, got, &count, &err), err);
    assert_true(count == 5 && got[0].id == 15);
    q = (struct incident_filter){.has_state = true, .state = INCIDENT_RESOLVED, .limit = 20};
    assert_ok(store_incidents(f->store, &q, got, &count, &err), err);
    assert_true(count == 1 && got[0].id == 8);
    q = (struct incident_filter){.has_asset = true, .asset = 1, .active_only = true, .limit = 20};
    assert_ok(store_incidents(f->store, &q, got, &count, &err), err);
    assert_int_equal(count, 3); // 5, 11, 17
    for (size_t i = 0; i < count; i++)
        assert_true(got[i].asset == 1 && got[i].active);
    q.asset = 99;
    assert_ok(store_incidents(f->store, &q, got, &count, &err), err);
    assert_int_equal(count, 0);
    uint64_t last;
    assert_ok(store_last_incident_id(f->store, &last, &err), err);
    assert_int_equal(last, 20);
}

static void summaries_get_numbers_and_come_newest_first(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct summary su[3] = {{.time_us = 30, .from_us = 1, .to_us = 2, .text = "third"},
                            {.time_us = 10, .text = "first"},
                            {.time_us = 20, .text = "second"}},
                   got[3];
    for (size_t i = 0; i < 3; i++)
        snprintf(su[i].generated_by, sizeof su[i].generated_by, "facts");
    memset(su[0].text, 'x', sizeof su[0].text - 1); // as long as can be
    struct store_batch b = {.summaries = su, .summary_count = 3};
    assert_ok(store_write(f->store, &b, &err), err);
    size_t count;
    assert_ok(store_summaries(f->store, 2, got, &count, &err), err);
    assert_int_equal(count, 2);
    assert_true(got[0].time_us == 30 && got[1].time_us == 20);
    assert_string_equal(got[0].text, su[0].text);
    assert_string_equal(got[0].generated_by, "facts");
    assert_true(got[0].from_us == 1 && got[0].to_us == 2);
    assert_true(got[0].id != 0 && got[1].id != 0 && got[0].id != got[1].id);
}

static void put_diagnosis(struct fixture *f, uint64_t incident, bool closed, const char *text)
{
    struct err err;
    struct incident_diagnosis d = {
        .incident = incident, .closed = closed, .verified = true, .time_us = 70};
    str_copy(d.text, sizeof d.text, str_of(text));
    str_copy(d.generated_by, sizeof d.generated_by, STR_LIT("llm_diagnoser"));
    str_copy(d.model, sizeof d.model, STR_LIT("nano"));
    str_copy(d.cause, sizeof d.cause, STR_LIT("leak"));
    str_copy(d.title, sizeof d.title, STR_LIT("leak"));
    struct store_batch b = {.diagnoses = &d, .diagnosis_count = 1};
    assert_ok(store_write(f->store, &b, &err), err);
}

static void an_incident_keeps_the_last_diagnosis_of_its_opening_and_of_its_closing(void **state)
{
    struct fixture *f = *state;
    struct incident_diagnosis got[2];
    struct err err;
    size_t count;
    put_diagnosis(f, 7, true, "it was a leak");
    put_diagnosis(f, 7, false, "a leak?");
    put_diagnosis(f, 7, false, "a leak");
    put_diagnosis(f, 8, false, "another");
    assert_ok(store_diagnoses(f->store, 7, got, &count, &err), err);
    assert_int_equal(count, 2);
    assert_false(got[0].closed);
    assert_string_equal(got[0].text, "a leak");
    assert_true(got[1].closed && got[1].verified && got[1].time_us == 70);
    assert_string_equal(got[1].text, "it was a leak");
    assert_string_equal(got[1].model, "nano");
    assert_string_equal(got[1].cause, "leak");
    assert_ok(store_diagnoses(f->store, 9, got, &count, &err), err);
    assert_int_equal(count, 0);
}

static uint64_t due(struct fixture *f, int64_t opened_us, int64_t since_us)
{
    struct err err;
    uint64_t id;
    assert_ok(store_diagnosis_due(f->store, opened_us, since_us, &id, &err), err);
    return id;
}

static void a_diagnosis_is_due_when_an_incident_opened_and_when_it_closed(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct incident in[2] = {
        {.id = 1, .active = true, .start_us = 100, .last_us = 150},
        {.id = 2, .active = false, .start_us = 200, .last_us = 250},
    };
    assert_int_equal(due(f, 1000, 0), 0);
    struct store_batch b = {.incidents = in, .incident_count = 2};
    assert_ok(store_write(f->store, &b, &err), err);
    assert_int_equal(due(f, 1000, 0), 1); // active ones first
    assert_int_equal(due(f, 100, 0), 2);  // too young, and one that is over already
    assert_int_equal(due(f, 1000, 251), 0);
    put_diagnosis(f, 1, false, "opened");
    put_diagnosis(f, 2, true, "closed");
    assert_int_equal(due(f, 1000, 0), 0);
    in[0].active = false;
    assert_ok(store_write(f->store, &b, &err), err);
    assert_int_equal(due(f, 1000, 0), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_anomaly_comes_back_whole_and_is_updated),
        TEST(filters_of_anomalies_do_what_a_plain_loop_does),
        TEST(what_people_said_outlives_what_detection_says),
        TEST(states_set_and_clear_their_times),
        TEST(an_edit_of_an_unknown_incident_writes_nothing_of_its_batch),
        TEST(incidents_are_listed_newest_first_and_filtered),
        TEST(summaries_get_numbers_and_come_newest_first),
        TEST(an_incident_keeps_the_last_diagnosis_of_its_opening_and_of_its_closing),
        TEST(a_diagnosis_is_due_when_an_incident_opened_and_when_it_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
