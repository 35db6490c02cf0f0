// The Modelfile for Ollama: its template against what Jinja2 makes of the published ones, its form.
//
// tests/llm/golden/chat_templates.json was made by bench/peers/render_chat.py. The Go templates
// that are written use few actions; the reader below knows these and fails on any other.
#include "test.h"

#include "base/file.h"
#include "base/json_doc.h"
#include "llm/chat_private.h"
#include "llm/gguf_write.h"
#include "scratch.h"
#include "train/export_ollama.h"

static const char *const tokens[] = {"a", "<BOS>", "<EOS>", "<|im_end|>"};

enum { TOKENS = sizeof tokens / sizeof *tokens, MESSAGES = 8 };

static struct gguf *file;
static struct tokenizer *tokenizer;
static struct arena *arena;
static struct json_node *golden;

static void make_model(const char *path, const char *jinja)
{
    struct gguf_writer *w;
    struct err err;
    struct str names[TOKENS];
    int32_t kinds[TOKENS];
    for (int i = 0; i < TOKENS; i++) {
        names[i] = str_of(tokens[i]);
        kinds[i] = i ? 3 : 1;
    }
    assert_ok(gguf_write_open(path, &w, &err), err);
    gguf_write_string(w, "general.architecture", STR_LIT("llama"));
    gguf_write_string(w, "general.license", STR_LIT("apache-2.0"));
    gguf_write_u32(w, "llama.context_length", 131072);
    gguf_write_string(w, "tokenizer.ggml.model", STR_LIT("gpt2"));
    gguf_write_string(w, "tokenizer.ggml.pre", STR_LIT("default"));
    gguf_write_strings(w, "tokenizer.ggml.tokens", names, TOKENS);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", kinds, TOKENS);
    gguf_write_strings(w, "tokenizer.ggml.merges", names, 0);
    gguf_write_u32(w, "tokenizer.ggml.bos_token_id", 1);
    gguf_write_u32(w, "tokenizer.ggml.eos_token_id", 2);
    if (jinja)
        gguf_write_string(w, "tokenizer.chat_template", str_of(jinja));
    assert_ok(gguf_write_finish(&w, &err), err);
}

static int open_all(void **state)
{
    struct buf text = {0};
    struct err err;
    if (scratch_open(state))
        return -1;
    make_model(scratch_path("base.gguf"), NULL);
    arena = arena_open(0);
    assert_ok(gguf_open(scratch_path("base.gguf"), &file, &err), err);
    assert_ok(tokenizer_open(file, &tokenizer, &err), err);
    assert_ok(file_read("tests/llm/golden/chat_templates.json", 1 << 24, &text, &err), err);
    assert_ok(json_read(arena, buf_str(&text), "golden", &golden, &err), err);
    buf_free(&text);
    return 0;
}

static int close_all(void **state)
{
    tokenizer_close(&tokenizer);
    gguf_close(&file);
    arena_close(&arena);
    return scratch_close(state);
}

// What a Go template is executed with.
struct scene {
    const struct json_node *messages;
    const struct json_node *message; // of the range; NULL outside
    int index;
    const char *system;
};

static bool holds(const struct scene *s, struct str condition)
{
    if (str_is(condition, "and $.System (le $i 1)"))
        return *s->system && s->index <= 1;
    if (str_is(condition, "and $.System (eq (len (slice $.Messages $i)) 1)"))
        return *s->system && !s->message->next;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "eq .Role \"%s\"", json_get_text(s->message, "role"));
    if (!str_starts(condition, STR_LIT("eq .Role \"")))
        fail_msg("condition '%.*s'", STR_ARG(condition));
    return str_is(condition, wanted);
}

// Executes up to the matching {{ else }} or {{ end }}, which it returns; *text goes behind it.
static struct str run(struct str *text, const struct scene *s, bool live, struct buf *out)
{
    while (text->n) {
        const char *open = memmem(text->p, text->n, "{{ ", 3);
        size_t plain = open ? (size_t)(open - text->p) : text->n;
        if (live)
            buf_add(out, text->p, plain);
        if (!open)
            break;
        const char *end = text->p + text->n, *close = memmem(open, (size_t)(end - open), " }}", 3);
        assert_non_null(close);
        struct str action = {open + 3, (size_t)(close - open) - 3};
        *text = (struct str){close + 3, (size_t)(end - close) - 3};
        if (str_is(action, "end") || str_starts(action, STR_LIT("else"))) {
            return action;
        } else if (str_is(action, ".System") || str_is(action, "$.System")) {
            if (live)
                buf_add_z(out, s->system);
        } else if (str_is(action, ".Content")) {
            if (live)
                buf_add_z(out, json_get_text(s->message, "content"));
        } else if (str_is(action, "range .Messages") ||
                   str_is(action, "range $i, $_ := .Messages")) {
            struct str body = *text;
            struct scene in = *s;
            for (in.message = s->messages->first; in.message; in.message = in.message->next) {
                *text = body;
                assert_true(str_is(run(text, &in, live, out), "end"));
                in.index++;
            }
        } else if (str_starts(action, STR_LIT("if "))) {
            bool done = false;
            struct str branch = {action.p + 3, action.n - 3};
            while (!str_is(branch, "end")) {
                bool now = !done && (branch.n == 0 || holds(s, branch));
                done |= now;
                branch = run(text, s, live && now, out);
                if (str_starts(branch, STR_LIT("else if ")))
                    branch = (struct str){branch.p + 8, branch.n - 8};
                else if (str_is(branch, "else"))
                    branch.n = 0;
            }
        } else {
            fail_msg("action '%.*s'", STR_ARG(action));
        }
    }
    return (struct str){"", 0};
}

