// Training runs: they learn, resume after kill -9 without a trace, and write what src/llm reads.
#include "test.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>

#include "kernels/half.h"
#include "llm/engine.h"
#include "nn/decoder.h"
#include "nn/reference.h"
#include "scratch.h"
#include "train/lm.h"
#include "train/model_write.h"
#include "train/tokenizer_train.h"

enum { STEPS = 12, KILLED_AT = 8, EVERY = 3, T = 40 };

static int open_all(void **state)
{
    struct err err;
    struct tokenizer_result result;
    struct buf text = {0};
    if (scratch_open(state))
        return -1;
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "{\"instruction\":\"What follows %d?\",\"output\":\"%d follows.\"}\n", i,
                   i + 1);
    struct tokenizer_plan plan = {scratch_write("data.jsonl", text.p), "qwen2", 300, 2};
    buf_free(&text);
    return train_tokenizer(&plan, scratch_path("tok.gguf"), &result, &err) ? -1 : 0;
}

static struct settings *settings_of(const char *more)
{
    static const struct setting_def *const tables[] = {train_lm_settings};
    struct settings *s = settings_open(tables, 1);
    struct buf text = {0};
    struct err err;
    buf_printf(&text,
               "model:\n  layers: 2\n  width: 32\n  heads: 2\n  kv_heads: 1\n  head_size: 32\n"
               "  hidden: 64\n  context: 64\n"
               "data:\n  train: %s\n  eval: %s\n  tokenizer: %s\n"
               "train:\n  steps: %d\n  batch_tokens: 600\n  rows: 256\n  rate: 0.01\n  warmup: 3\n"
               "  eval_every: 4\n  checkpoint_every: %d\n%s",
               scratch_path("data.jsonl"), scratch_path("data.jsonl"), scratch_path("tok.gguf"),
               STEPS, EVERY, more);
    assert_ok(settings_load_text(s, buf_str(&text), "test", &err), err);
    buf_free(&text);
    return s;
}

struct watch {
    uint64_t kill_at, stop_at;
    double first, last;
};

static bool look(void *arg, const struct lm_progress *p)
{
    struct watch *w = arg;
    if (p->step == 1)
        w->first = p->loss;
    w->last = p->loss;
    if (p->step == w->kill_at)
        raise(SIGKILL);
    return p->step != w->stop_at;
}

static enum err_code train_from(const char *from, const char *more, const char *name, bool resume,
                                struct watch *w, struct lm_result *result, struct err *err)
{
    struct settings *s = settings_of(more);
    struct lm_plan plan;
    char out[PATH_MAX];
    snprintf(out, sizeof out, "%s", scratch_path(name));
    struct lm_files files = {out, scratch_path("runs"), resume};
    char pair[PATH_MAX + 16];
    snprintf(pair, sizeof pair, "model.from=%s", from);
    enum err_code code = settings_set_pair(s, pair, err);
    if (!code && *from)
        code = settings_set_pair(s, "data.tokenizer=", err);
    if (!code)
        code = lm_plan_read(s, &plan, err);
    if (!code)
        code = train_lm(&plan, &files, look, w, result, err);
    settings_close(&s);
    return code;
}

static enum err_code train(const char *more, const char *name, bool resume, struct watch *w,
                           struct lm_result *result, struct err *err)
{
    return train_from("", more, name, resume, w, result, err);
}

// The values of a metric without their times.
static void read_metric(const char *run, const char *name, struct buf *out)
{
    char path[PATH_MAX];
    struct buf b = {0};
    struct err err;
    snprintf(path, sizeof path, "%s/0/%s/metrics/%s", scratch_path("runs"), run, name);
    assert_ok(file_read(path, 1 << 20, &b, &err), err);
    struct str rest = buf_str(&b);
    while (rest.n) {
        struct str line = str_cut(&rest, '\n');
        str_cut(&line, ' ');
        buf_add_str(out, line);
        buf_add_char(out, '\n');
    }
    buf_free(&b);
}

