// Examples of summaries: the facts of a made-up window, and what an operator should be told.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diagnose/summary_facts.h"
#include "factory/factory_private.h"
#include "factory/window.h"

enum { SENTENCE_BYTES = 384 };

struct work {
    struct made_window window;
    char watched[SUMMARY_PHRASE_BYTES], lasted[SUMMARY_PHRASE_BYTES];
    char from[SUMMARY_PHRASE_BYTES], to[SUMMARY_PHRASE_BYTES];
};

// What a sentence about one line is made of.
struct line_words {
    char where[SENTENCE_BYTES], event[SENTENCE_BYTES], when[SENTENCE_BYTES], check[SENTENCE_BYTES];
    char reading[SENTENCE_BYTES], count[24];
    char start[SUMMARY_PHRASE_BYTES], end[SUMMARY_PHRASE_BYTES], lasted[SUMMARY_PHRASE_BYTES];
};

// Of a kind of anomaly: its rules, its noun, and ways to recognise it in an answer.
static const struct kind_words {
    const char *rule, *check, *noun, *ways;
} kind_words[ANOMALY_KIND_COUNT] = {
    [ANOMALY_SPIKE] = {"spike", "check_spike", "spike", "spik*"},
    [ANOMALY_DRIFT] = {"drift", "check_drift", "drift", "drift*"},
    [ANOMALY_DROPOUT] = {"dropout", "check_dropout", "dropout", "dropout*|no data|silent"},
    [ANOMALY_LEVEL_SHIFT] = {"level_shift", "check_level_shift", "level shift", "shift*|step*"},
    [ANOMALY_STUCK] = {"stuck", "check_stuck", "stuck value", "stuck|frozen"},
    [ANOMALY_NOISE] = {"noise", "check_noise", "case of noise", "nois*"},
    [ANOMALY_SEASONAL] = {"seasonal", "check_seasonal", "seasonal departure", "seasonal*"},
    [ANOMALY_PATTERN] = {"pattern", "check_pattern", "unusual pattern", "pattern*"},
    [ANOMALY_MULTIVARIATE] = {"multivariate", "check_multivariate", "multivariate anomaly",
                              "multivariate*"},
};

static enum err_code say(struct maker *m, struct factory_example *e,
                         const struct grammar_slot *slots, const char *rule, char *to, size_t cap,
                         struct err *err)
{
    struct grammar_use use = maker_use(m, e, slots);
    struct buf text = {0};
    enum err_code code = factory_grammar_say(&use, rule, &text, err);
    if (code == ERR_OK && !str_copy(to, cap, buf_str(&text)))
        code = err_set(err, ERR_INTERNAL, "summaries: a sentence from %s is too long", rule);
    buf_free(&text);
    return code;
}

// ---- one line ----

static void reading_text(const struct summary_line *l, char to[SENTENCE_BYTES])
{
    char value[SUMMARY_PHRASE_BYTES], bound[SUMMARY_PHRASE_BYTES];
    const char *unit = l->sensor->unit;
    double edge = summary_line_edge(l);
    if (l->kind == ANOMALY_DROPOUT) {
        summary_duration_text(l->silent_us, value);
        snprintf(to, SENTENCE_BYTES, isnan(l->limit) ? "%s" : "%s, limit %.4g s", value, l->limit);
        return;
    }
    summary_value_text(l->value, edge, unit, value);
    snprintf(to, SENTENCE_BYTES, "%s", value);
    if (!isnan(l->limit)) {
        summary_value_text(l->limit, l->value, unit, bound);
        snprintf(to, SENTENCE_BYTES, "%s, %s the limit of %s", value,
                 l->value < l->limit ? "below" : "above", bound);
    } else if (!isnan(l->low) && !isnan(l->high)) {
        const char *place = l->value < l->low    ? "below the "
                            : l->value > l->high ? "above the "
                                                 : "";
        summary_band_text(l->low, l->high, unit, bound);
        snprintf(to, SENTENCE_BYTES, "%s, %sexpected %s", value, place, bound);
    }
}

static const char *when_rule(const struct summary_line *l)
{
    bool dropout = l->kind == ANOMALY_DROPOUT;
    if (l->end_us == TIME_NONE && l->is_new)
        return dropout ? "open_dropout_new" : "open_new";
    if (l->end_us == TIME_NONE)
        return dropout ? "open_dropout" : "open";
    if (l->end_us - l->start_us < US_PER_SECOND)
        return "at";
    return dropout ? "ended_dropout" : "ended";
}