// The value of a command, in three quotes; empty without the command.
static struct str value_of(struct str modelfile, const char *command)
{
    char head[32];
    snprintf(head, sizeof head, "%s \"\"\"", command);
    const char *p = memmem(modelfile.p, modelfile.n, head, strlen(head));
    if (!p)
        return (struct str){"", 0};
    p += strlen(head);
    const char *q = memmem(p, (size_t)(modelfile.p + modelfile.n - p), "\"\"\"", 3);
    assert_non_null(q);
    return (struct str){p, (size_t)(q - p)};
}

static const struct chat_family *const families[] = {
    &chat_qwen3,    &chat_qwen25,  &chat_chatml, &chat_llama31, &chat_llama3,
    &chat_mistral3, &chat_mistral, &chat_phi3,   &chat_zephyr,  &chat_gemma};

// The family's own marks and the words that tell its variants stand for the published template.
static struct chat_template *open_golden(const struct json_node *node)
{
    struct buf jinja = {0};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(json_get_text(node, "family"), families[i]->name) == 0)
            for (size_t k = 0; k < sizeof families[i]->has / sizeof *families[i]->has; k++)
                if (families[i]->has[k])
                    buf_printf(&jinja, "%s\n", families[i]->has[k]);
    for (const struct json_node *n = json_get(node, "switches")->first; n; n = n->next)
        buf_printf(&jinja, "%s\n", n->text.p);
    struct chat_template *c;
    struct err err;
    assert_ok(chat_template_recognise(buf_str(&jinja), tokenizer, &c, &err), err);
    buf_free(&jinja);
    return c;
}

// Conversations that Ollama hands over as they are: turns one after another, no tools, no thoughts
// (which it takes out of answers by itself).
static bool is_plain(const struct json_node *talk)
{
    const char *expected = "user";
    if (json_get(talk, "tools"))
        return false;
    for (const struct json_node *m = json_get(talk, "messages")->first; m; m = m->next) {
        const char *role = json_get_text(m, "role"), *text = json_get_text(m, "content");
        bool first = m == json_get(talk, "messages")->first;
        if (json_get(m, "tool_calls") || strstr(text, "<think>") || !*text ||
            str_trim(str_of(text)).n != strlen(text))
            return false;
        if (first && strcmp(role, "system") == 0)
            continue;
        if (strcmp(role, expected) != 0)
            return false;
        expected = strcmp(role, "user") == 0 ? "assistant" : "user";
    }
    return strcmp(expected, "assistant") == 0;
}

static void check(const struct json_node *node, struct str modelfile, const struct json_node *talk,
                  struct str wanted)
{
    struct buf out = {0};
    char system[512];
    str_copy(system, sizeof system, value_of(modelfile, "SYSTEM"));
    const struct json_node *messages = json_get(talk, "messages");
    if (strcmp(json_get_text(messages->first, "role"), "system") == 0)
        str_copy(system, sizeof system, json_get(messages->first, "content")->text);
    struct scene s = {.messages = messages, .system = system};
    struct str template = value_of(modelfile, "TEMPLATE");
    run(&template, &s, true, &out);
    if (str_starts(wanted, STR_LIT("<BOS>")))
        wanted = (struct str){wanted.p + 5, wanted.n - 5};
    // A Go template cannot know the day: it writes that of the template's own.
    const char *day = json_get_text(golden, "date"), own_day[] = "26 Jul 2024";
    char *at = out.p ? strstr(out.p, own_day) : NULL;
    assert_int_equal(strlen(day), strlen(own_day));
    if (at)
        memcpy(at, day, strlen(day));
    if (!str_eq(buf_str(&out), wanted))
        fail_msg("%s: '%s' instead of '%.*s'", json_get_text(node, "template"), out.p,
                 STR_ARG(wanted));
    buf_free(&out);
}

