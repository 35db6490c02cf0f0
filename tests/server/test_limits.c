// What a client may not do: sizes, framing, slowness, numbers of connections.
#include "rig.h"

#include "base/rng.h"

enum { INGEST_MAX = 200 * 1024, URI_MAX = 4096, HEADERS_MAX = 16384, FIELDS_MAX = 64 };

static struct rig rig;

static int set_up(void **state)
{
    (void)state;
    static const char *const pairs[] = {
        "server.ingest_max=200K", "server.header_timeout=1s",       "server.idle_timeout=2s",
        "server.connections=80",  "server.connections_loopback=64", NULL};
    rig_open(&rig, pairs);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static void assert_serves(void)
{
    struct answer a;
    assert_int_equal(rig_get(&rig, "/health", &a), 200);
    answer_free(&a);
}

// A line-protocol body of exactly `n` bytes.
static char *body_of(size_t n)
{
    char *body = malloc(n + 1);
    memset(body, '#', n);
    body[n] = '\0';
    memcpy(body, "m,asset=l a=1\n", 14);
    return body;
}

static void begin_request(struct buf *out, const char *method, const char *path)
{
    buf_printf(out, "%s %s HTTP/1.1\r\nHost: localhost:%d\r\n", method, path,
               server_port(rig.server));
}

// ---- sizes (RELIABILITY 30) ----

static void a_body_at_the_limit_is_taken_and_above_refused(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        struct answer a;
        char *body = body_of(INGEST_MAX + (size_t)over);
        assert_int_equal(rig_post(&rig, "/api/v1/readings", "text/plain", body, &a),
                         over ? 413 : 200);
        assert_int_equal(a.closed, over);
        answer_free(&a);
        free(body);
    }
    assert_serves();
}

static void a_chunked_body_above_the_limit_is_cut_off_early(void **state)
{
    (void)state;
    struct buf out = {0};
    struct answer a;
    begin_request(&out, "POST", "/api/v1/readings");
    buf_add_z(&out, "Transfer-Encoding: chunked\r\n\r\n");
    int fd = rig_connect(&rig);
    assert_true(send_all(fd, out.p, out.n));
    // 64 MB on offer; the server must stop reading soon after the limit, so that sending fails.
    char *chunk = malloc(65536 + 16);
    memset(chunk, 'x', 65536 + 16);
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + 7 + 65536, "\r\n", 2);
    size_t sent = 0;
    while (sent < 1024 && send_all(fd, chunk, 65536 + 9))
        sent++;
    assert_true(sent < 1024);
    // The answer may be lost when the rest of the body was on its way; it is never a success.
    read_answer(fd, &a, false);
    assert_true(a.status == 413 || a.status == 0);
    assert_true(a.closed);
    close(fd);
    answer_free(&a);
    buf_free(&out);
    free(chunk);
    assert_serves();
}

static void a_chunked_body_above_the_limit_gets_413(void **state)
{
    (void)state;
    struct buf out = {0};
    struct answer a;
    char *body = body_of(INGEST_MAX + 1);
    begin_request(&out, "POST", "/api/v1/readings");
    buf_printf(&out, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", INGEST_MAX + 1,
               body);
    rig_send(&rig, out.p, out.n, &a);
    assert_int_equal(a.status, 413);
    assert_true(a.closed);
    answer_free(&a);
    buf_free(&out);
    free(body);
}

static void a_huge_content_length_is_refused_before_the_body(void **state)
{
    (void)state;
    static const char *const lengths[] = {"204801", "4294967296", "9223372036854775807",
                                          "18446744073709551615"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf out = {0};
        struct answer a;
        begin_request(&out, "POST", "/api/v1/readings");
        buf_printf(&out, "Content-Length: %s\r\n\r\n", lengths[i]);
        rig_send(&rig, out.p, out.n, &a); // nothing of the body is sent
        assert_int_equal(a.status, 413);
        assert_true(a.closed);
        answer_free(&a);
        buf_free(&out);
    }
}

