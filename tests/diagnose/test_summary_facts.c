// The facts of a window: grouped, ranked, cut, and written as the header says.
#include <math.h>
#include <stdlib.h>

#include "diagnose/summary_facts.h"
#include "test.h"

static const struct sensor temperature = {
    .id = 0, .asset = 0, .asset_name = "wtf-pipe-1", .parameter = "temperature", .unit = "°C"};
static const struct sensor flow = {
    .id = 1, .asset = 1, .asset_name = "pump-2", .parameter = "flow", .unit = "L/min"};
static const struct sensor pressure = {
    .id = 2, .asset = 1, .asset_name = "pump-2", .parameter = "pressure", .unit = "bar"};

static int64_t at(const char *time)
{
    int64_t us = 0;
    assert_true(time_from_text(str_of(time), &us));
    return us;
}

static struct anomaly episode(enum anomaly_kind kind, const char *start, const char *end)
{
    return (struct anomaly){.kind = kind,
                            .severity = SEVERITY_WARNING,
                            .start_us = at(start),
                            .end_us = end ? at(end) : TIME_NONE,
                            .peak = NAN,
                            .limit = NAN,
                            .expected_low = NAN,
                            .expected_high = NAN};
}

static struct summary_facts *begin(void)
{
    struct summary_facts *f = malloc(sizeof *f);
    assert_non_null(f);
    summary_facts_begin(f, at("2026-05-04T09:12:00Z"), at("2026-05-04T09:15:00Z"));
    return f;
}

static void assert_written(struct summary_facts *f, const char *expected)
{
    struct buf text = {0};
    summary_facts_rank(f);
    summary_facts_write(f, &text);
    assert_string_equal(text.p, expected);
    buf_free(&text);
    free(f);
}

static void a_window_is_written_as_the_header_shows(void **state)
{
    (void)state;
    struct summary_facts *f = begin();
    struct anomaly spike = episode(ANOMALY_SPIKE, "2026-05-04T09:13:05Z", "2026-05-04T09:13:12Z");
    struct anomaly drift = episode(ANOMALY_DRIFT, "2026-05-04T09:13:20Z", NULL);
    struct anomaly silent = episode(ANOMALY_DROPOUT, "2026-05-04T09:13:25Z", NULL);
    spike.severity = SEVERITY_CRITICAL;
    spike.side = SIDE_HIGH;
    spike.peak = 47.2;
    spike.limit = 45;
    drift.side = SIDE_LOW;
    drift.peak = 1.9;
    drift.expected_low = 2;
    drift.expected_high = 4;
    drift.score = 0.9;
    silent.limit = 10;
    summary_facts_add(f, &pressure, &silent);
    summary_facts_add(f, &flow, &drift);
    summary_facts_add(f, &temperature, &spike);
    f->sensors = 24;
    f->assets = 6;
    f->readings = 14400;
    f->late = 12;
    f->missing = 1;
    f->incidents_opened = 2;
    f->incidents_closed = 0;
    f->incidents_active = 1;
    assert_written(
        f, "- window: 09:12:00 to 09:15:00 (3 min)\n"
           "- watched: 24 sensors on 6 assets, 14400 readings\n"
           "- data: 12 readings late, 1 reading without a value\n"
           "- anomalies: 3, 2 open, 3 new, 1 ended\n"
           "- wtf-pipe-1 temperature: spike, 47.2 °C, above limit 45 °C, ended 09:13:12 after 7 s, "
           "new, critical\n"
           "- pump-2 flow: drift, 1.9 L/min, below expected 2 to 4 L/min, open since 09:13:20 for "
           "100 s, new, warning\n"
           "- pump-2 pressure: dropout, no data for 95 s, limit 10 s, open since 09:13:25, new, "
           "warning\n"
           "- incidents: 2 opened, 1 active\n"
           "- quiet: 4 of 6 assets\n");
}

static void a_quiet_window_says_so_and_leaves_out_what_is_unknown(void **state)
{
    (void)state;
    assert_written(begin(), "- window: 09:12:00 to 09:15:00 (3 min)\n- anomalies: none\n");
}

static void anomalies_of_one_sensor_kind_and_side_share_a_line_with_the_worst_value(void **state)
{
    (void)state;
    struct summary_facts *f = begin();
    const double peaks[] = {46, 51.5, 48};
    for (int i = 0; i < 3; i++) {
        struct anomaly a = episode(ANOMALY_SPIKE, "2026-05-04T09:13:00Z", "2026-05-04T09:13:10Z");
        a.side = SIDE_HIGH;
        a.start_us += i * 20 * US_PER_SECOND;
        a.end_us += i * 20 * US_PER_SECOND;
        a.peak = peaks[i];
        a.limit = 45;
        summary_facts_add(f, &temperature, &a);
    }
    assert_int_equal(f->line_count, 1);
    assert_written(f, "- window: 09:12:00 to 09:15:00 (3 min)\n"
                      "- anomalies: 3, 3 new, 3 ended\n"
                      "- wtf-pipe-1 temperature: spike 3 times, 51.5 °C, above limit 45 °C, ended "
                      "09:13:50 after 50 s, new, warning\n");
}

