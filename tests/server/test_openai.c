// The OpenAI API over a tiny random model: shapes, streams, errors that name the member.
#include "rig.h"

#include "app/models.h"
#include "base/clock.h"
#include "base/file.h"
#include "llm/synth.h"

static const char chat_path[] = "/v1/chat/completions", text_path[] = "/v1/completions";
static char model_path[64], model_setting[96], adapter_path[64], adapter_setting[200];
static struct rig rig;

static int write_adapter(void)
{
    struct gguf *g;
    struct err err;
    snprintf(adapter_path, sizeof adapter_path, "/tmp/fettle-openai-%d-lora.gguf", (int)getpid());
    snprintf(adapter_setting, sizeof adapter_setting, "llm.adapters=pump=%s, fan=%s:0.5",
             adapter_path, adapter_path);
    if (gguf_open(model_path, &g, &err))
        return -1;
    struct synth_adapter s = {g, 4, 8, 1};
    enum err_code code = synth_adapter_write(&s, adapter_path, &err);
    gguf_close(&g);
    return code ? -1 : 0;
}

static int open_server(void **state)
{
    (void)state;
    struct synth s = {.like = "tiny-chat", .type = "Q8_0", .seed = 3};
    struct err err;
    snprintf(model_path, sizeof model_path, "/tmp/fettle-openai-%d.gguf", (int)getpid());
    snprintf(model_setting, sizeof model_setting, "llm.model=%s", model_path);
    if (synth_write(&s, model_path, &err) || write_adapter())
        return -1;
    rig_open(&rig, (const char *[]){model_setting, adapter_setting, "llm.threads=2",
                                    "llm.sessions=2", "llm.queue=3", NULL});
    return 0;
}

static int close_server(void **state)
{
    (void)state;
    rig_close(&rig);
    return unlink(model_path) | unlink(adapter_path);
}

static struct json_node *post(const char *path, const char *body, int want, struct arena *arena)
{
    struct answer a;
    int status = rig_post(&rig, path, "application/json", body, &a);
    if (status != want)
        fail_msg("%s: %d, not %d: %.*s", body, status, want, (int)a.body.n, a.body.p);
    struct json_node *root = answer_json(&a, arena);
    answer_free(&a);
    return root;
}

static struct arena *arena_new_or_fail(void)
{
    struct arena *arena = arena_open(0);
    assert_non_null(arena);
    return arena;
}

static void a_chat_is_answered_in_the_known_shape(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct json_node *root =
        post(chat_path, "{\"model\":\"fettle-x\",\"messages\":[]}", 400, arena);
    assert_string_equal(json_get_text(json_get(root, "error"), "param"), "messages");
    root = post(chat_path,
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":4,"
                "\"seed\":1,\"logit_bias\":{\"257\":-100,\"262\":-100}}",
                200, arena);
    assert_string_equal(json_get_text(root, "object"), "chat.completion");
    const struct json_node *choice = json_get(root, "choices")->first;
    assert_string_equal(json_get_text(json_get(choice, "message"), "role"), "assistant");
    assert_string_equal(json_get_text(choice, "finish_reason"), "length");
    const struct json_node *usage = json_get(root, "usage");
    assert_int_equal(json_get_int(usage, "completion_tokens"), 4);
    assert_int_equal(json_get_int(usage, "total_tokens"), json_get_int(usage, "prompt_tokens") + 4);
    arena_close(&arena);
}

static char *text_of(const struct json_node *root)
{
    return strdup(json_get_text(json_get(root, "choices")->first, "text"));
}

static void a_seed_makes_the_answer_repeat(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    static const char body[] = "{\"prompt\":\"pump\",\"seed\":7,\"max_tokens\":12}";
    char *first = text_of(post(text_path, body, 200, arena));
    char *second = text_of(post(text_path, body, 200, arena));
    char *other =
        text_of(post(text_path, "{\"prompt\":\"pump\",\"seed\":8,\"max_tokens\":12}", 200, arena));
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
    free(first);
    free(second);
    free(other);
    arena_close(&arena);
}

