// POST /v1/embeddings: texts as points, by an encoder.
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "app/models.h"
#include "base/json_doc.h"
#include "server/handlers.h"
#include "server/openai_request.h"

enum { INPUTS_MAX = 2048, ARENA_MAX = 64 << 20 };

// A request and its results; a thread of its own computes while the exchange waits.
struct embeddings {
    struct exchange *exchange;
    struct app_model *model;
    struct arena *arena;
    struct tokens inputs[INPUTS_MAX];
    size_t count;
    size_t width;
    float *values; // [count][width]
    bool base64;
    enum err_code code;
    struct err err;
};

static void embeddings_free(struct embeddings *e, struct app *app)
{
    app_model_release(app, &e->model);
    for (size_t i = 0; i < e->count; i++)
        tokens_free(&e->inputs[i]);
    arena_close(&e->arena);
    free(e->values);
    free(e);
}

static void free_work(struct exchange *x)
{
    embeddings_free(x->work, x->app);
}

// ---- reading ----

static bool add_tokens(struct exchange *x, struct embeddings *e, const struct json_node *list)
{
    struct tokens *t = &e->inputs[e->count++];
    for (const struct json_node *n = list->first; n; n = n->next) {
        if (n->type != JSON_NUMBER || n->number != floor(n->number) || n->number < 0 ||
            n->number > INT32_MAX)
            return openai_wrong(x, "input", "texts or lists of token numbers expected");
        tokens_add(t, (int32_t)n->number);
    }
    return t->n > 0 || openai_wrong(x, "input", "is empty");
}

static bool add_input(struct exchange *x, struct embeddings *e, const struct json_node *n)
{
    struct err err;
    if (n->type == JSON_ARRAY)
        return add_tokens(x, e, n);
    if (n->type != JSON_STRING)
        return openai_wrong(x, "input", "texts or lists of token numbers expected");
    if (n->text.n == 0)
        return openai_wrong(x, "input", "is empty");
    const struct tokenizer *t = serving_tokenizer(app_model_serving(e->model));
    if (tokenizer_encode(t, n->text, TOKENIZE_ENDS, &e->inputs[e->count++], &err) == ERR_OK)
        return true;
    reply_err(x, &err, "input");
    return false;
}

static bool read_input(struct exchange *x, struct embeddings *e, const struct json_node *n)
{
    if (!n)
        return openai_wrong(x, "input", "a text or a list of texts expected");
    bool one = n->type != JSON_ARRAY || (n->count && n->first->type == JSON_NUMBER);
    if (one)
        return add_input(x, e, n);
    if (n->count == 0 || n->count > INPUTS_MAX)
        return openai_wrong(x, "input", "1 to %d texts expected", INPUTS_MAX);
    for (const struct json_node *i = n->first; i; i = i->next)
        if (!add_input(x, e, i))
            return false;
    return true;
}

static bool read_format(struct exchange *x, struct embeddings *e, const struct json_node *root)
{
    const struct json_node *format = openai_member(root, "encoding_format");
    const struct json_node *size = openai_member(root, "dimensions");
    const char *word = format ? json_get_text(root, "encoding_format") : "float";
    e->base64 = strcmp(word, "base64") == 0;
    if (!e->base64 && strcmp(word, "float") != 0)
        return openai_wrong(x, "encoding_format", "float or base64 expected");
    if (size && (size->type != JSON_NUMBER || size->number != (double)e->width))
        return openai_wrong(x, "dimensions", "the model gives %zu", e->width);
    return true;
}

static bool hold_model(struct exchange *x, struct embeddings *e, const struct json_node *root)
{
    struct err err;
    const struct json_node *name = openai_member(root, "model");
    if (name && name->type != JSON_STRING)
        return openai_wrong(x, "model", "a name expected");
    if (app_model_hold(x->app, name ? name->text.p : "", &e->model, &err) != ERR_OK) {
        reply_error(x, 404, "model_not_found", "model", "%s", err.text);
        return false;
    }
    const struct serving *s = app_model_serving(e->model);
    e->width = serving_model(s)->shape.C;
    return serving_embeds(s) || openai_wrong(x, "model", "%s writes text, it makes no embeddings",
                                             app_model_name(e->model));
}

