// What an answer says of a fact must be true of that fact.
#include "diagnose/bound.h"

#include <stdlib.h>

#include "test.h"

static const char log_text[] = "V_IN: 8.4 V (limit 10-30 V)\n"
                               "pressure: 7.1 bar (max 10 bar)\n"
                               "pressure out: 1.2 bar (min 1.5 bar)\n"
                               "resets: 4 (max 3)\n"
                               "ambient: -9.4 C\n"
                               "fan speed: 2610 rpm (min 1200 rpm)\n"
                               "STATUS: ICE";

static bool holds(const char *answer)
{
    struct facts *f = calloc(1, sizeof *f);
    struct claim claims[CLAIMS_MAX];
    struct str text = str_of(log_text);
    size_t count;
    struct err err;
    assert_non_null(f);
    assert_ok(facts_read(text, f, &err), err);
    bool good = claims_check(str_of(answer), f, &text, 1, claims, &count) == 0;
    free(f);
    return good;
}

static void what_is_true_of_its_fact_holds(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "V_IN is 8.4 V, below the operating range of 10-30 V.",
        "V_IN reads 8400 mV and resets is 4, above the maximum of 3.",
        "Here pressure 7.1 bar is within max 10 bar while pressure out is 1.2 bar, below 1.5 bar.",
        "8.4 V at V_IN is below the allowed range of 10-30 V.",
        "The fan speed is 2610 rpm, above the minimum of 1200 rpm; ambient stays at -9.4 C.",
        "V_IN is outside 10-30 V. It is 8.4 V.",
        "The STATUS is ICE and there were 4 resets.",
        "The ambient: -9.4 C. V_IN = 8.4 V.",
        "The log has 4 resets over 7.1 bar.",
        // Said in a way that binds it to nothing.
        "The suction pressure is 1.2 bar, and the ambient of all this is cold.",
        "Of pressure and V_IN, 8.4 V is the worse one, with 7.1 bar beside it.",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (!holds(answers[i]))
            fail_msg("refused: %s", answers[i]);
}

static void what_is_true_of_another_fact_does_not(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "V_IN is 10 V.",
        "V_IN reads 8.4 V, below the minimum of 1.5 bar.",
        "pressure is 1.2 bar.",
        "pressure out is 7.1 bar.",
        "7.1 bar at pressure out is too much.",
        "resets is 3, below the maximum of 4.",
        "The ambient stays at 9.4 C.",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (holds(answers[i]))
            fail_msg("taken: %s", answers[i]);
}

static void the_wrong_side_of_a_limit_does_not(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "fan speed 2610 rpm is below the minimum of 1200 rpm.",
        "V_IN is 8.4 V, above the operating range of 10-30 V.",
        "V_IN is 8.4 V, within 10-30 V.",
        "pressure is 7.1 bar, above max 10 bar.",
        "pressure is 7.1 bar, outside its limit of 10 bar.",
        "pressure out is 1.2 bar, within the minimum of 1.5 bar.",
        "ambient is -9.4 C, below the minimum of -9.4 C.",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (holds(answers[i]))
            fail_msg("taken: %s", answers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_true_of_its_fact_holds),
        cmocka_unit_test(what_is_true_of_another_fact_does_not),
        cmocka_unit_test(the_wrong_side_of_a_limit_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
