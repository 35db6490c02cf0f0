// The engine's results depend on the readings, not on their disorder, cuts or pace.
#include "scene.h"

#include <string.h>

#include "base/rng.h"

enum { SECONDS = 3000, SENSORS = 4, MAX_READINGS = SECONDS * SENSORS };

struct arrival {
    struct reading reading;
    int64_t at_us;
};

// A plant with spikes, drifts, silent sensors, gaps of all, and readings at uneven times.
static size_t make_readings(uint64_t seed, struct arrival *out)
{
    static const double normal[] = {20, 2, 60, 20}, drift[] = {39, 3.6, 112, 39},
                        spike[] = {50, 4.5, 130, 60};
    struct rng rng;
    size_t n = 0;
    int fault[SENSORS] = {0}, left[SENSORS] = {0}, gap = 0;
    rng_seed(&rng, seed);
    for (int t = 0; t < SECONDS; t++) {
        gap = gap ? gap - 1 : rng_below(&rng, 500) == 0 ? 3 + (int)rng_below(&rng, 60) : 0;
        for (uint32_t s = 0; s < SENSORS; s++) {
            if (left[s] == 0) {
                fault[s] = rng_below(&rng, 60) == 0 ? 1 + (int)rng_below(&rng, 3) : 0;
                left[s] = fault[s] == 0 ? 1 : 1 + (int)rng_below(&rng, 40);
            }
            left[s]--;
            if (fault[s] == 3 || gap)
                continue;
            double value = fault[s] == 1 ? drift[s] : fault[s] == 2 ? spike[s] : normal[s];
            int64_t time = t * US_PER_SECOND + (int64_t)rng_below(&rng, 300000);
            out[n++] = (struct arrival){{time, value + rng_uniform(&rng) / 10, s, 0}, time};
        }
    }
    return n;
}

static int by_arrival(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    return x->reading.sensor < y->reading.sensor ? -1 : 1;
}

static void judge_all(struct scene *sc, struct arrival *arrivals, size_t n, size_t cut)
{
    struct err err;
    struct reading *block = calloc(cut, sizeof *block);
    assert_non_null(block);
    qsort(arrivals, n, sizeof *arrivals, by_arrival);
    for (size_t i = 0; i < n; i += cut) {
        size_t count = n - i < cut ? n - i : cut;
        for (size_t k = 0; k < count; k++)
            block[k] = arrivals[i + k].reading;
        assert_ok(detect_push(sc->engine, block, count, &err), err);
    }
    flush(sc);
    free(block);
}

static char *log_of(uint64_t seed, double disorder_s, size_t cut)
{
    static struct arrival arrivals[MAX_READINGS];
    struct rng rng;
    struct scene sc;
    size_t n = make_readings(seed, arrivals);
    rng_seed(&rng, seed + 1000);
    for (size_t i = 0; i < n; i++)
        arrivals[i].at_us += (int64_t)(rng_uniform(&rng) * disorder_s * 1e6);
    scene_open(&sc, NULL);
    judge_all(&sc, arrivals, n, cut);
    assert_int_equal(stats(&sc).late, 0);
    char *log = strdup(log_text(&sc));
    scene_close(&sc);
    assert_non_null(log);
    return log;
}

static void disorder_within_the_lateness_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        char *ordered = log_of(seed, 0, 100), *disordered = log_of(seed, 1.99, 100);
        assert_true(strlen(ordered) > 1000);
        assert_string_equal(ordered, disordered);
        free(ordered);
        free(disordered);
    }
}

static void how_readings_are_cut_into_calls_changes_nothing(void **state)
{
    (void)state;
    char *by_one = log_of(5, 1, 1);
    static const size_t cuts[] = {7, 1000, MAX_READINGS};
    for (size_t i = 0; i < 3; i++) {
        char *log = log_of(5, 1, cuts[i]);
        assert_string_equal(by_one, log);
        free(log);
    }
    free(by_one);
}

static void disorder_beyond_the_lateness_loses_only_what_its_sensor_is_past(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_FLOW, 0, 10, 50);
    put(&sc, SCENE_FLOW, 5.5, 500);     // its sensor has been judged up to 8 s
    put(&sc, SCENE_PRESSURE, 5.5, 500); // nothing of this one was judged
    run(&sc, SCENE_FLOW, 11, 20, 50);
    flush(&sc);
    assert_int_equal(stats(&sc).late, 1);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.last.sensor, SCENE_PRESSURE);
    scene_close(&sc);
}

