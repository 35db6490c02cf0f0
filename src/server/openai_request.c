// Reads completion requests: every known member is checked by type and bounds.
#include "server/openai_request.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

enum { ARENA_MAX = 64 << 20, DEFAULT_COMPLETION_TOKENS = 16 };

bool openai_wrong(struct exchange *x, const char *field, const char *fmt, ...)
{
    char message[ERR_TEXT_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    reply_error(x, 400, "input", field, "%s: %s", field, message);
    return false;
}

const struct json_node *openai_member(const struct json_node *object, const char *name)
{
    const struct json_node *n = json_get(object, name);
    return n && n->type != JSON_NULL ? n : NULL;
}

static bool read_real(struct exchange *x, const struct openai_request *r, const char *name,
                      double min, double max, float *out)
{
    const struct json_node *n = openai_member(r->root, name);
    if (!n)
        return true;
    if (n->type != JSON_NUMBER || !(n->number >= min && n->number <= max))
        return openai_wrong(x, name, "a number from %g to %g expected", min, max);
    *out = (float)n->number;
    return true;
}

static bool read_int(struct exchange *x, const struct openai_request *r, const char *name,
                     int64_t min, int64_t max, int64_t *out)
{
    const struct json_node *n = openai_member(r->root, name);
    if (!n)
        return true;
    if (n->type != JSON_NUMBER || n->number != floor(n->number) || n->number < (double)min ||
        n->number > (double)max)
        return openai_wrong(x, name, "a whole number from %lld to %lld expected", (long long)min,
                            (long long)max);
    *out = (int64_t)n->number;
    return true;
}

static bool read_u32(struct exchange *x, const struct openai_request *r, const char *name,
                     int64_t min, int64_t max, uint32_t *out)
{
    int64_t value = *out;
    if (!read_int(x, r, name, min, max, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_bool(struct exchange *x, const struct json_node *object, const char *name,
                      const char *field, bool *out)
{
    const struct json_node *n = openai_member(object, name);
    if (n && n->type != JSON_BOOL)
        return openai_wrong(x, field, "true or false expected");
    *out = n ? n->truth : *out;
    return true;
}

static bool read_sampler(struct exchange *x, struct openai_request *r)
{
    struct sampler_settings *s = &r->serving.sampler;
    *s = SAMPLER_GREEDY;
    s->temperature = 1;
    int64_t seed = -1;
    bool ok = read_real(x, r, "temperature", 0, 2, &s->temperature) &&
              read_real(x, r, "top_p", 0, 1, &s->top_p) &&
              read_u32(x, r, "top_k", 0, INT32_MAX, &s->top_k) &&
              read_real(x, r, "min_p", 0, 1, &s->min_p) &&
              read_real(x, r, "typical_p", 0, 1, &s->typical_p) &&
              read_real(x, r, "repetition_penalty", 0.01, 100, &s->repetition_penalty) &&
              read_real(x, r, "frequency_penalty", -2, 2, &s->frequency_penalty) &&
              read_real(x, r, "presence_penalty", -2, 2, &s->presence_penalty) &&
              read_int(x, r, "seed", INT64_MIN / 1024, INT64_MAX / 1024, &seed);
    if (openai_member(r->root, "seed"))
        s->seed = (uint64_t)seed;
    else
        randombytes_buf(&s->seed, sizeof s->seed);
    return ok;
}

// {"1234": -100, ...}
static bool read_biases(struct exchange *x, struct openai_request *r)
{
    const struct json_node *n = openai_member(r->root, "logit_bias");
    if (!n)
        return true;
    if (n->type != JSON_OBJECT || n->count > OPENAI_BIASES_MAX)
        return openai_wrong(x, "logit_bias", "an object of at most %d tokens expected",
                            OPENAI_BIASES_MAX);
    struct sampler_bias *biases = arena_new(r->arena, n->count, sizeof *biases);
    size_t count = 0;
    for (const struct json_node *b = n->first; b && biases; b = b->next) {
        int64_t token;
        if (!str_to_i64(b->key, &token) || token < 0 || token > INT32_MAX ||
            b->type != JSON_NUMBER || !(fabs(b->number) <= 100))
            return openai_wrong(x, "logit_bias",
                                "token numbers with values from -100 to 100 expected, not %.32s",
                                b->key.p);
        biases[count++] = (struct sampler_bias){(int32_t)token, (float)b->number};
    }
    r->serving.sampler.biases = biases;
    r->serving.sampler.bias_count = count;
    return true;
}

static bool read_stops(struct exchange *x, struct openai_request *r)
{
    const struct json_node *n = openai_member(r->root, "stop");
    if (!n)
        return true;
    bool one = n->type == JSON_STRING;
    if (!one && n->type != JSON_ARRAY)
        return openai_wrong(x, "stop", "a text or a list of texts expected");
    size_t count = one ? 1 : n->count;
    if (count > STOP_STRINGS_MAX)
        return openai_wrong(x, "stop", "%zu texts, at most %d are taken", count, STOP_STRINGS_MAX);
    struct str *stops = arena_new(r->arena, count ? count : 1, sizeof *stops);
    size_t i = 0;
    for (const struct json_node *s = one ? n : n->first; s && stops; s = one ? NULL : s->next) {
        if (s->type != JSON_STRING || s->text.n == 0 || s->text.n > STOP_BYTES_MAX)
            return openai_wrong(x, "stop", "texts of 1 to %d bytes expected", STOP_BYTES_MAX);
        stops[i++] = s->text;
    }
    r->serving.stops = stops;
    r->serving.stop_count = i;
    return true;
}

// A chat has a switch and a count; a plain completion a count alone.
static bool read_logprobs(struct exchange *x, struct openai_request *r)
{
    uint32_t top = 0;
    if (r->is_chat) {
        if (!read_bool(x, r->root, "logprobs", "logprobs", &r->serving.logprobs) ||
            !read_u32(x, r, "top_logprobs", 0, SERVING_TOP_MAX, &top))
            return false;
        if (top && !r->serving.logprobs)
            return openai_wrong(x, "top_logprobs", "needs \"logprobs\": true");
    } else {
        if (!read_u32(x, r, "logprobs", 0, SERVING_TOP_MAX, &top))
            return false;
        r->serving.logprobs = openai_member(r->root, "logprobs") != NULL;
    }
    r->serving.top = top;
    return true;
}

static bool read_stream(struct exchange *x, struct openai_request *r)
{
    const struct json_node *options = openai_member(r->root, "stream_options");
    if (!read_bool(x, r->root, "stream", "stream", &r->stream))
        return false;
    if (options && options->type != JSON_OBJECT)
        return openai_wrong(x, "stream_options", "an object expected");
    if (options && !r->stream)
        return openai_wrong(x, "stream_options", "needs \"stream\": true");
    return read_bool(x, options, "include_usage", "stream_options.include_usage",
                     &r->include_usage);
}

// {"type": "text" | "json_object" | "json_schema", "json_schema": {"schema": {...}}}
static bool read_format(struct exchange *x, struct openai_request *r)
{
    const struct json_node *n = openai_member(r->root, "response_format");
    if (!n)
        return true;
    const char *type = json_get_text(n, "type");
    if (strcmp(type, "text") == 0)
        return true;
    if (strcmp(type, "json_object") == 0) {
        r->json_object = true;
        return true;
    }
    if (strcmp(type, "json_schema") != 0)
        return openai_wrong(x, "response_format.type", "text, json_object or json_schema expected");
    r->schema = json_get(json_get(n, "json_schema"), "schema");
    if (!r->schema || r->schema->type != JSON_OBJECT)
        return openai_wrong(x, "response_format.json_schema.schema", "a JSON Schema expected");
    return true;
}

// Beyond OpenAI's.
static bool read_lookup(struct exchange *x, struct openai_request *r)
{
    bool lookup = true;
    bool ok = read_bool(x, r->root, "lookup", "lookup", &lookup);
    r->serving.no_lookup = !lookup;
    return ok;
}

static bool read_numbers(struct exchange *x, struct openai_request *r)
{
    struct serving_request *s = &r->serving;
    s->choices = 1;
    s->max_tokens = r->is_chat ? 0 : DEFAULT_COMPLETION_TOKENS;
    return read_u32(x, r, "n", 1, SERVING_CHOICES_MAX, &s->choices) &&
           read_u32(x, r, "max_tokens", 1, INT32_MAX, &s->max_tokens) &&
           read_u32(x, r, "max_completion_tokens", 1, INT32_MAX, &s->max_tokens);
}

// ---- plain completions ----

static bool wrong_prompt(struct exchange *x)
{
    return openai_wrong(x, "prompt",
                        "a text, a list of token numbers, or a list of up to %d of these expected",
                        OPENAI_PROMPTS_MAX);
}

static bool read_prompt(struct exchange *x, const struct json_node *from, struct openai_prompt *out)
{
    out->text = (struct str){"", 0};
    if (from->type == JSON_STRING) {
        out->text = from->text;
        return true;
    }
    if (from->type != JSON_ARRAY || from->count == 0)
        return wrong_prompt(x);
    for (const struct json_node *n = from->first; n; n = n->next) {
        if (n->type != JSON_NUMBER || n->number != floor(n->number) || n->number < 0 ||
            n->number > INT32_MAX)
            return wrong_prompt(x);
        tokens_add(&out->tokens, (int32_t)n->number);
    }
    return !out->tokens.failed || openai_wrong(x, "prompt", "out of memory");
}

static bool take_prompts(struct exchange *x, struct openai_request *r, size_t count)
{
    r->prompts = arena_new(r->arena, count, sizeof *r->prompts);
    r->prompt_count = r->prompts ? count : 0;
    return r->prompts || openai_wrong(x, "prompt", "out of memory");
}

static bool read_prompts(struct exchange *x, struct openai_request *r)
{
    const struct json_node *n = openai_member(r->root, "prompt");
    if (!n)
        return wrong_prompt(x);
    if (n->type != JSON_ARRAY || (n->count && n->first->type == JSON_NUMBER))
        return take_prompts(x, r, 1) && read_prompt(x, n, &r->prompts[0]);
    if (n->count == 0 || n->count > OPENAI_PROMPTS_MAX)
        return wrong_prompt(x);
    if (!take_prompts(x, r, n->count))
        return false;
    size_t i = 0;
    for (const struct json_node *one = n->first; one; one = one->next)
        if (!read_prompt(x, one, &r->prompts[i++]))
            return false;
    return true;
}

static bool read_plain(struct exchange *x, struct openai_request *r)
{
    int64_t best_of = 1;
    if (!read_prompts(x, r) || !read_bool(x, r->root, "echo", "echo", &r->echo) ||
        !read_int(x, r, "best_of", 1, 1, &best_of))
        return false;
    if (r->echo && r->serving.logprobs)
        return openai_wrong(x, "echo", "not with logprobs");
    if (openai_member(r->root, "suffix") && json_get_text(r->root, "suffix")[0])
        return openai_wrong(x, "suffix", "is not supported: the text goes on at its end");
    return true;
}

// ---- all ----

static bool read_root(struct exchange *x, struct openai_request *r)
{
    struct json_node *root = NULL;
    struct err err;
    if (!str_is_utf8(buf_str(&x->body))) {
        reply_error(x, 400, "input", NULL, "the body is not UTF-8");
        return false;
    }
    r->arena = arena_open(ARENA_MAX);
    if (!r->arena) {
        reply_error(x, 503, "no_memory", NULL, "out of memory for the body");
        return false;
    }
    if (json_read(r->arena, buf_str(&x->body), "body", &root, &err) != ERR_OK) {
        reply_err(x, &err, NULL);
        return false;
    }
    if (root->type != JSON_OBJECT) {
        reply_error(x, 400, "input", NULL, "body: an object expected");
        return false;
    }
    r->root = root;
    const struct json_node *model = openai_member(root, "model");
    if (model && model->type != JSON_STRING)
        return openai_wrong(x, "model", "a name expected");
    r->model = model ? model->text.p : "";
    return true;
}

bool openai_request_read(struct exchange *x, bool is_chat, struct openai_request *r)
{
    *r = (struct openai_request){.is_chat = is_chat};
    return read_root(x, r) && read_sampler(x, r) && read_biases(x, r) && read_stops(x, r) &&
           read_logprobs(x, r) && read_stream(x, r) && read_numbers(x, r) && read_lookup(x, r) &&
           (is_chat ? take_prompts(x, r, 1) && read_format(x, r) && openai_read_messages(x, r) &&
                          openai_read_tools(x, r)
                    : read_plain(x, r));
}

void openai_request_free(struct openai_request *r)
{
    form_release(&r->serving.form);
    for (size_t i = 0; i < r->prompt_count; i++)
        tokens_free(&r->prompts[i].tokens);
    arena_close(&r->arena);
}
