// Answers of the OpenAI API over a tiny random model: shapes, streams, choices, tools, embeddings.
#include "openai_rig.h"

#include "base/file.h"

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

static void a_seed_makes_the_answer_repeat(void **state)
{
    (void)state;
    struct arena *arena = arena_new_or_fail();
    static const char body[] = "{\"prompt\":\"pump\",\"seed\":7,\"max_tokens\":12}";
    char *first = answer_text(post(text_path, body, 200, arena));
    char *second = answer_text(post(text_path, body, 200, arena));
    char *other = answer_text(
        post(text_path, "{\"prompt\":\"pump\",\"seed\":8,\"max_tokens\":12}", 200, arena));
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
    char *whole = answer_text(
        post(text_path, "{\"prompt\":\"valve\",\"seed\":5,\"max_tokens\":20}", 200, arena));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chat_is_answered_in_the_known_shape),
        cmocka_unit_test(a_seed_makes_the_answer_repeat),
        cmocka_unit_test(a_stream_says_the_same_as_a_whole_answer),
        cmocka_unit_test(log_probabilities_stand_beside_the_tokens),
        cmocka_unit_test(prompt_lookup_is_told_and_can_be_turned_off),
        cmocka_unit_test(several_prompts_are_answered_in_one_request),
        cmocka_unit_test(text_cannot_spell_control_tokens),
        cmocka_unit_test(embeddings_come_from_an_encoder),
        cmocka_unit_test(a_required_tool_is_called),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