static void assert_same_file(const char *a, const char *b)
{
    struct buf x = {0}, y = {0};
    struct err err;
    assert_ok(file_read(a, 1 << 26, &x, &err), err);
    assert_ok(file_read(b, 1 << 26, &y, &err), err);
    assert_true(str_eq(buf_str(&x), buf_str(&y)));
    buf_free(&x);
    buf_free(&y);
}

static void assert_same_run(const char *a, const char *b)
{
    static const char *const names[] = {"loss", "eval_loss", "gradient_norm", "learning_rate"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf x = {0}, y = {0};
        read_metric(a, names[i], &x);
        read_metric(b, names[i], &y);
        assert_string_equal(x.p, y.p);
        buf_free(&x);
        buf_free(&y);
    }
}

static void a_killed_run_resumes_without_a_trace(void **state)
{
    (void)state;
    struct err err;
    struct watch w = {0}, killed = {.kill_at = KILLED_AT}, resumed = {0};
    struct lm_result whole, second;
    assert_ok(train("", "whole.gguf", false, &w, &whole, &err), err);
    assert_true(w.last < 0.9 * w.first);
    pid_t child = fork();
    if (child == 0) {
        train("", "killed.gguf", false, &killed, &second, &err);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(file_exists(scratch_path("killed.checkpoint.gguf")));
    assert_ok(train("", "killed.gguf", true, &resumed, &second, &err), err);
    assert_int_equal(second.steps, STEPS);
    assert_int_equal(second.tokens, whole.tokens);
    assert_same_run(whole.run_id, second.run_id);
    assert_same_file(scratch_path("whole.gguf"), scratch_path("killed.gguf"));
    assert_false(file_exists(scratch_path("killed.checkpoint.gguf")));
}

static void a_stopped_run_goes_on_with_other_threads(void **state)
{
    (void)state;
    struct err err;
    struct watch w = {.stop_at = 5}, none = {0};
    struct lm_result first, second, whole;
    assert_int_equal(train("", "s.gguf", false, &w, &first, &err), ERR_CANCELLED);
    assert_non_null(strstr(err.text, "stopped at step 5 of 12"));
    assert_ok(train("  threads: 1\n", "s.gguf", true, &none, &second, &err), err);
    assert_ok(train("", "w.gguf", false, &none, &whole, &err), err);
    assert_same_run(second.run_id, whole.run_id);
}

static void a_run_ends_before_its_schedule(void **state)
{
    (void)state;
    struct err err;
    struct watch whole = {0}, part = {.stop_at = 7}, stopped = {0};
    struct lm_result result;
    // What it would be at step 7 of 12 on the schedule of 12 steps: as a run that is broken off.
    assert_int_equal(train("", "part.gguf", false, &part, &result, &err), ERR_CANCELLED);
    assert_ok(train("  stop: 7\n", "stopped.gguf", false, &stopped, &result, &err), err);
    assert_int_equal(result.steps, 7);
    assert_true(stopped.last == part.last);
    assert_ok(train("  stop: 70\n", "whole.gguf", false, &whole, &result, &err), err);
    assert_int_equal(result.steps, STEPS);
}

static void a_checkpoint_of_other_settings_is_refused(void **state)
{
    (void)state;
    struct err err;
    struct watch w = {.stop_at = 2};
    struct lm_result result;
    assert_int_equal(train("", "o.gguf", false, &w, &result, &err), ERR_CANCELLED);
    assert_int_equal(train("  seed: 9\n", "o.gguf", true, &w, &result, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "'train.seed: 1', the settings say 'train.seed: 9' now"));
    assert_int_equal(train("", "none.gguf", true, &w, &result, &err), ERR_NOT_FOUND);
}

static void patience_ends_a_run_that_learns_nothing(void **state)
{
    (void)state;
    struct err err;
    struct watch w = {0};
    struct lm_result result;
    // At a rate of 3 a model learns nothing.
    struct settings *wild = settings_of("  patience: 1\n");
    struct lm_plan plan;
    char out[PATH_MAX];
    snprintf(out, sizeof out, "%s", scratch_path("wild.gguf"));
    struct lm_files files = {out, scratch_path("runs"), false};
    assert_ok(settings_set_pair(wild, "train.rate=3", &err), err);
    assert_ok(settings_set_pair(wild, "train.steps=60", &err), err);
    assert_ok(settings_set_pair(wild, "train.eval_every=1", &err), err);
    assert_ok(lm_plan_read(wild, &plan, &err), err);
    assert_ok(train_lm(&plan, &files, look, &w, &result, &err), err);
    assert_true(result.stopped_early);
    settings_close(&wild);
}

static void settings_that_do_not_fit_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *pair, *message;
    } cases[] = {{"model.width=48", "model.width is 48, a multiple of 32 expected"},
                 {"model.kv_heads=3", "model.heads is 2, a multiple of model.kv_heads (3)"},
                 {"train.rows=32", "train.rows is 32, at least model.context (64)"},
                 {"model.from=a.gguf", "data.tokenizer does not go with model.from"},
                 {"data.train=", "data.train names no file"},
                 {"model.format=Q4_K", "model.format is 'Q4_K'"}};
    struct err err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings *s = settings_of("");
        struct lm_plan plan;
        assert_ok(settings_set_pair(s, cases[i].pair, &err), err);
        assert_int_equal(lm_plan_read(s, &plan, &err), ERR_USAGE);
        assert_non_null(strstr(err.text, cases[i].message));
        settings_close(&s);
    }
}

