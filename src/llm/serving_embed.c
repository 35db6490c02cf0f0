// Embeddings: the worker computes them between two steps; who asks waits.
#include "llm/serving_private.h"

enum err_code serving_embed(struct serving *s, const int32_t *ids, size_t n, float *out,
                            struct err *err)
{
    struct embedding job = {.ids = ids, .n = n, .out = out};
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&s->lock);
    if (s->stop) {
        code = err_set(err, ERR_CANCELLED, "the model is being unloaded");
    } else if (s->embedding_count == s->settings.queue) {
        s->stats.refused++;
        code = err_set(err, ERR_BUSY, "%u embeddings wait already: try again", s->settings.queue);
    } else {
        struct embedding **end = &s->embeddings;
        while (*end)
            end = &(*end)->next;
        *end = &job;
        s->embedding_count++;
        s->stats.requests++;
        pthread_cond_signal(&s->work);
        while (!job.done)
            pthread_cond_wait(&s->done, &s->lock);
        code = job.err.code ? err_set(err, job.err.code, "%s", job.err.text) : ERR_OK;
    }
    pthread_mutex_unlock(&s->lock);
    return code;
}

void serving_embed_next(struct serving *s)
{
    struct embedding *job = s->embeddings;
    if (!job)
        return;
    s->embeddings = job->next;
    if (s->stop) {
        err_set(&job->err, ERR_CANCELLED, "the model is being unloaded");
    } else {
        pthread_mutex_unlock(&s->lock);
        engine_embed(s->engine, job->ids, job->n, job->out, &job->err);
        pthread_mutex_lock(&s->lock);
        s->stats.prompt_tokens += job->n;
        s->stats.failed += job->err.code != ERR_OK;
    }
    s->embedding_count--;
    job->done = true;
    pthread_cond_broadcast(&s->done);
}
