// Settings: values from tables, files, the environment and --set, and what is refused.
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/settings.h"

static const struct setting_def server[] = {
    {"server.port", "8000", NULL, "where to listen", 1, 65535, SETTING_INT, 0},
    {"server.address", "127.0.0.1", NULL, "address to listen on", 0, 0, SETTING_TEXT, 0},
    {"server.tls", "no", NULL, "encrypt", 0, 0, SETTING_BOOL, 0},
    {"server.idle_timeout", "30s", NULL, "then hang up", 1e6, 3600e6, SETTING_DURATION,
     SETTING_RELOADABLE},
    {"server.body_limit", "4M", NULL, "largest body", 1024, 1073741824, SETTING_BYTES, 0},
    {"server.log", "info", "error|warn|info|debug", "how much to say", 0, 0, SETTING_CHOICE, 0},
    {"server.api_key", "", NULL, "who knows it may write", 0, 0, SETTING_TEXT, SETTING_SECRET},
    {"server.hosts", "", NULL, "names it answers to", 0, 0, SETTING_TEXT, 0},
    {0}};

static const struct setting_def rules[] = {
    {"rules.drift_after", "15s", NULL, "how long beyond", 0, INFINITY, SETTING_DURATION, 0},
    {"rules.kind.temperature.spike_high", "45", "°C", "spike above", 0, 0, SETTING_REAL, 0},
    {"rules.kind.*.spike_high", "none", NULL, "spike above", 0, 0, SETTING_REAL, 0},
    {"rules.sensor.*.spike_high", NULL, NULL, "spike above", 0, 0, SETTING_REAL, 0},
    {"rules.sensor.*.low.spike_high", "7", NULL, "a longer pattern", 0, 0, SETTING_REAL, 0},
    {"rules.sensor.*.name", NULL, NULL, "what to call it", 0, 0, SETTING_TEXT, 0},
    {0}};

static struct settings *open_settings(void)
{
    static const struct setting_def *const tables[] = {server, rules};
    struct settings *s = settings_open(tables, 2);
    assert_non_null(s);
    return s;
}

static void defaults_are_in_force_first(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    assert_int_equal(settings_int(s, "server.port"), 8000);
    assert_string_equal(settings_text(s, "server.address"), "127.0.0.1");
    assert_false(settings_bool(s, "server.tls"));
    assert_int_equal(settings_int(s, "server.idle_timeout"), 30000000);
    assert_int_equal(settings_int(s, "server.body_limit"), 4194304);
    assert_int_equal(settings_int(s, "server.log"), 2);
    assert_string_equal(settings_text(s, "server.log"), "info");
    assert_true(settings_real(s, "rules.kind.temperature.spike_high") == 45);
    assert_true(isnan(settings_real(s, "rules.kind.humidity.spike_high")));
    assert_true(isnan(settings_real(s, "rules.sensor.a/flow.spike_high")));
    assert_string_equal(settings_text(s, "rules.sensor.a/flow.name"), "");
    assert_true(settings_real(s, "rules.sensor.a.low.spike_high") == 7);
    assert_false(settings_is_set(s, "server.port"));
    settings_close(&s);
    assert_null(s);
}

static void load_ok(struct settings *s, const char *yaml)
{
    struct err err = {0};
    assert_ok(settings_load_text(s, str_of(yaml), "f.yaml", &err), err);
}

static void nested_and_dotted_names_mean_the_same(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    load_ok(s, "server:\n"
               "  port: 9000\n"
               "  log: debug\n"
               "  hosts: [plant.local, 'a b']\n"
               "server.tls: On\n"
               "rules:\n"
               "  sensor:\n"
               "    wtf-pipe-1/flow: {spike_high: 130.5}\n"
               "    \"pump.a/temperature\":\n"
               "      spike_high: -1e3\n"
               "      name: \"the pump\"\n"
               "  drift_after: 2m30s\n"
               "  kind.humidity.spike_high: 80\n");
    assert_int_equal(settings_int(s, "server.port"), 9000);
    assert_int_equal(settings_int(s, "server.log"), 3);
    assert_string_equal(settings_text(s, "server.hosts"), "plant.local,a b");
    assert_true(settings_bool(s, "server.tls"));
    assert_true(settings_real(s, "rules.sensor.wtf-pipe-1/flow.spike_high") == 130.5);
    assert_true(settings_real(s, "rules.sensor.pump.a/temperature.spike_high") == -1000);
    assert_string_equal(settings_text(s, "rules.sensor.pump.a/temperature.name"), "the pump");
    assert_int_equal(settings_int(s, "rules.drift_after"), 150000000);
    assert_true(settings_real(s, "rules.kind.humidity.spike_high") == 80);
    assert_true(settings_is_set(s, "rules.kind.humidity.spike_high"));
    settings_close(&s);
}