static double as_half(double x)
{
    return (double)half_to_float(half_from_float((float)x));
}

// Logits of `from` against the formulas in double.
static void assert_logits(const char *whose, const float *logits, const double *expected, size_t n)
{
    double worst = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)logits[i] - expected[i]));
        largest = fmax(largest, fabs(expected[i]));
    }
    if (!(worst <= 1e-4 && largest > 1))
        fail_msg("%s: logits of up to %g are off by %g", whose, largest, worst);
}

// The same weights in nn, and in llm from a file of floats. llm keeps keys and values as halves,
// so that its formulas do, too.
static void check_agreement(bool tied)
{
    struct err err;
    struct gguf *tokenizer;
    const struct gguf_value *names;
    assert_ok(gguf_open(scratch_path("tok.gguf"), &tokenizer, &err), err);
    assert_ok(gguf_array(tokenizer, "tokenizer.ggml.tokens", GGUF_STRING, &names, &err), err);
    struct nn_shape shape = {.L = 2,
                             .C = 64,
                             .V = (uint32_t)names->count,
                             .H = 4,
                             .H_kv = 2,
                             .D = 32,
                             .hidden = 96,
                             .context = 64,
                             .eps = 1e-5f,
                             .rope_base = 1e4f,
                             .tied = tied};
    struct nn_work k;
    struct nn_weights w;
    struct nn_decoder *d;
    struct rng rng;
    struct nn_decoder_options o = {.rows = T};
    assert_ok(nn_work_open(2, GEMM_F32, &k, &err), err);
    assert_ok(nn_weights_open(&shape, &w, &err), err);
    rng_seed(&rng, 3);
    nn_weights_init(&w, &rng);
    for (size_t i = 0; i < w.n; i++)
        w.w[i] *= 2; // logits of a size that shows every part
    assert_ok(nn_decoder_open(&k, &w, &o, &d, &err), err);
    struct model_write m = {&w, tokenizer, quant_format_of(QUANT_F32), "agreement"};
    const char *path = scratch_path("agreement.gguf");
    assert_ok(model_write(&m, path, &err), err);
    gguf_close(&tokenizer);

    int32_t tokens[T];
    uint32_t starts[2] = {0, T};
    for (int i = 0; i < T; i++)
        tokens[i] = (int32_t)rng_below(&rng, shape.V);
    struct nn_batch b = {T, tokens, tokens, {starts, 1}};
    size_t n = (size_t)T * shape.V;
    float *logits = calloc(n, sizeof *logits), *fed = calloc(n, sizeof *fed);
    nn_decoder_logits(d, &b, logits);

    struct engine *e;
    struct session *session;
    const float *theirs;
    assert_ok(engine_open(path, 2, &e, &err), err);
    assert_ok(session_open(e, NULL, &session, &err), err);
    for (uint32_t i = 0; i < T; i++) {
        assert_ok(engine_feed(e, session, &tokens[i], 1, &theirs, &err), err);
        memcpy(fed + i * shape.V, theirs, shape.V * sizeof *fed);
    }
    double *weights = reference_new(w.n), *expected = reference_new(n);
    for (size_t i = 0; i < w.n; i++)
        weights[i] = (double)w.w[i];
    reference_logits(&w, weights, &b, expected);
    assert_logits("nn", logits, expected, n);
    reference_kept = as_half;
    reference_logits(&w, weights, &b, expected);
    reference_kept = NULL;
    assert_logits("llm", fed, expected, n);
    free(weights);
    free(expected);
    free(fed);
    free(logits);
    session_close(&session);
    engine_close(&e);
    nn_decoder_close(&d);
    nn_weights_close(&w);
    nn_work_close(&k);
}

