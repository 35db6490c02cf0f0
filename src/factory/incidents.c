// Examples of incidents: what a plant knows of an asset, a question, the answer and its truth.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diagnose/causes.h"
#include "diagnose/event_words.h"
#include "factory/factory_private.h"
#include "factory/made_asset.h"
#include "factory/pick.h"

enum { PHRASE_BYTES = 512, WORDS_BYTES = 96 };

struct work {
    struct made_asset asset;
    struct facts facts;
    char event[PHRASE_BYTES], check[PHRASE_BYTES], cause[PHRASE_BYTES];
};

// ---- reading what was written ----

static bool is_of(const struct work *w, const struct made_sign *sign, const struct event_words *e)
{
    if (e->kind != sign->kind)
        return false;
    return sign->all ? str_starts(e->subject, STR_LIT("all ")) &&
                           memmem(e->subject.p, e->subject.n, " sensors", 8) != NULL
                     : str_is(e->subject, w->asset.sensors[sign->sensor].known.name);
}

// False when the facts have no such event: there were too many.
static bool find_event(const struct work *w, const struct made_sign *sign, struct event_words *to)
{
    for (size_t i = 0; i < w->facts.event_count; i++)
        if (event_words_read(str_of(w->facts.events[i]), to) && is_of(w, sign, to))
            return to->start.n > 0;
    return false;
}

static void value_text(const struct fact *f, char to[PHRASE_BYTES])
{
    const char *gap = f->unit[0] && f->unit[0] != '%' ? " " : "";
    snprintf(to, PHRASE_BYTES, "%s%s%s", f->text, gap, f->unit);
}

// ---- the answer ----

