// One table of a model's figures, told as JSON and to Prometheus.
#include "server/model_metrics.h"

#include <stdlib.h>

enum figure_type { U32, U64, I64, BYTES, REAL };

// `json` and `name` are NULL where the figure is not told; microseconds become what `json_per` and
// `per` of them make one.
struct figure {
    size_t at;
    enum figure_type type;
    const char *json;
    double json_per;
    const char *name;
    double per;
    const char *kind, *help;
};

#define AT(member) offsetof(struct serving_stats, member)
static const struct figure figures[] = {
    {AT(active), U32, "active", 1, "active", 1, "gauge", "Answers being written."},
    {AT(sessions), U32, "sessions", 1, "sessions", 1, "gauge", "Answers written at once at most."},
    {AT(waiting), U32, "waiting", 1, "waiting", 1, "gauge", "Answers that wait."},
    {AT(queue), U32, "queue", 1, "queue", 1, "gauge", "Answers that may wait."},
    {AT(requests), U64, "requests", 1, "requests_total", 1, "counter", "Requests taken."},
    {AT(refused), U64, "refused", 1, "refused_total", 1, "counter",
     "Requests refused because the queue was full."},
    {AT(cancelled), U64, "cancelled", 1, "cancelled_total", 1, "counter", "Answers cancelled."},
    {AT(failed), U64, "failed", 1, "failed_total", 1, "counter", "Answers that failed."},
    {AT(prompt_tokens), U64, "prompt_tokens", 1, "prompt_tokens_total", 1, "counter",
     "Tokens of prompts computed."},
    {AT(cached_tokens), U64, "cached_tokens", 1, "cached_tokens_total", 1, "counter",
     "Tokens of prompts known from before."},
    {AT(tokens), U64, "tokens", 1, "tokens_total", 1, "counter", "Tokens written."},
    {AT(guessed), U64, "guessed_tokens", 1, "guessed_tokens_total", 1, "counter",
     "Tokens guessed from the text."},
    {AT(guessed_right), U64, "guessed_right_tokens", 1, "guessed_right_tokens_total", 1, "counter",
     "Tokens guessed from the text that were right."},
    {AT(steps), U64, "steps", 1, "steps_total", 1, "counter", "Steps computed."},
    {AT(prompt_us), I64, NULL, 0, "prompt_seconds_total", 1e6, "counter",
     "Time spent in reading prompts."},
    {AT(decode_us), I64, NULL, 0, "decode_seconds_total", 1e6, "counter", "Time spent in writing."},
    {AT(prompt_per_second), REAL, "prompt_per_second", 1, "prompt_tokens_per_second", 1, "gauge",
     "Reading speed of the latest answer."},
    {AT(decode_per_second), REAL, "tokens_per_second", 1, "tokens_per_second", 1, "gauge",
     "Writing speed of the latest answer."},
    {AT(first_token_us), I64, "first_token_ms", 1e3, "first_token_seconds", 1e6, "gauge",
     "Time to the latest answer's first token."},
    {AT(first_token_mean_us), REAL, "first_token_mean_ms", 1e3, "first_token_seconds_mean", 1e6,
     "gauge", "Its mean since loading."},
    {AT(weight_bytes), BYTES, "weight_bytes", 1, "weight_bytes", 1, "gauge",
     "Memory of the weights."},
    {AT(session_bytes), BYTES, "session_bytes", 1, "session_bytes", 1, "gauge",
     "Memory of a full conversation."},
    {AT(cache_bytes), BYTES, "cache_bytes", 1, "cache_bytes", 1, "gauge",
     "Memory of keys and values."},
};
enum { FIGURES = sizeof figures / sizeof *figures };

static double value_of(const struct figure *f, const struct serving_stats *s)
{
    const void *at = (const char *)s + f->at;
    switch (f->type) {
    case U32:
        return *(const uint32_t *)at;
    case U64:
        return (double)*(const uint64_t *)at;
    case I64:
        return (double)*(const int64_t *)at;
    case BYTES:
        return (double)*(const size_t *)at;
    case REAL:
        break;
    }
    return *(const double *)at;
}

void model_metrics_write_serving(struct json_out *j, const struct serving_stats *s)
{
    for (size_t k = 0; k < FIGURES; k++) {
        const struct figure *f = &figures[k];
        double value = value_of(f, s);
        if (f->json && (f->type == REAL || f->json_per > 1))
            json_key_real(j, f->json, value / f->json_per);
        else if (f->json)
            json_key_int(j, f->json, (int64_t)value);
    }
}

void model_metrics_write_json(struct app *app, struct json_out *j)
{
    struct app_model_info *list = NULL;
    size_t count = 0;
    app_models_list(app, &list, &count, NULL);
    json_key(j, "models");
    json_array(j);
    for (size_t i = 0; i < count && list[i].loaded; i++) {
        json_object(j);
        json_key_text(j, "name", list[i].name);
        json_key(j, "serving");
        json_object(j);
        model_metrics_write_serving(j, &list[i].stats);
        json_end(j);
        json_end(j);
    }
    json_end(j);
    free(list);
}

static void write_sample(const struct figure *f, const struct app_model_info *m, struct buf *out)
{
    buf_printf(out, "fettle_llm_%s{model=\"", f->name);
    for (const char *c = m->name; *c; c++) {
        if (*c == '"' || *c == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *c == '\n' ? ' ' : *c);
    }
    buf_add_z(out, "\"} ");
    buf_add_double(out, value_of(f, &m->stats) / f->per);
    buf_add_char(out, '\n');
}

void model_metrics_write_text(struct app *app, struct buf *out)
{
    struct app_model_info *list;
    size_t count;
    if (app_models_list(app, &list, &count, NULL) != ERR_OK)
        return;
    for (size_t k = 0; k < FIGURES && count && list[0].loaded; k++) {
        const struct figure *f = &figures[k];
        buf_printf(out, "# HELP fettle_llm_%s %s\n# TYPE fettle_llm_%s %s\n", f->name, f->help,
                   f->name, f->kind);
        for (size_t i = 0; i < count && list[i].loaded; i++)
            write_sample(f, &list[i], out);
    }
    free(list);
}
