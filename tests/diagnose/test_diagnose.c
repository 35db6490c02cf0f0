// Whole diagnoses by a tiny model that was taught its answers: fields, sources, what is joined.
#include "diagnose/diagnose.h"

#include <math.h>

#include "base/arena.h"
#include "base/json_doc.h"
#include "taught.h"

static const struct parrot_lesson lessons[] = {
    {"Why the resets?", "- V_IN: 8.4 V, below 10-30 V, flag LOW\n- REF_CHK: FAIL",
     "The supply voltage is too low: V_IN is 8.4 V, below 10-30 V. Check the feeding supply."},
    {"Is all well?", "- T_OUT: 45 C, within max 80 C", "No fault: T_OUT is 45 C, within max 80 C."},
    {"Why is it hot?", "- T_OUT: 45 C", "The limit of T_OUT is missing. What is its maximum?"},
    {"Say it.", "- T_OUT: 45 C", "T_OUT is 45 C."},
};

static struct taught taught;

static int open_all(void **state)
{
    (void)state;
    taught_open(&taught, lessons, sizeof lessons / sizeof *lessons, 1, DRAWS_MAX);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    taught_close(&taught);
    return 0;
}

static struct diagnose_job *diagnose(const char *query, const char *log, struct explained *e,
                                     struct diagnosis *d)
{
    struct diagnose_request r = {
        .query = str_of(query), .context = str_of(log), .draws = DRAWS_MAX};
    struct diagnose_job *job;
    struct err err;
    assert_ok(diagnose_begin(&taught.model, &r, NULL, &job, &err), err);
    assert_ok(explain_finish(diagnose_explanation(job), &err), err);
    diagnose_result(job, e, d);
    return job;
}

static void a_fault_has_its_cause_evidence_and_checks(void **state)
{
    (void)state;
    struct explained e;
    struct diagnosis d;
    struct diagnose_job *job =
        diagnose("Why the resets?", "V_IN: 8.4V [LOW] | REF_CHK: FAIL", &e, &d);
    assert_true(str_is(e.text, lessons[0].answer));
    assert_int_equal(d.kind, DIAGNOSIS_FAULT);
    assert_int_equal(d.cause_count, 1);
    assert_string_equal(d.causes[0]->id, "supply_low");
    assert_int_equal(d.evidence_count, 1);
    assert_string_equal(d.evidence[0]->key, "V_IN");
    assert_int_equal(d.evidence[0]->line, 1);
    assert_int_equal(d.evidence[0]->limits_from, FACT_FROM_TABLE);
    assert_int_equal(d.check_count, 1);
    assert_true(str_is(d.checks[0], "Check the feeding supply."));
    // Taught by heart, it always says so: 8.5 of 9.
    assert_close(d.confidence, 8.5 / 9, 1e-12);
    diagnose_end(&job);
}

static void normal_asking_and_unnamed_are_told_apart(void **state)
{
    (void)state;
    struct explained e;
    struct diagnosis d;
    struct diagnose_job *job = diagnose("Is all well?", "T_OUT: 45 C (max 80 C)", &e, &d);
    assert_int_equal(d.kind, DIAGNOSIS_NORMAL);
    assert_int_equal(d.evidence[0]->limits_from, FACT_FROM_LOG);
    assert_true(d.confidence > 0.5);
    diagnose_end(&job);
    job = diagnose("Why is it hot?", "T_OUT: 45 C", &e, &d);
    assert_int_equal(d.kind, DIAGNOSIS_ASKS);
    assert_true(d.confidence > 0.5);
    diagnose_end(&job);
    job = diagnose("Say it.", "T_OUT: 45 C", &e, &d);
    assert_int_equal(d.kind, DIAGNOSIS_UNNAMED);
    assert_true(isnan(d.confidence));
    diagnose_end(&job);
}

