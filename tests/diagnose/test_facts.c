// Logs in every dialect, read into facts.
#include "diagnose/facts.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "test.h"

// The lines a model would read of `log`.
static char *lines_of(const char *log, bool known)
{
    struct facts *f = calloc(1, sizeof *f);
    struct buf out = {0};
    struct err err;
    assert_non_null(f);
    assert_ok(facts_read(str_of(log), f, &err), err);
    if (known)
        facts_join_known(f);
    facts_write(f, &out);
    free(f);
    if (!out.p)
        buf_add_z(&out, "");
    return out.p;
}

static void expect(const char *log, const char *lines)
{
    char *got = lines_of(log, false);
    assert_string_equal(got, lines);
    free(got);
}

static void pipes_and_a_device_before_arrows(void **state)
{
    (void)state;
    expect("[2026-06-12] ID:WXT536 >>> HEAT_CURRENT: 0.00A | TEMP_AMB: -15.2C | STATUS: "
           "ICE_WARNING",
           "- device: WXT536\n- time: 2026-06-12\n- HEAT_CURRENT: 0.00 A\n- TEMP_AMB: -15.2 C\n"
           "- STATUS: ICE_WARNING\n");
    expect("V_IN: 8.4V [LOW] | REF_CHK: FAIL | EVENT: SYSTEM_RESET",
           "- V_IN: 8.4 V, flag LOW\n- REF_CHK: FAIL\n- EVENT: SYSTEM_RESET\n");
}

static void what_instruments_share_is_joined_where_the_log_gives_no_limits(void **state)
{
    (void)state;
    char *got = lines_of("V_IN: 8.4V [LOW] | HEAT_CURRENT: 0.00A", true);
    assert_string_equal(got, "- V_IN: 8.4 V, below 10-30 V, flag LOW\n- HEAT_CURRENT: 0.00 A\n"
                             "- known: heater supply 24 V\n");
    free(got);
    got = lines_of("V_IN: 8.4 V (limit 6-24 V)", true);
    assert_string_equal(got, "- V_IN: 8.4 V, within 6-24 V\n");
    free(got);
    got = lines_of("IHeater: 0 A", true);
    assert_string_equal(got, "- IHeater: 0 A\n- known: heater supply 24 V\n");
    free(got);
    got = lines_of("V_IN: 8.4 bar", true);
    assert_string_equal(got, "- V_IN: 8.4 bar\n");
    free(got);
}

static void limits_stand_beside_values_in_many_ways(void **state)
{
    (void)state;
    expect(
        "P1 = 9.5 bar (limit 2-8 bar); T = 41 C (max 60); L: 1.2 m (min 1.5 m)",
        "- P1: 9.5 bar, above 2-8 bar\n- T: 41 C, within max 60 C\n- L: 1.2 m, below min 1.5 m\n");
    expect("P1: 480 mbar, limit 0.5 bar\n", "- P1: 480 mbar, within max 500 mbar\n");
    expect("V_IN: 8.4 V\nV_IN_MIN: 10\nV_IN_MAX: 30\n", "- V_IN: 8.4 V, below 10-30 V\n");
    expect("limits: V_IN 10-30 V, TEMP max 60 C\nV_IN: 8.4 V\nTEMP: 71 C\n",
           "- V_IN: 8.4 V, below 10-30 V\n- TEMP: 71 C, above max 60 C\n");
    expect("flow: 3.1 m3/h, normal range 4 to 10 m3/h\n", "- flow: 3.1 m3/h, below 4-10 m3/h\n");
    expect("flow: 3.1 m3/h (4..10)\n", "- flow: 3.1 m3/h, below 4-10 m3/h\n");
    expect("T: -42 C (-40..60 C)\n", "- T: -42 C, below -40-60 C\n");
}