// The texts of a stream's pieces, joined, and how the stream ended.
static char *streamed(const char *body, bool *done, char *finish, size_t cap)
{
    struct answer a;
    struct buf text = {0};
    struct arena *arena = arena_new_or_fail();
    assert_int_equal(rig_post(&rig, text_path, "application/json", body, &a), 200);
    assert_non_null(strstr(answer_header(&a, "Content-Type"), "text/event-stream"));
    // The body is chunked: lines that begin with "data: " are looked for, chunk sizes are not.
    *done = false;
    for (char *at = a.all.p; (at = strstr(at, "data: ")) != NULL;) {
        at += 6;
        struct str line = {at, strcspn(at, "\n")};
        if (str_is(line, "[DONE]")) {
            *done = true;
            continue;
        }
        struct json_node *root;
        struct err err;
        assert_ok(json_read(arena, line, "piece", &root, &err), err);
        const struct json_node *choice = json_get(root, "choices")->first;
        buf_add_z(&text, json_get_text(choice, "text"));
        if (json_get_text(choice, "finish_reason")[0])
            snprintf(finish, cap, "%s", json_get_text(choice, "finish_reason"));
    }
    answer_free(&a);
    arena_close(&arena);
    buf_add_char(&text, '\0');
    return text.p;
}

static void a_stream_says_the_same_as_a_whole_answer(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    char *whole =
        text_of(post(text_path, "{\"prompt\":\"valve\",\"seed\":5,\"max_tokens\":20}", 200, arena));
    bool done;
    char finish[16] = "";
    char *pieces = streamed("{\"prompt\":\"valve\",\"seed\":5,\"max_tokens\":20,\"stream\":true}",
                            &done, finish, sizeof finish);
    assert_string_equal(pieces, whole);
    assert_true(done);
    assert_string_equal(finish, "length");
    free(whole);
    free(pieces);
    arena_close(&arena);
}

static void log_probabilities_stand_beside_the_tokens(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct json_node *root =
        post(chat_path,
             "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":3,"
             "\"temperature\":0,\"logprobs\":true,\"top_logprobs\":2,"
             "\"logit_bias\":{\"257\":-100,\"262\":-100}}",
             200, arena);
    const struct json_node *content =
        json_get(json_get(json_get(root, "choices")->first, "logprobs"), "content");
    assert_int_equal(content->count, 3);
    for (const struct json_node *t = content->first; t; t = t->next) {
        assert_true(json_get_number(t, "logprob") <= 0);
        assert_int_equal(json_get(t, "top_logprobs")->count, 2);
    }
    arena_close(&arena);
}