static enum err_code find_words(struct maker *m, struct factory_example *e, const struct work *w,
                                const struct summary_line *l, struct line_words *to,
                                struct err *err)
{
    const struct summary_facts *f = &w->window.facts;
    int64_t end_us = l->end_us == TIME_NONE ? f->to_us : l->end_us;
    const char *rule =
        l->kind == ANOMALY_SPIKE && l->side == SIDE_LOW ? "spike_low" : kind_words[l->kind].rule;
    reading_text(l, to->reading);
    snprintf(to->count, sizeof to->count, "%zu", l->count);
    summary_time_text(l->start_us, f->to_us, to->start);
    summary_time_text(end_us, f->to_us, to->end);
    summary_duration_text(end_us - l->start_us, to->lasted);
    const struct grammar_slot slots[] = {{"asset", l->sensor->asset_name},
                                         {"parameter", l->sensor->parameter},
                                         {"reading", to->reading},
                                         {"count", to->count},
                                         {"start", to->start},
                                         {"end", to->end},
                                         {"lasted", to->lasted},
                                         {NULL, NULL}};
    enum err_code code = say(m, e, slots, "where", to->where, sizeof to->where, err);
    if (code == ERR_OK)
        code = say(m, e, slots, rule, to->event, sizeof to->event, err);
    size_t n = strlen(to->event);
    if (code == ERR_OK && l->count > 1)
        code = say(m, e, slots, "times", to->event + n, sizeof to->event - n, err);
    if (code == ERR_OK)
        code = say(m, e, slots, when_rule(l), to->when, sizeof to->when, err);
    if (code == ERR_OK)
        code = say(m, e, slots, kind_words[l->kind].check, to->check, sizeof to->check, err);
    return code;
}