static void a_body_shorter_than_announced_ends_with_the_connection(void **state)
{
    (void)state;
    struct buf out = {0};
    struct answer a;
    begin_request(&out, "POST", "/api/v1/readings");
    buf_add_z(&out, "Content-Length: 100\r\n\r\nm,asset=short a=1\n");
    int fd = rig_connect(&rig);
    send_all(fd, out.p, out.n);
    shutdown(fd, SHUT_WR);
    read_answer(fd, &a, false);
    assert_int_equal(a.status, 0);
    close(fd);
    answer_free(&a);
    buf_free(&out);
    assert_int_equal(rig_get(&rig, "/api/v1/sensors?search=short", &a), 200);
    assert_non_null(strstr(a.body.p, "\"total\":0"));
    answer_free(&a);
}

static void a_path_at_the_limit_is_taken_and_above_refused(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        struct answer a;
        char *path = malloc(URI_MAX + 2);
        memset(path, 'a', URI_MAX + 1);
        memcpy(path, "/api/v1/sensors?search=", 23);
        path[URI_MAX + over] = '\0';
        assert_int_equal(rig_get(&rig, path, &a), over ? 414 : 200);
        answer_free(&a);
        free(path);
    }
    // So long that it does not fit into the server's memory for a request.
    struct answer a;
    char *path = malloc(200000);
    memset(path, 'a', 199999);
    path[0] = '/';
    path[199999] = '\0';
    rig_get(&rig, path, &a);
    assert_true(a.status == 414 || a.status == 0);
    answer_free(&a);
    free(path);
    assert_serves();
}

static void headers_above_the_limit_are_refused(void **state)
{
    (void)state;
    static const size_t sizes[] = {HEADERS_MAX - 512, HEADERS_MAX + 1, 40000, 300000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct answer a;
        char *header = malloc(sizes[i] + 16);
        memset(header, 'v', sizes[i]);
        memcpy(header, "X-Long: ", 8);
        strcpy(header + sizes[i], "\r\n");
        rig_ask(&rig, "GET", "/health", header, (struct str){0}, &a);
        // What is far beyond may be cut off while it is still being sent.
        assert_true(a.status == (i == 0 ? 200 : 431) || (i == 3 && a.status == 0));
        answer_free(&a);
        free(header);
    }
    assert_serves();
}

static void fields_above_the_limit_are_refused(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        struct buf headers = {0};
        struct answer a;
        for (int i = 1; i < FIELDS_MAX + over; i++) // Host is one more
            buf_printf(&headers, "X-%d: y\r\n", i);
        assert_int_equal(rig_ask(&rig, "GET", "/health", headers.p, (struct str){0}, &a),
                         over ? 431 : 200);
        answer_free(&a);
        buf_free(&headers);
    }
}

static void a_json_body_has_its_own_limit(void **state)
{
    (void)state;
    struct answer a;
    char *body = body_of((1 << 20) + 1);
    assert_int_equal(rig_ask(&rig, "PATCH", "/api/v1/config", "Content-Type: application/json\r\n",
                             str_of(body), &a),
                     413);
    answer_free(&a);
    free(body);
}

static void nothing_is_left_in_memory_of_refused_bodies(void **state)
{
    (void)state;
    struct answer a;
    for (int i = 0; i < 100; i++) { // requests under way elsewhere may hold theirs for a moment
        rig_get(&rig, "/metrics", &a);
        bool empty = strstr(a.body.p, "\nfettle_http_body_bytes 0\n") != NULL;
        answer_free(&a);
        if (empty)
            return;
        clock_sleep_us(10000);
    }
    fail_msg("bodies are still held");
}

// ---- framing (RELIABILITY 31, as far as the library shows it to us) ----

