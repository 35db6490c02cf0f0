// Log lines: whole, on stderr, free of control characters, valid JSON when asked for.
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static char text[200000];

// Runs `work` with stderr going into `text`.
static void capture(void (*work)(void))
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    work();
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
}

static void say_levels(void)
{
    log_set_level(LOG_WARN);
    log_info("test", "not said");
    log_warn("test", "pump \033[2J\n%d", 7);
    log_set_level(LOG_INFO);
}

static void quiet_levels_are_left_out_and_control_characters_made_visible(void **state)
{
    (void)state;
    capture(say_levels);
    assert_non_null(strstr(text, "Z warn  test: pump \\x1b[2J\\x0a7\n"));
    assert_null(strstr(text, "not said"));
}

static void say_json(void)
{
    log_set_json(true);
    log_error("test", "\"quoted\"\n\xFF");
    log_set_json(false);
}

static void json_lines_hold_the_same_facts(void **state)
{
    (void)state;
    capture(say_json);
    assert_non_null(strstr(text, "Z\",\"level\":\"error\",\"component\":\"test\","
                                 "\"message\":\"\\\"quoted\\\"\\n\xEF\xBF\xBD\"}\n"));
    assert_int_equal(strncmp(text, "{\"time\":\"20", 11), 0);
}

static void *say_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++)
        log_info("test", "a line of one thread that must not be torn");
    return NULL;
}

static void say_from_threads(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, say_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void lines_of_several_threads_stay_whole(void **state)
{
    (void)state;
    capture(say_from_threads);
    int lines = 0;
    for (char *p = text, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        *end = '\0';
        char *said = strstr(p, " info  test: ");
        assert_non_null(said);
        assert_string_equal(said, " info  test: a line of one thread that must not be torn");
        lines++;
    }
    assert_int_equal(lines, 800);
}

static void levels_have_names(void **state)
{
    (void)state;
    enum log_level level;
    assert_true(log_level_from_text("debug", &level) && level == LOG_DEBUG);
    assert_true(log_level_from_text("error", &level) && level == LOG_ERROR);
    assert_false(log_level_from_text("loud", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_levels_are_left_out_and_control_characters_made_visible),
        cmocka_unit_test(json_lines_hold_the_same_facts),
        cmocka_unit_test(lines_of_several_threads_stay_whole),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