static void wrong_requests_name_the_member(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body, *field;
    } wrong[] = {
        {text_path, "{\"prompt\":5}", "prompt"},
        {text_path, "{}", "prompt"},
        {text_path, "{\"prompt\":\"a\",\"n\":0}", "n"},
        {text_path, "{\"prompt\":\"a\",\"n\":1000000}", "n"},
        {text_path, "{\"prompt\":\"a\",\"n\":1.5}", "n"},
        {text_path, "{\"prompt\":\"a\",\"max_tokens\":-1}", "max_tokens"},
        {text_path, "{\"prompt\":\"a\",\"max_tokens\":1e300}", "max_tokens"},
        {text_path, "{\"prompt\":\"a\",\"temperature\":-0.1}", "temperature"},
        {text_path, "{\"prompt\":\"a\",\"temperature\":\"hot\"}", "temperature"},
        {text_path, "{\"prompt\":\"a\",\"top_p\":1.1}", "top_p"},
        {text_path, "{\"prompt\":\"a\",\"frequency_penalty\":3}", "frequency_penalty"},
        {text_path, "{\"prompt\":\"a\",\"logit_bias\":{\"x\":1}}", "logit_bias"},
        {text_path, "{\"prompt\":\"a\",\"logit_bias\":{\"1\":1000}}", "logit_bias"},
        {text_path, "{\"prompt\":\"a\",\"stop\":[\"\"]}", "stop"},
        {text_path, "{\"prompt\":\"a\",\"stop\":7}", "stop"},
        {text_path, "{\"prompt\":\"a\",\"logprobs\":21}", "logprobs"},
        {text_path, "{\"prompt\":\"a\",\"stream\":\"yes\"}", "stream"},
        {text_path, "{\"prompt\":\"a\",\"model\":5}", "model"},
        {text_path, "{\"prompt\":\"a\",\"lookup\":1}", "lookup"},
        {text_path, "{\"prompt\":\"a\",\"lora\":1}", "lora"},
        {text_path, "{\"prompt\":\"a\",\"lora\":[1]}", "lora"},
        {text_path, "{\"prompt\":\"a\",\"lora\":[{\"id\":2,\"scale\":1}]}", "lora"},
        {text_path, "{\"prompt\":\"a\",\"lora\":[{\"id\":0,\"scale\":0.3}]}", "lora"},
        {text_path, "{\"prompt\":\"a\",\"lora\":[{\"id\":0,\"scale\":1},{\"id\":1,\"scale\":0.5}]}",
         "lora"},
        {text_path, "{\"prompt\":\"a\",\"suffix\":\"b\"}", "suffix"},
        {text_path, "{\"prompt\":\"a\",\"best_of\":4}", "best_of"},
        {text_path, "{\"prompt\":[\"a\",1]}", "prompt"},
        {text_path, "{\"prompt\":[[1,2],[]]}", "prompt"},
        {text_path, "{\"prompt\":[]}", "prompt"},
        {text_path, "{\"prompt\":[\"a\",\"b\"],\"n\":2}", "prompt"}, // the queue takes 3
        {text_path, "{\"prompt\":[1,-2]}", "prompt"},
        {text_path, "{\"prompt\":[1,999]}", "prompt"},
        {chat_path, "{\"messages\":\"hi\"}", "messages"},
        {chat_path, "{\"messages\":[{\"role\":\"king\",\"content\":\"a\"}]}", "messages[0].role"},
        {chat_path, "{\"messages\":[{\"role\":\"user\"}]}", "messages[0].content"},
        {chat_path, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
         "messages[0].content"},
        {chat_path, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"top_logprobs\":2}",
         "top_logprobs"},
        {chat_path, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"tools\":[{}]}",
         "tools"},
        {chat_path,
         "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"tool_choice\":\"required\"}",
         "tool_choice"},
        {chat_path,
         "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"
         "\"response_format\":{\"type\":\"xml\"}}",
         "response_format.type"},
    };
    struct arena *arena = arena_new_or_fail();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct json_node *e =
            json_get(post(wrong[i].path, wrong[i].body, 400, arena), "error");
        if (strcmp(json_get_text(e, "param"), wrong[i].field) != 0)
            fail_msg("%s: names %s, not %s", wrong[i].body, json_get_text(e, "param"),
                     wrong[i].field);
        assert_string_equal(json_get_text(e, "type"), "invalid_request_error");
        assert_true(json_get_text(e, "message")[0]);
    }
    arena_close(&arena);
}

static void what_is_no_request_at_all_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    static const char *const bodies[] = {"{", "[]", "null", "{\"prompt\":\"\xff\"}",
                                         "{\"prompt\":\"a\",\"prompt\":\"b\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        post(text_path, bodies[i], 400, arena);
    arena_close(&arena);
}

// A prompt that repeats itself, greedily: there is something to guess from.
static void prompt_lookup_is_told_and_can_be_turned_off(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    const struct json_node *on = post(
        text_path, "{\"prompt\":\"abcabcabcabc\",\"max_tokens\":60,\"temperature\":0}", 200, arena);
    const struct json_node *off =
        post(text_path,
             "{\"prompt\":\"abcabcabcabc\",\"max_tokens\":60,\"temperature\":0,\"lookup\":false}",
             200, arena);
    assert_string_equal(json_get_text(json_get(on, "choices")->first, "text"),
                        json_get_text(json_get(off, "choices")->first, "text"));
    assert_true(json_get(json_get(on, "timings"), "draft_n")->number > 0);
    assert_int_equal(json_get(json_get(off, "timings"), "draft_n")->number, 0);
    arena_close(&arena);
}

static void metrics_tell_what_a_model_does(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    post(text_path, "{\"prompt\":\"abc\",\"max_tokens\":3}", 200, arena);
    assert_int_equal(rig_get(&rig, "/metrics?format=json", &a), 200);
    const struct json_node *models = json_get(answer_json(&a, arena), "models");
    assert_int_equal(models->count, 1);
    const struct json_node *serving = json_get(models->first, "serving");
    assert_true(json_get(serving, "tokens")->number >= 3);
    assert_int_equal(json_get(serving, "queue")->number, 3);
    answer_free(&a);
    assert_int_equal(rig_get(&rig, "/metrics", &a), 200);
    char line[160];
    snprintf(line, sizeof line, "fettle_llm_tokens_total{model=\"%s\"} ",
             json_get_text(models->first, "name"));
    assert_non_null(strstr(a.body.p, line));
    assert_non_null(strstr(a.body.p, "# TYPE fettle_llm_guessed_tokens_total counter\n"));
    answer_free(&a);
    arena_close(&arena);
}

