// A tiny model, trained on the spot, that answers questions with the answers it was taught.
//
// It knows nothing else: asked a taught question about other facts, it gives the answer with the
// numbers it was taught.
#ifndef FETTLE_TESTS_PARROT_H
#define FETTLE_TESTS_PARROT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_out.h"
#include "test.h"
#include "train/lm.h"
#include "train/tokenizer_train.h"

struct parrot_lesson {
    const char *question, *reading, *answer;
};

struct parrot {
    char dir[32];
    char model[64]; // the GGUF file
};

static inline void parrot_settings(const struct parrot *p, const char *name, struct settings *s)
{
    struct buf text = {0};
    struct err err;
    buf_printf(&text,
               "model:\n  name: %s\n  layers: 2\n  width: 64\n  heads: 2\n  kv_heads: 1\n"
               "  head_size: 32\n  hidden: 128\n  context: 512\n"
               "data:\n  train: %s/data.jsonl\n  tokenizer: %s/tok.gguf\n"
               "train:\n  steps: 120\n  batch_tokens: 400\n  rows: 512\n  rate: 0.008\n"
               "  last_rate: 0.002\n  warmup: 10\n  weight_decay: 0\n  threads: 1\n"
               "  precision: f32\n  checkpoint_every: 1000000\n",
               name, p->dir, p->dir);
    assert_ok(settings_load_text(s, buf_str(&text), "parrot", &err), err);
    buf_free(&text);
}

static inline bool parrot_goes_on(void *arg, const struct lm_progress *at)
{
    (void)arg;
    (void)at;
    return true;
}

// `name` "fettle-parrot" makes a model that is asked without instructions. Takes about a second.
static inline void parrot_open(struct parrot *p, const char *name,
                               const struct parrot_lesson *lessons, size_t count)
{
    static const struct setting_def *const tables[] = {train_lm_settings};
    char data[64], tok[64], runs[64];
    struct buf lines = {0};
    struct json_out j;
    struct err err;
    struct tokenizer_result tokenized;
    struct lm_result trained;
    struct lm_plan plan;
    snprintf(p->dir, sizeof p->dir, "/tmp/fettle-parrot-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(data, sizeof data, "%s/data.jsonl", p->dir);
    snprintf(tok, sizeof tok, "%s/tok.gguf", p->dir);
    snprintf(runs, sizeof runs, "%s/runs", p->dir);
    snprintf(p->model, sizeof p->model, "%s/parrot.gguf", p->dir);
    for (size_t i = 0; i < count; i++) {
        json_open(&j, &lines);
        json_object(&j);
        json_key_text(&j, "instruction", lessons[i].question);
        json_key_text(&j, "input", lessons[i].reading);
        json_key_text(&j, "output", lessons[i].answer);
        json_end(&j);
        buf_add_char(&lines, '\n');
    }
    assert_ok(file_replace(data, lines.p, lines.n, &err), err);
    buf_free(&lines);
    struct tokenizer_plan words = {data, "qwen2", 400, 2};
    assert_ok(train_tokenizer(&words, tok, &tokenized, &err), err);
    struct settings *s = settings_open(tables, 1);
    parrot_settings(p, name, s);
    struct lm_files files = {p->model, runs, false};
    assert_ok(lm_plan_read(s, &plan, &err), err);
    assert_ok(train_lm(&plan, &files, parrot_goes_on, NULL, &trained, &err), err);
    settings_close(&s);
}

static inline void parrot_close(struct parrot *p)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", p->dir);
    assert_int_equal(system(command), 0);
}

#endif
