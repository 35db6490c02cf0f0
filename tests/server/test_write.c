// POST of readings in every format, and what the answers say.
#include "rig.h"

#include <pthread.h>

#include "server/gzip.h"

static struct rig rig;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    rig_open(&rig, NULL);
    arena = arena_open(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    rig_close(&rig);
    return 0;
}

// The counts of an answer: accepted, stored, duplicates, refused.
static void assert_counts(const struct answer *a, int64_t accepted, int64_t stored,
                          int64_t duplicates, int64_t refused)
{
    const struct json_node *root = answer_json(a, arena);
    assert_int_equal(json_get_int(root, "accepted"), accepted);
    assert_int_equal(json_get_int(root, "stored"), stored);
    assert_int_equal(json_get_int(root, "duplicates"), duplicates);
    assert_int_equal(json_get_int(root, "refused_count"), refused);
}

// The value of a sensor's newest reading.
static double latest(const char *sensor)
{
    struct answer a;
    char path[256];
    snprintf(path, sizeof path, "/api/v1/readings/latest?sensor=%s", sensor);
    assert_int_equal(rig_get(&rig, path, &a), 200);
    double v = json_get_number(json_get(answer_json(&a, arena), "readings")->first, "value");
    answer_free(&a);
    return v;
}

static void each_format_is_taken_by_its_type_or_its_looks(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body, *sensor;
        double value;
    } cases[] = {
        {"application/json", "[{\"sensor\":\"f1/a\",\"value\":1.5}]", "f1/a", 1.5},
        {"application/json", "{\"sensor\":\"f2/a\",\"value\":2.5}", "f2/a", 2.5},
        {"application/x-ndjson",
         "{\"sensor\":\"f3/a\",\"value\":0}\n{\"sensor\":\"f3/b\",\"value\":3.5}\n", "f3/b", 3.5},
        {"application/json; charset=utf-8",
         "{\"sensor\":\"f4/a\",\"value\":0}\n{\"sensor\":\"f4/b\",\"value\":4.5}\n", "f4/b", 4.5},
        {"text/plain", "m,asset=f5 a=5.5", "f5/a", 5.5},
        {"application/vnd.influx.line", "m,asset=f6 a=6.5", "f6/a", 6.5},
        {"application/x-www-form-urlencoded", "m,asset=f7 a=7.5", "f7/a", 7.5},
        {"text/csv", "time,sensor,value\n2026-11-21T09:00:00Z,f8/a,8.5\n", "f8/a", 8.5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a;
        if (rig_post(&rig, "/api/v1/readings", cases[i].type, cases[i].body, &a) != 200)
            fail_msg("%s: %d %s", cases[i].body, a.status, a.all.p);
        answer_free(&a);
        assert_true(latest(cases[i].sensor) == cases[i].value);
    }
}

static void what_is_acknowledged_can_be_read_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct answer a;
        char body[128];
        snprintf(body, sizeof body,
                 "{\"sensor\":\"now/a\",\"time\":\"2026-11-21T09:00:%02dZ\",\"value\":%d}", i, i);
        assert_int_equal(rig_post(&rig, "/api/v1/readings", "application/json", body, &a), 200);
        assert_counts(&a, 1, 1, 0, 0);
        answer_free(&a);
        assert_true(latest("now/a") == i);
    }
}

static void a_resend_is_stored_once(void **state)
{
    (void)state;
    static const char body[] =
        "[{\"sensor\":\"again/a\",\"time\":\"2026-11-21T09:00:00Z\",\"value\":1},"
        "{\"sensor\":\"again/a\",\"time\":\"2026-11-21T09:00:01Z\",\"value\":2}]";
    struct answer a;
    rig_post(&rig, "/api/v1/readings", "application/json", body, &a);
    assert_counts(&a, 2, 2, 0, 0);
    answer_free(&a);
    assert_int_equal(rig_post(&rig, "/api/v1/readings", "application/json", body, &a), 200);
    assert_counts(&a, 2, 0, 2, 0);
    answer_free(&a);
}

