// The simulated plant: every fault that the rules can find is found, named, and alarmed once.
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval_simulator.h"

// FETTLE_EVAL_DAYS and FETTLE_EVAL_PLANTS make the run longer.
static double from_environment(const char *name, double otherwise)
{
    const char *text = getenv(name);
    return text ? atof(text) : otherwise;
}

static void every_fault_that_the_rules_can_find_is_found_and_named_rightly(void **state)
{
    (void)state;
    struct eval_simulator_options options = {
        .seed = 1,
        .rules_only = true,
        .plants = (size_t)from_environment("FETTLE_EVAL_PLANTS", 3),
        .days = from_environment("FETTLE_EVAL_DAYS", 2),
    };
    static struct eval_simulator_report r;
    struct err err;
    struct buf text = {0};
    assert_ok(eval_simulator_run(&options, &r, &err), err);
    eval_simulator_text(&r, &text);
    print_message("%s", text.p);
    for (int k = 0; k <= SIM_FAULT_DROPOUT; k++) {
        assert_true(r.kinds[k].injected > 20);
        assert_int_equal(r.kinds[k].named, r.kinds[k].injected);
    }
    assert_int_equal(r.false_alarms, 0);
    assert_true(eval_simulator_passed(&r));
    // A spike is certain at once, silence after 10 s, and a drift with the first reading after 15
    // s, or somewhat later where noise takes it back within its limit at the beginning.
    assert_true(r.kinds[SIM_FAULT_SPIKE].delay_max_s == 0);
    assert_true(r.kinds[SIM_FAULT_DRIFT].delay_median_s >= 16);
    assert_true(r.kinds[SIM_FAULT_DRIFT].delay_median_s <= 20);
    assert_true(r.kinds[SIM_FAULT_DROPOUT].delay_max_s == 10);
    buf_free(&text);
}

static void faults_that_no_rule_names_are_counted_apart(void **state)
{
    (void)state;
    struct eval_simulator_options options = {
        .seed = 7, .plants = 1, .assets = 1, .rules_only = true};
    static struct eval_simulator_report r;
    struct err err;
    struct buf text = {0};
    struct json_out j;
    assert_ok(eval_simulator_run(&options, &r, &err), err);
    assert_false(r.ruled[SIM_FAULT_STUCK]);
    assert_true(r.kinds[SIM_FAULT_STUCK].injected > 0);
    assert_int_equal(r.kinds[SIM_FAULT_STUCK].found, 0);
    assert_true(isnan(r.kinds[SIM_FAULT_STUCK].delay_max_s));
    json_open(&j, &text);
    eval_simulator_json(&r, &j);
    assert_non_null(strstr(text.p, "\"fault\":\"stuck\",\"rule\":false"));
    assert_non_null(strstr(text.p, "\"delay_median_s\":null"));
    buf_free(&text);
}

static void all_detectors_together_find_and_name_the_rest(void **state)
{
    (void)state;
    struct eval_simulator_options options = {
        .seed = 201,
        .plants = 1,
        .days = from_environment("FETTLE_EVAL_DAYS", 4),
        .faults_per_hour = 0.5,
    };
    static struct eval_simulator_report r;
    struct err err;
    struct buf text = {0};
    assert_ok(eval_simulator_run(&options, &r, &err), err);
    eval_simulator_text(&r, &text);
    print_message("%s", text.p);
    // A heater that fails on its first evening is not known to work at that hour.
    for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++)
        assert_true(r.kinds[k].found + (k == SIM_FAULT_HEATER) >= r.kinds[k].injected);
    assert_true(r.kinds[SIM_FAULT_HEATER].found > 3);
    assert_true(eval_simulator_passed(&r));
    buf_free(&text);
}

static bool stop(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    return done >= total;
}

static void it_can_be_stopped(void **state)
{
    (void)state;
    struct eval_simulator_options options = {.progress = stop};
    static struct eval_simulator_report r;
    struct err err;
    assert_int_equal(eval_simulator_run(&options, &r, &err), ERR_CANCELLED);
}

static void options_that_make_no_plant_are_refused(void **state)
{
    (void)state;
    struct eval_simulator_options bad[] = {{.days = 1e9}, {.days = INFINITY}, {.rate_hz = 1e9}};
    static struct eval_simulator_report r;
    struct err err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(eval_simulator_run(&bad[i], &r, &err), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_that_the_rules_can_find_is_found_and_named_rightly),
        cmocka_unit_test(faults_that_no_rule_names_are_counted_apart),
        cmocka_unit_test(all_detectors_together_find_and_name_the_rest),
        cmocka_unit_test(it_can_be_stopped),
        cmocka_unit_test(options_that_make_no_plant_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
