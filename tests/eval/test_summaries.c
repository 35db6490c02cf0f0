// Scoring of summaries: the factory's own pass, and each kind of mistake is caught.
#include "eval/summaries.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "judged.h"

static const char spike_truth[] =
    "{\"state\":\"anomalies\",\"worst\":{\"asset\":\"pump-3\",\"parameter\":\"pressure\","
    "\"kind\":\"spik*\",\"value\":\"7.2\",\"unit\":\"bar\"}}";
static const char spike_facts[] = "anomalies: 2, 1 open\n"
                                  "pump-3 pressure: spike, 7.2 bar, above limit 6 bar\n"
                                  "pump-30 flow: dropout, no data for 90 s\n";
static const char quiet_truth[] = "{\"state\":\"quiet\"}";

static const char *failed(const char *truth, const char *facts, const char *answer)
{
    return judged(&score_summaries, "What happened?", truth, facts, answer);
}

static void a_right_summary_fails_nothing(void **state)
{
    (void)state;
    assert_string_equal(failed(spike_truth, spike_facts,
                               "The pressure of pump-3 spiked to 7.2 bar, above 6 bar; pump-30 "
                               "sent no data. 2 anomalies in all."),
                        "");
    assert_string_equal(failed(quiet_truth, "anomalies: none", "No anomalies; all is quiet."), "");
}

static void each_mistake_is_caught(void **state)
{
    (void)state;
    const struct {
        const char *answer, *failed;
    } cases[] = {
        {"pump-30 pressure spiked to 7.2 bar.", "worst"},
        {"pump-3 flow spiked to 7.2 bar.", "worst"},
        {"pump-3 pressure spiked above 6 bar.", "value"},
        {"pump-3 pressure spiked to 7.2 s, not 7.2 bar.", "supported"},
        {"pump-3 pressure drifted to 7.2 bar.", "kind"},
        {"pump-3 pressure spiked to 7.2 bar; otherwise no anomalies.", "quiet"},
        {"pump-3 pressure spiked to 7.2 bar, pump-4 is fine.", "supported"},
        {"pump-3 pressure spiked to 7.2 bar. A. B. C. D. E. F.", "brief"},
        {"", "worst value kind"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(failed(spike_truth, spike_facts, cases[i].answer), cases[i].failed);
    assert_string_equal(failed(quiet_truth, "anomalies: none", "All is well."), "quiet");
}

static void a_truth_that_is_none_is_refused_by_line(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"truth\":{\"state\":\"odd\"}}",
        "{\"truth\":{\"state\":\"anomalies\"}}",
        "{}",
        "7",
    };
    struct score_report *r = calloc(1, sizeof *r);
    char path[] = "/tmp/fettle-summaries-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct err err;
        assert_ok(file_replace(path, lines[i], strlen(lines[i]), &err), err);
        assert_int_equal(score_file(&score_summaries, path, NULL, r, &err), ERR_INPUT);
        assert_non_null(strstr(err.text, ":1"));
    }
    unlink(path);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_summary_fails_nothing),
        cmocka_unit_test(each_mistake_is_caught),
        cmocka_unit_test(a_truth_that_is_none_is_refused_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
