// POST /diagnose: a log explained by the model, whole or sentence by sentence.
#include <math.h>
#include <stdlib.h>

#include "app/diagnose.h"
#include "server/handlers.h"
#include "server/json_body.h"
#include "server/listener.h"

// One diagnosis until it is told; owned by the exchange or by its stream.
struct consultation {
    struct app *app;
    struct app_model *model;
    struct diagnose_job *job;
    char asset[PLANT_NAME_BYTES];
    uint64_t seed;
    struct buf shown; // of a stream: text for the next event
    struct listener listener;
};

static void consultation_free(void *consultation)
{
    struct consultation *c = consultation;
    diagnose_end(&c->job);
    app_model_release(c->app, &c->model);
    buf_free(&c->shown);
    listener_free(&c->listener);
    free(c);
}

// ---- the request ----

struct asked {
    struct diagnose_request request;
    bool stream;
};

static bool read_number(struct exchange *x, const struct json_node *n, double least, double most,
                        bool whole, double *out)
{
    if (n->type == JSON_NUMBER && n->number >= least && n->number <= most &&
        (!whole || n->number == floor(n->number))) {
        *out = n->number;
        return true;
    }
    reply_error(x, 400, "input", n->key.p, "%s: a %snumber from %.16g to %.16g expected", n->key.p,
                whole ? "whole " : "", least, most);
    return false;
}

static bool read_flag(struct exchange *x, const struct json_node *n, bool *out)
{
    *out = n->truth;
    if (n->type != JSON_BOOL)
        reply_error(x, 400, "input", n->key.p, "%s: true or false expected", n->key.p);
    return n->type == JSON_BOOL;
}

static bool read_text(struct exchange *x, const struct json_node *n, struct str *out)
{
    *out = n->text;
    if (n->type != JSON_STRING)
        reply_error(x, 400, "input", n->key.p, "%s: a text expected", n->key.p);
    return n->type == JSON_STRING;
}

static bool read_member(struct exchange *x, const struct json_node *n, struct asked *to)
{
    struct diagnose_request *r = &to->request;
    double number = 0;
    bool good;
    if (n->type == JSON_NULL)
        return true;
    if (str_is(n->key, "query"))
        return read_text(x, n, &r->query);
    if (str_is(n->key, "context"))
        return read_text(x, n, &r->context);
    if (str_is(n->key, "asset"))
        return read_text(x, n, &r->asset);
    if (str_is(n->key, "raw"))
        return read_flag(x, n, &r->raw);
    if (str_is(n->key, "stream"))
        return read_flag(x, n, &to->stream);
    if (str_is(n->key, "max_tokens")) {
        good = read_number(x, n, 1, EXPLAIN_TOKENS_MAX, true, &number);
        r->max_tokens = (uint32_t)number;
    } else if (str_is(n->key, "seed")) {
        good = read_number(x, n, 0, 9007199254740991.0, true, &number);
        r->seed = (uint64_t)number;
    } else if (str_is(n->key, "temperature")) {
        good = read_number(x, n, 0, 2, false, &number);
        r->temperature = (float)number;
    } else {
        json_body_unknown(x, n,
                          "query, context, asset, raw, seed, temperature, max_tokens, stream");
        good = false;
    }
    return good;
}

// ---- the answer ----

static void write_report(const struct consultation *c, struct json_out *j)
{
    json_object(j);
    diagnose_json(c->job, j);
    json_key_text(j, "asset", c->asset[0] ? c->asset : NULL);
    json_key_text(j, "model", app_model_name(c->model));
    json_key_int(j, "seed", (int64_t)c->seed);
    json_key(j, "speed");
    json_object(j);
    diagnose_speed_json(c->job, j);
    json_end(j);
    json_end(j);
}

// No model is 503 with where it belongs, a full queue 429.
static void refuse(struct exchange *x, const struct err *err, const char *field)
{
    if (err->code == ERR_BUSY)
        reply_error(x, 429, "busy", NULL, "%s", err->text);
    else if (err->code == ERR_LIMIT)
        reply_error(x, 400, "limit", field, "%s", err->text);
    else
        reply_err(x, err, field);
}

// ---- whole answers ----

