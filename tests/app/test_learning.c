// Orders to learn anew reach the engine, hold over a restart, and are refused when they make no
// sense.
#include "rig.h"

static int64_t second(int s)
{
    return start_us + s * US_PER_SECOND;
}

static struct app_relearnt relearn(struct app *a, enum app_part part, uint32_t id, int64_t from_us,
                                   int64_t to_us)
{
    struct app_relearn order = {part, id, from_us, to_us};
    struct app_relearnt done;
    struct err err;
    assert_ok(app_relearn(a, &order, &done, &err), err);
    return done;
}

static size_t told(struct app *a)
{
    struct anomaly list[10];
    settle(a);
    return anomalies_of(a, list, 10);
}

static void a_sensor_that_learns_anew_ends_its_episode_and_takes_the_new_level(void **state)
{
    (void)state;
    for (int part = APP_SENSOR; part <= APP_PLANT; part++) {
        struct app *a = start();
        struct noise n = {0};
        struct anomaly found[10];
        rng_seed(&n.rng, 6);
        uint32_t id = level_sensor(a), asset = catalog_sensor(app_catalog(a), id)->asset;
        live(a, &n, id, 0, 5000, 20);
        live(a, &n, id, 5000, 5300, 25);
        assert_int_equal(told(a), 1);
        assert_int_equal(anomalies_of(a, found, 10), 1);
        assert_true(found[0].end_us == TIME_NONE);
        struct app_relearnt done =
            relearn(a, (enum app_part)part, part == APP_SENSOR ? id : asset, TIME_NONE, TIME_NONE);
        assert_int_equal(done.sensors, part == APP_PLANT ? 2 : 1); // the bystander of settle()
        assert_int_equal(done.readings, 0);
        assert_int_equal(anomalies_of(a, found, 10), 1);
        assert_false(found[0].end_us == TIME_NONE);
        assert_false(app_relearnt_us(a, id) == TIME_NONE);
        live(a, &n, id, 5300, 9000, 25);
        assert_int_equal(told(a), 1);
        stop(&a);
        remove_folder(NULL);
        open_folder(NULL);
    }
}

static void what_is_learnt_from_a_span_is_known_at_once_and_after_a_restart(void **state)
{
    (void)state;
    struct app *a = start();
    struct noise n = {0};
    rng_seed(&n.rng, 7);
    uint32_t id = level_sensor(a);
    live(a, &n, id, 0, 5000, 20);
    settle(a);
    struct app_relearnt done = relearn(a, APP_SENSOR, id, second(1000), second(5000));
    assert_int_equal(done.readings, 4000);
    live(a, &n, id, 5000, 5300, 25);
    assert_int_equal(told(a), 1); // a detector without a memory would still warm up
    stop(&a);
    a = start();
    live(a, &n, id, 9000, 9200, 20);
    live(a, &n, id, 9200, 9500, 25);
    assert_true(told(a) >= 2);
    stop(&a);
}

static void the_span_that_is_set_is_learnt_at_the_start(void **state)
{
    (void)state;
    for (int sets = 0; sets < 2; sets++) {
        static const char *const span[] = {
            "detect.learn=2023-11-14T22:13:20Z..2023-11-14T23:30:00Z"};
        struct app *a = start();
        struct noise n = {0};
        rng_seed(&n.rng, 8);
        uint32_t id = level_sensor(a);
        live(a, &n, id, 0, 5000, 20);
        stop(&a);
        from.sets = span;
        from.set_count = (size_t)sets;
        a = start();
        live(a, &n, id, 9000, 9200, 20);
        live(a, &n, id, 9200, 9500, 25);
        struct anomaly list[10];
        settle(a);
        size_t count = anomalies_of(a, list, 10), steps = 0;
        for (size_t i = 0; i < count; i++)
            steps += strcmp(list[i].detector, "univariate") == 0;
        assert_int_equal(steps, sets);
        stop(&a);
        remove_folder(NULL);
        open_folder(NULL);
    }
}

static void an_order_holds_for_what_is_judged_again_after_a_restart(void **state)
{
    (void)state;
    struct app *a = start();
    struct noise n = {0};
    rng_seed(&n.rng, 9);
    uint32_t id = level_sensor(a);
    live(a, &n, id, 0, 300, 20);
    settle(a);
    relearn(a, APP_PLANT, 0, TIME_NONE, TIME_NONE);
    int64_t at = app_relearnt_us(a, id);
    stop(&a);
    a = start();
    assert_true(app_relearnt_us(a, id) == at);
    stop(&a);
}

static void what_makes_no_sense_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = level_sensor(a);
    struct app_relearnt done;
    struct err err;
    const struct {
        struct app_relearn order;
        enum err_code code;
    } cases[] = {
        {{APP_SENSOR, 99, TIME_NONE, TIME_NONE}, ERR_NOT_FOUND},
        {{APP_ASSET, 99, TIME_NONE, TIME_NONE}, ERR_NOT_FOUND},
        {{APP_SENSOR, id, second(0), second(100)}, ERR_INPUT},
        {{APP_SENSOR, id, second(100), second(0)}, ERR_INPUT},
        {{APP_PLANT, 0, second(100), second(100)}, ERR_INPUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(app_relearn(a, &cases[i].order, &done, &err), cases[i].code);
    assert_true(app_relearnt_us(a, id) == TIME_NONE);
    stop(&a);
}

static void spans_are_read_and_wrong_ones_named(void **state)
{
    (void)state;
    int64_t begin, end;
    struct err err;
    assert_ok(app_span_parse(STR_LIT("1970-01-01..1970-01-02T00:00:01Z"), &begin, &end, &err), err);
    assert_true(begin == 0 && end == US_PER_DAY + US_PER_SECOND);
    assert_ok(app_span_parse(STR_LIT("..1970-01-02"), &begin, &end, &err), err);
    assert_true(begin == TIME_NONE && end == US_PER_DAY);
    assert_ok(app_span_parse(STR_LIT("1970-01-02 .. "), &begin, &end, &err), err);
    assert_true(begin == US_PER_DAY && end == TIME_NONE);
    static const char *const wrong[] = {"",
                                        "1970-01-01",
                                        "soon..later",
                                        "1970-01-02..1970-01-01",
                                        "1970-13-01..",
                                        "..x",
                                        "..1970-01-01..1970-01-02"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(app_span_parse(str_of(wrong[i]), &begin, &end, &err), ERR_INPUT);
        assert_true(err.text[0] != '\0');
    }
}

static void a_wrong_span_is_no_setting(void **state)
{
    (void)state;
    struct app *a = start();
    const char *name = "detect.learn", *value = "yesterday";
    bool restart;
    struct err err;
    assert_int_equal(app_config_change(a, &name, &value, 1, &restart, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "detect.learn"));
    stop(&a);
    a = start();
    stop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_sensor_that_learns_anew_ends_its_episode_and_takes_the_new_level, open_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(
            what_is_learnt_from_a_span_is_known_at_once_and_after_a_restart, open_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(the_span_that_is_set_is_learnt_at_the_start, open_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(an_order_holds_for_what_is_judged_again_after_a_restart,
                                        open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused_and_changes_nothing,
                                        open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(spans_are_read_and_wrong_ones_named, open_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_wrong_span_is_no_setting, open_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