static void a_line_is_open_while_any_of_its_anomalies_is(void **state)
{
    (void)state;
    struct summary_facts *f = begin();
    struct anomaly over = episode(ANOMALY_NOISE, "2026-05-04T09:12:10Z", "2026-05-04T09:12:20Z");
    struct anomaly open = episode(ANOMALY_NOISE, "2026-05-04T09:14:00Z", NULL);
    summary_facts_add(f, &flow, &open);
    summary_facts_add(f, &flow, &over);
    assert_true(f->lines[0].end_us == TIME_NONE);
    assert_int_equal(f->open, 1);
    assert_int_equal(f->ended, 1);
    free(f);
}

static void more_lines_than_are_shown_are_counted(void **state)
{
    (void)state;
    static struct sensor sensors[SUMMARY_LINES_MAX + 10];
    struct summary_facts *f = begin();
    struct buf text = {0};
    size_t count = sizeof sensors / sizeof *sensors;
    for (size_t i = 0; i < count; i++) {
        struct anomaly a = episode(ANOMALY_STUCK, "2026-05-04T09:13:00Z", NULL);
        sensors[i] = (struct sensor){.id = (uint32_t)i, .asset_name = "a", .parameter = "p"};
        summary_facts_add(f, &sensors[i], &a);
    }
    summary_facts_rank(f);
    summary_facts_write(f, &text);
    assert_non_null(strstr(text.p, "anomalies: 266, 266 open, 266 new\n"));
    assert_non_null(strstr(text.p, "\n- and 262 more\n"));
    assert_true(text.n < 700);
    buf_free(&text);
    free(f);
}

static void the_gravest_comes_first_then_what_is_open(void **state)
{
    (void)state;
    struct summary_facts *f = begin();
    struct anomaly ended = episode(ANOMALY_SPIKE, "2026-05-04T09:12:10Z", "2026-05-04T09:12:20Z");
    struct anomaly open = episode(ANOMALY_DRIFT, "2026-05-04T09:14:00Z", NULL);
    struct anomaly grave = episode(ANOMALY_STUCK, "2026-05-04T09:12:10Z", "2026-05-04T09:12:30Z");
    ended.score = 1;
    open.score = 0.5;
    grave.severity = SEVERITY_CRITICAL;
    summary_facts_add(f, &temperature, &ended);
    summary_facts_add(f, &flow, &open);
    summary_facts_add(f, &pressure, &grave);
    summary_facts_rank(f);
    assert_int_equal(f->lines[0].kind, ANOMALY_STUCK);
    assert_int_equal(f->lines[1].kind, ANOMALY_DRIFT);
    assert_int_equal(f->lines[2].kind, ANOMALY_SPIKE);
    free(f);
}

static void what_began_on_another_day_has_its_date(void **state)
{
    (void)state;
    struct summary_facts *f = begin();
    struct anomaly a = episode(ANOMALY_DRIFT, "2026-05-03T22:00:00Z", NULL);
    summary_facts_add(f, &flow, &a);
    assert_written(f, "- window: 09:12:00 to 09:15:00 (3 min)\n"
                      "- anomalies: 1, 1 open\n"
                      "- pump-2 flow: drift, open since 2026-05-03 22:00:00 for 11 h 15 min, "
                      "warning\n");
}

static void a_value_has_the_digits_that_tell_it_from_its_limit(void **state)
{
    (void)state;
    const struct {
        double value, other;
        const char *unit, *expected;
    } cases[] = {{45.0004, 45, "°C", "45.0004 °C"}, {45.0004, NAN, "°C", "45 °C"},
                 {123456.7, NAN, "", "123457"},     {-0.25, 0, "%", "-0.25 %"},
                 {10031, 10030, "Pa", "10031 Pa"},  {NAN, 1, "V", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SUMMARY_PHRASE_BYTES];
        summary_value_text(cases[i].value, cases[i].other, cases[i].unit, text);
        assert_string_equal(text, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_written_as_the_header_shows),
        cmocka_unit_test(a_quiet_window_says_so_and_leaves_out_what_is_unknown),
        cmocka_unit_test(anomalies_of_one_sensor_kind_and_side_share_a_line_with_the_worst_value),
        cmocka_unit_test(a_line_is_open_while_any_of_its_anomalies_is),
        cmocka_unit_test(more_lines_than_are_shown_are_counted),
        cmocka_unit_test(the_gravest_comes_first_then_what_is_open),
        cmocka_unit_test(what_began_on_another_day_has_its_date),
        cmocka_unit_test(a_value_has_the_digits_that_tell_it_from_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
