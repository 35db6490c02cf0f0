// What the OpenAI API refuses, naming the member that is wrong.
#include "openai_rig.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_requests_name_the_member),
        cmocka_unit_test(what_is_no_request_at_all_is_refused),
        cmocka_unit_test(an_unknown_model_is_not_found),
        cmocka_unit_test(a_prompt_beyond_the_context_says_both_numbers),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
