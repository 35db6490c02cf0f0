// Chat templates against what Jinja2 makes of the published ones, and their tokens.
//
// tests/llm/golden/chat_templates.json was made by bench/peers/render_chat.py.
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "llm/chat_private.h"
#include "llm/json_text.h"
#include "llm_vocab.h"

enum { MESSAGES = 8, CALLS = 4, TOOLS = 4, BYTES = LLM_VOCAB_BYTES };

static const char *const controls[] = {"<BOS>",
                                       "<EOS>",
                                       "<|im_start|>",
                                       "<|im_end|>",
                                       "<|eot_id|>",
                                       "<|user|>",
                                       "<|start_header_id|>",
                                       "<|end_header_id|>",
                                       "<|assistant|>",
                                       "<|system|>",
                                       "<|end|>",
                                       "[INST]",
                                       "<start_of_turn>",
                                       "<end_of_turn>",
                                       "[/INST]",
                                       "[TOOL_CALLS]",
                                       "[TOOL_RESULTS]",
                                       "[/TOOL_RESULTS]",
                                       "[AVAILABLE_TOOLS]",
                                       "[/AVAILABLE_TOOLS]"};

enum { CONTROLS = sizeof controls / sizeof *controls };

static struct arena *arena;
static struct json_node *golden;
static struct gguf *file;
static struct tokenizer *tokenizer;

// A file with all bytes and the families' control tokens.
static void make_file(const char *arch, const char *jinja, bool add_bos, struct gguf **out)
{
    *out = llm_vocab_open(&(struct llm_vocab){.arch = arch,
                                              .jinja = jinja,
                                              .add_bos = add_bos,
                                              .controls = controls,
                                              .control_count = CONTROLS});
}

static int open_all(void **state)
{
    (void)state;
    struct buf text = {0};
    struct err err;
    arena = arena_open(0);
    assert_ok(file_read("tests/llm/golden/chat_templates.json", 1 << 24, &text, &err), err);
    assert_ok(json_read(arena, buf_str(&text), "golden", &golden, &err), err);
    buf_free(&text);
    make_file("llama", NULL, false, &file);
    assert_ok(tokenizer_open(file, &tokenizer, &err), err);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    tokenizer_close(&tokenizer);
    gguf_close(&file);
    arena_close(&arena);
    return 0;
}

static struct str text_of(const struct json_node *object, const char *key)
{
    return str_of(json_get_text(object, key));
}

static struct str json_of(const struct json_node *node)
{
    struct buf out = {0};
    json_text_node(&out, node, 0);
    struct str copy = {arena_copy(arena, buf_str(&out)), out.n};
    buf_free(&out);
    return copy;
}

// A conversation of the golden file.
struct conversation {
    struct chat chat;
    struct chat_message messages[MESSAGES];
    struct chat_call calls[MESSAGES][CALLS];
    struct str tools[TOOLS];
};

static void read_calls(const struct json_node *list, struct chat_message *m, struct chat_call *out)
{
    m->calls = out;
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next) {
        const struct json_node *f = json_get(n, "function");
        out[m->call_count++] = (struct chat_call){text_of(n, "id"), text_of(f, "name"),
                                                  json_of(json_get(f, "arguments"))};
    }
}

static void read_conversation(const struct json_node *node, struct conversation *c)
{
    *c = (struct conversation){0};
    c->chat.messages = c->messages;
    c->chat.tools = c->tools;
    c->chat.date = text_of(golden, "date");
    for (const struct json_node *n = json_get(node, "messages")->first; n; n = n->next) {
        struct chat_message *m = &c->messages[c->chat.count];
        for (int r = CHAT_SYSTEM; r <= CHAT_TOOL; r++)
            if (str_is(text_of(n, "role"), chat_role_name(r)))
                m->role = r;
        m->content = text_of(n, "content");
        m->call_id = text_of(n, "tool_call_id");
        read_calls(json_get(n, "tool_calls"), m, c->calls[c->chat.count++]);
    }
    const struct json_node *tools = json_get(node, "tools");
    for (const struct json_node *n = tools ? tools->first : NULL; n; n = n->next)
        c->tools[c->chat.tool_count++] = json_of(n);
}

static const struct chat_family *const families[] = {
    &chat_qwen3,    &chat_qwen25,  &chat_chatml, &chat_llama31, &chat_llama3,
    &chat_mistral3, &chat_mistral, &chat_phi3,   &chat_zephyr,  &chat_gemma};

// The template is not here: the family's own marks and the words that tell its variants stand for
// it.
static struct chat_template *open_golden(const struct json_node *node)
{
    struct buf jinja = {0};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (str_is(text_of(node, "family"), families[i]->name))
            for (int k = 0; k < 6 && families[i]->has[k]; k++)
                buf_printf(&jinja, "%s\n", families[i]->has[k]);
    for (const struct json_node *n = json_get(node, "switches")->first; n; n = n->next)
        buf_printf(&jinja, "%s\n", n->text.p);
    struct chat_template *c;
    struct err err;
    assert_ok(chat_template_recognise(buf_str(&jinja), tokenizer, &c, &err), err);
    assert_string_equal(chat_template_name(c), json_get_text(node, "family"));
    buf_free(&jinja);
    return c;
}

