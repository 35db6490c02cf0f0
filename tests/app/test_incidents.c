// Incidents are explained when they open and when they close, whatever the model makes of them.
#include "app/app_private.h"
#include "app/diagnose.h"
#include "app/rig.h"

#include <stdatomic.h>

static const char *no_model[] = {"incident.model=none"};
static const char *off[] = {"incident.diagnosis=false"};

static struct app *start_with(const char **sets)
{
    from.sets = sets;
    from.set_count = 1;
    return start();
}

// A spike at second 60 of three minutes: rules call it one.
static void spike(struct app *a)
{
    uint32_t sensor = temperature(a, "pipe");
    send(a, sensor, 0, 60, 21);
    send(a, sensor, 60, 2, 56.5);
}

static uint64_t wait_for_diagnoses(struct app *a, size_t want, struct incident_diagnosis out[2])
{
    struct err err;
    size_t count = 0;
    for (int tries = 0; tries < 1000 && count < want; tries++) {
        assert_ok(store_diagnoses(a->store, 1, out, &count, &err), err);
        if (count < want)
            clock_sleep_us(10 * US_PER_MS);
    }
    return count;
}

static void the_facts_explain_an_incident_that_opens_and_closes_without_a_model(void **state)
{
    (void)state;
    struct incident_diagnosis d[2];
    struct app *a = start_with(no_model);
    atomic_store(&a->clock_mode, CLOCK_REPLAY);
    spike(a);
    uint32_t sensor = temperature(a, "pipe");
    send(a, sensor, 62, 20, 21);
    assert_int_equal(wait_for_diagnoses(a, 1, d), 1);
    assert_false(d[0].closed);
    assert_string_equal(d[0].generated_by, "facts");
    assert_string_equal(d[0].model, "");
    assert_true(d[0].verified);
    assert_string_equal(d[0].text, "pipe: temperature spike to 56.5 C, above limit 45 C, 22:14:20 "
                                   "to 22:14:21.");
    send(a, sensor, 82, 600, 21);
    send(a, sensor, 682, 600, 21);
    assert_int_equal(wait_for_diagnoses(a, 2, d), 2);
    assert_true(d[1].closed);
    assert_string_equal(d[1].generated_by, "facts");
    stop(&a);
}

static atomic_int told;

static void listen(void *arg, const struct app_event *e)
{
    (void)arg;
    if (e->type == EVENT_DIAGNOSIS && e->diagnosis->incident == 1 && e->change == CHANGE_OPENED)
        atomic_fetch_add(&told, 1);
}

static void a_diagnosis_is_told(void **state)
{
    (void)state;
    struct incident_diagnosis d[2];
    struct err err;
    struct app *a = start_with(no_model);
    atomic_store(&told, 0);
    atomic_store(&a->clock_mode, CLOCK_REPLAY);
    assert_ok(app_listen(a, listen, NULL, &err), err);
    spike(a);
    send(a, temperature(a, "pipe"), 62, 20, 21);
    assert_int_equal(wait_for_diagnoses(a, 1, d), 1);
    for (int tries = 0; tries < 500 && atomic_load(&told) == 0; tries++)
        clock_sleep_us(10 * US_PER_MS);
    assert_int_equal(atomic_load(&told), 1);
    app_unlisten(a, listen, NULL);
    stop(&a);
}

static void incidents_of_the_last_run_are_explained_after_a_restart(void **state)
{
    (void)state;
    struct incident_diagnosis d[2];
    struct anomaly found[10];
    struct app *a = start_with(off);
    spike(a);
    send(a, temperature(a, "pipe"), 62, 20, 21);
    assert_int_equal(wait_for_anomalies(a, found, 1), 1);
    settle(a);
    stop(&a);
    a = start_with(no_model);
    atomic_store(&a->clock_mode, CLOCK_REPLAY);
    assert_int_equal(wait_for_diagnoses(a, 1, d), 1);
    stop(&a);
}

static void none_is_made_when_it_is_switched_off(void **state)
{
    (void)state;
    struct incident_diagnosis d[2];
    struct anomaly found[10];
    struct err err;
    size_t count;
    struct app *a = start_with(off);
    atomic_store(&a->clock_mode, CLOCK_REPLAY);
    spike(a);
    send(a, temperature(a, "pipe"), 62, 20, 21);
    assert_int_equal(wait_for_anomalies(a, found, 1), 1);
    clock_sleep_us(2500 * US_PER_MS); // two rounds of the thread that would make one
    assert_ok(store_diagnoses(a->store, 1, d, &count, &err), err);
    assert_int_equal(count, 0);
    stop(&a);
}

// What `fettle diagnose --asset` reads when no fettle runs on the folder.
static void a_folder_that_nobody_serves_tells_of_its_assets(void **state)
{
    (void)state;
    struct anomaly found[10];
    struct facts *f = calloc(1, sizeof *f);
    struct buf lines = {0};
    struct err err;
    struct app *a = start_with(off);
    spike(a);
    send(a, temperature(a, "pipe"), 62, 20, 21);
    assert_int_equal(wait_for_anomalies(a, found, 1), 1);
    settle(a);
    stop(&a);
    from.offline = true;
    a = start();
    struct join_tools tools = app_join_tools(a);
    assert_ok(facts_join_asset(f, &tools, STR_LIT("pipe"), &err), err);
    facts_write(f, &lines);
    assert_string_equal(
        lines.p, "- device: pipe\n"
                 "- event: temperature spike to 56.5 C, above limit 45 C, 22:14:20 to 22:14:21\n"
                 "- temperature: 21 C, within 10-35 C, falling from 21.87 over 2 samples\n");
    assert_int_equal(facts_join_asset(f, &tools, STR_LIT("pump"), &err), ERR_NOT_FOUND);
    stop(&a);
    from.offline = false;
    buf_free(&lines);
    free(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(the_facts_explain_an_incident_that_opens_and_closes_without_a_model),
        TEST(a_diagnosis_is_told),
        TEST(incidents_of_the_last_run_are_explained_after_a_restart),
        TEST(none_is_made_when_it_is_switched_off),
        TEST(a_folder_that_nobody_serves_tells_of_its_assets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
