// What the files of serving share: the queue, the answers' records, the worker's sequences.
#ifndef FETTLE_LLM_SERVING_PRIVATE_H
#define FETTLE_LLM_SERVING_PRIVATE_H

#include <pthread.h>

#include "llm/lookup.h"
#include "llm/serving.h"

enum sequence_state { SEQUENCE_WAITS, SEQUENCE_RUNS, SEQUENCE_OVER };

// One choice of an answer.
struct sequence {
    struct answer *answer;
    uint32_t number;
    const int32_t *prompt; // of the answer's
    uint32_t prompt_count, max_tokens;
    enum sequence_state state;
    // The worker's.
    struct session *session;
    struct sampler *sampler;
    struct stop *stop;
    struct matcher *matcher; // NULL: the answer is free
    struct lookup lookup;
    uint32_t read; // prompt tokens that are in the session
    int32_t last;  // the token chosen last: not in the session yet
    uint32_t made; // tokens chosen
    int64_t began_us, first_us;
    struct buf piece, shown; // scratch
    // The record, under the lock.
    struct buf text;
    struct answer_token *tokens;
    size_t token_count, token_cap;
    size_t text_taken, tokens_taken;
    enum answer_finish finish;
    bool finish_taken;
};

struct answer {
    struct serving *serving;
    // The request; fixed after submission.
    int32_t *prompts;  // one after the other
    struct form *form; // NULL: none
    uint32_t choices;  // of a prompt
    uint32_t top, adapter;
    bool logprobs, keep_end, special, whole, lookup;
    int64_t deadline_us, submitted_us;
    void (*notify)(void *arg);
    bool (*wanted)(void *arg);
    void *arg;
    // Under the lock.
    bool cancelled, armed;
    bool released;          // the worker frees it when nothing of it goes on
    uint32_t running, left; // choices that run; that are not over
    uint32_t listed;        // choices that wait or are active
    struct err error;
    struct answer_stats stats;
    uint32_t count;
    struct sequence sequences[]; // [count]
};

// A JSON Schema or a grammar in GBNF as compiled, with the masks that the worker has found.
struct form {
    struct serving *serving;
    bool gbnf;
    struct buf text;
    struct grammar *grammar;
    struct grammar_masks *masks; // the worker's, once there are matchers
    uint32_t holders;
    struct form *next;
};

// A text whose embedding someone waits for.
struct embedding {
    const int32_t *ids;
    size_t n;
    float *out;
    bool done;
    struct err err;
    struct embedding *next;
};

struct serving {
    struct engine *engine;
    struct serving_settings settings;
    struct {
        char name[ADAPTER_NAME_BYTES];
        float scale;
        struct adapter *adapter;
    } adapters[SERVING_ADAPTERS_MAX]; // [settings.adapter_count]
    pthread_t thread;
    bool running;
    pthread_mutex_t forms_lock; // guards the list of forms, their holders, and the making of:
    struct token_trie *trie;    // the vocabulary for grammars; NULL until the first one
    struct form *forms;         // the latest used first
    pthread_mutex_t lock;       // guards everything below and what is marked so above
    pthread_cond_t work;        // something to do, or stop
    pthread_cond_t done;        // an answer is over, or a step is
    bool stop;
    bool resting,
        settled; // the worker has had nothing to do for long; weights do not move any more
    struct sequence **waiting; // in order of coming, [settings.queue]
    uint32_t waiting_count;
    struct sequence *active[SERVING_SESSIONS_MAX];
    uint32_t active_count;
    struct embedding *embeddings; // in order of coming
    uint32_t embedding_count;
    int64_t asked_us; // when requesters were last asked whether they still want
    struct serving_stats stats;
    uint64_t first_tokens;
};

// ---- serving_plan.c, serving_step.c: the worker's own, without the lock ----

// What a step computes. An active sequence has rows of logits when its part is chosen: one and
// those of its guesses; sequences that write come first.
struct plan {
    struct step_token tokens[ENGINE_BATCH];
    size_t n;
    struct plan_part {
        uint32_t read; // prompt tokens
        bool chosen;
        uint32_t guessed;
        int32_t draft[LOOKUP_MOST];
    } parts[SERVING_SESSIONS_MAX];
};

// Every answer that is being written gets a token, and guesses as far as there is room; prompts
// share the rest evenly.
void plan_all(struct serving *s, struct plan *p);

// A step for one active sequence alone.
void plan_one(struct serving *s, struct plan *p, uint32_t i);

// Computes one step for the active sequences, and ends those that are over by it.
void serving_step(struct serving *s);

// ---- serving_form.c: any thread ----

enum err_code serving_trie(struct serving *s, struct err *err); // makes s->trie
void form_hold(struct form *f);
void serving_forms_close(struct serving *s); // when nobody holds one

// ---- serving_embed.c, under the lock; lets it go while computing ----

// Computes the first embedding that waits, if there is one.
void serving_embed_next(struct serving *s);

// ---- answer.c, under the lock ----

// Ends a sequence; the answer's requester is told.
void sequence_end(struct sequence *q, enum answer_finish finish);

// Appends to the record. False when memory is out.
bool sequence_add(struct sequence *q, struct str text, const struct answer_token *token);

void answer_tell(struct answer *a);
void answer_free(struct answer *a);

#endif
