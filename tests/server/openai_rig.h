// A server with a tiny random chat model and two adapters, for tests of the OpenAI API.
#ifndef FETTLE_TESTS_SERVER_OPENAI_RIG_H
#define FETTLE_TESTS_SERVER_OPENAI_RIG_H

#include "rig.h"

#include "app/models.h"
#include "llm/synth.h"

static const char chat_path[] = "/v1/chat/completions", text_path[] = "/v1/completions";
static char model_path[64], model_setting[96], adapter_path[64], adapter_setting[200];
static struct rig rig;

static inline int write_adapter(void)
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

static inline int open_server(void **state)
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

static inline int close_server(void **state)
{
    (void)state;
    rig_close(&rig);
    return unlink(model_path) | unlink(adapter_path);
}

static inline struct json_node *post(const char *path, const char *body, int want,
                                     struct arena *arena)
{
    struct answer a;
    int status = rig_post(&rig, path, "application/json", body, &a);
    if (status != want)
        fail_msg("%s: %d, not %d: %.*s", body, status, want, (int)a.body.n, a.body.p);
    struct json_node *root = answer_json(&a, arena);
    answer_free(&a);
    return root;
}

static inline struct arena *arena_new_or_fail(void)
{
    struct arena *arena = arena_open(0);
    assert_non_null(arena);
    return arena;
}

static inline char *answer_text(const struct json_node *root)
{
    return strdup(json_get_text(json_get(root, "choices")->first, "text"));
}

#endif