static char *answer_with(struct arena *arena, const char *members)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"prompt\":\"the pump hums\",\"max_tokens\":24,\"temperature\":0%s}", members);
    const struct json_node *root = post(text_path, body, 200, arena);
    return strdup(json_get_text(json_get(root, "choices")->first, "text"));
}

static void adapters_are_chosen_by_name_or_number(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    char name[64], members[128];
    snprintf(name, sizeof name, "fettle-openai-%d", (int)getpid());
    char *plain = answer_with(arena, "");
    snprintf(members, sizeof members, ",\"model\":\"%s:pump\"", name);
    char *pump = answer_with(arena, members);
    char *first = answer_with(arena, ",\"lora\":[{\"id\":0,\"scale\":1},{\"id\":1,\"scale\":0}]");
    snprintf(members, sizeof members, ",\"model\":\"%s:fan\"", name);
    char *fan = answer_with(arena, members);
    char *off = answer_with(arena, ",\"lora\":[{\"id\":0,\"scale\":0}]");
    assert_string_not_equal(pump, plain);
    assert_string_not_equal(fan, plain);
    assert_string_not_equal(fan, pump);
    assert_string_equal(first, pump);
    assert_string_equal(off, plain);
    char *all[] = {plain, pump, first, fan, off};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    arena_close(&arena);
}

static void adapters_are_listed_as_models(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    assert_int_equal(rig_get(&rig, "/v1/models", &a), 200);
    const struct json_node *data = json_get(answer_json(&a, arena), "data");
    char want[96];
    snprintf(want, sizeof want, "fettle-openai-%d:pump", (int)getpid());
    assert_int_equal(data->count, 3);
    assert_string_equal(json_get_text(data->first->next, "id"), want);
    assert_string_equal(json_get_text(data->first->next, "parent"),
                        json_get_text(data->first, "id"));
    answer_free(&a);
    snprintf(want, sizeof want, "{\"prompt\":\"a\",\"model\":\"fettle-openai-%d:none\"}",
             (int)getpid());
    const struct json_node *e = json_get(post(text_path, want, 404, arena), "error");
    assert_non_null(strstr(json_get_text(e, "message"), ":pump"));
    arena_close(&arena);
}

// Choices of the first prompt come first, and each is what it is alone.
static void several_prompts_are_answered_in_one_request(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    static const char *const both[] = {
        "{\"prompt\":[\"the pump\",\"a fan\"],\"max_tokens\":6,\"seed\":1,\"echo\":true}",
        "{\"prompt\":[[116,104,101],[97,32,102]],\"max_tokens\":6,\"seed\":1}"};
    static const char *const alone[][2] = {
        {"{\"prompt\":\"the pump\",\"max_tokens\":6,\"seed\":1,\"echo\":true}",
         "{\"prompt\":\"a fan\",\"max_tokens\":6,\"seed\":1,\"echo\":true}"},
        {"{\"prompt\":[116,104,101],\"max_tokens\":6,\"seed\":1}",
         "{\"prompt\":[97,32,102],\"max_tokens\":6,\"seed\":1}"}};
    for (int k = 0; k < 2; k++) {
        const struct json_node *root = post(text_path, both[k], 200, arena);
        const struct json_node *choice = json_get(root, "choices")->first;
        assert_int_equal(json_get(root, "choices")->count, 2);
        double tokens = 0;
        for (int i = 0; i < 2; i++, choice = choice->next) {
            const struct json_node *one = post(text_path, alone[k][i], 200, arena);
            assert_int_equal(json_get(choice, "index")->number, i);
            assert_string_equal(json_get_text(choice, "text"),
                                json_get_text(json_get(one, "choices")->first, "text"));
            tokens += json_get(json_get(one, "usage"), "prompt_tokens")->number;
        }
        assert_float_equal(json_get(json_get(root, "usage"), "prompt_tokens")->number, tokens, 0);
    }
    arena_close(&arena);
}

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