static enum err_code say_line(struct maker *m, struct factory_example *e,
                              const struct summary_line *l, const struct line_words *words,
                              const char *rule, struct err *err)
{
    const struct grammar_slot slots[] = {{"where", words->where},
                                         {"event", words->event},
                                         {"when", words->when},
                                         {"severity", severity_name(l->severity)},
                                         {"kind", kind_words[l->kind].noun},
                                         {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    return factory_grammar_say(&use, rule, &e->output, err);
}

// ---- counts ----

// "; " between clauses.
static enum err_code add_clause(struct maker *m, struct factory_example *e, const char *rule,
                                int64_t n, struct buf *to, struct err *err)
{
    char number[24], quiet[24], assets[24];
    const struct work *w = m->scratch;
    snprintf(number, sizeof number, "%lld", (long long)n);
    snprintf(quiet, sizeof quiet, "%zu", summary_facts_quiet_assets(&w->window.facts));
    snprintf(assets, sizeof assets, "%lld", (long long)w->window.facts.assets);
    const struct grammar_slot slots[] = {
        {"n", number}, {"quiet", quiet}, {"assets", assets}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    if (to->n)
        buf_add_z(to, "; ");
    return factory_grammar_say(&use, rule, to, err);
}

static void add_count(struct buf *to, const char **gap, int64_t count, const char *what)
{
    if (count > 0) {
        buf_printf(to, "%s%lld %s", *gap, (long long)count, what);
        *gap = ", ";
    }
}

// What else the window's facts say: incidents, data, quiet assets.
static enum err_code rest_text(struct maker *m, struct factory_example *e,
                               const struct summary_facts *f, struct buf *to, struct err *err)
{
    const struct {
        int64_t count;
        const char *one, *many;
    } incidents[] = {{f->incidents_opened, "incident opened", "incidents opened"},
                     {f->incidents_closed, "incident closed", "incidents closed"},
                     {f->incidents_active, "incident active", "incidents active"}};
    const char *gap = "";
    enum err_code code = ERR_OK;
    size_t quiet = summary_facts_quiet_assets(f);
    for (size_t i = 0; i < 3; i++)
        add_count(to, &gap, incidents[i].count,
                  gap[0]                    ? incidents[i].one + strlen("incident ")
                  : incidents[i].count == 1 ? incidents[i].one
                                            : incidents[i].many);
    if (f->late > 0)
        code = add_clause(m, e, f->late == 1 ? "late_one" : "late", f->late, to, err);
    if (code == ERR_OK && f->missing > 0)
        code = add_clause(m, e, f->missing == 1 ? "missing_one" : "missing", f->missing, to, err);
    if (code == ERR_OK && quiet > 0 && f->anomalies)
        code = add_clause(m, e, quiet == 1 ? "quiet_one" : "quiet_assets", 0, to, err);
    return code;
}

static enum err_code say_numbers(struct maker *m, struct factory_example *e,
                                 const struct summary_facts *f, struct err *err)
{
    struct buf rest = {0}, numbers = {0};
    char total[24];
    const char *gap = ": ";
    enum err_code code = rest_text(m, e, f, &rest, err);
    snprintf(total, sizeof total, "%zu", f->anomalies);
    add_count(&numbers, &gap, (int64_t)f->open, "open");
    add_count(&numbers, &gap, (int64_t)f->begun, "new");
    add_count(&numbers, &gap, (int64_t)f->ended, "ended");
    if (rest.n)
        buf_printf(&numbers, "; %s", rest.p);
    const struct grammar_slot slots[] = {{"total", total},
                                         {"numbers", numbers.n ? numbers.p : ""},
                                         {"rest", rest.n ? rest.p : ""},
                                         {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    bool several = f->anomalies > 1;
    if (code == ERR_OK && (several || rest.n)) {
        buf_add_z(&e->output, e->output.n ? " " : "");
        code = factory_grammar_say(&use, several ? "numbers" : "rest", &e->output, err);
    }
    buf_free(&rest);
    buf_free(&numbers);
    return code;
}

// ---- the answer ----

static enum err_code say_quiet(struct maker *m, struct factory_example *e, const struct work *w,
                               struct err *err)
{
    const struct summary_facts *f = &w->window.facts;
    const struct grammar_slot slots[] = {{"from", w->from},
                                         {"to", w->to},
                                         {"window", w->lasted},
                                         {"watched", w->watched},
                                         {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    enum err_code code = factory_grammar_say(&use, "quiet", &e->output, err);
    size_t before = e->output.n;
    if (code == ERR_OK)
        code = say_numbers(m, e, f, err);
    if (code == ERR_OK && e->output.n == before) {
        buf_add_char(&e->output, ' ');
        code = factory_grammar_say(&use, "nothing_to_do", &e->output, err);
    }
    return code;
}

static enum err_code say_anomalies(struct maker *m, struct factory_example *e, const struct work *w,
                                   struct err *err)
{
    const struct summary_facts *f = &w->window.facts;
    const struct summary_line *worst = &f->lines[0];
    struct line_words words;
    char check[SENTENCE_BYTES] = "";
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < f->line_count && i < 2; i++) {
        const char *rule = i ? "next" : f->anomalies == 1 ? "only" : "worst";
        buf_add_z(&e->output, i ? " " : "");
        code = find_words(m, e, w, &f->lines[i], &words, err);
        if (code == ERR_OK)
            code = say_line(m, e, &f->lines[i], &words, rule, err);
        if (i == 0 && code == ERR_OK) {
            const struct grammar_slot slots[] = {
                {"asset", worst->sensor->asset_name}, {"check", words.check}, {NULL, NULL}};
            code = say(m, e, slots, "check", check, sizeof check, err);
        }
    }
    if (code == ERR_OK)
        code = say_numbers(m, e, f, err);
    buf_printf(&e->output, " %s", check);
    return code;
}

static enum err_code ask(struct maker *m, struct factory_example *e, const struct work *w,
                         struct err *err)
{
    const struct grammar_slot slots[] = {
        {"instruction", SUMMARY_INSTRUCTION}, {"window", w->lasted}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    return factory_grammar_say(&use, "question", &e->instruction, err);
}

static void write_worst(const struct summary_line *l, struct json_out *j)
{
    char text[SUMMARY_PHRASE_BYTES];
    double edge = summary_line_edge(l);
    if (l->kind == ANOMALY_DROPOUT)
        summary_duration_text(l->silent_us, text);
    else
        summary_value_text(l->value, edge, "", text);
    struct str unit = str_of(text), value = str_cut(&unit, ' ');
    json_key(j, "worst");
    json_object(j);
    json_key_text(j, "asset", l->sensor->asset_name);
    json_key_text(j, "parameter", l->sensor->parameter);
    json_key_text(j, "kind", kind_words[l->kind].ways);
    json_key(j, "value");
    json_str(j, value);
    json_key(j, "unit");
    json_str(j, l->kind == ANOMALY_DROPOUT ? str_cut(&unit, ' ') : str_of(l->sensor->unit));
    json_end(j);
}

static void write_truth(const struct work *w, struct factory_example *e)
{
    const struct summary_facts *f = &w->window.facts;
    struct json_out j;
    json_open(&j, &e->truth);
    json_object(&j);
    json_key_text(&j, "task", "summaries");
    json_key_text(&j, "state", f->anomalies ? "anomalies" : "quiet");
    if (f->anomalies)
        write_worst(&f->lines[0], &j);
    json_key_text(&j, "family", w->window.plant.kind->name);
    json_key_text(&j, "dialect", w->window.plant.style);
    json_key(&j, "phrasings");
    json_str(&j, str_trim(buf_str(&e->phrasings)));
    json_end(&j);
    e->family = w->window.plant.kind->name;
    e->dialect = w->window.plant.style;
    e->state = f->anomalies ? "anomalies" : "quiet";
}

static enum err_code make(struct maker *m, struct factory_example *e, bool *kept, struct err *err)
{
    struct work *w = m->scratch;
    struct summary_facts *f = &w->window.facts;
    window_make(&w->window, m->held_out, &m->rng);
    summary_time_text(f->from_us, f->to_us, w->from);
    summary_time_text(f->to_us, f->to_us, w->to);
    summary_duration_text(f->to_us - f->from_us, w->lasted);
    snprintf(w->watched, sizeof w->watched, "%lld sensor%s on %lld asset%s", (long long)f->sensors,
             f->sensors == 1 ? "" : "s", (long long)f->assets, f->assets == 1 ? "" : "s");
    summary_facts_write(f, &e->input);
    enum err_code code = ask(m, e, w, err);
    if (code == ERR_OK)
        code = f->anomalies ? say_anomalies(m, e, w, err) : say_quiet(m, e, w, err);
    write_truth(w, e);
    *kept = true;
    return code;
}

const struct task task_summaries = {
    .name = {"summaries", "facts of a window of time, and what an operator should be told"},
    .grammar = factory_summaries_grammar,
    .scratch_bytes = sizeof(struct work),
    .make = make,
};
