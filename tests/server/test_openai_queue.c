// Clients that leave and clients too many: their answers end, others are told to wait.
#include "openai_rig.h"

#include "base/clock.h"

static double cancelled_answers(void)
{
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    assert_int_equal(rig_get(&rig, "/metrics?format=json", &a), 200);
    const struct json_node *models = json_get(answer_json(&a, arena), "models");
    double n = json_get(json_get(models->first, "serving"), "cancelled")->number;
    answer_free(&a);
    arena_close(&arena);
    return n;
}

// Also when more than the request was sent: the socket has bytes then, and nobody reads them.
static void a_client_that_goes_away_cancels_its_whole_answer(void **state)
{
    (void)state;
    static const char body[] =
        "{\"prompt\":\"abcabcabcabc\",\"max_tokens\":4000,\"temperature\":0}"; // without end
    for (int more = 0; more < 2; more++) {
        double before = cancelled_answers();
        char request[512];
        int n =
            snprintf(request, sizeof request,
                     "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%s%s",
                     text_path, server_port(rig.server), sizeof body - 1, body,
                     more ? "GET / HTTP/1.1\r\n" : "");
        int fd = rig_connect(&rig);
        assert_int_equal(write(fd, request, (size_t)n), n);
        clock_sleep_us(30 * US_PER_MS);
        close(fd);
        for (int i = 0; i < 200 && cancelled_answers() == before; i++)
            clock_sleep_us(10 * US_PER_MS);
        assert_float_equal(cancelled_answers(), before + 1, 0);
    }
}

static int begin(const char *body)
{
    struct buf out = {0};
    int fd = rig_connect(&rig);
    buf_printf(&out,
               "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\n\r\n%s",
               text_path, server_port(rig.server), strlen(body), body);
    assert_true(send_all(fd, out.p, out.n));
    buf_free(&out);
    return fd;
}

static const struct serving_stats *stats_now(void)
{
    static struct serving_stats stats;
    struct app_model *m;
    struct err err;
    assert_ok(app_model_hold(rig.app, NULL, &m, &err), err);
    serving_stats(app_model_serving(m), &stats);
    app_model_release(rig.app, &m);
    return &stats;
}

static void a_full_queue_is_429_and_clients_that_leave_make_room(void **state)
{
    (void)state;
    static const char endless[] = "{\"prompt\":\"a\",\"max_tokens\":100000,\"n\":3,"
                                  "\"logit_bias\":{\"257\":-100,\"262\":-100}}";
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    int fds[32], status = 0;
    size_t n = 0;
    // Two are written, three wait; the next one is refused. A tiny model is quick: three answers
    // each keep it at work for long enough. (That leaving cancels is llm.test_serving's.)
    while (n < 32 && status != 429) {
        fds[n++] = begin(endless);
        if (n < 5)
            continue;
        status = rig_post(&rig, text_path, "application/json", endless, &a);
        if (status == 429) {
            assert_string_equal(answer_header(&a, "Retry-After"), "1");
            assert_string_equal(json_get_text(json_get(answer_json(&a, arena), "error"), "type"),
                                "rate_limit_error");
        }
        answer_free(&a);
    }
    assert_int_equal(status, 429);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    for (int i = 0; i < 500 && (stats_now()->active || stats_now()->waiting); i++)
        clock_sleep_us(10000);
    assert_int_equal(stats_now()->active + stats_now()->waiting, 0);
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_goes_away_cancels_its_whole_answer),
        cmocka_unit_test(a_full_queue_is_429_and_clients_that_leave_make_room),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