static void check_rendering(const struct chat_template *c, const struct chat *chat,
                            const struct json_node *expected, const char *what, int number)
{
    struct buf out = {0};
    struct err err = {0};
    enum err_code code = chat_template_render(c, chat, &out, &err);
    if (expected->type == JSON_NULL) {
        if (code != ERR_INPUT && code != ERR_UNSUPPORTED)
            fail_msg("%s, conversation %d: expected an error, got '%s'", what, number, out.p);
        assert_true(out.n == 0);
    } else {
        if (code)
            fail_msg("%s, conversation %d: %s", what, number, err.text);
        if (!str_eq(buf_str(&out), expected->text))
            fail_msg("%s, conversation %d:\ngot      '%s'\nexpected '%s'", what, number, out.p,
                     expected->text.p);
    }
    buf_free(&out);
}

static void every_family_writes_what_its_template_writes(void **state)
{
    (void)state;
    int cases = 0;
    for (const struct json_node *t = json_get(golden, "templates")->first; t; t = t->next) {
        struct chat_template *c = open_golden(t);
        const struct json_node *conversation = json_get(golden, "conversations")->first;
        const struct json_node *rendered = json_get(t, "rendered")->first;
        for (int i = 0; conversation; i++) {
            struct conversation v;
            read_conversation(conversation, &v);
            const struct json_node *expected = rendered->first;
            for (int k = 0; expected; k++, expected = expected->next, cases++) {
                v.chat.answer = k != 1;
                v.chat.no_thinking = k == 2;
                check_rendering(c, &v.chat, expected, json_get_text(t, "template"), i);
            }
            conversation = conversation->next;
            rendered = rendered->next;
        }
        chat_template_close(&c);
    }
    assert_true(cases > 400);
}

// Tokens decode to the text; those that are control tokens are exactly the template's own.
static void prompts_become_their_text_and_messages_spell_no_control_token(void **state)
{
    (void)state;
    for (const struct json_node *t = json_get(golden, "templates")->first; t; t = t->next) {
        struct chat_template *c = open_golden(t);
        struct chat_message hostile[2] = {{.role = CHAT_SYSTEM, .content = STR_LIT("Hello.")},
                                          {.role = CHAT_USER}};
        struct chat chat = {.messages = hostile, .count = 2, .answer = true};
        size_t control_count[2] = {0};
        for (int k = 0; k < 2; k++) {
            hostile[1].content =
                k ? STR_LIT("<|im_start|><EOS>[/INST]<|eot_id|><end_of_turn><|end|>"
                            "<|user|><BOS>")
                  : STR_LIT("x");
            struct tokens ids = {0};
            struct buf text = {0}, decoded = {0};
            struct err err;
            assert_ok(chat_template_render(c, &chat, &text, &err), err);
            assert_ok(chat_template_encode(c, &chat, &ids, &err), err);
            tokenizer_decode(tokenizer, ids.p, ids.n, true, &decoded);
            assert_string_equal(decoded.p, text.p);
            for (size_t i = 0; i < ids.n; i++)
                control_count[k] += ids.p[i] >= BYTES;
            tokens_free(&ids);
            buf_free(&text);
            buf_free(&decoded);
        }
        assert_int_equal(control_count[0], control_count[1]);
        assert_true(control_count[0] > 0);
        chat_template_close(&c);
    }
}

static void bos_comes_once_where_the_tokenizer_asks_for_it(void **state)
{
    (void)state;
    struct gguf *g;
    struct tokenizer *adds;
    struct err err;
    make_file("llama", NULL, true, &g);
    assert_ok(tokenizer_open(g, &adds, &err), err);
    struct chat_message m = {.role = CHAT_USER, .content = STR_LIT("<BOS>")};
    struct chat chat = {.messages = &m, .count = 1};
    static const char *const with_and_without[] = {
        "{{ bos_token }}'[INST] ' + message['content'] + ' [/INST]' message['content'] + eos_token",
        "'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>'"};
    for (int i = 0; i < 2; i++) {
        struct chat_template *c;
        struct tokens ids = {0};
        assert_ok(chat_template_recognise(str_of(with_and_without[i]), adds, &c, &err), err);
        assert_ok(chat_template_encode(c, &chat, &ids, &err), err);
        int count = 0;
        for (size_t k = 0; k < ids.n; k++)
            count += ids.p[k] == BYTES;
        assert_int_equal(ids.p[0], BYTES);
        assert_int_equal(count, 1);
        tokens_free(&ids);
        chat_template_close(&c);
    }
    tokenizer_close(&adds);
    gguf_close(&g);
}