static void files_without_settings_are_fine(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "# nothing\n",
                                        "---\n",
                                        "{}\n",
                                        "server:\n",
                                        "~\n",
                                        "server: {}\n",
                                        "rules:\n  sensor:\n",
                                        "\xEF\xBB\xBFserver:\n  port: 8000\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct settings *s = open_settings();
        load_ok(s, texts[i]);
        assert_int_equal(settings_int(s, "server.port"), 8000);
        settings_close(&s);
    }
}

// Each must be refused with this message, and leave everything as it was.
static void bad_files_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {"server:\n  prot: 1\n",
         "f.yaml:2: there is no setting server.prot (did you mean server.port?)"},
        {"server:\n  port: 8001\n  zebra: 1\n", "f.yaml:3: there is no setting server.zebra"},
        {"rules:\n  sensor:\n    a/b:\n      spike_hihg: 1\n",
         "f.yaml:4: there is no setting rules.sensor.a/b.spike_hihg (did you mean "
         "rules.sensor.*.spike_high?)"},
        {"server:\n  port: 99999\n", "f.yaml:2: server.port: 99999 is out of bounds (1 to 65535)"},
        {"server:\n  port: 80.5\n", "f.yaml:2: server.port: \"80.5\": a whole number expected"},
        {"server:\n  idle_timeout: 2h\n",
         "f.yaml:2: server.idle_timeout: 2h is out of bounds (1s to 1h)"},
        {"server: {body_limit: 1}", "f.yaml:1: server.body_limit: 1 is out of bounds (1K to 1G)"},
        {"rules.drift_after: -1s",
         "f.yaml:1: rules.drift_after: -1s is out of bounds (at least 0)"},
        {"server:\n  log: loud\n",
         "f.yaml:2: server.log: \"loud\": one of these expected: error, warn, info, debug"},
        {"server:\n  tls: maybe\n", "f.yaml:2: server.tls: \"maybe\": true or false expected"},
        {"server:\n  port:\n", "f.yaml:2: server.port: a value is missing"},
        {"server: 5\n", "f.yaml:1: server is a section, it has no value of its own"},
        {"\nserver:\n  port: {a: 1}\n", "f.yaml:3: server.port: one value expected, not a section"},
        {"server:\n  port: [1, 2]\n", "f.yaml:2: server.port: one value expected, not a list"},
        {"server:\n  hosts: [a, [b]]\n", "f.yaml:2: a list holds single values without commas"},
        {"server:\n  port: 1\n  port: 2\n",
         "f.yaml:3: server.port stands here a second time (first in line 2)"},
        {"server:\n  port: 1\nserver.port: 2\n",
         "f.yaml:3: server.port stands here a second time (first in line 2)"},
        {"server:\n  tls: on\nserver:\n  port: 2\n",
         "f.yaml:3: server stands here a second time (first in line 1)"},
        {"server:\n\tport: 1\n", "f.yaml:2: YAML is indented with blanks, not with tabs"},
        {"server: {port: 1\n", "f.yaml:2: did not find expected ',' or '}'"},
        {"servers: {}\n", "f.yaml:1: there is no section servers"},
        {"a: &x [1]\nb: *x\n",
         "f.yaml:1: anchors and aliases (& and *) have no place here; put quotes around a text "
         "that begins so"},
        {"server:\n  hosts: *all\n",
         "f.yaml:2: anchors and aliases (& and *) have no place here; put quotes around a text "
         "that begins so"},
        {"server:\n  port: !!int 5\n", "f.yaml:2: tags (!) have no place here"},
        {"{}\n---\n{}\n", "f.yaml:2: one YAML document expected, a second begins here"},
        {"just words\n", "f.yaml:1: settings such as \"server:\" expected"},
        {"- server\n", "f.yaml:1: settings such as \"server:\" expected"},
        {"? [a]\n: 1\n", "f.yaml:1: a name expected as key"},
        {"server:\n  address: a\xFF\n", "f.yaml:2: bytes that are not UTF-8"},
        {"server:\n  address: \"a\\0b\"\n",
         "f.yaml:2: server.address: UTF-8 text without control characters expected"},
        {"server:\n  address: \"a\\Lb\"\n",
         "f.yaml:2: server.address: UTF-8 text without control characters expected"},
        {"server:\n  idle_timeout: 1m\n\n    30\n",
         "f.yaml:2: server.idle_timeout: a duration such as 250ms, 15s or 2h30m "
         "expected"},
        {"server:\n  port: 1\n\x01\n", "f.yaml:3: control characters are not allowed"},
        {"[[[[[[[[[[[[[[[[[[[[", "f.yaml:1: settings such as \"server:\" expected"},
        {"a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1",
         "f.yaml:1: more than 16 levels of nesting"},
        {"server:\n  api_key: \"hush\\x01\"\n",
         "f.yaml:2: server.api_key: UTF-8 text without control characters expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings *s = open_settings();
        struct err err = {0};
        assert_int_equal(settings_load_text(s, str_of(cases[i].yaml), "f.yaml", &err), ERR_INPUT);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(settings_int(s, "server.port"), 8000);
        assert_false(settings_is_set(s, "server.port"));
        settings_close(&s);
    }
}