static void json_flat_nested_and_as_records(void **state)
{
    (void)state;
    expect("{\"device\":\"P-101\",\"ts\":\"2026-06-12T03:14:07Z\",\"v_in\":8.4,\"ref_chk\":"
           "\"FAIL\",\"limits\":{\"v_in\":[10,30]}}",
           "- device: P-101\n- time: 2026-06-12T03:14:07Z\n- v_in: 8.4, below 10-30\n- ref_chk: "
           "FAIL\n");
    expect("{\"V_IN\":{\"value\":8.4,\"unit\":\"V\",\"min\":10,\"max\":30},\"REF\":{\"state\":"
           "\"FAIL\"}}",
           "- V_IN: 8.4 V, below 10-30 V\n- state: FAIL\n");
    expect("[{\"name\":\"V_IN\",\"value\":8.4,\"unit\":\"V\",\"limits\":[10,30]},{\"name\":\"T\","
           "\"value\":\"41.0\",\"unit\":\"degC\",\"status\":\"OK\"}]",
           "- V_IN: 8.4 V, below 10-30 V\n- T: 41.0 degC, flag OK\n");
    expect("{\"p\":\"5.1 bar\"}\n{\"p\":\"5.1 bar\"}\n{\"p\":\"5.1 bar\"}\n",
           "- p: 5.1 bar, constant over 3 samples\n");
}

static void tables_long_and_wide(void **state)
{
    (void)state;
    expect("time,tag,value,unit,low,high\n2026-06-12 03:14,V_IN,8.4,V,10,30\n"
           "2026-06-12 03:14,TEMP,41.0,C,,60\n",
           "- time: 2026-06-12 03:14\n- V_IN: 8.4 V, below 10-30 V\n- TEMP: 41.0 C, within max 60 "
           "C\n");
    expect("time;flow [m3/h];p_suct [bar]\n03:14:00;8.1;1.4\n03:14:10;7.2;1.0\n03:14:20;6.0;0.3\n",
           "- time: 03:14:00\n- flow: 6.0 m3/h, falling from 8.1 over 3 samples\n"
           "- p_suct: 0.3 bar, falling from 1.4 over 3 samples\n");
    expect("| Parameter | Value | Unit | Limit |\n|---|---:|---|---|\n| V_IN | 8.4 | V | 10-30 |\n"
           "| REF_CHK | FAIL | | |\n",
           "- V_IN: 8.4 V, below 10-30 V\n- REF_CHK: FAIL\n");
    expect("Parameter     Value   Unit   Range\nV_IN          8.4     V      10-30\n"
           "TEMP_AMB      -3.0    C      -40-60\n",
           "- V_IN: 8.4 V, below 10-30 V\n- TEMP_AMB: -3.0 C, within -40-60 C\n");
}

static void a_quote_that_is_not_closed_holds_what_is_left(void **state)
{
    (void)state;
    expect("time,flow,state\n2026-06-12T13:00:00Z,3.4,\"\n",
           "- time: 2026-06-12T13:00:00Z\n- flow: 3.4\n");
    expect("time,flow,state\n2026-06-12T13:00:00Z,3.4,\"OPEN\n",
           "- time: 2026-06-12T13:00:00Z\n- flow: 3.4\n- state: OPEN\n");
}

static void syslog_logfmt_and_alarm_lists(void **state)
{
    (void)state;
    expect("<134>Jun 12 03:14:07 rtu-7 poller[122]: v_in=8.4V ref_chk=FAIL state=reset",
           "- device: rtu-7\n- time: Jun 12 03:14:07\n- v_in: 8.4 V\n- ref_chk: FAIL\n- state: "
           "reset\n");
    expect("ts=2026-06-12T03:14:07Z level=warn device=P-101 brg_temp=96.2C brg_temp_max=85 "
           "msg=\"bearing is hot\"",
           "- device: P-101\n- time: 2026-06-12T03:14:07Z\n- level: warn\n"
           "- brg_temp: 96.2 C, above max 85 C\n- note: bearing is hot\n");
    expect("2026-06-12 03:14:07.120 ALM P101_BRG_TEMP HI 96.2 degC LIM 85.0\n"
           "2026-06-12 03:14:09.020 ALM P101_SUCT LO 0.2 bar LIM 0.8\n",
           "- time: 2026-06-12 03:14:07.120\n- P101_BRG_TEMP: 96.2 degC, above max 85.0 degC, flag "
           "HI\n- P101_SUCT: 0.2 bar, below min 0.8 bar, flag LO\n");
}