// (k + 1/2) / (n + 1): of four, two say that the fuse has blown, in other words.
static void confidence_is_the_share_of_drawn_answers_that_say_the_same(void **state)
{
    (void)state;
    struct explained e = {.text = STR_LIT("So: a blown fuse, then."),
                          .drawn = {STR_LIT("The fuse has blown."), STR_LIT("No fault."),
                                    STR_LIT("A blown fuse and a ground fault."),
                                    STR_LIT("Replace it. It was a blown fuse.")},
                          .drawn_count = 4};
    struct facts *facts = calloc(1, sizeof *facts);
    struct diagnosis d;
    diagnosis_read(&e, facts, &d);
    assert_string_equal(d.causes[0]->id, "fuse");
    assert_close(d.confidence, 0.5, 1e-12);
    e.drawn_count = 0;
    diagnosis_read(&e, facts, &d);
    assert_true(isnan(d.confidence));
    free(facts);
}

// ---- what a plant knows ----

static enum err_code sensors(void *arg, struct str asset, struct join_sensor out[JOIN_SENSORS_MAX],
                             size_t *count, struct err *err)
{
    (void)arg;
    if (!str_is(asset, "pump-2"))
        return err_set(err, ERR_NOT_FOUND, "there is no asset");
    out[0] = (struct join_sensor){"V_IN", "V", 24.123456, 11, 29, 0, NAN, NAN, NAN};
    out[1] = (struct join_sensor){"flow", "L/min", 1.90412, 2, 4, 5, 3.1, 1.904, 3.1};
    out[2] = (struct join_sensor){"level", "m", NAN, 1, 2, 0, NAN, NAN, NAN};
    *count = 3;
    return ERR_OK;
}

static enum err_code anomalies(void *arg, struct str asset,
                               struct join_anomaly out[JOIN_ANOMALIES_MAX], size_t *count,
                               struct err *err)
{
    (void)arg;
    (void)asset;
    (void)err;
    out[0] = (struct join_anomaly){"flow",
                                   "L/min",
                                   {.kind = ANOMALY_DRIFT,
                                    .side = SIDE_LOW,
                                    .peak = 1.8888,
                                    .limit = 2,
                                    .start_us = 1795251600 * US_PER_SECOND,
                                    .end_us = TIME_NONE}};
    *count = 1;
    return ERR_OK;
}

static const struct join_tools tools = {sensors, anomalies, NULL};

static void what_the_plant_knows_joins_the_log(void **state)
{
    (void)state;
    struct facts *f = calloc(1, sizeof *f);
    struct buf lines = {0};
    struct err err;
    assert_ok(facts_read(STR_LIT("V_IN: 8.4V [LOW] | level: 3 m (max 5 m)"), f, &err), err);
    assert_ok(facts_join_asset(f, &tools, STR_LIT("pump-2"), &err), err);
    facts_write(f, &lines);
    assert_string_equal(lines.p, "- device: pump-2\n"
                                 "- event: flow drift to 1.889 l/min, below limit 2 l/min, open "
                                 "since 09:00:00\n"
                                 "- V_IN: 8.4 V, below 11-29 V, flag LOW\n"
                                 "- level: 3 m, within max 5 m\n"
                                 "- flow: 1.904 l/min, below 2-4 l/min, falling from 3.1 over 5 "
                                 "samples\n");
    assert_int_equal(facts_find(f, STR_LIT("flow"))->from, FACT_FROM_STORE);
    assert_int_equal(facts_find(f, STR_LIT("V_IN"))->from, FACT_FROM_LOG);
    assert_int_equal(facts_find(f, STR_LIT("V_IN"))->limits_from, FACT_FROM_STORE);
    assert_int_equal(facts_find(f, STR_LIT("level"))->limits_from, FACT_FROM_LOG);
    buf_free(&lines);
    free(f);
}

static void an_asset_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct diagnose_request r = {.query = STR_LIT("Why?"), .asset = STR_LIT("pump-9")};
    struct diagnose_job *job;
    struct err err;
    assert_int_equal(diagnose_begin(&taught.model, &r, &tools, &job, &err), ERR_NOT_FOUND);
    assert_null(job);
}