static void templates_write_what_the_published_ones_write(void **state)
{
    (void)state;
    struct err err;
    int checked = 0;
    for (const struct json_node *t = json_get(golden, "templates")->first; t; t = t->next) {
        struct chat_template *c = open_golden(t);
        struct buf modelfile = {0};
        assert_ok(export_ollama_template(c, tokenizer, NULL, &modelfile, &err), err);
        const struct json_node *talk = json_get(golden, "conversations")->first;
        const struct json_node *wanted = json_get(t, "rendered")->first;
        for (; talk && wanted; talk = talk->next, wanted = wanted->next) {
            if (!is_plain(talk) || !wanted->first || wanted->first->type != JSON_STRING)
                continue;
            check(t, buf_str(&modelfile), talk, wanted->first->text);
            checked++;
        }
        buf_free(&modelfile);
        chat_template_close(&c);
    }
    assert_true(checked >= 30); // 14 templates, 2 or more conversations each
}

static void a_model_without_a_template_gets_its_prompt_as_it_is(void **state)
{
    (void)state;
    struct err err;
    struct buf out = {0};
    char model[PATH_MAX];
    snprintf(model, sizeof model, "%s", scratch_path("base.gguf"));
    struct export_ollama e = {.model = model, .dir = "x", .system = "Be brief."};
    assert_ok(export_ollama_modelfile(&e, &out, &err), err);
    assert_string_equal(out.p, "FROM ./base.gguf\n"
                               "TEMPLATE \"\"\"{{ .Prompt }}\"\"\"\n"
                               "SYSTEM \"\"\"Be brief.\"\"\"\n"
                               "PARAMETER num_ctx 8192\n"
                               "PARAMETER stop \"<EOS>\"\n"
                               "PARAMETER stop \"<|im_end|>\"\n"
                               "LICENSE \"\"\"apache-2.0\"\"\"\n");
    buf_free(&out);
}

static void what_a_modelfile_cannot_hold_is_refused(void **state)
{
    (void)state;
    struct err err;
    struct buf out = {0};
    char model[PATH_MAX];
    snprintf(model, sizeof model, "%s", scratch_path("base.gguf"));
    struct export_ollama e = {.model = model, .dir = "x", .system = "a \"\"\" b"};
    assert_int_equal(export_ollama_modelfile(&e, &out, &err), ERR_UNSUPPORTED);
    e.system = "ends with \"";
    assert_int_equal(export_ollama_modelfile(&e, &out, &err), ERR_UNSUPPORTED);
    e.system = NULL;
    e.adapter = "line\nbreak.gguf";
    assert_int_equal(export_ollama_modelfile(&e, &out, &err), ERR_USAGE);
    make_model(scratch_path("odd.gguf"), "{{ unheard of }}");
    e = (struct export_ollama){.model = scratch_path("odd.gguf"), .dir = "x"};
    assert_int_equal(export_ollama_modelfile(&e, &out, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "odd.gguf"));
    buf_free(&out);
}

static void the_folder_holds_model_adapter_and_modelfile(void **state)
{
    (void)state;
    struct err err;
    struct buf text = {0};
    char model[PATH_MAX], adapter[PATH_MAX], dir[PATH_MAX];
    snprintf(model, sizeof model, "%s", scratch_path("base.gguf"));
    snprintf(adapter, sizeof adapter, "%s", scratch_path("tune me.gguf"));
    snprintf(dir, sizeof dir, "%s", scratch_path("made/here"));
    make_model(adapter, NULL);
    struct export_ollama e = {.model = model, .adapter = adapter, .dir = dir, .context = 512};
    for (int again = 0; again < 2; again++)
        assert_ok(export_ollama(&e, &err), err);
    assert_ok(file_read(scratch_path("made/here/Modelfile"), 1 << 16, &text, &err), err);
    assert_non_null(strstr(text.p, "FROM ./base.gguf\nADAPTER \"./tune me.gguf\"\n"));
    assert_non_null(strstr(text.p, "PARAMETER num_ctx 512\n"));
    assert_true(file_exists(scratch_path("made/here/base.gguf")));
    assert_true(file_exists(scratch_path("made/here/tune me.gguf")));
    assert_false(file_exists(scratch_path("made/here/base.gguf.part")));
    struct gguf *copy;
    assert_ok(gguf_open(scratch_path("made/here/base.gguf"), &copy, &err), err);
    assert_int_equal(gguf_file_bytes(copy), gguf_file_bytes(file));
    gguf_close(&copy);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_write_what_the_published_ones_write),
        cmocka_unit_test(a_model_without_a_template_gets_its_prompt_as_it_is),
        cmocka_unit_test(what_a_modelfile_cannot_hold_is_refused),
        cmocka_unit_test(the_folder_holds_model_adapter_and_modelfile),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