static void registers_sections_and_nesting(void **state)
{
    (void)state;
    expect("40001 V_IN 84 x 0.1 V\n40002 [TEMP] = 412 -> 41.2 C (max 60 C)\nHR40003: STATE 3\n",
           "- V_IN: 8.4 V\n- TEMP: 41.2 C, within max 60 C\n- STATE: 3\n");
    expect("[pump-7]\nv_in = 8.4 V\nstate = RESET\n[limits]\nv_in = 10..30\n",
           "- device: pump-7\n- v_in: 8.4 V, below 10-30 V\n- state: RESET\n");
    expect("device: P-101\nV_IN:\n  value: 8.4\n  unit: V\n  min: 10\n  max: 30\nREF_CHK: FAIL\n",
           "- device: P-101\n- V_IN: 8.4 V, below 10-30 V\n- REF_CHK: FAIL\n");
    expect("- name: V_IN\n  value: 8.4\n  unit: V\n- name: T\n  value: 41\n  unit: C\n",
           "- V_IN: 8.4 V\n- T: 41 C\n");
}

static void markup_and_line_protocol(void **state)
{
    (void)state;
    expect("<readings device=\"P-101\"><reading tag=\"V_IN\" value=\"8.4\" unit=\"V\" min=\"10\" "
           "max=\"30\"/><REF_CHK>FAIL</REF_CHK></readings>",
           "- device: P-101\n- V_IN: 8.4 V, below 10-30 V\n- REF_CHK: FAIL\n");
    expect("pump,id=P-101 brg_temp=96.2,flow=3.1 1718161200\n",
           "- device: P-101\n- time: 1718161200\n- brg_temp: 96.2\n- flow: 3.1\n");
}

static void sentences(void **state)
{
    (void)state;
    expect("The supply voltage was only 8.4 V, the data sheet allows 10-30 V. Reference check "
           "failed twice.",
           "- supply voltage: 8.4 V, below 10-30 V\n- note: Reference check failed twice\n");
    expect("We found that bearing temperature is 96 C and the limit is 85 C; fan is loud since "
           "Monday",
           "- bearing temperature: 96 C, above max 85 C\n- note: fan is loud since Monday\n");
}

static void numbers_in_other_notations(void **state)
{
    (void)state;
    expect("a: 8,4 V; b: 1,250.5 kW; c: -0.5; d: 3e-4 A; e: 7 retries",
           "- a: 8.4 V\n- b: 1250.5 kW\n- c: -0.5\n- d: 3e-4 A\n- e: 7 retries\n");
    expect("ip: 192.168.1.2\nversion: 3.2.1\nreg: 0x1F\nbuilt: 2026-06-12\n",
           "- ip: 192.168.1.2\n- version: 3.2.1\n- reg: 0x1F\n- built: 2026-06-12\n");
}

static void limits_from_the_store_are_joined_where_the_log_gives_none(void **state)
{
    (void)state;
    struct facts f;
    struct err err;
    assert_ok(facts_read(STR_LIT("flow: 3.1 m3/h\np: 2 bar (max 8 bar)\n"), &f, &err), err);
    assert_true(facts_join_limits(&f, STR_LIT("FLOW"), 4, NAN, FACT_FROM_STORE));
    assert_true(facts_join_limits(&f, STR_LIT("p"), 3, 5, FACT_FROM_STORE));
    assert_false(facts_join_limits(&f, STR_LIT("level"), 3, 5, FACT_FROM_STORE));
    assert_int_equal(f.items[0].side, FACT_BELOW);
    assert_int_equal(f.items[0].limits_from, FACT_FROM_STORE);
    assert_int_equal(f.items[1].side, FACT_WITHIN);
    assert_true(isnan(f.items[1].low));
}

static void hostile_logs_are_read_without_harm(void **state)
{
    (void)state;
    struct facts f;
    struct err err;
    static const char *const logs[] = {
        "",
        "\n\n\n",
        "|||||",
        "::::",
        "====",
        "{",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "<a b='",
        "\xff\xfe\x80 V_IN: 8.4 V",
        "a:\xe2\x82",
        "V_IN:",
        ": 8.4 V",
        "[limits]\n[limits]\n",
        "{\"a\":{\"value\":{\"value\":1}}}",
        "a,b\n1\n2,3,4\n",
        "limits:",
        "limit x",
        "-",
        "--- ---",
        "<x/>",
        "<<<<>>>>",
        "40001",
        "40001 ",
        "\"",
        "(((((",
        "a=b=c=d",
        "1:2:3:4:5",
        "a: 1e999 V",
        "V_IN: 99999999999999999999999999999999999999 V",
        "\t\t\t",
        "[]",
        "{}",
        "- name:\n- name:\n",
    };
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct buf out = {0};
        assert_ok(facts_read(str_of(logs[i]), &f, &err), err);
        facts_join_known(&f);
        facts_write(&f, &out);
        buf_free(&out);
    }
    assert_ok(facts_read((struct str){"a: 1\0b: 2", 9}, &f, &err), err);
}