static void facts_that_do_not_fit_are_left_out_the_least_telling_first(void **state)
{
    (void)state;
    struct buf log = {0};
    struct explained e;
    struct diagnosis d;
    for (int i = 0; i < 90; i++)
        buf_printf(&log, "T_%d: 4 C (max 80 C)\n", i);
    buf_printf(&log, "V_IN: 8.4 V\nREF_CHK: FAIL [ALARM]\n");
    struct diagnose_job *job = diagnose("Why the resets?", log.p, &e, &d);
    const struct facts *f = diagnose_facts(job);
    assert_true(f->left_out > 40 && f->count > 4);
    assert_non_null(facts_find(f, STR_LIT("V_IN")));
    assert_non_null(facts_find(f, STR_LIT("REF_CHK")));
    assert_int_equal(f->left_out + f->count, 92);
    diagnose_end(&job);
    buf_free(&log);
}

static void the_report_is_json_with_all_its_members(void **state)
{
    (void)state;
    struct explained e;
    struct diagnosis d;
    struct buf text = {0};
    struct json_out j;
    struct json_node *root;
    struct err err;
    struct arena *arena = arena_open(0);
    struct diagnose_job *job =
        diagnose("Why the resets?", "V_IN: 8.4V [LOW] | REF_CHK: FAIL", &e, &d);
    json_open(&j, &text);
    json_object(&j);
    diagnose_json(job, &j);
    diagnose_speed_json(job, &j);
    json_end(&j);
    assert_ok(json_read(arena, buf_str(&text), "report", &root, &err), err);
    assert_string_equal(json_get_text(root, "diagnosis"), lessons[0].answer);
    assert_string_equal(json_get_text(root, "kind"), "fault");
    assert_string_equal(json_get_text(json_get(root, "cause"), "id"), "supply_low");
    assert_true(json_get_bool(root, "verified"));
    assert_int_equal(json_get(root, "unsupported")->count, 0);
    assert_string_equal(json_get_text(json_get(root, "evidence")->first, "limits_source"), "table");
    assert_true(json_get_number(root, "tokens_per_s") > 0);
    assert_true(json_get_number(root, "memory_bytes") > 1e6);
    buf_reset(&text);
    diagnose_text(job, &text);
    assert_non_null(strstr(text.p, "V_IN: 8.4 V, below 10-30 V, flag LOW (line 1; limits that such "
                                   "instruments share)"));
    diagnose_end(&job);
    arena_close(&arena);
    buf_free(&text);
}

static void nothing_to_go_by_is_an_error(void **state)
{
    (void)state;
    struct diagnose_request r = {.query = STR_LIT(" \n"), .context = STR_LIT("")};
    struct diagnose_job *job;
    struct err err;
    assert_int_equal(diagnose_begin(&taught.model, &r, NULL, &job, &err), ERR_INPUT);
    char *big = calloc(1, FACTS_LOG_BYTES + 1);
    r = (struct diagnose_request){.query = STR_LIT("a"), .context = {big, FACTS_LOG_BYTES + 1}};
    assert_int_equal(diagnose_begin(&taught.model, &r, NULL, &job, &err), ERR_LIMIT);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_has_its_cause_evidence_and_checks),
        cmocka_unit_test(normal_asking_and_unnamed_are_told_apart),
        cmocka_unit_test(confidence_is_the_share_of_drawn_answers_that_say_the_same),
        cmocka_unit_test(what_the_plant_knows_joins_the_log),
        cmocka_unit_test(an_asset_that_is_not_there_is_an_error),
        cmocka_unit_test(facts_that_do_not_fit_are_left_out_the_least_telling_first),
        cmocka_unit_test(the_report_is_json_with_all_its_members),
        cmocka_unit_test(nothing_to_go_by_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