static void wrong_lines_are_named_and_lose_nothing_else(void **state)
{
    (void)state;
    struct answer a;
    assert_int_equal(rig_post(&rig, "/api/v1/readings", "text/plain",
                              "m,asset=part a=1\n"
                              "this is no line\n"
                              "m,asset=part b=warm\n"
                              "m,asset=part c=3\n",
                              &a),
                     200);
    assert_counts(&a, 2, 2, 0, 2);
    const struct json_node *refused = json_get(answer_json(&a, arena), "refused")->first;
    assert_int_equal(json_get_int(refused, "line"), 2);
    assert_true(json_get_text(refused, "reason")[0]);
    assert_int_equal(json_get_int(refused->next, "line"), 3);
    answer_free(&a);
    assert_true(latest("part/c") == 3);
}

static void refusals_are_counted_beyond_those_that_are_listed(void **state)
{
    (void)state;
    struct buf body = {0};
    struct answer a;
    for (int i = 0; i < 250; i++)
        buf_add_z(&body, "nonsense here\n");
    buf_add_z(&body, "m,asset=many a=1\n");
    assert_int_equal(rig_post(&rig, "/api/v1/readings", "text/plain", body.p, &a), 200);
    assert_counts(&a, 1, 1, 0, 250);
    assert_int_equal(json_get(answer_json(&a, arena), "refused")->count, 100);
    answer_free(&a);
    buf_free(&body);
}

static void a_body_without_readings_is_400(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "[]",
                                         "   \n",
                                         "[{\"value\":1}]",
                                         "[{\"sensor\":\"x/y\"",
                                         "\xff\xfe\x00",
                                         "[1,2,3]",
                                         "{}",
                                         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                                         "# only a comment\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct answer a;
        if (rig_post(&rig, "/api/v1/readings", "application/json", bodies[i], &a) != 400)
            fail_msg("%s: %d %s", bodies[i], a.status, a.all.p);
        const struct json_node *error = json_get(answer_json(&a, arena), "error");
        assert_true(json_get_text(error, "message")[0]);
        answer_free(&a);
    }
}

static void times_in_the_far_future_are_refused_with_their_reason(void **state)
{
    (void)state;
    struct answer a;
    assert_int_equal(
        rig_post(&rig, "/api/v1/readings", "application/json",
                 "[{\"sensor\":\"t/a\",\"time\":\"2999-01-01T00:00:00Z\",\"value\":1}]", &a),
        400);
    assert_counts(&a, 0, 0, 0, 1);
    answer_free(&a);
}

static void packed_bodies_are_taken(void **state)
{
    (void)state;
    struct buf packed = {0};
    struct answer a;
    assert_true(gzip_pack(STR_LIT("m,asset=zip a=11"), 6, &packed));
    assert_int_equal(rig_ask(&rig, "POST", "/api/v1/readings",
                             "Content-Encoding: gzip\r\nContent-Type: text/plain\r\n",
                             buf_str(&packed), &a),
                     200);
    assert_counts(&a, 1, 1, 0, 0);
    answer_free(&a);
    buf_free(&packed);
    assert_true(latest("zip/a") == 11);
}

static void broken_packed_bodies_and_bombs_are_refused(void **state)
{
    (void)state;
    struct answer a;
    struct buf packed = {0};
    assert_int_equal(rig_ask(&rig, "POST", "/api/v1/readings", "Content-Encoding: gzip\r\n",
                             STR_LIT("m,asset=zip a=11"), &a),
                     400);
    answer_free(&a);
    assert_int_equal(rig_ask(&rig, "POST", "/api/v1/readings", "Content-Encoding: br\r\n",
                             STR_LIT("m,asset=zip a=11"), &a),
                     415);
    answer_free(&a);
    size_t size = 64 << 20;
    char *zeros = calloc(1, size);
    assert_true(gzip_pack((struct str){zeros, size}, 9, &packed));
    free(zeros);
    assert_int_equal(rig_ask(&rig, "POST", "/api/v1/readings", "Content-Encoding: gzip\r\n",
                             buf_str(&packed), &a),
                     413);
    answer_free(&a);
    buf_free(&packed);
}