static void a_log_with_too_many_keys_says_how_many_were_left_out(void **state)
{
    (void)state;
    struct buf log = {0};
    struct facts f;
    struct err err;
    for (int i = 0; i < FACTS_MAX + 7; i++)
        buf_printf(&log, "key_%d: %d V\n", i, i);
    assert_ok(facts_read(buf_str(&log), &f, &err), err);
    assert_int_equal(f.count, FACTS_MAX);
    assert_int_equal(f.left_out, 7);
    buf_free(&log);
}

static void a_table_without_a_header_is_read_by_its_units(void **state)
{
    (void)state;
    expect("V_IN;8.4;V;LOW\nREF_CHK;FAIL;;\nEVENT;SYSTEM_RESET;;",
           "- V_IN: 8.4 V, flag LOW\n- REF_CHK: FAIL\n- EVENT: SYSTEM_RESET\n");
    expect("flow | 3.1 | m3/h\nlevel | 1.2 | m\n", "- flow: 3.1 m3/h\n- level: 1.2 m\n");
    expect("brg_temp,96.2,C\nvib,2.1,mm/s", "- brg_temp: 96.2 C\n- vib: 2.1 mm/s\n");
}

static void tables_with_a_row_a_value_may_be_german(void **state)
{
    (void)state;
    expect("Datum;Uhrzeit;Messstelle;Wert;Einheit;Status\n"
           "12.06.2026;13:05:10;Vorlauf;63,5;\xc2\xb0"
           "C;OK\n12.06.2026;13:05:10;Druck;1,25;bar;LOW\n"
           "12.06.2026;13:05:10;Durchfluss;1.204,6;l/h;OK\n",
           "- time: 12.06.2026\n- Vorlauf: 63.5 \xc2\xb0"
           "C, flag OK\n- Druck: 1.25 bar, flag LOW\n- Durchfluss: 1204.6 l/h, flag OK\n");
    expect("a: 1.204.500,5 l, b: 1.204 bar, c: 1,204.6 l/h",
           "- a: 1204500.5 l\n- b: 1.204 bar\n- c: 1204.6 l/h\n");
}

static void a_tolerance_is_no_unit_and_no_limit(void **state)
{
    (void)state;
    expect("Supply: 24.1 V \xc2\xb1"
           "0.2\nSetpoint: 50 \xc2\xb1 2 %\nRef: 2.500 +/- 0.005 V\nT: 20\xc2\xb1"
           "1 C (max 25)\n",
           "- Supply: 24.1 V\n- Setpoint: 50%\n- Ref: 2.500 V\n- T: 20 C, within max 25 C\n");
}

static void limits_nest_in_a_value_of_json(void **state)
{
    (void)state;
    expect("{\"supply\": {\"value\": 8.4, \"unit\": \"V\", \"limits\": {\"min\": 10, \"max\": "
           "30}},\n \"fan\": {\"range\": {\"low\": 900}, \"value\": 20, \"unit\": \"rpm\"}, "
           "\"heat\": {\"value\": 1, \"limits\": {\"by\": \"QA\"}}}",
           "- supply: 8.4 V, below 10-30 V\n- fan: 20 rpm, below min 900 rpm\n- heat: 1\n");
}

static void hexadecimal_registers_have_their_decimal_value(void **state)
{
    (void)state;
    expect("40001: 0x0054 (84) SupplyVoltage x0.1 V\n40002: 0x0000 (0) HeaterCurrent A\n"
           "40003: 0xFFF1 Temp C\n40004: 0x0054 Speed rpm\n",
           "- SupplyVoltage: 8.4 V\n- HeaterCurrent: 0 A\n- Temp: 0xFFF1\n- Speed: 0x0054\n");
}

