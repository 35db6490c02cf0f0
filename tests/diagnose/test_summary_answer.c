// The check of summaries: what holds is taken, each kind of mistake is named.
#include "diagnose/summary_answer.h"

#include <math.h>

#include "test.h"

static const struct sensor pressure = {
    .id = 0, .asset = 0, .asset_name = "pump-3", .parameter = "pressure", .unit = "bar"};
static const struct sensor flow = {
    .id = 1, .asset = 1, .asset_name = "pump-7", .parameter = "flow", .unit = "L/min"};

static void fill(struct summary_facts *f, bool anomalies)
{
    struct anomaly a = {.kind = ANOMALY_SPIKE,
                        .side = SIDE_HIGH,
                        .severity = SEVERITY_CRITICAL,
                        .peak = 7.2,
                        .limit = 6,
                        .expected_low = NAN,
                        .expected_high = NAN,
                        .end_us = TIME_NONE};
    assert_true(time_from_text(STR_LIT("2026-05-04T09:13:00Z"), &a.start_us));
    summary_facts_begin(f, a.start_us - US_PER_MINUTE, a.start_us + 2 * US_PER_MINUTE);
    f->sensors = 8;
    f->assets = 3;
    if (anomalies) {
        summary_facts_add(f, &pressure, &a);
        a.severity = SEVERITY_WARNING;
        a.peak = 310;
        a.limit = 250;
        summary_facts_add(f, &flow, &a);
    }
    summary_facts_rank(f);
}

// "" when the answer is taken, else why not.
static const char *complaint(bool anomalies, const char *answer)
{
    static struct summary_facts f;
    static struct err err;
    struct buf lines = {0};
    fill(&f, anomalies);
    summary_facts_write(&f, &lines);
    enum err_code code = summary_answer_check(&f, buf_str(&lines), str_of(answer), &err);
    buf_free(&lines);
    assert_true(code == ERR_OK || code == ERR_INPUT);
    return code == ERR_OK ? "" : err.text;
}

static void what_holds_is_taken(void **state)
{
    (void)state;
    assert_string_equal(
        complaint(true, "The pressure of pump-3 spiked to 7.2 bar, above 6 bar, since 09:13:00. "
                        "pump-7 flow rose to 310 L/min. 2 anomalies, 2 open; 1 of 3 assets is "
                        "quiet."),
        "");
    assert_string_equal(complaint(false, "No anomalies; 8 sensors on 3 assets are quiet."), "");
}

static void each_mistake_is_named(void **state)
{
    (void)state;
    static const struct {
        bool anomalies;
        const char *answer, *why;
    } cases[] = {
        {true, "", "empty"},
        {true, "pump-3\x01pressure 7.2 bar", "no text"},
        {true, "\xff\xfe", "no text"},
        {true, "No anomalies.", "calls the window quiet"},
        {false, "pump-3 pressure is 7.2 bar.", "does not say that all is quiet"},
        {false, "No anomalies in 9 hours.", "9 hours"},
        {true, "pump-7 flow spiked to 310 L/min.", "does not mention pump-3 pressure"},
        {true, "pump-3 pressure spiked.", "does not say 7.2 of pump-3 pressure"},
        {true, "pump-3 pressure spiked to 7.2 bar, above 5 bar.", "5 bar"},
        {true, "pump-3 pressure spiked to 7.2 bar at 09:14:00.", "09:14:00"},
        // True of another asset, and of none.
        {true, "pump-3 pressure spiked to 7.2 bar, above 250 L/min.", "250 L/min"},
        {true, "pump-3 pressure spiked to 7.2 bar. There are 6 bar.", "6 bar"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = complaint(cases[i].anomalies, cases[i].answer);
        if (!strstr(why, cases[i].why))
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].answer, why, cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_is_taken),
        cmocka_unit_test(each_mistake_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