static void an_unknown_model_is_not_found(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    const struct json_node *e =
        json_get(post(text_path, "{\"model\":\"gpt-4\",\"prompt\":\"a\"}", 404, arena), "error");
    assert_string_equal(json_get_text(e, "code"), "model_not_found");
    assert_non_null(strstr(json_get_text(e, "message"), "fettle-openai-")); // what is loaded
    arena_close(&arena);
}

static void a_prompt_beyond_the_context_says_both_numbers(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct buf body = {0};
    buf_add_z(&body, "{\"prompt\":\"");
    for (int i = 0; i < 5000; i++)
        buf_add_char(&body, 'a');
    buf_add_z(&body, "\"}");
    const struct json_node *e = json_get(post(text_path, body.p, 400, arena), "error");
    assert_string_equal(json_get_text(e, "code"), "context_length_exceeded");
    assert_non_null(strstr(json_get_text(e, "message"), "5000"));
    assert_non_null(strstr(json_get_text(e, "message"), "4096"));
    buf_free(&body);
    arena_close(&arena);
}

// "<|im_end|>" written by a user has the length of its letters, not of one token.
static void text_cannot_spell_control_tokens(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct json_node *root =
        post(text_path, "{\"prompt\":\"<|im_end|>\",\"max_tokens\":1}", 200, arena);
    assert_int_equal(json_get_int(json_get(root, "usage"), "prompt_tokens"), 10);
    arena_close(&arena);
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

// The same point as numbers and as base64, of length 1, and a model that writes makes none.
static void embeddings_come_from_an_encoder(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct synth s = {.like = "tiny-bert", .type = "F16", .seed = 3};
    struct err err;
    char path[160];
    double length = 0;
    snprintf(path, sizeof path, "%s/models", rig.dir);
    assert_ok(file_make_dirs(path, &err), err);
    snprintf(path, sizeof path, "%s/models/encoder.gguf", rig.dir);
    assert_ok(synth_write(&s, path, &err), err);
    post("/v1/embeddings", "{\"input\":\"pump\"}", 400, arena);
    post("/api/v1/models/encoder/load", "{}", 200, arena);
    struct json_node *root = post(
        "/v1/embeddings", "{\"model\":\"encoder\",\"input\":[\"pump\",\"valve\"]}", 200, arena);
    const struct json_node *data = json_get(root, "data");
    assert_int_equal(data->count, 2);
    const struct json_node *values = json_get(data->first, "embedding");
    assert_int_equal(values->count, 256);
    for (const struct json_node *v = values->first; v; v = v->next)
        length += v->number * v->number;
    assert_close(length, 1, 1e-4);
    root = post("/v1/embeddings",
                "{\"model\":\"encoder\",\"input\":\"pump\",\"encoding_format\":\"base64\"}", 200,
                arena);
    // 256 floats are 1024 bytes, 1368 letters.
    assert_int_equal(strlen(json_get_text(json_get(root, "data")->first, "embedding")), 1368);
    post("/v1/embeddings", "{\"model\":\"encoder\",\"input\":[]}", 400, arena);
    post("/v1/embeddings", "{\"model\":\"encoder\",\"input\":\"\"}", 400, arena);
    post("/v1/embeddings", "{\"model\":\"encoder\",\"input\":\"a\",\"dimensions\":3}", 400, arena);
    post(text_path, "{\"model\":\"encoder\",\"prompt\":\"a\"}", 400, arena);
    post("/api/v1/models/encoder/unload", "{}", 200, arena);
    assert_int_equal(unlink(path), 0);
    arena_close(&arena);
}

// One of two tools must be called, with arguments as its schema says.
static void a_required_tool_is_called(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct json_node *root = post(
        chat_path,
        "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":300,\"seed\":2,"
        "\"tool_choice\":\"required\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
        "\"read\","
        "\"parameters\":{\"type\":\"object\",\"properties\":{\"pump\":{\"enum\":[\"a\",\"b\"]}},"
        "\"required\":[\"pump\"],\"additionalProperties\":false}}}]}",
        200, arena);
    const struct json_node *choice = json_get(root, "choices")->first;
    assert_string_equal(json_get_text(choice, "finish_reason"), "tool_calls");
    const struct json_node *call = json_get(json_get(choice, "message"), "tool_calls")->first;
    const struct json_node *function = json_get(call, "function");
    assert_string_equal(json_get_text(function, "name"), "read");
    struct json_node *arguments;
    struct err err;
    assert_ok(
        json_read(arena, json_get(function, "arguments")->text, "arguments", &arguments, &err),
        err);
    const char *pump = json_get_text(arguments, "pump");
    assert_true(strcmp(pump, "a") == 0 || strcmp(pump, "b") == 0);
    arena_close(&arena);
}

static void models_are_listed_unloaded_and_loaded(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    char path[160], name[64];
    snprintf(name, sizeof name, "fettle-openai-%d", (int)getpid());
    assert_int_equal(rig_get(&rig, "/v1/models", &a), 200);
    struct json_node *root = answer_json(&a, arena);
    assert_string_equal(json_get_text(json_get(root, "data")->first, "id"), name);
    answer_free(&a);
    snprintf(path, sizeof path, "/api/v1/models/%s/unload", name);
    post(path, "{}", 200, arena);
    post(path, "{}", 409, arena);
    post(text_path, "{\"prompt\":\"a\"}", 404, arena);
    assert_int_equal(rig_get(&rig, "/status", &a), 200);
    assert_false(json_get_bool(answer_json(&a, arena), "llm_active"));
    answer_free(&a);
    snprintf(path, sizeof path, "/api/v1/models/%s/load", name);
    post(path, "{}", 200, arena);
    post(path, "{}", 409, arena);
    post(text_path, "{\"prompt\":\"a\"}", 200, arena);
    post("/api/v1/models/nothing/load", "{}", 404, arena);
    post("/api/v1/models/..%2f..%2fetc/load", "{}", 404, arena);
    post("/api/v1/models/.hidden/load", "{}", 400, arena);
    arena_close(&arena);
}

static void a_file_that_is_no_model_is_refused_and_told(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    struct answer a;
    struct err err;
    char path[160];
    snprintf(path, sizeof path, "%s/models", rig.dir);
    assert_ok(file_make_dirs(path, &err), err);
    snprintf(path, sizeof path, "%s/models/broken.gguf", rig.dir);
    assert_ok(file_replace(path, "no model at all", 15, &err), err);
    post("/api/v1/models/broken/load", "{}", 400, arena);
    assert_int_equal(rig_get(&rig, "/api/v1/models", &a), 200);
    const struct json_node *list = json_get(answer_json(&a, arena), "models");
    assert_int_equal(list->count, 2);
    assert_string_equal(json_get_text(list->first->next, "name"), "broken");
    assert_non_null(strstr(json_get_text(list->first->next, "error"), "broken.gguf"));
    answer_free(&a);
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chat_is_answered_in_the_known_shape),
        cmocka_unit_test(a_seed_makes_the_answer_repeat),
        cmocka_unit_test(a_stream_says_the_same_as_a_whole_answer),
        cmocka_unit_test(log_probabilities_stand_beside_the_tokens),
        cmocka_unit_test(wrong_requests_name_the_member),
        cmocka_unit_test(what_is_no_request_at_all_is_refused),
        cmocka_unit_test(prompt_lookup_is_told_and_can_be_turned_off),
        cmocka_unit_test(metrics_tell_what_a_model_does),
        cmocka_unit_test(adapters_are_chosen_by_name_or_number),
        cmocka_unit_test(adapters_are_listed_as_models),
        cmocka_unit_test(several_prompts_are_answered_in_one_request),
        cmocka_unit_test(a_client_that_goes_away_cancels_its_whole_answer),
        cmocka_unit_test(an_unknown_model_is_not_found),
        cmocka_unit_test(a_prompt_beyond_the_context_says_both_numbers),
        cmocka_unit_test(text_cannot_spell_control_tokens),
        cmocka_unit_test(a_full_queue_is_429_and_clients_that_leave_make_room),
        cmocka_unit_test(embeddings_come_from_an_encoder),
        cmocka_unit_test(a_required_tool_is_called),
        cmocka_unit_test(models_are_listed_unloaded_and_loaded),
        cmocka_unit_test(a_file_that_is_no_model_is_refused_and_told),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