static void ambiguous_framing_is_400_and_closes(void **state)
{
    (void)state;
    static const char *const requests[] = {
        // both lengths
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 5\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /status HTTP/1.1\r\n\r\n",
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nTransfer-Encoding: chunked\r\n"
        "Content-Length: 5\r\n\r\n0\r\n\r\n",
        // two lengths, alike and unlike
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 5\r\n"
        "Content-Length: 6\r\n\r\nm a=1\n",
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 5\r\n"
        "Content-Length: 5\r\n\r\nm a=1",
        // lengths that are no numbers
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: -1\r\n\r\n",
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: +5\r\n\r\nm a=1",
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 5, 5\r\n\r\nm a=1",
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 0x5\r\n\r\nm a=1",
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\n"
        "Content-Length: 99999999999999999999999999\r\n\r\n",
        // encodings that another program might read differently
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nTransfer-Encoding: xchunked\r\n\r\n"
        "0\r\n\r\n",
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
        "0\r\n\r\n",
        "POST /write HTTP/1.1\r\nHost: localhost:%d\r\nTransfer-Encoding: chunked\r\n"
        "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "POST /write HTTP/1.0\r\nHost: localhost:%d\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n",
        // hosts
        "GET /status HTTP/1.1\r\nHost: localhost:%d\r\nHost: evil.example\r\n\r\n",
        // targets
        "GET http://evil.example/status HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
        "GET status HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
        "GET /sta%%00tus HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct buf out = {0};
        struct answer a;
        buf_printf(&out, requests[i], server_port(rig.server));
        rig_send(&rig, out.p, out.n, &a);
        // The library has its own word for a length beyond all bounds.
        if ((a.status != 400 && a.status != 413) || !a.closed)
            fail_msg("request %zu: %d %s", i, a.status, a.all.p);
        assert_null(a.all.p ? strstr(a.all.p, "sensor_active") : NULL); // no second answer
        answer_free(&a);
        buf_free(&out);
    }
    assert_serves();
}

static void a_request_without_host_is_refused(void **state)
{
    (void)state;
    static const char *const requests[] = {"GET /status HTTP/1.1\r\n\r\n",
                                           "GET /status HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct answer a;
        rig_send(&rig, requests[i], strlen(requests[i]), &a);
        assert_int_equal(a.status, 400);
        answer_free(&a);
    }
}

// Requests with bytes changed, cut or doubled at random: the server answers with an error, or
// closes, and goes on serving others.
static void damaged_requests_do_no_harm(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 31);
    const char *count_text = getenv("FETTLE_HTTP_MUTATIONS");
    int count = count_text ? atoi(count_text) : 300;
    for (int i = 0; i < count; i++) {
        struct buf out = {0};
        begin_request(&out, i % 2 ? "POST" : "GET",
                      i % 2 ? "/api/v1/readings" : "/anomalies?limit=5");
        buf_add_z(&out, i % 2 ? "Content-Length: 14\r\n\r\nm,asset=m a=1\n" : "\r\n");
        for (uint64_t k = rng_below(&rng, 4) + 1; k--;) {
            size_t at = rng_below(&rng, out.n);
            switch (rng_below(&rng, 4)) {
            case 0:
                out.p[at] = (char)rng_below(&rng, 256);
                break;
            case 1:
                out.n = at + 1;
                break;
            case 2:
                out.p[at] = "\r\n\0 :%/,;"[rng_below(&rng, 9)];
                break;
            default:
                memmove(out.p + at / 2, out.p + at, out.n - at);
                out.n -= at - at / 2;
            }
        }
        struct timeval moment = {.tv_usec = 3000}; // a request that is cut gets no answer
        int fd = rig_connect(&rig);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
        send_all(fd, out.p, out.n);
        char in[4096];
        while (recv(fd, in, sizeof in, 0) > 0)
            ;
        close(fd);
        buf_free(&out);
    }
    assert_serves();
}

// ---- slowness and numbers (RELIABILITY 28) ----

// How long until the server closes, in seconds; what came before is read.
static double seconds_until_closed(int fd)
{
    int64_t from = clock_mono_us();
    char in[4096];
    while (recv(fd, in, sizeof in, 0) > 0)
        ;
    return (double)(clock_mono_us() - from) / 1e6;
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
    (void)state;
    int fd = rig_connect(&rig);
    assert_true(seconds_until_closed(fd) < 4);
    close(fd);
}

