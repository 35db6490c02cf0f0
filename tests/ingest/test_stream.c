// Readings from a pipe: formats told apart, lines passed on at once, pace kept.
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "ingest/collect.h"
#include "ingest/stream.h"

struct source {
    int fd[2];
    struct collect c;
    struct ingest_stream_options options;
    enum err_code code;
    atomic_size_t received;
    ingest_readings_fn *inner;
    pthread_t thread;
};

static enum err_code count_readings(void *arg, const struct reading *r, size_t count,
                                    struct err *err)
{
    struct source *s = (struct source *)((char *)arg - offsetof(struct source, c));
    enum err_code code = s->inner(arg, r, count, err);
    s->received += count;
    return code;
}

static void *run(void *arg)
{
    struct source *s = arg;
    s->code = ingest_stream(s->fd[0], "stdin", &s->options, &s->c.sink, &s->c.counts, &s->c.err);
    return NULL;
}

static void start(struct source *s)
{
    memset(s, 0, sizeof *s);
    collect_open(&s->c);
    s->inner = s->c.sink.readings;
    s->c.sink.readings = count_readings;
    assert_int_equal(pipe(s->fd), 0);
}

static void go(struct source *s)
{
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

static void send(struct source *s, const char *text)
{
    assert_int_equal(write(s->fd[1], text, strlen(text)), (ssize_t)strlen(text));
}

// Waits for the readings while the pipe stays open: what is complete may not be held back.
static void expect(struct source *s, size_t readings)
{
    for (int i = 0; i < 5000 && s->received < readings; i++)
        clock_sleep_us(1000);
    assert_int_equal(s->received, readings);
}

static void finish(struct source *s, const char *readings, const char *refused)
{
    close(s->fd[1]);
    pthread_join(s->thread, NULL);
    close(s->fd[0]);
    if (s->code != ERR_OK)
        fail_msg("%s", s->c.err.text);
    assert_string_equal(s->c.readings.p, readings);
    assert_string_equal(s->c.refused.p, refused);
    collect_close(&s->c);
}

static void lines_are_passed_on_as_they_come(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *rest;
    } cases[] = {
        {"{\"sensor\":\"a/x\",\"value\":1,\"time\":1}\n", "{\"sensor\":\"a/x\",\"value\":2,",
         "\"time\":2}\n"},
        {"# note\nm,asset=a x=1 1000000000\n", "m,asset=a x=2", " 2000000000\n"},
        {"time,sensor,value\n1,a/x,1\n", "2,a/x,2", "\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct source s;
        start(&s);
        go(&s);
        send(&s, cases[i].first);
        expect(&s, 1);
        send(&s, cases[i].second);
        send(&s, cases[i].rest);
        expect(&s, 2);
        finish(&s, "a/x 1970-01-01T00:00:01Z 1;a/x 1970-01-01T00:00:02Z 2;", "");
    }
}

static void an_array_over_many_lines_is_read_whole(void **state)
{
    (void)state;
    struct source s;
    start(&s);
    go(&s);
    send(&s, "[\n {\"sensor\": \"a/x\",\n");
    send(&s, "  \"value\": 1, \"time\": 1}\n]\n");
    finish(&s, "a/x 1970-01-01T00:00:01Z 1;", "");
}

static void lines_are_numbered_over_all_pieces(void **state)
{
    (void)state;
    struct source s;
    start(&s);
    go(&s);
    send(&s, "m,asset=a x=1 1000000000\nbad\n");
    expect(&s, 1);
    send(&s, "m,asset=a x=oops\nm,asset=a x=2 2000000000");
    finish(&s, "a/x 1970-01-01T00:00:01Z 1;a/x 1970-01-01T00:00:02Z 2;",
           "2: no field: \"measurement,tag=x field=1.5 time\" expected\n"
           "3: field \"x\": \"oops\" is not a number\n");
}

static void utf16_is_refused_whole_and_named(void **state)
{
    (void)state;
    struct source s;
    start(&s);
    assert_int_equal(write(s.fd[1], "\xff\xfet\0i\0\n\0", 8), 8);
    close(s.fd[1]);
    run(&s);
    assert_int_equal(s.code, ERR_INPUT);
    assert_string_equal(s.c.err.text, "stdin: UTF-16 text; save it as UTF-8");
    close(s.fd[0]);
    collect_close(&s.c);
}

// As a logger leaves them that lost its power.
static void a_line_of_zeros_is_refused_and_named(void **state)
{
    (void)state;
    static const char text[] = "m,asset=a x=1 1000000000\n\0\0\0\nm,asset=a x=2 2000000000\n";
    struct source s;
    start(&s);
    go(&s);
    assert_int_equal(write(s.fd[1], text, sizeof text - 1), (ssize_t)sizeof text - 1);
    finish(&s, "a/x 1970-01-01T00:00:01Z 1;a/x 1970-01-01T00:00:02Z 2;",
           "2: not text: it holds a byte of zero\n");
}

static void a_line_without_end_is_given_up(void **state)
{
    (void)state;
    struct source s;
    start(&s);
    go(&s);
    send(&s, "m,asset=a x=1 1000000000\n");
    char piece[1001];
    memset(piece, 'y', 1000);
    piece[1000] = 0;
    for (int i = 0; i < 3000; i++)
        send(&s, piece);
    send(&s, "\nm,asset=a x=2 2000000000\n");
    expect(&s, 2);
    finish(&s, "a/x 1970-01-01T00:00:01Z 1;a/x 1970-01-01T00:00:02Z 2;",
           "2: a line of more than 1048576 bytes\n");
}

static void empty_input_is_no_error(void **state)
{
    (void)state;
    struct source s;
    start(&s);
    go(&s);
    finish(&s, "", "");
}

// ---- pace ----

static void a_recording_is_replayed_at_its_pace(void **state)
{
    (void)state;
    struct source s;
    start(&s);
    // Ten seconds in a tenth of a second, then a silence of an hour that is cut to 50 ms.
    s.options.csv.pace = pace_open(&(struct pace_options){.speed = 100, .max_gap_us = 50000});
    send(&s, "time,x\n0,1\n4,2\n8,3\n10,4\n3610,5\n");
    int64_t before = clock_mono_us();
    go(&s);
    expect(&s, 5);
    int64_t took = clock_mono_us() - before;
    assert_true(took >= 140000 && took < 3000000);
    struct pace *pace = s.options.csv.pace;
    close(s.fd[1]);
    pthread_join(s.thread, NULL);
    close(s.fd[0]);
    collect_close(&s.c);
    pace_close(&pace);
}

static void waiting_can_be_cancelled(void **state)
{
    (void)state;
    struct source s;
    start(&s);
    struct pace *pace = pace_open(&(struct pace_options){.speed = 1});
    s.options.csv.pace = pace;
    send(&s, "time,x\n0,1\n86400,2\n");
    go(&s);
    expect(&s, 1); // what is due was passed on before the long wait
    pace_cancel(pace);
    pthread_join(s.thread, NULL);
    assert_int_equal(s.code, ERR_CANCELLED);
    assert_true(pace_cancelled(pace));
    close(s.fd[0]);
    close(s.fd[1]);
    collect_close(&s.c);
    pace_close(&pace);
}

static int64_t noon(void)
{
    return 1700000000 * US_PER_SECOND;
}

static void times_can_be_moved_to_now(void **state)
{
    (void)state;
    clock_replace_wall(noon);
    struct source s;
    start(&s);
    struct pace *pace = pace_open(&(struct pace_options){.shift_to_now = true});
    s.options.csv.pace = pace;
    send(&s, "time,x\n100,1\n101,2\n");
    go(&s);
    finish(&s, "stdin/x 2023-11-14T22:13:20Z 1;stdin/x 2023-11-14T22:13:21Z 2;", "");
    pace_close(&pace);
    clock_replace_wall(NULL);
}

static void events_of_the_past_are_due_at_once(void **state)
{
    (void)state;
    struct pace *pace = pace_open(&(struct pace_options){.speed = 1});
    assert_int_equal(pace_due_us(pace, 1000 * US_PER_SECOND), 0);
    assert_int_equal(pace_due_us(pace, 5 * US_PER_SECOND), 0);
    int64_t due = pace_due_us(pace, 1010 * US_PER_SECOND);
    assert_true(due > 9 * US_PER_SECOND && due <= 10 * US_PER_SECOND);
    // Times at both ends of what there is do not overflow.
    assert_true(pace_due_us(pace, TIME_MAX_US) > 1000 * US_PER_DAY);
    pace_close(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_passed_on_as_they_come),
        cmocka_unit_test(an_array_over_many_lines_is_read_whole),
        cmocka_unit_test(lines_are_numbered_over_all_pieces),
        cmocka_unit_test(utf16_is_refused_whole_and_named),
        cmocka_unit_test(a_line_of_zeros_is_refused_and_named),
        cmocka_unit_test(a_line_without_end_is_given_up),
        cmocka_unit_test(empty_input_is_no_error),
        cmocka_unit_test(a_recording_is_replayed_at_its_pace),
        cmocka_unit_test(waiting_can_be_cancelled),
        cmocka_unit_test(times_can_be_moved_to_now),
        cmocka_unit_test(events_of_the_past_are_due_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