static void huge_input_is_refused_quickly(void **state)
{
    (void)state;
    static char text[(1 << 20) + 1];
    struct settings *s = open_settings();
    struct err err = {0};
    memset(text, '#', sizeof text);
    assert_int_equal(settings_load_text(s, (struct str){text, sizeof text}, "f", &err), ERR_LIMIT);
    static const char fills[] = "[{:-?|>'\"a ";
    for (const char *fill = fills; *fill; fill++) {
        memset(text, *fill, sizeof text - 1);
        settings_load_text(s, (struct str){text, sizeof text - 1}, "f", &err);
    }
    char name[1000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(settings_set(s, name, STR_LIT("1"), "here", &err), ERR_INPUT);
    settings_close(&s);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    struct err err = {0};
    assert_int_equal(settings_load(s, "/nowhere/fettle.yaml", &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nowhere/fettle.yaml"));
    settings_close(&s);
}

static void a_file_is_read_and_named_as_source(void **state)
{
    (void)state;
    char path[] = "/tmp/fettle-settings-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char yaml[] = "\nserver:\n  port: 81\n";
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    struct settings *s = open_settings();
    struct err err = {0};
    assert_ok(settings_load(s, path, &err), err);
    assert_int_equal(settings_int(s, "server.port"), 81);
    assert_string_equal(settings_text(s, "server.port"), "81");
    settings_close(&s);
    unlink(path);
}

static void the_environment_counts_over_the_file_and_set_over_both(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    struct err err = {0};
    load_ok(s, "server: {port: 1, idle_timeout: 5s, tls: yes}");
    setenv("FETTLE_SERVER_PORT", "2", 1);
    setenv("FETTLE_SERVER_IDLE_TIMEOUT", "6s", 1);
    assert_ok(settings_load_env(s, &err), err);
    assert_ok(settings_set_pair(s, "server.port=3", &err), err);
    assert_int_equal(settings_int(s, "server.port"), 3);
    assert_int_equal(settings_int(s, "server.idle_timeout"), 6000000);
    assert_true(settings_bool(s, "server.tls"));
    unsetenv("FETTLE_SERVER_PORT");
    unsetenv("FETTLE_SERVER_IDLE_TIMEOUT");
    settings_close(&s);
}

static void a_slip_in_the_environment_is_noticed(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    struct err err = {0};
    setenv("FETTLE_SERVER_PROT", "2", 1);
    assert_int_equal(settings_load_env(s, &err), ERR_INPUT);
    assert_string_equal(err.text, "environment FETTLE_SERVER_PROT: there is no such setting (did "
                                  "you mean server.port?)");
    unsetenv("FETTLE_SERVER_PROT");
    setenv("FETTLE_SERVER_PORT", "x", 1);
    assert_int_equal(settings_load_env(s, &err), ERR_INPUT);
    assert_string_equal(err.text, "environment FETTLE_SERVER_PORT: server.port: \"x\": a whole "
                                  "number expected");
    unsetenv("FETTLE_SERVER_PORT");
    setenv("FETTLE_DATA", "elsewhere", 1);
    assert_ok(settings_load_env(s, &err), err);
    unsetenv("FETTLE_DATA");
    settings_close(&s);
}

static void wrong_pairs_are_refused(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    struct err err = {0};
    assert_int_equal(settings_set_pair(s, "server.port", &err), ERR_INPUT);
    assert_string_equal(err.text, "--set server.port: name=value expected");
    assert_int_equal(settings_set_pair(s, "=1", &err), ERR_INPUT);
    assert_int_equal(settings_set_pair(s, "server.port=", &err), ERR_INPUT);
    assert_int_equal(settings_set_pair(s, "rules.sensor.\x01.spike_high=1", &err), ERR_INPUT);
    assert_ok(settings_set_pair(s, "server.hosts=a=b,c", &err), err);
    assert_string_equal(settings_text(s, "server.hosts"), "a=b,c");
    settings_close(&s);
}

static void a_copy_changes_alone(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    struct err err = {0};
    assert_ok(settings_set_pair(s, "rules.sensor.a/b.spike_high=4", &err), err);
    struct settings *copy = settings_copy(s);
    assert_non_null(copy);
    assert_ok(settings_set_pair(copy, "rules.sensor.a/b.spike_high=5", &err), err);
    assert_ok(settings_set_pair(copy, "rules.sensor.a/c.spike_high=6", &err), err);
    assert_true(settings_real(s, "rules.sensor.a/b.spike_high") == 4);
    assert_true(isnan(settings_real(s, "rules.sensor.a/c.spike_high")));
    assert_true(settings_real(copy, "rules.sensor.a/b.spike_high") == 5);
    settings_close(&s);
    assert_true(settings_real(copy, "rules.sensor.a/c.spike_high") == 6);
    settings_close(&copy);
}

struct listing {
    struct buf text;
};

static void list(void *arg, const struct setting_def *def, const char *name, const char *text,
                 const char *source)
{
    struct listing *l = arg;
    assert_non_null(def);
    buf_printf(&l->text, "%s=%s (%s)\n", name, text, source);
}

static void listing_hides_secrets_and_names_sources(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    struct err err = {0};
    load_ok(s, "server:\n  api_key: hush\n  tls: yes\n");
    assert_ok(settings_set_pair(s, "rules.sensor.a/b.spike_high=4", &err), err);
    struct listing l = {0};
    settings_each(s, list, &l);
    assert_non_null(strstr(l.text.p, "server.port=8000 (default)\n"));
    assert_non_null(strstr(l.text.p, "server.api_key=*** (f.yaml:2)\n"));
    assert_non_null(strstr(l.text.p, "server.tls=yes (f.yaml:3)\n"));
    assert_non_null(strstr(l.text.p, "rules.sensor.a/b.spike_high=4 (--set)\n"));
    assert_null(strstr(l.text.p, "hush"));
    buf_free(&l.text);
    struct buf yaml = {0};
    settings_to_yaml(s, &yaml);
    assert_null(strstr(yaml.p, "hush"));
    buf_free(&yaml);
    settings_close(&s);
}

static void written_yaml_loads_back_to_the_same_values(void **state)
{
    (void)state;
    struct settings *s = open_settings(), *again = open_settings();
    struct err err = {0};
    load_ok(s, "server: {port: 9, log: warn, idle_timeout: 1m30s, body_limit: 2 MiB}\n"
               "server.address: \"a: #b \\\" \\\\ \xC2\xB0 'x' {\"\n"
               "'rules.sensor.\"odd\" {name}: & #1/t.spike_high': 12.25\n"
               "rules.kind.flow.spike_high: none\n");
    assert_ok(settings_set(s, "rules.sensor.\\ \"x\": y.name", STR_LIT(" - "), "here", &err), err);
    struct buf first = {0}, second = {0};
    settings_to_yaml(s, &first);
    load_ok(again, first.p);
    settings_to_yaml(again, &second);
    assert_string_equal(first.p, second.p);
    assert_int_equal(settings_int(again, "server.port"), 9);
    assert_int_equal(settings_int(again, "server.idle_timeout"), 90000000);
    assert_string_equal(settings_text(again, "server.address"), "a: #b \" \\ \xC2\xB0 'x' {");
    assert_string_equal(settings_text(again, "rules.sensor.\\ \"x\": y.name"), " - ");
    assert_true(isnan(settings_real(again, "rules.kind.flow.spike_high")));
    buf_free(&first);
    buf_free(&second);
    settings_close(&s);
    settings_close(&again);
}

static void a_section_of_patterns_alone_is_written_too(void **state)
{
    (void)state;
    static const struct setting_def only[] = {
        {"sensor.*.name", NULL, NULL, "what to call it", 0, 0, SETTING_TEXT, 0}, {0}};
    static const struct setting_def *const tables[] = {only};
    struct settings *s = settings_open(tables, 1);
    struct err err = {0};
    assert_ok(settings_set_pair(s, "sensor.a/b.name=pump", &err), err);
    struct buf out = {0};
    settings_to_yaml(s, &out);
    assert_non_null(strstr(out.p, "\nsensor:\n  a/b.name: \"pump\"\n"));
    buf_free(&out);
    settings_close(&s);
}

static void json_values_have_their_type(void **state)
{
    (void)state;
    static const struct {
        const struct setting_def *def;
        const char *text, *json;
    } cases[] = {{&server[0], "81", "81"},         {&server[1], "::1", "\"::1\""},
                 {&server[2], "on", "true"},       {&server[3], "30s", "\"30s\""},
                 {&server[5], "warn", "\"warn\""}, {&server[6], "***", "\"***\""},
                 {&rules[1], "45.5", "45.5"},      {&rules[2], "none", "null"},
                 {&server[0], "***", "\"***\""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        struct json_out j;
        json_open(&j, &out);
        settings_json_value(&j, cases[i].def, cases[i].text);
        assert_string_equal(out.p, cases[i].json);
        buf_free(&out);
    }
}

static void the_page_of_documentation_has_a_row_for_each_setting(void **state)
{
    (void)state;
    struct settings *s = open_settings();
    struct buf page = {0};
    settings_to_markdown(s, &page);
    assert_non_null(strstr(page.p, "\n## server\n"));
    assert_non_null(strstr(page.p, "\n| `server.port` | whole number, 1 to 65535 | 8000 | "
                                   "where to listen |\n"));
    assert_non_null(strstr(page.p, "\n| `server.idle_timeout` | duration, 1s to 1h | 30s | "
                                   "then hang up *live* |\n"));
    assert_non_null(strstr(page.p, "\n| `server.log` | choice: error, warn, info, debug | info | "
                                   "how much to say |\n"));
    assert_non_null(strstr(page.p, "\n| `server.api_key` | text |  | who knows it may write "
                                   "*secret* |\n"));
    assert_non_null(strstr(page.p, "\n| `rules.sensor.*.name` | text |  | what to call it |\n"));
    size_t rows = 0;
    for (const char *p = page.p; (p = strstr(p, "\n| `")) != NULL; p++)
        rows++;
    assert_int_equal(rows, sizeof server / sizeof *server + sizeof rules / sizeof *rules - 2);
    buf_free(&page);
    settings_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_in_force_first),
        cmocka_unit_test(nested_and_dotted_names_mean_the_same),
        cmocka_unit_test(files_without_settings_are_fine),
        cmocka_unit_test(bad_files_are_refused_with_their_place),
        cmocka_unit_test(huge_input_is_refused_quickly),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_file_is_read_and_named_as_source),
        cmocka_unit_test(the_environment_counts_over_the_file_and_set_over_both),
        cmocka_unit_test(a_slip_in_the_environment_is_noticed),
        cmocka_unit_test(wrong_pairs_are_refused),
        cmocka_unit_test(a_copy_changes_alone),
        cmocka_unit_test(listing_hides_secrets_and_names_sources),
        cmocka_unit_test(written_yaml_loads_back_to_the_same_values),
        cmocka_unit_test(a_section_of_patterns_alone_is_written_too),
        cmocka_unit_test(json_values_have_their_type),
        cmocka_unit_test(the_page_of_documentation_has_a_row_for_each_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
