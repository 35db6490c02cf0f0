// The event stream: what it tells, going on after a break, clients that do not read, the end.
#include "rig.h"

static int open_stream(const struct rig *rig, const char *path, const char *headers)
{
    struct buf out = {0};
    int fd = rig_connect(rig);
    buf_printf(&out, "GET %s HTTP/1.1\r\nHost: localhost:%d\r\n%s\r\n", path,
               server_port(rig->server), headers ? headers : "");
    assert_true(send_all(fd, out.p, out.n));
    buf_free(&out);
    return fd;
}

// Reads until `wanted` has come, or for `timeout_ms`; what was read is added to `in`.
static bool await(int fd, struct buf *in, const char *wanted, int timeout_ms)
{
    struct timeval moment = {.tv_usec = 20000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
    int64_t until = clock_mono_us() + timeout_ms * US_PER_MS;
    while (clock_mono_us() < until) {
        char *to = buf_reserve(in, 65536);
        ssize_t n = recv(fd, to, 65536, 0);
        if (n > 0) {
            in->n += (size_t)n;
            in->p[in->n] = '\0';
        }
        if (in->p && strstr(in->p, wanted))
            return true;
        if (n == 0)
            return false;
    }
    return false;
}

static void send_reading(const struct rig *rig, const char *sensor, const char *time, double value)
{
    struct answer a;
    char body[256];
    snprintf(body, sizeof body, "{\"sensor\":\"%s\",\"time\":\"%s\",\"value\":%g}", sensor, time,
             value);
    assert_int_equal(rig_post(rig, "/api/v1/readings", "application/json", body, &a), 200);
    answer_free(&a);
}

static void note(const struct rig *rig, const char *text)
{
    struct answer a;
    char body[128];
    snprintf(body, sizeof body, "{\"note\":\"%s\"}", text);
    assert_int_equal(rig_ask(rig, "PATCH", "/api/v1/incidents/1",
                             "Content-Type: application/json\r\n", str_of(body), &a),
                     200);
    answer_free(&a);
}

// One open incident, number 1.
static void raise_incident(const struct rig *rig)
{
    struct answer a;
    assert_int_equal(rig_post(rig, "/api/v1/readings?precision=s", "text/plain",
                              "m,asset=pump temperature=20 1795253600\n"
                              "m,asset=pump temperature=99 1795253601\n"
                              "m,asset=pump temperature=20 1795253602\n"
                              "m,asset=pump temperature=20 1795253605\n"
                              "m,asset=pump temperature=20 1795253608\n",
                              &a),
                     200);
    answer_free(&a);
    rig_await_incident(rig);
}

static void new_values_of_the_sensors_asked_for_are_sent_and_no_others(void **state)
{
    (void)state;
    struct rig rig;
    struct buf in = {0};
    rig_open(&rig, NULL);
    send_reading(&rig, "a/x", "2026-11-21T09:00:00Z", 1.25);
    send_reading(&rig, "a/y", "2026-11-21T09:00:00Z", 2.25);
    int fd = open_stream(&rig, "/api/v1/events?sensors=a/x", NULL);
    assert_true(await(fd, &in, "\"value\":1.25", 3000));
    assert_non_null(strstr(in.p, "Content-Type: text/event-stream"));
    assert_non_null(strstr(in.p, "event: readings\ndata: {\"readings\":[{\"sensor\":\"a/x\""));
    send_reading(&rig, "a/x", "2026-11-21T09:00:01Z", 1.5);
    assert_true(await(fd, &in, "\"value\":1.5", 3000));
    assert_null(strstr(in.p, "a/y"));
    buf_reset(&in);
    assert_false(await(fd, &in, "readings", 700)); // nothing new: nothing sent
    close(fd);
    fd = open_stream(&rig, "/api/v1/events?sensors=*", NULL);
    buf_reset(&in);
    assert_true(await(fd, &in, "a/y", 3000));
    close(fd);
    buf_free(&in);
    rig_close(&rig);
}

static void values_are_sent_twice_a_second_at_most(void **state)
{
    (void)state;
    struct rig rig;
    struct buf in = {0};
    rig_open(&rig, NULL);
    send_reading(&rig, "a/x", "2026-11-21T09:00:00Z", 0);
    int fd = open_stream(&rig, "/api/v1/events?sensors=a/x", NULL);
    assert_true(await(fd, &in, "\"value\":0", 3000));
    int64_t until = clock_mono_us() + 1000 * US_PER_MS;
    for (int i = 1; clock_mono_us() < until; i++) {
        char time[64];
        snprintf(time, sizeof time, "2026-11-21T09:%02d:%02dZ", i / 60 % 60, i % 60);
        send_reading(&rig, "a/x", time, i);
    }
    await(fd, &in, "never", 600);
    int events = 0;
    for (const char *p = in.p; (p = strstr(p, "event: readings")); p++)
        events++;
    assert_in_range(events, 2, 5);
    close(fd);
    buf_free(&in);
    rig_close(&rig);
}

static void findings_and_edits_are_told_with_ids(void **state)
{
    (void)state;
    struct rig rig;
    struct buf in = {0};
    rig_open(&rig, NULL);
    int fd = open_stream(&rig, "/api/v1/events", NULL);
    assert_true(await(fd, &in, ": fettle", 3000));
    raise_incident(&rig);
    assert_true(await(fd, &in, "event: anomaly\nid: ", 5000));
    assert_true(await(fd, &in, "event: incident\nid: ", 5000));
    assert_non_null(strstr(in.p, "\"change\":\"opened\",\"anomaly\":{\"id\":\""));
    note(&rig, "seen");
    assert_true(await(fd, &in, "\"note\":\"seen\"", 3000));
    close(fd);
    buf_free(&in);
    rig_close(&rig);
}

static void a_broken_stream_goes_on_where_it_ended(void **state)
{
    (void)state;
    struct rig rig;
    struct buf in = {0};
    rig_open(&rig, NULL);
    raise_incident(&rig);
    int fd = open_stream(&rig, "/api/v1/events", NULL);
    assert_true(await(fd, &in, ": fettle", 3000));
    note(&rig, "first");
    assert_true(await(fd, &in, "\"note\":\"first\"", 3000));
    close(fd);
    char id[64] = "";
    for (const char *p = in.p; (p = strstr(p, "\nid: ")); p++)
        sscanf(p, "\nid: %63s", id);
    assert_true(id[0]);
    note(&rig, "missed");
    char header[128];
    snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", id);
    buf_reset(&in);
    fd = open_stream(&rig, "/api/v1/events", header);
    assert_true(await(fd, &in, "\"note\":\"missed\"", 3000));
    assert_null(strstr(in.p, "\"note\":\"first\""));
    close(fd);
    // An id of another run, or nonsense, begins with what is new.
    static const char *const odd[] = {"Last-Event-ID: 1-0\r\n", "Last-Event-ID: nonsense\r\n",
                                      "Last-Event-ID: \r\n"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        buf_reset(&in);
        fd = open_stream(&rig, "/api/v1/events", odd[i]);
        assert_true(await(fd, &in, ": fettle", 3000));
        assert_false(await(fd, &in, "missed", 200));
        close(fd);
    }
    buf_free(&in);
    rig_close(&rig);
}

static void readers_beyond_the_limit_are_told_to_come_back(void **state)
{
    (void)state;
    struct rig rig;
    static const char *const pairs[] = {"server.event_clients=3", NULL};
    rig_open(&rig, pairs);
    int fds[3];
    struct buf in = {0};
    for (int i = 0; i < 3; i++) {
        buf_reset(&in);
        fds[i] = open_stream(&rig, "/api/v1/events", NULL);
        assert_true(await(fds[i], &in, ": fettle", 3000));
    }
    struct answer a;
    assert_int_equal(rig_get(&rig, "/api/v1/events", &a), 503);
    assert_non_null(answer_header(&a, "Retry-After"));
    answer_free(&a);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    buf_free(&in);
    rig_close(&rig);
}

static size_t stream_count(const struct rig *rig)
{
    struct answer a;
    size_t n = 0;
    rig_get(rig, "/metrics", &a);
    const char *at = strstr(a.body.p, "\nfettle_event_clients ");
    assert_non_null(at);
    sscanf(at, "\nfettle_event_clients %zu", &n);
    answer_free(&a);
    return n;
}

// RELIABILITY 29, small: a reader with a closed window goes, the others and ingest do not notice.
static void a_reader_that_does_not_read_is_closed(void **state)
{
    (void)state;
    enum { SENSORS = 2000 };
    struct rig rig;
    static const char *const pairs[] = {"server.idle_timeout=1s", NULL};
    rig_open(&rig, pairs);
    struct buf body = {0};
    int fd = -1, small = 4096;
    for (int round = 0; round < 40; round++) {
        struct answer a;
        buf_reset(&body);
        for (int i = 0; i < SENSORS; i++)
            buf_printf(&body, "m,asset=stall-%d a=%d %d\n", i, round, 1795253616 + round);
        assert_int_equal(rig_post(&rig, "/api/v1/readings?precision=s", "text/plain", body.p, &a),
                         200);
        answer_free(&a);
        if (round == 0) {
            fd = open_stream(&rig, "/api/v1/events?sensors=*", NULL);
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        }
        clock_sleep_us(250 * US_PER_MS);
        if (round > 4 && stream_count(&rig) == 0)
            break;
    }
    assert_int_equal(stream_count(&rig), 0);
    close(fd);
    buf_free(&body);
    rig_close(&rig);
}

static void the_stream_ends_when_the_server_stops(void **state)
{
    (void)state;
    struct rig rig;
    struct buf in = {0};
    rig_open(&rig, NULL);
    int fd = open_stream(&rig, "/api/v1/events", NULL), idle = rig_connect(&rig);
    assert_true(await(fd, &in, ": fettle", 3000));
    int64_t from = clock_mono_us();
    rig_close(&rig);
    assert_true(clock_mono_us() - from < 2 * US_PER_SECOND);
    await(fd, &in, "never", 500);
    assert_non_null(strstr(in.p, "\r\n0\r\n\r\n")); // the last chunk: a clean end
    close(fd);
    close(idle);
    buf_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_values_of_the_sensors_asked_for_are_sent_and_no_others),
        cmocka_unit_test(values_are_sent_twice_a_second_at_most),
        cmocka_unit_test(findings_and_edits_are_told_with_ids),
        cmocka_unit_test(a_broken_stream_goes_on_where_it_ended),
        cmocka_unit_test(readers_beyond_the_limit_are_told_to_come_back),
        cmocka_unit_test(a_reader_that_does_not_read_is_closed),
        cmocka_unit_test(the_stream_ends_when_the_server_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