static void line_protocol_times_follow_the_precision(void **state)
{
    (void)state;
    static const char *const queries[][2] = {{"?precision=s", "1795253616"},
                                             {"?precision=ms", "1795253617000"},
                                             {"?precision=us", "1795253618000000"},
                                             {"?precision=ns", "1795253619000000000"},
                                             {"", "1795253620000000000"}};
    for (size_t i = 0; i < 5; i++) {
        struct answer a;
        char path[64], body[64];
        snprintf(path, sizeof path, "/api/v1/readings%s", queries[i][0]);
        snprintf(body, sizeof body, "m,asset=prec a=%zu %s", i, queries[i][1]);
        assert_int_equal(rig_post(&rig, path, "text/plain", body, &a), 200);
        answer_free(&a);
    }
    // 1795253616 is 2026-11-21T09:33:36Z (date -u -d @1795253616).
    struct answer a;
    rig_get(&rig,
            "/api/v1/readings/history?sensor=prec/a&raw=1&from=2026-11-21T09:33:36Z"
            "&to=2026-11-21T09:33:41Z",
            &a);
    const struct json_node *points = json_get(answer_json(&a, arena), "points");
    assert_int_equal(points->count, 5);
    assert_string_equal(json_get_text(points->first, "time"), "2026-11-21T09:33:36Z");
    answer_free(&a);
}

static void influx_clients_are_answered_in_their_words(void **state)
{
    (void)state;
    struct answer a;
    assert_int_equal(rig_post(&rig, "/write?db=telegraf&precision=ns&rp=&consistency=any",
                              "text/plain; charset=utf-8", "cpu,host=pc usage=1.5\n", &a),
                     204);
    assert_int_equal(a.body.n, 0);
    answer_free(&a);
    assert_true(latest("pc/usage") == 1.5);
    assert_int_equal(rig_post(&rig, "/write?db=x", "text/plain", "cpu,host=pc usage=2\nbad\n", &a),
                     400);
    assert_non_null(
        strstr(json_get_text(answer_json(&a, arena), "error"), "partial write: 1 dropped"));
    answer_free(&a);
    assert_int_equal(rig_post(&rig, "/api/v2/write?org=o&bucket=b&precision=s",
                              "text/plain; charset=utf-8", "cpu,host=pc usage=3 1795253700\n", &a),
                     204);
    answer_free(&a);
    assert_int_equal(rig_post(&rig, "/api/v2/write?bucket=b", "text/plain", "bad\n", &a), 400);
    const struct json_node *root = answer_json(&a, arena);
    assert_string_equal(json_get_text(root, "code"), "invalid");
    assert_non_null(strstr(json_get_text(root, "message"), "line 1"));
    answer_free(&a);
}

static void a_body_that_comes_in_chunks_is_taken(void **state)
{
    (void)state;
    struct answer a;
    struct buf out = {0};
    buf_printf(&out,
               "POST /api/v1/readings HTTP/1.1\r\nHost: localhost:%d\r\n"
               "Transfer-Encoding: chunked\r\n\r\n"
               "9\r\nm,asset=c\r\n7\r\nhunk a=\r\n2\r\n42\r\n0\r\n\r\n",
               server_port(rig.server));
    rig_send(&rig, out.p, out.n, &a);
    assert_int_equal(a.status, 200);
    assert_counts(&a, 1, 1, 0, 0);
    answer_free(&a);
    buf_free(&out);
    assert_true(latest("chunk/a") == 42);
}

struct sender {
    const struct rig *rig;
    pthread_t thread;
    int number;
    int failures;
};

static void *send_many(void *arg)
{
    struct sender *s = arg;
    for (int i = 0; i < 50; i++) {
        struct answer a;
        struct buf body = {0};
        for (int k = 0; k < 20; k++)
            buf_printf(&body, "m,asset=many-%d a=%d %d\n", s->number, i, 1795253616 + i * 20 + k);
        if (rig_post(&rig, "/api/v1/readings?precision=s", "text/plain", body.p, &a) != 200 ||
            !strstr(a.body.p, "\"stored\":20,"))
            s->failures++;
        answer_free(&a);
        buf_free(&body);
    }
    return NULL;
}