// Takes what has come; waits for more, or answers.
static void go_on(struct exchange *x)
{
    struct consultation *c = x->work;
    enum explain_state state = EXPLAIN_GOES_ON;
    struct err err;
    struct json_out j;
    while (state == EXPLAIN_GOES_ON)
        if (explain_step(diagnose_explanation(c->job), NULL, listener_wait, &state, &err) !=
            ERR_OK) {
            refuse(x, &err, NULL);
            return;
        }
    if (state == EXPLAIN_WAITS)
        return;
    reply_json(x, &j);
    write_report(c, &j);
}

static void free_whole(struct exchange *x)
{
    consultation_free(x->work);
}

// ---- streams ----

static void write_text_event(struct consultation *c)
{
    struct json_out j;
    buf_add_z(&c->listener.out, "event: text\ndata: ");
    json_open(&j, &c->listener.out);
    json_object(&j);
    json_key(&j, "text");
    json_str(&j, buf_str(&c->shown));
    json_end(&j);
    buf_add_z(&c->listener.out, "\n\n");
}

static void write_end_event(struct consultation *c, enum err_code code, const struct err *err)
{
    struct json_out j;
    buf_add_z(&c->listener.out, code ? "event: error\ndata: " : "event: diagnosis\ndata: ");
    json_open(&j, &c->listener.out);
    if (code) {
        json_object(&j);
        json_key_text(&j, "code", err_name(code));
        json_key_text(&j, "message", err->text);
        json_end(&j);
    } else {
        write_report(c, &j);
    }
    buf_add_z(&c->listener.out, "\n\n");
    c->listener.ended = true;
}

// Formats what is new. False: nothing is, and the connection has been suspended.
static bool fill_stream(void *consultation)
{
    struct consultation *c = consultation;
    enum explain_state state;
    struct err err;
    buf_reset(&c->listener.out);
    buf_reset(&c->shown);
    enum err_code code =
        explain_step(diagnose_explanation(c->job), &c->shown, listener_suspend, &state, &err);
    if (code == ERR_OK && state == EXPLAIN_WAITS)
        return false;
    if (c->shown.n)
        write_text_event(c);
    if (code || state == EXPLAIN_OVER)
        write_end_event(c, code, &err);
    return true;
}

// ---- beginning ----

static bool begin(struct exchange *x, struct consultation *c, struct asked *asked)
{
    struct explain_model model;
    struct join_tools tools = app_join_tools(c->app);
    struct diagnose_request *r = &asked->request;
    struct err err;
    enum err_code code = app_diagnose_model(c->app, &c->model, &err);
    if (code == ERR_OK)
        code = app_diagnose_explain(c->model, &model, &err);
    if (code == ERR_NOT_FOUND) {
        reply_error(x, 503, "no_model", NULL, "%s", err.text);
        return false;
    }
    r->deadline_us = c->model ? clock_mono_us() + app_model_time_limit_us(c->model) : 0;
    r->wanted = listener_is_there;
    r->notify = asked->stream ? listener_resume : listener_continue;
    r->arg = &c->listener;
    r->draws = DRAWS_MAX;
    if (code == ERR_OK)
        code = diagnose_begin(&model, r, &tools, &c->job, &err);
    if (code)
        refuse(x, &err, code == ERR_NOT_FOUND ? "asset" : code == ERR_LIMIT ? "context" : NULL);
    return code == ERR_OK;
}

static void diagnose(struct exchange *x, struct asked *asked)
{
    struct consultation *c = calloc(1, sizeof *c);
    if (!c) {
        reply_error(x, 503, "no_memory", NULL, "out of memory for the request");
        return;
    }
    c->app = x->app;
    listener_open(&c->listener, x);
    c->seed = asked->request.seed;
    str_copy(c->asset, sizeof c->asset, asked->request.asset);
    if (!begin(x, c, asked)) {
        consultation_free(c);
    } else if (asked->stream) {
        listener_stream(&c->listener, x, c, fill_stream, consultation_free);
    } else {
        x->work = c;
        x->free_work = free_whole;
        x->finish = go_on;
        go_on(x);
    }
}

void handle_diagnose(struct exchange *x)
{
    struct asked asked = {
        .request = {.query = STR_LIT(""), .context = STR_LIT(""), .asset = STR_LIT("")}};
    struct arena *arena;
    const struct json_node *n;
    bool good = json_body_open(x, &arena, &n);
    for (; n && good; n = n->next)
        good = read_member(x, n, &asked);
    if (good)
        diagnose(x, &asked);
    arena_close(&arena);
}