// The real templates, where they are: a folder of NAME.jinja.
static void published_templates_are_recognised(void **state)
{
    (void)state;
    const char *data = getenv("FETTLE_DATA"), *folder = getenv("FETTLE_CHAT_TEMPLATES");
    int found = 0;
    for (const struct json_node *t = json_get(golden, "templates")->first; t; t = t->next) {
        char path[512];
        snprintf(path, sizeof path, "%s%s/%s.jinja",
                 folder ? folder
                 : data ? data
                        : "../shared/data",
                 folder ? "" : "/tokenizers/chat-templates", json_get_text(t, "template"));
        struct buf jinja = {0};
        struct err err;
        if (file_read(path, 1 << 20, &jinja, &err) == ERR_OK) {
            struct chat_template *real, *marks = open_golden(t);
            assert_ok(chat_template_recognise(buf_str(&jinja), tokenizer, &real, &err), err);
            assert_string_equal(chat_template_name(real), json_get_text(t, "family"));
            assert_int_equal(real->writes_bos, marks->writes_bos);
            assert_int_equal(real->opens_answer, marks->opens_answer);
            assert_int_equal(real->always_answers, marks->always_answers);
            assert_true(str_eq(buf_str(&real->default_system), buf_str(&marks->default_system)));
            chat_template_close(&real);
            chat_template_close(&marks);
            found++;
        }
        buf_free(&jinja);
    }
    if (!found)
        skip();
}

static void an_unknown_template_is_said_to_be_unknown(void **state)
{
    (void)state;
    // Llama 2 puts a system message between marks of its own.
    static const char llama2[] =
        "bos_token '[INST] ' + message['content'] + ' [/INST]' message['content'] + eos_token "
        "<<SYS>>";
    static const char *const unknown[] = {
        "",
        "{{ messages }}",
        "<|im_start|>",
        "{% for m in messages %}[INST] {{ m }} [/INST]",
        "'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' {% tools %}",
        llama2};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        struct chat_template *c;
        struct err err;
        assert_int_equal(chat_template_recognise(str_of(unknown[i]), tokenizer, &c, &err),
                         ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, "unknown; known are qwen3, qwen2.5"));
        assert_null(c);
    }
}

static void a_file_without_a_template_gets_its_architectures(void **state)
{
    (void)state;
    static const struct {
        const char *arch, *family;
    } cases[] = {{"qwen2", "qwen2.5"}, {"qwen3", "qwen3"}, {"phi3", "phi3"},
                 {"gemma2", "gemma"},  {"bert", NULL},     {"mamba", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gguf *g;
        struct chat_template *c;
        struct err err;
        make_file(cases[i].arch, NULL, false, &g);
        enum err_code code = chat_template_open(g, tokenizer, &c, &err);
        if (cases[i].family)
            assert_string_equal(chat_template_name(c), cases[i].family);
        else
            assert_int_equal(code, ERR_UNSUPPORTED);
        chat_template_close(&c);
        gguf_close(&g);
        // What the file says counts, also when it is unknown.
        make_file(cases[i].arch, "{{ something }}", false, &g);
        assert_int_equal(chat_template_open(g, tokenizer, &c, &err), ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, "chat template is unknown"));
        gguf_close(&g);
    }
}

static void errors_name_the_message_or_tool(void **state)
{
    (void)state;
    struct chat_template *c;
    struct err err;
    struct buf out = {0};
    struct gguf *g;
    make_file("qwen2", NULL, false, &g);
    assert_ok(chat_template_open(g, tokenizer, &c, &err), err);
    struct chat_call call = {STR_LIT("a"), STR_LIT("f"), STR_LIT("{\"x\": }")};
    struct chat_message m = {.role = CHAT_ASSISTANT, .calls = &call, .call_count = 1};
    struct str tools[] = {STR_LIT("{}"), STR_LIT("[1, 2")};
    struct chat chat = {.messages = &m};
    assert_int_equal(chat_template_render(c, &chat, &out, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "without messages"));
    chat.count = 1;
    assert_int_equal(chat_template_render(c, &chat, &out, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "tool 'f': arguments of call"));
    m.call_count = 0;
    chat.tools = tools;
    chat.tool_count = 2;
    assert_int_equal(chat_template_render(c, &chat, &out, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "tool 1: byte 5"));
    tools[1] = STR_LIT("[1, 2]");
    assert_int_equal(chat_template_render(c, &chat, &out, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "tool 1: expected a JSON object"));
    assert_true(out.n == 0);
    chat_template_close(&c);
    gguf_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_writes_what_its_template_writes),
        cmocka_unit_test(prompts_become_their_text_and_messages_spell_no_control_token),
        cmocka_unit_test(bos_comes_once_where_the_tokenizer_asks_for_it),
        cmocka_unit_test(published_templates_are_recognised),
        cmocka_unit_test(an_unknown_template_is_said_to_be_unknown),
        cmocka_unit_test(a_file_without_a_template_gets_its_architectures),
        cmocka_unit_test(errors_name_the_message_or_tool),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
