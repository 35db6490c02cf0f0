// Summaries by a model: taken when every claim holds, else the facts' own text, always stored.
#include "app/app_private.h"
#include "app/models.h"
#include "app/rig.h"
#include "app/summary.h"
#include "base/file.h"
#include "llm/synth.h"
#include "train/lm.h"
#include "train/tokenizer_train.h"

static char models[64]; // a folder with quiet.gguf, noise.gguf, damaged.gguf

static const char *model_path(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", models, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(model_path(name), "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static bool go_on(void *arg, const struct lm_progress *p)
{
    (void)arg, (void)p;
    return true;
}

// A model that calls every window quiet.
static void train_quiet(void)
{
    static const struct setting_def *const tables[] = {train_lm_settings};
    struct tokenizer_result tokens;
    struct lm_result result;
    struct lm_plan plan;
    struct buf data = {0}, yaml = {0};
    struct err err;
    char tokenizer[128], out[128], runs[128];
    for (int i = 0; i < 100; i++)
        buf_printf(
            &data,
            "{\"instruction\":\"%s\",\"input\":\"- window: %02d:%02d:07 to %02d:%02d:07 (3 "
            "min)\\n- watched: %d sensors on %d assets, %d readings\\n- anomalies: none\\n\","
            "\"output\":\"No anomalies, all is quiet.\"}\n",
            SUMMARY_INSTRUCTION, i % 24, i % 57, i % 24, i % 57 + 3, i, i / 3, i * 37);
    write_file("data.jsonl", data.p);
    buf_free(&data);
    snprintf(tokenizer, sizeof tokenizer, "%s", model_path("tokens.gguf"));
    struct tokenizer_plan t = {model_path("data.jsonl"), "qwen2", 300, 2};
    assert_ok(train_tokenizer(&t, tokenizer, &tokens, &err), err);
    buf_printf(&yaml,
               "model: {name: quiet, layers: 1, width: 32, heads: 2, kv_heads: 1, head_size: 32, "
               "hidden: 64, context: 1024}\n"
               "data: {train: %s, tokenizer: %s, learn: answers}\n"
               "train: {steps: 150, batch_tokens: 1000, rows: 1024, rate: 0.02, warmup: 5}\n",
               model_path("data.jsonl"), tokenizer);
    struct settings *s = settings_open(tables, 1);
    assert_ok(settings_load_text(s, buf_str(&yaml), "test", &err), err);
    buf_free(&yaml);
    snprintf(out, sizeof out, "%s", model_path("quiet.gguf"));
    snprintf(runs, sizeof runs, "%s", model_path("runs"));
    struct lm_files files = {out, runs, false};
    assert_ok(lm_plan_read(s, &plan, &err), err);
    assert_ok(train_lm(&plan, &files, go_on, NULL, &result, &err), err);
    assert_true(result.loss < 0.05);
    settings_close(&s);
}

static int make_models(void **state)
{
    (void)state;
    struct synth noise = {.like = "tiny-chat", .type = "Q8_0", .seed = 3};
    struct err err;
    strcpy(models, "/tmp/fettle-test-XXXXXX");
    if (!mkdtemp(models))
        return -1;
    train_quiet();
    write_file("damaged.gguf", "GGUF and then nothing");
    return synth_write(&noise, model_path("noise.gguf"), &err) ? -1 : 0;
}

static int remove_models(void **state)
{
    (void)state;
    return nftw(models, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char model_set[160], limit_set[64];
static const char *sets[] = {model_set, limit_set};

static struct app *start_with(const char *model, const char *limit)
{
    snprintf(model_set, sizeof model_set, "summary.model=%s", model);
    snprintf(limit_set, sizeof limit_set, "summary.time_limit=%s", limit);
    from.sets = sets;
    from.set_count = 2;
    return start();
}

// The summary that was written is the newest stored one.
static struct summary *written(struct app *a)
{
    static struct summary now, stored;
    size_t count;
    struct err err;
    assert_ok(app_write_summary(a, &now, &err), err);
    assert_ok(store_summaries(a->store, 1, &stored, &count, &err), err);
    assert_int_equal(count, 1);
    assert_string_equal(stored.text, now.text);
    assert_string_equal(stored.model, now.model);
    return &stored;
}

static void assert_facts(struct app *a, const char *why)
{
    const struct summary *s = written(a);
    struct app_status status;
    assert_string_equal(s->generated_by, "facts");
    assert_string_equal(s->model, "");
    app_status(a, &status);
    for (size_t i = 0; i < status.stage_count; i++)
        if (strcmp(status.stages[i].name, "summary") == 0 && !strstr(status.stages[i].note, why))
            fail_msg("%s does not say %s", status.stages[i].note, why);
}

static void a_text_whose_claims_hold_is_taken(void **state)
{
    (void)state;
    struct app *a = start_with(model_path("quiet.gguf"), "60s");
    const struct summary *s = written(a);
    assert_string_equal(s->text, "No anomalies, all is quiet.");
    assert_string_equal(s->generated_by, "llm_summarizer");
    assert_string_equal(s->model, "quiet");
    stop(&a);
}

static void a_window_that_is_called_quiet_and_is_not_gets_its_facts(void **state)
{
    (void)state;
    struct app *a = start_with(model_path("quiet.gguf"), "60s");
    struct anomaly found[10];
    uint32_t id = temperature(a, "pipe-1");
    send(a, id, 0, 60, 21);
    send(a, id, 60, 5, 58);
    send(a, id, 65, 30, 21);
    assert_true(wait_for_anomalies(a, found, 1) >= 1);
    a->summarized_until_us = start_us; // the test's readings are of the past
    assert_facts(a, "calls the window quiet");
    assert_string_equal(written(a)->model, "quiet"); // the window behind it is quiet
    stop(&a);
}

static void a_model_that_talks_nonsense_is_not_heard(void **state)
{
    (void)state;
    struct app *a = start_with(model_path("noise.gguf"), "60s");
    assert_facts(a, "facts alone: ");
    stop(&a);
}

static void a_model_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct app *a = start_with("absent", "60s");
    assert_facts(a, "there is no model absent");
    stop(&a);
}

static void a_model_that_is_damaged_is_told(void **state)
{
    (void)state;
    struct app *a = start_with(model_path("damaged.gguf"), "60s");
    assert_facts(a, "damaged.gguf");
    stop(&a);
}

static void a_model_that_is_slow_is_not_waited_for(void **state)
{
    (void)state;
    struct app *a = start_with(model_path("quiet.gguf"), "1ms");
    assert_facts(a, "not ready in time");
    stop(&a);
}

static void no_model_is_asked_when_none_is_wanted(void **state)
{
    (void)state;
    struct app *a = start_with("none", "60s");
    assert_facts(a, "");
    assert_false(app_models_active(a));
    stop(&a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_text_whose_claims_hold_is_taken),
        TEST(a_window_that_is_called_quiet_and_is_not_gets_its_facts),
        TEST(a_model_that_talks_nonsense_is_not_heard),
        TEST(a_model_that_is_not_there_is_told),
        TEST(a_model_that_is_damaged_is_told),
        TEST(a_model_that_is_slow_is_not_waited_for),
        TEST(no_model_is_asked_when_none_is_wanted),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
