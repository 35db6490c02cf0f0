// Adapters chosen by request: answers served together are those served alone.
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "llm/serving.h"
#include "llm/synth.h"

enum { PROMPT = 150, ANSWER = 40, ADAPTERS = 2, ROUNDS = 3 };

static char path[64], lora[ADAPTERS][80];
static struct adapter_choice choices[ADAPTERS];
static const struct serving_settings usual = {.threads = 1,
                                              .context = 512,
                                              .sessions = 8,
                                              .queue = 16,
                                              .keep_bytes = 64 << 20,
                                              .adapters = choices,
                                              .adapter_count = ADAPTERS};

static int write_models(void **state)
{
    (void)state;
    struct synth s = {.like = "tiny-llama", .type = "Q8_0", .seed = 5};
    struct gguf *g;
    struct err err;
    snprintf(path, sizeof path, "/tmp/fettle-serving-adapter-%d", (int)getpid());
    if (synth_write(&s, path, &err) || gguf_open(path, &g, &err))
        return -1;
    enum err_code code = ERR_OK;
    for (int i = 0; i < ADAPTERS && !code; i++) {
        struct synth_adapter a = {g, 4, 4, (uint64_t)i + 1};
        snprintf(lora[i], sizeof lora[i], "%s-%d", path, i);
        snprintf(choices[i].name, sizeof choices[i].name, "number-%d", i);
        snprintf(choices[i].path, sizeof choices[i].path, "%s", lora[i]);
        choices[i].scale = 1;
        code = synth_adapter_write(&a, lora[i], &err);
    }
    gguf_close(&g);
    return code ? -1 : 0;
}

static int remove_models(void **state)
{
    (void)state;
    for (int i = 0; i < ADAPTERS; i++)
        unlink(lora[i]);
    return unlink(path);
}

static struct serving *open_serving(const struct serving_settings *settings)
{
    struct serving *s;
    struct err err;
    assert_ok(serving_open(path, settings, &s, &err), err);
    return s;
}

static struct answer *ask(struct serving *s, uint32_t adapter)
{
    int32_t prompt[PROMPT];
    struct answer *a;
    struct err err;
    for (int i = 0; i < PROMPT; i++)
        prompt[i] = 'a' + i * 7 % 26;
    struct serving_request r = {.prompt = prompt,
                                .prompt_count = PROMPT,
                                .max_tokens = ANSWER,
                                .adapter = adapter,
                                .choices = 1,
                                .keep_end = true,
                                .special = true,
                                .sampler = SAMPLER_GREEDY};
    assert_ok(serving_submit(s, &r, &a, &err), err);
    return a;
}

static char *finish(struct answer **a, uint32_t *cached)
{
    struct answer_part part = {0};
    struct answer_stats stats;
    assert_true(answer_wait(*a, 20 * US_PER_SECOND));
    assert_true(answer_take(*a, &part, NULL));
    buf_add_char(&part.text, '\n');
    char *text = strdup(part.text.p);
    answer_stats(*a, &stats);
    *cached = stats.cached_tokens;
    answer_part_free(&part);
    answer_release(a);
    return text;
}

static char *alone(uint32_t adapter)
{
    uint32_t cached;
    struct serving *s = open_serving(&usual);
    struct answer *a = ask(s, adapter);
    char *text = finish(&a, &cached);
    serving_close(&s);
    return text;
}

static void answers_of_two_adapters_at_once_are_those_served_alone(void **state)
{
    (void)state;
    char *want[ADAPTERS + 1];
    for (uint32_t k = 0; k <= ADAPTERS; k++)
        want[k] = alone(k);
    assert_string_not_equal(want[0], want[1]);
    assert_string_not_equal(want[0], want[2]);
    assert_string_not_equal(want[1], want[2]);
    struct serving *s = open_serving(&usual);
    for (int round = 0; round < ROUNDS; round++) {
        struct answer *a[2 * (ADAPTERS + 1)];
        for (uint32_t i = 0; i < 2 * (ADAPTERS + 1); i++)
            a[i] = ask(s, i % (ADAPTERS + 1));
        for (uint32_t i = 0; i < 2 * (ADAPTERS + 1); i++) {
            uint32_t cached;
            char *got = finish(&a[i], &cached);
            assert_string_equal(got, want[i % (ADAPTERS + 1)]);
            free(got);
        }
    }
    serving_close(&s);
    for (uint32_t k = 0; k <= ADAPTERS; k++)
        free(want[k]);
}

// The same prompt: known from before only to whom it was read for with the same adapter.
static void what_was_computed_with_an_adapter_is_kept_for_it_alone(void **state)
{
    (void)state;
    struct serving *s = open_serving(&usual);
    static const uint32_t order[] = {0, 1, 2, 0, 1, 2};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        uint32_t cached;
        struct answer *a = ask(s, order[i]);
        free(finish(&a, &cached));
        assert_int_equal(cached, i < 3 ? 0 : 128);
    }
    serving_close(&s);
}

static void a_missing_file_or_number_is_refused(void **state)
{
    (void)state;
    struct serving_settings wrong = usual;
    struct adapter_choice missing = {.name = "x", .path = "/nowhere/x.gguf", .scale = 1};
    struct serving *s;
    struct err err;
    wrong.adapters = &missing;
    wrong.adapter_count = 1;
    assert_int_not_equal(serving_open(path, &wrong, &s, &err), ERR_OK);
    assert_non_null(strstr(err.text, "/nowhere/x.gguf"));
    assert_null(s);
    wrong.adapter_count = SERVING_ADAPTERS_MAX + 1;
    assert_int_equal(serving_open(path, &wrong, &s, &err), ERR_USAGE);
    s = open_serving(&usual);
    assert_int_equal(serving_adapters(s), ADAPTERS);
    assert_string_equal(serving_adapter_name(s, 2), "number-1");
    int32_t prompt[] = {'a'};
    struct answer *a;
    struct serving_request r = {.prompt = prompt,
                                .prompt_count = 1,
                                .choices = 1,
                                .adapter = ADAPTERS + 1,
                                .sampler = SAMPLER_GREEDY};
    assert_int_equal(serving_submit(s, &r, &a, &err), ERR_USAGE);
    serving_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_two_adapters_at_once_are_those_served_alone),
        cmocka_unit_test(what_was_computed_with_an_adapter_is_kept_for_it_alone),
        cmocka_unit_test(a_missing_file_or_number_is_refused),
    };
    return cmocka_run_group_tests(tests, write_models, remove_models);
}