static void of_two_readings_of_a_time_the_first_counts(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    put(&sc, SCENE_FLOW, 1, 50);
    put(&sc, SCENE_FLOW, 2, 50);
    put(&sc, SCENE_FLOW, 1, 500);
    put(&sc, SCENE_FLOW, 2, 500);
    run(&sc, SCENE_FLOW, 3, 9, 50);
    put(&sc, SCENE_FLOW, 9, 500);
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    assert_int_equal(stats(&sc).repeated, 3);
    scene_close(&sc);
}

static void a_file_that_is_sorted_by_sensor_is_judged_like_any_other(void **state)
{
    (void)state;
    struct scene sc;
    scene_open(&sc, NULL);
    run(&sc, SCENE_FLOW, 0, 1000, 50);
    run(&sc, SCENE_PRESSURE, 0, 100, 2);
    put(&sc, SCENE_PRESSURE, 101, 5);
    run(&sc, SCENE_PRESSURE, 102, 110, 2);
    run(&sc, SCENE_PRESSURE, 130, 1000, 2);
    flush(&sc);
    assert_int_equal(stats(&sc).late, 0);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    assert_int_equal(sc.closed[ANOMALY_DROPOUT], 1);
    assert_int_equal(sc.last.start_us, at(110));
    assert_int_equal(sc.last.end_us, at(130));
    assert_int_equal(sc.opened[ANOMALY_DROPOUT], 1);
    scene_close(&sc);
}

static void times_before_1970_are_times_like_any_other(void **state)
{
    (void)state;
    struct scene sc;
    const double year_1 = (double)(TIME_MIN_US / US_PER_SECOND), year_1900 = -2208988800.0;
    scene_open(&sc, NULL);
    put(&sc, SCENE_FLOW, year_1, 50);
    flush(&sc);
    scene_close(&sc);
    scene_open(&sc, NULL);
    run(&sc, SCENE_FLOW, year_1900, year_1900 + 100, 50);
    run(&sc, SCENE_FLOW, year_1900 + 101, year_1900 + 120, 115);
    run(&sc, SCENE_FLOW, year_1900 + 121, year_1900 + 130, 50);
    flush(&sc);
    assert_int_equal(sc.closed[ANOMALY_DRIFT], 1);
    assert_int_equal(sc.last.start_us, at(year_1900 + 101));
    assert_int_equal(sc.last.end_us, at(year_1900 + 120));
    scene_close(&sc);
}

static void times_outside_the_calendar_are_counted_and_not_judged(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN, INT64_MAX, TIME_MIN_US - 1, TIME_MAX_US + 1};
    struct scene sc;
    struct err err;
    scene_open(&sc, NULL);
    for (int i = 0; i < 4; i++) {
        struct reading r = {times[i], 500, SCENE_FLOW, QUALITY_GOOD};
        assert_ok(detect_push(sc.engine, &r, 1, &err), err);
    }
    flush(&sc);
    assert_int_equal(sc.log.n, 0);
    assert_int_equal(stats(&sc).late, 4);
    assert_int_equal(detect_tick(sc.engine, INT64_MAX, &err), ERR_INPUT);
    scene_close(&sc);
}

static void a_sensor_that_the_catalogue_does_not_hold_is_refused(void **state)
{
    (void)state;
    struct scene sc;
    struct err err;
    struct reading r = {0, 1, 77, QUALITY_GOOD};
    scene_open(&sc, NULL);
    assert_int_equal(detect_push(sc.engine, &r, 1, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "sensor 77"));
    scene_close(&sc);
}

static void no_more_than_the_set_number_of_readings_wait(void **state)
{
    (void)state;
    static const char *const pairs[] = {"detect.lateness=1h", "detect.held_max=1000", NULL};
    struct scene sc;
    scene_open(&sc, pairs);
    for (int i = 0; i < 1001; i++)
        put(&sc, SCENE_FLOW, i / 1000.0, i == 0 ? 500 : 50);
    assert_int_equal(sc.opened[ANOMALY_SPIKE], 1);
    for (int i = 1001; i < 5000; i++)
        put(&sc, SCENE_FLOW, i / 1000.0, 50);
    assert_true(stats(&sc).state_bytes < 500000);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disorder_within_the_lateness_changes_nothing),
        cmocka_unit_test(how_readings_are_cut_into_calls_changes_nothing),
        cmocka_unit_test(disorder_beyond_the_lateness_loses_only_what_its_sensor_is_past),
        cmocka_unit_test(of_two_readings_of_a_time_the_first_counts),
        cmocka_unit_test(a_file_that_is_sorted_by_sensor_is_judged_like_any_other),
        cmocka_unit_test(times_before_1970_are_times_like_any_other),
        cmocka_unit_test(times_outside_the_calendar_are_counted_and_not_judged),
        cmocka_unit_test(a_sensor_that_the_catalogue_does_not_hold_is_refused),
        cmocka_unit_test(no_more_than_the_set_number_of_readings_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