static bool read_request(struct exchange *x, struct embeddings *e)
{
    struct json_node *root = NULL;
    struct err err;
    e->arena = arena_open(ARENA_MAX);
    if (!str_is_utf8(buf_str(&x->body))) {
        reply_error(x, 400, "input", NULL, "the body is not UTF-8");
        return false;
    }
    enum err_code code = e->arena ? json_read(e->arena, buf_str(&x->body), "body", &root, &err)
                                  : err_set(&err, ERR_NO_MEMORY, "out of memory for the body");
    if (code) {
        reply_err(x, &err, NULL);
        return false;
    }
    return hold_model(x, e, root) && read_format(x, e, root) &&
           read_input(x, e, openai_member(root, "input"));
}

// ---- computing ----

static void *compute(void *arg)
{
    struct embeddings *e = arg;
    struct serving *s = app_model_serving(e->model);
    for (size_t i = 0; i < e->count && !e->code; i++)
        e->code =
            serving_embed(s, e->inputs[i].p, e->inputs[i].n, e->values + i * e->width, &e->err);
    exchange_continue(e->exchange);
    return NULL;
}

static void write_values(struct json_out *j, const struct embeddings *e, const float *values)
{
    json_key(j, "embedding");
    if (!e->base64) {
        json_array(j);
        for (size_t k = 0; k < e->width; k++)
            json_real(j, (double)values[k]);
        json_end(j);
        return;
    }
    // Little-endian floats, as clients read them.
    size_t bytes = e->width * sizeof *values;
    size_t room = sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    if (text)
        sodium_bin2base64(text, room, (const unsigned char *)values, bytes,
                          sodium_base64_VARIANT_ORIGINAL);
    json_text(j, text);
    free(text);
}

static void finish(struct exchange *x)
{
    const struct embeddings *e = x->work;
    size_t tokens = 0;
    if (e->code == ERR_BUSY)
        reply_error(x, 429, "rate_limit_exceeded", NULL, "%s", e->err.text);
    else if (e->code == ERR_LIMIT)
        reply_error(x, 400, "context_length_exceeded", "input", "%s", e->err.text);
    else if (e->code)
        reply_err(x, &e->err, "input");
    if (e->code)
        return;
    struct json_out j;
    reply_json(x, &j);
    json_object(&j);
    json_key_text(&j, "object", "list");
    json_key(&j, "data");
    json_array(&j);
    for (size_t i = 0; i < e->count; i++) {
        tokens += e->inputs[i].n;
        json_object(&j);
        json_key_text(&j, "object", "embedding");
        json_key_int(&j, "index", (int64_t)i);
        write_values(&j, e, e->values + i * e->width);
        json_end(&j);
    }
    json_end(&j);
    json_key_text(&j, "model", app_model_name(e->model));
    json_key(&j, "usage");
    json_object(&j);
    json_key_int(&j, "prompt_tokens", (int64_t)tokens);
    json_key_int(&j, "total_tokens", (int64_t)tokens);
    json_end(&j);
    json_end(&j);
}

void handle_embeddings(struct exchange *x)
{
    struct embeddings *e = calloc(1, sizeof *e);
    pthread_t thread;
    if (!e) {
        reply_error(x, 503, "no_memory", NULL, "out of memory for the request");
        return;
    }
    if (!read_request(x, e)) {
        embeddings_free(e, x->app);
        return;
    }
    e->exchange = x;
    e->values = calloc(e->count * e->width, sizeof *e->values);
    x->work = e;
    x->free_work = free_work;
    x->finish = finish;
    exchange_wait(x);
    if (e->values && pthread_create(&thread, NULL, compute, e) == 0) {
        pthread_detach(thread);
        return;
    }
    e->code = err_set(&e->err, ERR_NO_MEMORY, "out of memory for the embeddings");
    exchange_continue(x);
}
