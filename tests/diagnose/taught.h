// A parrot with its engine and its chat template, as tests of diagnoses ask it.
#ifndef FETTLE_TESTS_DIAGNOSE_TAUGHT_H
#define FETTLE_TESTS_DIAGNOSE_TAUGHT_H

#include "diagnose/explain.h"
#include "parrot.h"

struct taught {
    struct parrot parrot;
    struct explain_model model;
    struct chat_template *chat;
};

static inline void taught_open(struct taught *t, const struct parrot_lesson *lessons, size_t count,
                               uint32_t sessions, uint32_t queue)
{
    struct serving_settings settings = {
        .threads = 1, .context = 512, .sessions = sessions, .queue = queue};
    struct err err;
    parrot_open(&t->parrot, "fettle-parrot", lessons, count);
    assert_ok(serving_open(t->parrot.model, &settings, &t->model.serving, &err), err);
    assert_ok(chat_template_open(serving_model(t->model.serving)->file,
                                 serving_tokenizer(t->model.serving), &t->chat, &err),
              err);
    t->model.chat = t->chat;
}

static inline void taught_close(struct taught *t)
{
    serving_close(&t->model.serving);
    chat_template_close(&t->chat);
    parrot_close(&t->parrot);
}

#endif
