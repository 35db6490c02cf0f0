// The worker: who runs next, who ends, opening and closing.
#include "llm/serving.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "llm/arch.h"
#include "llm/serving_private.h"

enum { SETTLE_BYTES = 8 << 20 }; // at once: a request waits for some milliseconds at most

static const int64_t ask_every_us = 100 * US_PER_MS;

static void fail_answer(struct sequence *q, enum err_code code, const char *why)
{
    if (!q->answer->error.code)
        err_set(&q->answer->error, code, "%s", why);
    sequence_end(q, ANSWER_FAILED);
}

// ---- the worker, under the lock ----

// Ends what nobody waits for any more, and what is out of time.
static void end_if_unwanted(struct serving *s, struct sequence *q, int64_t now, bool ask)
{
    struct answer *a = q->answer;
    if (ask && !a->cancelled && a->wanted && !a->wanted(a->arg))
        a->cancelled = true;
    if (a->cancelled || s->stop)
        fail_answer(q, ERR_CANCELLED, s->stop ? "the model is being unloaded" : "cancelled");
    else if (a->deadline_us && now > a->deadline_us)
        sequence_end(q, ANSWER_DEADLINE);
}

// A sequence is in neither list any more.
static void let_go(struct serving *s, struct answer *a)
{
    if (--a->listed)
        return;
    s->stats.cancelled += a->error.code == ERR_CANCELLED;
    s->stats.failed += a->error.code && a->error.code != ERR_CANCELLED;
    if (a->stats.prompt_us > 0)
        s->stats.prompt_per_second =
            (a->stats.prompt_tokens - a->stats.cached_tokens) * 1e6 / (double)a->stats.prompt_us;
    const struct sequence *first = &a->sequences[0];
    if (first->made > 1 && a->stats.decode_us > 0)
        s->stats.decode_per_second = (first->made - 1) * 1e6 / (double)a->stats.decode_us;
    if (a->released)
        answer_free(a);
}

// Takes those that are over out of both lists.
static void sweep(struct serving *s)
{
    int64_t now = clock_mono_us();
    bool ask = now - s->asked_us >= ask_every_us;
    if (ask && s->active_count + s->waiting_count)
        s->asked_us = now;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->active_count; i++) {
        struct sequence *q = s->active[i];
        if (q->state != SEQUENCE_OVER)
            end_if_unwanted(s, q, now, ask);
        if (q->state != SEQUENCE_OVER) {
            s->active[kept++] = q;
            continue;
        }
        session_close(&q->session);
        let_go(s, q->answer);
    }
    s->active_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < s->waiting_count; i++) {
        struct sequence *q = s->waiting[i];
        end_if_unwanted(s, q, now, ask);
        if (q->state != SEQUENCE_OVER)
            s->waiting[kept++] = q;
        else
            let_go(s, q->answer);
    }
    s->waiting_count = kept;
}

// The other choices of a prompt begin when it has been read once: they share it then.
static bool may_run(const struct sequence *q)
{
    const struct answer *a = q->answer;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->sequences[i].state == SEQUENCE_RUNS && a->sequences[i].prompt == q->prompt &&
            a->sequences[i].read < q->prompt_count)
            return false;
    return true;
}

// Whose answer has the fewest choices running; among these, who came first. NULL: none may run.
static struct sequence *next_waiting(struct serving *s)
{
    uint32_t best = s->waiting_count;
    for (uint32_t i = 0; i < s->waiting_count; i++)
        if (may_run(s->waiting[i]) &&
            (best == s->waiting_count ||
             s->waiting[i]->answer->running < s->waiting[best]->answer->running))
            best = i;
    if (best == s->waiting_count)
        return NULL;
    struct sequence *q = s->waiting[best];
    s->waiting_count--;
    memmove(s->waiting + best, s->waiting + best + 1,
            (s->waiting_count - best) * sizeof(struct sequence *));
    return q;
}

static void admit(struct serving *s)
{
    struct session_options options = {.context = s->settings.context, .cache = s->settings.cache};
    struct sequence *q;
    struct err err;
    while (s->active_count < s->settings.sessions && (q = next_waiting(s))) {
        struct answer *a = q->answer;
        options.adapter = a->adapter ? s->adapters[a->adapter - 1].adapter : NULL;
        if (session_open(s->engine, &options, &q->session, &err) != ERR_OK) {
            fail_answer(q, err.code, err.text);
            let_go(s, a);
            continue;
        }
        q->state = SEQUENCE_RUNS;
        q->began_us = clock_mono_us();
        q->read = session_reuse(q->session, q->prompt, q->prompt_count);
        s->stats.cached_tokens += q->read;
        if (a->stats.queued_us == 0)
            a->stats.queued_us = q->began_us - a->submitted_us;
        if (q->number % a->choices == 0)
            a->stats.cached_tokens += q->read;
        a->running++;
        s->active[s->active_count++] = q;
    }
}

// Waits until there is work. With nothing to do for a second, weights move to where they are read
// faster.
static void rest(struct serving *s)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    if (s->settled)
        pthread_cond_wait(&s->work, &s->lock);
    else if (s->resting || pthread_cond_timedwait(&s->work, &s->lock, &until) == ETIMEDOUT) {
        pthread_mutex_unlock(&s->lock);
        s->settled = !engine_settle(s->engine, SETTLE_BYTES);
        pthread_mutex_lock(&s->lock);
        s->resting = true;
    }
}