static void the_head_of_a_mail_is_no_log(void **state)
{
    (void)state;
    expect(
        "From: k.meier@plant.example\nTo: service@vendor.example\nSubject: Pump trips again\n"
        "Date: Fri, 12 Jun 2026 13:05:10 +0200\n\n> 13:01 MotorCurrent: 12.1 A (max 15 A)\n"
        "> 13:02 MotorCurrent: 17.9 A (max 15 A)\n",
        "- time: Fri, 12 Jun 2026 13:05:10 +0200\n- MotorCurrent: 17.9 A, above max 15 A, rising "
        "from 12.1 over 2 samples\n- note: Pump trips again\n");
}

static void a_log_beyond_the_size_limit_is_refused(void **state)
{
    (void)state;
    struct facts f;
    struct err err;
    char *log = calloc(1, FACTS_LOG_BYTES + 1);
    assert_non_null(log);
    assert_int_equal(facts_read((struct str){log, FACTS_LOG_BYTES + 1}, &f, &err), ERR_LIMIT);
    free(log);
}

static void what_is_no_text_is_refused_with_the_first_byte_that_is_none(void **state)
{
    (void)state;
    static struct facts f;
    struct err err;
    char wide[64]; // UTF-16
    for (int i = 0; i < 64; i++)
        wide[i] = "V_IN: 8.4 V [LOW] RESET 14 times"[i / 2];
    for (int i = 1; i < 64; i += 2)
        wide[i] = '\0';
    assert_int_equal(facts_read((struct str){wide, sizeof wide}, &f, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "32 of its 64 bytes"));
    assert_non_null(strstr(err.text, "0x00, at byte 1;"));
    // Colours of a terminal and stray bytes are no harm.
    assert_ok(facts_read(STR_LIT("\x1b[31mV_IN: 8.4 V\x1b[0m \xb0 \x01\n"), &f, &err), err);
}

static void values_are_named_by_the_words_before_them(void **state)
{
    (void)state;
    expect("circuit F12: insulation 0.18 Mohm, required min 1 Mohm\nload current 3.2 A",
           "- circuit F12 insulation: 0.18 Mohm, below min 1 Mohm\n- load current: 3.2 A\n");
    expect("P-3: vibration 3.3 mm/s, max 2 mm/s\nSTATUS: low 3 V",
           "- P-3 vibration: 3.3 mm/s, above max 2 mm/s\n- STATUS: low 3 V\n");
    expect("pump 3: flow 2.1 m3/h (min 6 m3/h)", "- flow: 2.1 m3/h, below min 6 m3/h\n");
    expect("drive speed 1478 rpm (1420-1510 rpm)\nroom temp 33 C [10..20 C]",
           "- drive speed: 1478 rpm, within 1420-1510 rpm\n- room temp: 33 C, above 10-20 C\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes_and_a_device_before_arrows),
        cmocka_unit_test(what_instruments_share_is_joined_where_the_log_gives_no_limits),
        cmocka_unit_test(limits_stand_beside_values_in_many_ways),
        cmocka_unit_test(json_flat_nested_and_as_records),
        cmocka_unit_test(tables_long_and_wide),
        cmocka_unit_test(a_quote_that_is_not_closed_holds_what_is_left),
        cmocka_unit_test(syslog_logfmt_and_alarm_lists),
        cmocka_unit_test(registers_sections_and_nesting),
        cmocka_unit_test(markup_and_line_protocol),
        cmocka_unit_test(sentences),
        cmocka_unit_test(numbers_in_other_notations),
        cmocka_unit_test(limits_from_the_store_are_joined_where_the_log_gives_none),
        cmocka_unit_test(hostile_logs_are_read_without_harm),
        cmocka_unit_test(a_log_with_too_many_keys_says_how_many_were_left_out),
        cmocka_unit_test(what_is_no_text_is_refused_with_the_first_byte_that_is_none),
        cmocka_unit_test(values_are_named_by_the_words_before_them),
        cmocka_unit_test(a_table_without_a_header_is_read_by_its_units),
        cmocka_unit_test(tables_with_a_row_a_value_may_be_german),
        cmocka_unit_test(a_tolerance_is_no_unit_and_no_limit),
        cmocka_unit_test(limits_nest_in_a_value_of_json),
        cmocka_unit_test(hexadecimal_registers_have_their_decimal_value),
        cmocka_unit_test(the_head_of_a_mail_is_no_log),
        cmocka_unit_test(a_log_beyond_the_size_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
