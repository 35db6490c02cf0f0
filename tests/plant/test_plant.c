// The plant's words: names of kinds and states, identities, guesses from names.
#include "test.h"

#include "plant/plant.h"

static void a_parameters_name_tells_what_it_measures(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum quantity quantity;
    } cases[] = {{"temperature", QUANTITY_TEMPERATURE},
                 {"temp_in", QUANTITY_TEMPERATURE},
                 {"inletTemp", QUANTITY_TEMPERATURE},
                 {"Thermocouple", QUANTITY_TEMPERATURE},
                 {"Pressure2", QUANTITY_PRESSURE},
                 {"oil-pressure", QUANTITY_PRESSURE},
                 {"flow_rate", QUANTITY_FLOW},
                 {"Volume Flow RateRMS", QUANTITY_FLOW},
                 {"OUTFLOW", QUANTITY_FLOW},
                 {"Current", QUANTITY_CURRENT},
                 {"compressor_current", QUANTITY_CURRENT},
                 {"supply.voltage", QUANTITY_VOLTAGE},
                 {"overflow_count", QUANTITY_OTHER},
                 {"compressor_speed", QUANTITY_OTHER},
                 {"attempts", QUANTITY_OTHER},
                 {"Accelerometer1RMS", QUANTITY_OTHER},
                 {"", QUANTITY_OTHER}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (quantity_guess(str_of(cases[i].name)) != cases[i].quantity)
            fail_msg("%s: %s", cases[i].name, quantity_name(quantity_guess(str_of(cases[i].name))));
}

static void names_and_values_go_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < ANOMALY_KIND_COUNT; i++) {
        enum anomaly_kind kind;
        assert_true(anomaly_kind_from_name(str_of(anomaly_kind_name(i)), &kind));
        assert_int_equal(kind, i);
    }
    for (int i = INCIDENT_OPEN; i <= INCIDENT_RESOLVED; i++) {
        enum incident_state s;
        assert_true(incident_state_from_name(str_of(incident_state_name(i)), &s));
        assert_int_equal(s, i);
    }
    for (int i = VERDICT_NONE; i <= VERDICT_FALSE_ALARM; i++) {
        enum verdict v;
        assert_true(verdict_from_name(str_of(verdict_name(i)), &v));
        assert_int_equal(v, i);
    }
    enum anomaly_kind kind = ANOMALY_STUCK;
    assert_false(anomaly_kind_from_name(STR_LIT("Spike"), &kind));
    assert_int_equal(kind, ANOMALY_STUCK);
    assert_string_equal(anomaly_kind_name(ANOMALY_KIND_COUNT), "unknown");
    assert_string_equal(severity_name(SEVERITY_CRITICAL), "critical");
    assert_string_equal(side_name(SIDE_LOW), "low");
    assert_string_equal(reading_quality_name(QUALITY_SUSPECT), "suspect");
}

static void an_anomalys_identity_depends_on_every_part(void **state)
{
    (void)state;
    struct sensor a = {.asset_name = "pump", .parameter = "flow"};
    struct sensor b = {.asset_name = "pump", .parameter = "flow2"};
    struct sensor c = {.asset_name = "flow", .parameter = "pump"};
    const uint64_t ids[] = {plant_anomaly_id(&a, "rules", ANOMALY_SPIKE, SIDE_HIGH, 1000),
                            plant_anomaly_id(&b, "rules", ANOMALY_SPIKE, SIDE_HIGH, 1000),
                            plant_anomaly_id(&c, "rules", ANOMALY_SPIKE, SIDE_HIGH, 1000),
                            plant_anomaly_id(&a, "stuck", ANOMALY_SPIKE, SIDE_HIGH, 1000),
                            plant_anomaly_id(&a, "rules", ANOMALY_DRIFT, SIDE_HIGH, 1000),
                            plant_anomaly_id(&a, "rules", ANOMALY_SPIKE, SIDE_LOW, 1000),
                            plant_anomaly_id(&a, "rules", ANOMALY_SPIKE, SIDE_HIGH, 1001)};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        assert_true(ids[i] != 0 && ids[i] <= INT64_MAX);
        for (size_t k = 0; k < i; k++)
            assert_true(ids[i] != ids[k]);
    }
    a.id = 77; // the number in the catalogue is no part of it
    assert_true(plant_anomaly_id(&a, "rules", ANOMALY_SPIKE, SIDE_HIGH, 1000) == ids[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameters_name_tells_what_it_measures),
        cmocka_unit_test(names_and_values_go_both_ways),
        cmocka_unit_test(an_anomalys_identity_depends_on_every_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