// A byte every 100 ms for as long as the server takes them.
static size_t dribble(int fd, const char *text, size_t most)
{
    size_t sent = 0;
    for (; sent < most; sent++) {
        char in[256];
        if (send(fd, text + sent % strlen(text), 1, MSG_NOSIGNAL) != 1)
            break;
        clock_sleep_us(100 * US_PER_MS);
        if (recv(fd, in, sizeof in, MSG_DONTWAIT) == 0)
            break;
    }
    return sent;
}

static void headers_that_come_byte_by_byte_are_cut_off(void **state)
{
    (void)state;
    struct buf out = {0};
    int fd = rig_connect(&rig);
    begin_request(&out, "GET", "/status");
    assert_true(send_all(fd, out.p, out.n));
    // MHD's idle time alone would let this go on for ever.
    assert_true(dribble(fd, "X-Slow: abcdefghij\r\n", 60) < 35);
    close(fd);
    buf_free(&out);
}

// How many of the connections the server has not closed.
static int count_open(const int *fds, int n)
{
    int open = 0;
    for (int i = 0; i < n; i++) {
        char in;
        ssize_t got = recv(fds[i], &in, 1, MSG_DONTWAIT);
        open += got < 0 && errno == EAGAIN;
    }
    return open;
}

static void connections_beyond_the_limit_are_turned_away_and_others_served_again(void **state)
{
    (void)state;
    int fds[90];
    for (int i = 0; i < 90; i++)
        fds[i] = rig_connect(&rig);
    for (int i = 0; i < 80 && count_open(fds, 90) > 64; i++)
        clock_sleep_us(10 * US_PER_MS);
    assert_int_equal(count_open(fds, 90), 64);
    for (int i = 0; i < 90; i++)
        close(fds[i]);
    struct answer a = {0};
    for (int i = 0; i < 300 && a.status != 200; i++) {
        answer_free(&a);
        clock_sleep_us(10 * US_PER_MS);
        rig_get(&rig, "/health", &a);
    }
    assert_int_equal(a.status, 200);
    answer_free(&a);
}

static void slow_clients_do_not_slow_others(void **state)
{
    (void)state;
    enum { SLOW = 40 };
    int fds[SLOW];
    struct buf out = {0};
    begin_request(&out, "GET", "/status");
    for (int i = 0; i < SLOW; i++) {
        fds[i] = rig_connect(&rig);
        send_all(fds[i], out.p, out.n);
    }
    int64_t from = clock_mono_us();
    for (int i = 0; i < 50; i++)
        assert_serves();
    assert_true(clock_mono_us() - from < 2 * US_PER_SECOND);
    for (int i = 0; i < SLOW; i++)
        close(fds[i]);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_at_the_limit_is_taken_and_above_refused),
        cmocka_unit_test(a_chunked_body_above_the_limit_gets_413),
        cmocka_unit_test(a_chunked_body_above_the_limit_is_cut_off_early),
        cmocka_unit_test(a_huge_content_length_is_refused_before_the_body),
        cmocka_unit_test(a_body_shorter_than_announced_ends_with_the_connection),
        cmocka_unit_test(a_path_at_the_limit_is_taken_and_above_refused),
        cmocka_unit_test(headers_above_the_limit_are_refused),
        cmocka_unit_test(fields_above_the_limit_are_refused),
        cmocka_unit_test(a_json_body_has_its_own_limit),
        cmocka_unit_test(nothing_is_left_in_memory_of_refused_bodies),
        cmocka_unit_test(ambiguous_framing_is_400_and_closes),
        cmocka_unit_test(a_request_without_host_is_refused),
        cmocka_unit_test(damaged_requests_do_no_harm),
        cmocka_unit_test(a_connection_that_says_nothing_is_closed),
        cmocka_unit_test(headers_that_come_byte_by_byte_are_cut_off),
        cmocka_unit_test(connections_beyond_the_limit_are_turned_away_and_others_served_again),
        cmocka_unit_test(slow_clients_do_not_slow_others),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