static void *work(void *arg)
{
    struct serving *s = arg;
    if (s->settings.nice > 0)
        setpriority(PRIO_PROCESS, (id_t)gettid(), s->settings.nice); // as good as it gets
    pthread_mutex_lock(&s->lock);
    for (;;) {
        sweep(s);
        serving_embed_next(s);
        if (s->stop && !s->embeddings)
            break;
        admit(s);
        if (s->active_count == 0) {
            if (s->waiting_count == 0 && !s->embeddings)
                rest(s);
            continue;
        }
        s->resting = false;
        pthread_mutex_unlock(&s->lock);
        serving_step(s);
        pthread_mutex_lock(&s->lock);
        s->stats.cache_bytes = engine_cache_bytes(s->engine);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

// ---- life ----

static enum err_code check_settings(const struct serving_settings *t, struct err *err)
{
    if (t->sessions < 1 || t->sessions > SERVING_SESSIONS_MAX)
        return err_set(err, ERR_USAGE, "sessions %u: 1 to %d expected", t->sessions,
                       SERVING_SESSIONS_MAX);
    if (t->queue < 1)
        return err_set(err, ERR_USAGE, "queue 0: at least 1 expected");
    if (t->adapter_count > SERVING_ADAPTERS_MAX)
        return err_set(err, ERR_USAGE, "%zu adapters: %d at most", t->adapter_count,
                       SERVING_ADAPTERS_MAX);
    return ERR_OK;
}

static enum err_code open_adapters(struct serving *s, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < s->settings.adapter_count && !code; i++) {
        const struct adapter_choice *from = &s->settings.adapters[i];
        str_copy(s->adapters[i].name, ADAPTER_NAME_BYTES, str_of(from->name));
        s->adapters[i].scale = from->scale;
        code = adapter_open(s->engine, from->path, from->scale, &s->adapters[i].adapter, err);
    }
    s->settings.adapters = NULL;
    return code;
}

// Opens a session, so that a context beyond memory fails now; starts the thread.
static enum err_code start(struct serving *s, struct err *err)
{
    uint32_t most = engine_model(s->engine)->shape.context;
    if (s->settings.context == 0 || s->settings.context > most)
        s->settings.context = most;
    struct session *probe = NULL;
    struct session_options options = {.context = s->settings.context, .cache = s->settings.cache};
    if (!serving_embeds(s)) {
        enum err_code code = session_open(s->engine, &options, &probe, err);
        if (code)
            return code;
        session_close(&probe);
        s->stats.session_bytes = session_bytes(s->engine, s->settings.context, s->settings.cache);
    }
    engine_keep(s->engine, s->settings.keep_bytes);
    s->stats.weight_bytes = engine_model(s->engine)->packed_bytes;
    if (pthread_create(&s->thread, NULL, work, s) != 0)
        return err_set(err, ERR_NO_MEMORY, "no thread for the model's worker");
    s->running = true;
    return ERR_OK;
}

enum err_code serving_open(const char *path, const struct serving_settings *settings,
                           struct serving **out, struct err *err)
{
    *out = NULL;
    enum err_code code = check_settings(settings, err);
    if (code)
        return code;
    struct serving *s = calloc(1, sizeof *s);
    struct sequence **waiting = calloc(settings->queue, sizeof *waiting);
    if (!s || !waiting) {
        free(s);
        free(waiting);
        return err_set(err, ERR_NO_MEMORY, "out of memory for a queue of %u", settings->queue);
    }
    s->waiting = waiting;
    s->settings = *settings;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->forms_lock, NULL);
    pthread_cond_init(&s->work, &attr);
    pthread_cond_init(&s->done, &attr);
    pthread_condattr_destroy(&attr);
    struct engine_options options = {settings->threads, settings->packed};
    code = engine_open_with(path, &options, &s->engine, err);
    if (!code)
        code = open_adapters(s, err);
    if (!code)
        code = start(s, err);
    if (code)
        serving_close(&s);
    *out = s;
    return code;
}

void serving_stop(struct serving *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
    if (s->running)
        pthread_join(s->thread, NULL);
    s->running = false;
}

void serving_close(struct serving **serving)
{
    struct serving *s = *serving;
    if (!s)
        return;
    serving_stop(s);
    serving_forms_close(s);
    token_trie_close(&s->trie);
    for (size_t i = 0; i < SERVING_ADAPTERS_MAX; i++)
        adapter_close(&s->adapters[i].adapter);
    engine_close(&s->engine);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->done);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->forms_lock);
    free(s->waiting);
    free(s);
    *serving = NULL;
}

const struct model *serving_model(const struct serving *s)
{
    return engine_model(s->engine);
}

const struct tokenizer *serving_tokenizer(const struct serving *s)
{
    return engine_tokenizer(s->engine);
}

bool serving_embeds(const struct serving *s)
{
    return engine_model(s->engine)->arch->encoder;
}

uint32_t serving_context(const struct serving *s)
{
    return s->settings.context;
}

size_t serving_adapters(const struct serving *s)
{
    return s->settings.adapter_count;
}

const char *serving_adapter_name(const struct serving *s, size_t number)
{
    return s->adapters[number - 1].name;
}

float serving_adapter_scale(const struct serving *s, size_t number)
{
    return s->adapters[number - 1].scale;
}

void serving_stats(struct serving *s, struct serving_stats *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->stats;
    out->active = s->active_count;
    out->waiting = s->waiting_count;
    pthread_mutex_unlock(&s->lock);
    out->sessions = s->settings.sessions;
    out->queue = s->settings.queue;
}
