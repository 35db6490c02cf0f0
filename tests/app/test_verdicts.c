// A false alarm keeps its pattern back: visibly, over restarts, until it is taken back.
#include "rig.h"

// What happens to a tank: hours of calm, then a step up for five minutes, then calm again.
struct tank {
    struct app *app;
    struct noise noise;
    uint32_t sensor;
    int second;
};

static void open_tank(struct tank *t)
{
    *t = (struct tank){.app = start()};
    rng_seed(&t->noise.rng, 5);
    t->sensor = level_sensor(t->app);
}

static void step(struct tank *t, double height)
{
    live(t->app, &t->noise, t->sensor, t->second, t->second + 15000, 20);
    live(t->app, &t->noise, t->sensor, t->second + 15000, t->second + 15300, 20 + height);
    live(t->app, &t->noise, t->sensor, t->second + 15300, t->second + 16000, 20);
    t->second += 16000;
}

static void restart(struct tank *t)
{
    stop(&t->app);
    t->app = start();
    t->sensor = level_sensor(t->app);
}

// Anomalies since the start of the tank; the newest in `*last`.
static size_t told(struct tank *t, struct anomaly *last)
{
    struct anomaly list[10];
    settle(t->app);
    size_t count = anomalies_of(t->app, list, 10);
    if (count)
        *last = list[0];
    return count;
}

static void say(struct tank *t, uint64_t incident, enum verdict verdict)
{
    struct incident_edit edit = {.id = incident, .set_verdict = true, .verdict = verdict};
    struct incident now;
    struct err err;
    assert_ok(app_incident_edit(t->app, &edit, &now, &err), err);
    assert_int_equal(now.verdict, verdict);
}

static size_t patterns(struct tank *t, struct app_pattern *first)
{
    struct app_pattern *list;
    size_t count;
    struct err err;
    assert_ok(app_patterns(t->app, APP_EVERY_SENSOR, &list, &count, &err), err);
    if (count)
        *first = list[0];
    free(list);
    return count;
}

static void without_a_verdict_the_same_step_alarms_each_time(void **state)
{
    (void)state;
    struct tank t;
    struct anomaly last;
    open_tank(&t);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 1);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 2);
    assert_string_equal(last.detector, "univariate");
    stop(&t.app);
}

static void what_was_called_false_is_kept_back_and_a_larger_one_is_told(void **state)
{
    (void)state;
    struct tank t;
    struct anomaly last;
    struct app_pattern p;
    open_tank(&t);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 1);
    assert_int_equal(patterns(&t, &p), 0);
    say(&t, last.incident, VERDICT_FALSE_ALARM);
    assert_int_equal(patterns(&t, &p), 1);
    assert_int_equal(p.sensor, t.sensor);
    assert_string_equal(p.detector, last.detector);
    assert_int_equal(p.kind, last.kind);
    assert_true(p.false_score == last.score);
    double size = last.score / (1 - last.score);
    assert_close(p.above_score / (1 - p.above_score), 1.25 * size, 1e-9);
    assert_int_equal(p.incident_count, 1);
    assert_int_equal(p.incidents[0], last.incident);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 1);
    step(&t, 300);
    assert_int_equal(told(&t, &last), 2);
    assert_true(last.score > p.above_score);
    stop(&t.app);
}

static void taking_the_verdict_back_tells_it_again(void **state)
{
    (void)state;
    for (int resets = 0; resets < 2; resets++) {
        struct tank t;
        struct anomaly last;
        struct app_pattern p;
        struct err err;
        size_t removed;
        open_tank(&t);
        step(&t, 3);
        assert_int_equal(told(&t, &last), 1);
        say(&t, last.incident, VERDICT_FALSE_ALARM);
        if (resets) {
            struct app_pattern_filter all = {.sensor = t.sensor, .detector = last.detector};
            assert_ok(app_patterns_reset(t.app, &all, &removed, &err), err);
            assert_int_equal(removed, 1);
        } else {
            say(&t, last.incident, VERDICT_NONE);
        }
        assert_int_equal(patterns(&t, &p), 0);
        step(&t, 3);
        assert_int_equal(told(&t, &last), 2);
        stop(&t.app);
        remove_folder(NULL);
        open_folder(NULL);
    }
}

static void it_holds_over_a_restart_and_so_does_taking_it_back(void **state)
{
    (void)state;
    struct tank t;
    struct anomaly last;
    struct app_pattern before, after;
    open_tank(&t);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 1);
    uint64_t incident = last.incident;
    say(&t, incident, VERDICT_FALSE_ALARM);
    assert_int_equal(patterns(&t, &before), 1);
    restart(&t);
    assert_int_equal(patterns(&t, &after), 1);
    assert_true(after.above_score == before.above_score);
    assert_int_equal(after.since_us, before.since_us);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 1);
    say(&t, incident, VERDICT_TRUE_FAULT);
    restart(&t);
    assert_int_equal(patterns(&t, &after), 0);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 2);
    stop(&t.app);
}

static void a_rule_that_was_called_false_goes_on_by_its_limits(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    struct anomaly found[10];
    struct app_pattern *list;
    struct incident now;
    struct err err;
    size_t count;
    send(a, id, 0, 30, 21);
    send(a, id, 30, 3, 52);
    send(a, id, 33, 30, 21);
    assert_int_equal(wait_for_anomalies(a, found, 1), 1);
    struct incident_edit edit = {
        .id = found[0].incident, .set_verdict = true, .verdict = VERDICT_FALSE_ALARM};
    assert_ok(app_incident_edit(a, &edit, &now, &err), err);
    assert_ok(app_patterns(a, APP_EVERY_SENSOR, &list, &count, &err), err);
    free(list);
    assert_int_equal(count, 0);
    send(a, id, 63, 3, 52);
    send(a, id, 66, 30, 21);
    assert_int_equal(wait_for_anomalies(a, found, 2), 2);
    stop(&a);
}

static void the_sensitivity_that_is_set_holds_beside_it(void **state)
{
    (void)state;
    static const char *const sets[] = {"rules.sensor.tank/level.sensitivity=0"};
    struct tank t;
    struct anomaly last;
    from.sets = sets;
    from.set_count = 1;
    open_tank(&t);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 0);
    assert_true(app_sensitivity(t.app, t.sensor) == 0);
    from.set_count = 0;
    struct err err;
    assert_ok(app_config_reload(t.app, &err), err);
    step(&t, 3);
    assert_int_equal(told(&t, &last), 1);
    assert_true(app_sensitivity(t.app, t.sensor) == 1);
    stop(&t.app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_verdict_the_same_step_alarms_each_time,
                                        open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_was_called_false_is_kept_back_and_a_larger_one_is_told,
                                        open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(taking_the_verdict_back_tells_it_again, open_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(it_holds_over_a_restart_and_so_does_taking_it_back,
                                        open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_rule_that_was_called_false_goes_on_by_its_limits,
                                        open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_sensitivity_that_is_set_holds_beside_it, open_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