static void many_senders_at_once_lose_nothing(void **state)
{
    (void)state;
    struct sender senders[16];
    for (int i = 0; i < 16; i++) {
        senders[i] = (struct sender){.number = i};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    }
    for (int i = 0; i < 16; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].failures, 0);
        struct answer a;
        char path[192];
        snprintf(path, sizeof path,
                 "/api/v1/readings/history?sensor=many-%d/a&raw=1&max_points=5000"
                 "&from=2026-11-21&to=2026-11-22",
                 i);
        rig_get(&rig, path, &a);
        assert_int_equal(json_get_int(answer_json(&a, arena), "count"), 1000);
        answer_free(&a);
    }
}

// Sends what the server had no room for again, as its answer asks.
static void *send_patiently(void *arg)
{
    struct sender *s = arg;
    struct buf body = {0};
    for (int k = 0; k < 600; k++)
        buf_printf(&body, "m,asset=full-%d a=1 %d\n", s->number, 1795253616 + k);
    for (int i = 0; i < 500; i++) {
        struct answer a;
        int status = rig_post(s->rig, "/api/v1/readings?precision=s", "text/plain", body.p, &a);
        bool asked_to_wait = status == 503 && answer_header(&a, "Retry-After");
        answer_free(&a);
        if (status == 200) {
            buf_free(&body);
            return NULL;
        }
        if (!asked_to_wait)
            break;
        clock_sleep_us(5 * US_PER_MS);
    }
    s->failures++;
    buf_free(&body);
    return NULL;
}

static void a_full_queue_asks_to_come_back_and_loses_nothing(void **state)
{
    (void)state;
    struct rig small;
    struct sender senders[8];
    static const char *const pairs[] = {"intake.queue=1024", NULL};
    rig_open(&small, pairs);
    for (int i = 0; i < 8; i++) {
        senders[i] = (struct sender){.number = i, .rig = &small};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_patiently, &senders[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].failures, 0);
    }
    struct app_status status;
    app_status(small.app, &status);
    assert_int_equal(status.readings_accepted, 8 * 600);
    rig_close(&small);
}

static void more_readings_than_the_queue_holds_are_refused_whole(void **state)
{
    (void)state;
    struct rig small;
    struct answer a;
    struct buf body = {0};
    static const char *const pairs[] = {"intake.queue=1024", NULL};
    rig_open(&small, pairs);
    for (int k = 0; k < 1025; k++)
        buf_printf(&body, "m,asset=big a=1 %d\n", 1795253616 + k);
    assert_int_equal(rig_post(&small, "/api/v1/readings?precision=s", "text/plain", body.p, &a),
                     413);
    answer_free(&a);
    assert_int_equal(rig_get(&small, "/status", &a), 200);
    assert_non_null(strstr(a.body.p, "\"accepted\":0,"));
    answer_free(&a);
    buf_free(&body);
    rig_close(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_is_taken_by_its_type_or_its_looks),
        cmocka_unit_test(what_is_acknowledged_can_be_read_at_once),
        cmocka_unit_test(a_resend_is_stored_once),
        cmocka_unit_test(wrong_lines_are_named_and_lose_nothing_else),
        cmocka_unit_test(refusals_are_counted_beyond_those_that_are_listed),
        cmocka_unit_test(a_body_without_readings_is_400),
        cmocka_unit_test(times_in_the_far_future_are_refused_with_their_reason),
        cmocka_unit_test(packed_bodies_are_taken),
        cmocka_unit_test(broken_packed_bodies_and_bombs_are_refused),
        cmocka_unit_test(line_protocol_times_follow_the_precision),
        cmocka_unit_test(influx_clients_are_answered_in_their_words),
        cmocka_unit_test(a_body_that_comes_in_chunks_is_taken),
        cmocka_unit_test(many_senders_at_once_lose_nothing),
        cmocka_unit_test(a_full_queue_asks_to_come_back_and_loses_nothing),
        cmocka_unit_test(more_readings_than_the_queue_holds_are_refused_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