static void nn_and_llm_agree_on_the_logits(void **state)
{
    (void)state;
    check_agreement(true);
    check_agreement(false);
}

static void a_run_starts_from_another_models_weights(void **state)
{
    (void)state;
    struct err err;
    char first[PATH_MAX], phi[PATH_MAX];
    struct watch learnt = {0}, further = {0};
    struct lm_result result;
    assert_ok(train("", "first.gguf", false, &learnt, &result, &err), err);
    snprintf(first, sizeof first, "%s", scratch_path("first.gguf"));
    assert_ok(train_from(first, "  seed: 9\n", "further.gguf", false, &further, &result, &err),
              err);
    assert_true(further.first < 0.9 * learnt.first);
    assert_true(fabs(further.first - learnt.last) < 0.2 * learnt.last);
    assert_true(further.last < learnt.last);

    snprintf(phi, sizeof phi, "%s", scratch_path("phi.gguf"));
    struct gguf_writer *w;
    assert_ok(gguf_write_open(phi, &w, &err), err);
    gguf_write_string(w, "general.architecture", STR_LIT("phi3"));
    struct gguf *tokenizer;
    assert_ok(gguf_open(first, &tokenizer, &err), err);
    for (size_t i = 0; i < gguf_key_count(tokenizer); i++)
        if (str_starts(gguf_key_at(tokenizer, i)->key, STR_LIT("tokenizer.")))
            gguf_write_copy(w, gguf_key_at(tokenizer, i));
    assert_ok(gguf_write_finish(&w, &err), err);
    gguf_close(&tokenizer);
    assert_int_equal(train_from(phi, "", "other.gguf", false, &further, &result, &err),
                     ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "phi3"));
    assert_int_equal(
        train_from(scratch_path("none.gguf"), "", "other.gguf", false, &further, &result, &err),
        ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_run_resumes_without_a_trace),
        cmocka_unit_test(a_stopped_run_goes_on_with_other_threads),
        cmocka_unit_test(a_run_ends_before_its_schedule),
        cmocka_unit_test(a_checkpoint_of_other_settings_is_refused),
        cmocka_unit_test(patience_ends_a_run_that_learns_nothing),
        cmocka_unit_test(settings_that_do_not_fit_are_named),
        cmocka_unit_test(a_run_starts_from_another_models_weights),
        cmocka_unit_test(nn_and_llm_agree_on_the_logits),
    };
    return cmocka_run_group_tests(tests, open_all, scratch_close);
}