static enum err_code say_moved(struct maker *m, struct factory_example *e,
                               const struct made_sign *sign, const struct event_words *words,
                               struct buf *to, struct err *err)
{
    char key[WORDS_BYTES], value[WORDS_BYTES], start[WORDS_BYTES], place[PHRASE_BYTES];
    str_copy(key, sizeof key, words->subject);
    str_copy(value, sizeof value, words->value);
    str_copy(start, sizeof start, words->start);
    snprintf(place, sizeof place, "%s%s", words->place[0] ? ", " : "", words->place);
    const struct grammar_slot slots[] = {{"key", key},
                                         {"value", value},
                                         {"place", place},
                                         {"start", start},
                                         {"at", words->at_once ? "at" : "from"},
                                         {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    return factory_grammar_say(&use, anomaly_kind_name(sign->kind), to, err);
}

// A sensor that supports the cause without an event of its own: "VIB is 2.1 mm/s, within max 4.5".
static bool say_still(const struct work *w, const struct made_sign *sign, struct buf *to)
{
    const struct made_sensor *s = &w->asset.sensors[sign->sensor];
    const struct fact *f = facts_find(&w->facts, str_of(s->known.name));
    char value[PHRASE_BYTES];
    if (!f)
        return false;
    value_text(f, value);
    buf_printf(to, "%s is %s", f->key, value);
    if (f->side == FACT_WITHIN) {
        buf_add_z(to, ", within ");
        fact_limit_text(f, to);
    }
    return true;
}

// All signs in a row. False in `*kept` when the facts do not have one.
static enum err_code say_event(struct maker *m, struct work *w, struct factory_example *e,
                               bool *kept, struct buf *to, struct err *err)
{
    const struct made_asset *a = &w->asset;
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < a->sign_count && code == ERR_OK && *kept; i++) {
        struct event_words words;
        const struct made_sign *sign = &a->signs[i];
        if (i)
            buf_add_z(to, i + 1 == a->sign_count ? ", and " : ", ");
        if (!sign->moved)
            *kept = say_still(w, sign, to);
        else if ((*kept = find_event(w, sign, &words)))
            code = say_moved(m, e, sign, &words, to, err);
    }
    bool alone = a->sign_count == 1 && !a->signs[0].all && !a->bystander;
    struct grammar_use use = maker_use(m, e, NULL);
    return code == ERR_OK && alone ? factory_grammar_say(&use, "alone", to, err) : code;
}

// The heater's own supply voltage, if it is known, stands for '@'.
static void check_text(struct maker *m, struct work *w)
{
    static const char heater[] = "heater supply ";
    char way[PHRASE_BYTES / 2];
    pick_way(w->asset.fault.checks, m->held_out, &m->rng, way, sizeof way);
    const char *at = strchr(way, '@'), *known = strstr(w->facts.known, heater);
    struct str supply = str_of(known ? known + strlen(heater) : "");
    supply = str_cut(&supply, ';');
    if (!at)
        snprintf(w->check, sizeof w->check, "%s", way);
    else
        snprintf(w->check, sizeof w->check, "%.*s%.*s%s", (int)(at - way), way, STR_ARG(supply),
                 at + (supply.n ? 1 : 2));
}

static enum err_code answer_fault(struct maker *m, struct work *w, struct factory_example *e,
                                  bool *kept, struct err *err)
{
    const struct cause *c = cause_find(str_of(w->asset.fault.cause));
    struct buf event = {0};
    enum err_code code = say_event(m, w, e, kept, &event, err);
    snprintf(w->cause, sizeof w->cause, "%s%s%s", c->article, c->article[0] ? " " : "", c->title);
    check_text(m, w);
    const struct grammar_slot slots[] = {{"event", event.n ? event.p : ""},
                                         {"is", w->asset.over ? "was" : "is"},
                                         {"cause", w->cause},
                                         {"check", w->check},
                                         {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    if (code == ERR_OK && *kept)
        code = factory_grammar_say(&use, "answer", &e->output, err);
    if (event.failed)
        code = err_set(err, ERR_NO_MEMORY, "no memory for an example");
    buf_free(&event);
    return code;
}

static enum err_code answer_normal(struct maker *m, struct work *w, struct factory_example *e,
                                   bool *kept, struct err *err)
{
    const struct fact *f = NULL;
    struct buf limit = {0}, reading = {0};
    char value[PHRASE_BYTES];
    for (size_t i = 0; i < w->facts.count && !f; i++)
        f = w->facts.items[i].side == FACT_WITHIN ? &w->facts.items[i] : NULL;
    *kept = f != NULL;
    if (!f)
        return ERR_OK;
    value_text(f, value);
    fact_limit_text(f, &limit);
    struct grammar_slot slots[] = {
        {"key", f->key}, {"value", value}, {"limit", limit.p}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    enum err_code code = factory_grammar_say(&use, "reading", &reading, err);
    slots[0] = (struct grammar_slot){"reading", reading.p};
    if (code == ERR_OK)
        code = factory_grammar_say(&use, "normal", &e->output, err);
    buf_free(&limit);
    buf_free(&reading);
    return code;
}

static enum err_code ask(struct maker *m, struct work *w, struct factory_example *e,
                         struct err *err)
{
    const struct made_asset *a = &w->asset;
    const struct grammar_slot slots[] = {{"device", a->name}, {"noun", a->noun}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    bool any = !a->fault.cause || m->held_out || rng_chance(&m->rng, 0.2);
    const char *rule = any ? "question" : a->over ? "question_over" : "question_open";
    return factory_grammar_say(&use, rule, &e->instruction, err);
}

// ---- the truth ----

static void write_number(struct json_out *j, const char *key, struct str text)
{
    double value = NAN;
    str_to_double(str_cut(&text, ' '), &value);
    json_key_real(j, key, value);
}

// The value with the bound that it broke.
static void write_deciding(const struct event_words *words, struct json_out *j)
{
    struct str unit = words->value, number = str_cut(&unit, ' ');
    struct str bound = str_of(words->place);
    bool below = str_starts(bound, STR_LIT("below"));
    const char *limit = strstr(words->place, "limit of "),
               *band = strstr(words->place, "expected ");
    json_object(j);
    json_key(j, "key");
    json_str(j, words->subject);
    json_key(j, "value");
    json_str(j, number);
    json_key(j, "unit");
    json_str(j, unit);
    if (limit) {
        write_number(j, below ? "low" : "high", str_of(limit + strlen("limit of ")));
    } else if (band) {
        struct str rest = str_of(band + strlen("expected "));
        size_t joint = 1; // a minus in front is none
        while (joint < rest.n && rest.p[joint] != '-')
            joint++;
        write_number(j, "low", (struct str){rest.p, joint});
        write_number(j, "high", (struct str){rest.p + joint + 1, rest.n - joint - 1});
    }
    json_end(j);
}

static void write_truth(const struct work *w, struct factory_example *e)
{
    const struct made_asset *a = &w->asset;
    const char *state = a->fault.cause ? "fault" : "normal";
    struct event_words words;
    struct json_out j;
    json_open(&j, &e->truth);
    json_object(&j);
    json_key_text(&j, "task", "incidents");
    json_key_text(&j, "state", state);
    json_key(&j, "causes");
    json_array(&j);
    if (a->fault.cause)
        json_text(&j, a->fault.cause);
    json_end(&j);
    json_key(&j, "deciding");
    json_array(&j);
    if (a->sign_count && a->signs[0].moved && find_event(w, &a->signs[0], &words) && words.value.n)
        write_deciding(&words, &j);
    json_end(&j);
    json_key(&j, "missing");
    json_array(&j);
    json_end(&j);
    json_key_text(&j, "family", a->family->name);
    json_key_text(&j, "dialect", a->style);
    json_key_text(&j, "form", "prepared");
    json_key(&j, "phrasings");
    json_str(&j, str_trim(buf_str(&e->phrasings)));
    json_end(&j);
    e->family = a->family->name;
    e->dialect = a->style;
    e->state = state;
}

// ---- making ----

static enum err_code know(struct work *w, struct err *err)
{
    const struct made_asset *a = &w->asset;
    memset(&w->facts, 0, sizeof w->facts);
    str_copy(w->facts.device, sizeof w->facts.device, str_of(a->name));
    for (size_t i = 0; i < a->sensor_count; i++)
        facts_join_sensor(&w->facts, &a->sensors[i].known);
    enum err_code code =
        facts_join_anomalies(&w->facts, a->anomalies, a->anomaly_count, a->sensor_count, err);
    facts_join_known(&w->facts);
    return code;
}

// Keys of several words can read like a cause: "Supply Voltage spiked to 41 V, above".
static bool names_its_cause(const struct work *w, const struct factory_example *e)
{
    const char *id = w->asset.fault.cause;
    uint64_t truth = id ? (uint64_t)1 << (cause_find(str_of(id)) - causes) : 0;
    return causes_named(buf_str(&e->output)) == truth;
}

static enum err_code make(struct maker *m, struct factory_example *e, bool *kept, struct err *err)
{
    struct work *w = m->scratch;
    while (!made_asset_make(&w->asset, m->held_out, &m->rng))
        ;
    *kept = true;
    enum err_code code = know(w, err);
    if (code == ERR_OK)
        code = ask(m, w, e, err);
    if (code == ERR_OK)
        code = w->asset.fault.cause ? answer_fault(m, w, e, kept, err)
                                    : answer_normal(m, w, e, kept, err);
    *kept = *kept && names_its_cause(w, e);
    if (code != ERR_OK || !*kept)
        return code;
    facts_write(&w->facts, &e->input);
    while (e->input.n && e->input.p[e->input.n - 1] == '\n')
        e->input.p[--e->input.n] = '\0';
    write_truth(w, e);
    return ERR_OK;
}

const struct task task_incidents = {
    .name = {"incidents", "what a plant knows of an asset, what happened to it, and what to check"},
    .grammar = factory_incidents_grammar,
    .scratch_bytes = sizeof(struct work),
    .make = make,
};
