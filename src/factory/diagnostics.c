// Examples of diagnostics: a made-up situation as a log, a question, the answer and its truth.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/causes.h"
#include "diagnose/facts.h"
#include "factory/dialect.h"
#include "factory/factory_private.h"
#include "factory/pick.h"

enum { PHRASE_BYTES = 192 };

struct work {
    struct scene scene;
    struct facts facts;
    const struct dialect *dialect;
    bool raw, limits; // the input is the log; the log has limits
    const struct cause *suspected;
};

static bool chance(struct maker *m, double p)
{
    return rng_uniform(&m->rng) < p;
}

static const struct dialect *pick_dialect(struct maker *m)
{
    for (;;) {
        const struct dialect *d = &dialects[rng_below(&m->rng, dialect_count)];
        if (d->held_out == m->held_out)
            return d;
    }
}

// ---- the log, and what is read from it ----

static bool is_heated(const struct scene *s)
{
    for (size_t i = 0; i < s->row_count; i++)
        if (strcmp(s->rows[i].quantity->id, "heater_current") == 0)
            return true;
    return false;
}

// The reader found the row: its number or word, and its limits if the log has them.
static bool was_read(const struct work *w, const struct row *r)
{
    const struct fact *f = facts_find(&w->facts, str_of(r->key));
    if (!f)
        f = facts_find(&w->facts, str_of(r->said));
    if (!f)
        return false;
    if (r->is_state)
        return strcmp(f->text, r->value) == 0;
    bool limits = !w->limits || ((isnan(r->low_number) || f->low == r->low_number) &&
                                 (isnan(r->high_number) || f->high == r->high_number));
    return f->is_number && fabs(f->value - r->number) <= 1e-9 * fabs(r->number) && limits;
}

static void join(struct work *w)
{
    struct scene *s = &w->scene;
    char known[PHRASE_BYTES];
    if (!w->raw && is_heated(s)) {
        snprintf(known, sizeof known, "heater supply %s", s->heater_supply);
        facts_add_known(&w->facts, known);
    } else {
        snprintf(s->heater_supply, sizeof s->heater_supply, "24 V");
    }
    for (size_t i = 0; !w->raw && i < s->row_count; i++) {
        const struct row *r = &s->rows[i];
        if (r->is_state || (isnan(r->low_number) && isnan(r->high_number)))
            continue;
        if (!facts_join_limits(&w->facts, str_of(r->key), r->low_number, r->high_number,
                               FACT_FROM_STORE))
            facts_join_limits(&w->facts, str_of(r->said), r->low_number, r->high_number,
                              FACT_FROM_STORE);
    }
    facts_join_known(&w->facts);
}

// A name alone, talk without a reading, both, or nothing.
static enum err_code write_no_log(struct maker *m, struct factory_example *e, struct work *w,
                                  struct err *err)
{
    const struct grammar_slot slots[] = {{"noun", w->scene.noun}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    enum err_code code = ERR_OK;
    if (chance(m, 0.5))
        buf_printf(&m->log, "device: %s\n", w->scene.device);
    uint64_t sentences = chance(m, 0.5) ? 1 + rng_below(&m->rng, 3) : 0;
    for (uint64_t i = 0; code == ERR_OK && i < sentences; i++) {
        code = factory_grammar_say(&use, "chatter", &m->log, err);
        buf_add_z(&m->log, i % 2 ? "\n" : " ");
    }
    return code;
}

static enum err_code make_log(struct maker *m, struct work *w, struct factory_example *e,
                              bool *kept, struct err *err)
{
    struct grammar_use use = maker_use(m, e, NULL);
    struct dialect_use d = {&w->scene, w->limits, &use, &m->rng};
    struct scene *s = &w->scene;
    buf_reset(&m->log);
    for (size_t i = 0; i < s->row_count; i++) {
        struct row *r = &s->rows[i];
        if (s->missing == MISSING_LIMIT && r->quantity == s->asked) {
            r->low[0] = r->high[0] = r->flag[0] = '\0';
            r->low_number = r->high_number = NAN;
        }
    }
    enum err_code code = s->missing == MISSING_LOG ? write_no_log(m, e, w, err)
                                                   : w->dialect->write(&d, &m->log, err);
    if (code == ERR_OK)
        code = facts_read(buf_str(&m->log), &w->facts, err);
    *kept = true;
    for (size_t i = 0; i < s->row_count && *kept; i++)
        *kept = was_read(w, &s->rows[i]);
    if (code == ERR_OK)
        join(w);
    return code;
}

// ---- phrases about facts ----

static const struct fact *fact_of(const struct work *w, size_t row)
{
    const struct row *r = &w->scene.rows[row];
    const struct fact *f = facts_find(&w->facts, str_of(r->key));
    return f ? f : facts_find(&w->facts, str_of(r->said));
}

static void value_text(const struct fact *f, char to[PHRASE_BYTES])
{
    const char *gap = f->unit[0] && f->unit[0] != '%' ? " " : "";
    snprintf(to, PHRASE_BYTES, "%s%s%s", f->text, gap, f->unit);
}

static void limit_text(const struct fact *f, char to[PHRASE_BYTES])
{
    struct buf text = {0};
    fact_limit_text(f, &text);
    str_copy(to, PHRASE_BYTES, buf_str(&text));
    buf_free(&text);
}

// "below the operating range of 10-30 V", "above the maximum of 85 C".
static void place_text(struct maker *m, const struct fact *f, char to[PHRASE_BYTES])
{
    static const char *const ranges[] = {"operating range of ", "allowed range of ", "range "};
    char limit[PHRASE_BYTES];
    to[0] = '\0';
    if (f->side == FACT_UNJUDGED)
        return;
    const char *side = f->side == FACT_BELOW ? "below" : f->side == FACT_ABOVE ? "above" : "within";
    limit_text(f, limit);
    bool both = !isnan(f->low) && !isnan(f->high);
    if (both)
        snprintf(to, PHRASE_BYTES, "%s the %s%.100s", side, ranges[rng_below(&m->rng, 3)], limit);
    else
        snprintf(to, PHRASE_BYTES, "%s the %s of %.100s", side,
                 isnan(f->low) ? "maximum" : "minimum", limit + strlen("max "));
}

// "TEMP_AMB is -15.2 C and STATUS shows ICE" from the further evidence.
static void support_text(struct maker *m, const struct work *w, char to[PHRASE_BYTES])
{
    const struct scene *s = &w->scene;
    size_t n = 0;
    to[0] = '\0';
    for (size_t i = 1; i < s->deciding_count && i < 3; i++) {
        const struct fact *f = fact_of(w, s->deciding[i]);
        char value[PHRASE_BYTES], place[PHRASE_BYTES] = "";
        value_text(f, value);
        place_text(m, f, place);
        const char *comma = i + 1 < s->deciding_count && i < 2 ? " and " : "";
        int more = snprintf(to + n, PHRASE_BYTES - n, "%s is %.40s%s%.80s%s", f->key, value,
                            place[0] ? ", " : "", place, comma);
        n = n + (size_t)more < PHRASE_BYTES ? n + (size_t)more : PHRASE_BYTES - 1;
    }
}

static void cause_text(const struct cause *c, char to[PHRASE_BYTES])
{
    snprintf(to, PHRASE_BYTES, "%s%s%s", c->article, c->article[0] ? " " : "", c->title);
}

// What to check, with the heater's own supply voltage for '@'.
static void check_text(struct maker *m, const struct work *w, const struct fault *fault,
                       char to[PHRASE_BYTES])
{
    char way[PHRASE_BYTES];
    pick_way(fault->checks, m->held_out, &m->rng, way, sizeof way);
    const char *at = strchr(way, '@');
    if (at)
        snprintf(to, PHRASE_BYTES, "%.*s%s%s", (int)(at - way), way, w->scene.heater_supply,
                 at + 1);
    else
        memcpy(to, way, sizeof way);
}

// ---- answers ----

// What an answer may call the equipment: as the question or the input said it.
static void spoken_name(const struct work *w, const struct factory_example *e,
                        char to[PHRASE_BYTES])
{
    const char *names[] = {w->scene.noun, w->scene.device};
    const struct buf *said[] = {&e->instruction, &e->input};
    for (size_t i = 0; i < 4; i++) {
        const struct buf *in = said[i % 2];
        if (in->n && memmem(in->p, in->n, names[i / 2], strlen(names[i / 2]))) {
            snprintf(to, PHRASE_BYTES, "%s%s", i < 2 ? "the " : "", names[i / 2]);
            return;
        }
    }
    snprintf(to, PHRASE_BYTES, "the equipment");
}

// A supply that is too low is why the reference check beside it fails.
static enum err_code answer_consequence(struct maker *m, const struct work *w,
                                        struct factory_example *e, struct err *err)
{
    const struct scene *s = &w->scene;
    char value[PHRASE_BYTES];
    if (strcmp(s->fault->cause, "supply_low") != 0)
        return ERR_OK;
    for (size_t i = 0; i < s->row_count; i++) {
        const struct row *r = &s->rows[i];
        const struct fact *f = fact_of(w, i);
        if (strcmp(r->quantity->id, "ref_check") != 0 || r->how != HOW_BAD || !f)
            continue;
        value_text(f, value);
        const struct grammar_slot slots[] = {{"key", f->key}, {"value", value}, {NULL, NULL}};
        struct grammar_use use = maker_use(m, e, slots);
        buf_add_char(&e->output, ' ');
        return factory_grammar_say(&use, "answer_consequence", &e->output, err);
    }
    return ERR_OK;
}

static enum err_code answer_fault(struct maker *m, struct work *w, struct factory_example *e,
                                  struct err *err)
{
    const struct scene *s = &w->scene;
    const struct fact *f = fact_of(w, s->deciding[0]);
    enum evidence_how how = s->rows[s->deciding[0]].how;
    char value[PHRASE_BYTES], place[PHRASE_BYTES], support[PHRASE_BYTES], cause[PHRASE_BYTES],
        check[PHRASE_BYTES];
    value_text(f, value);
    place_text(m, f, place);
    support_text(m, w, support);
    cause_text(cause_find(str_of(s->fault->cause)), cause);
    check_text(m, w, s->fault, check);
    struct grammar_slot slots[] = {{"key", f->key},  {"value", value}, {"place", place},
                                   {"cause", cause}, {"check", check}, {"support", support},
                                   {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    bool beyond = f->side == FACT_BELOW || f->side == FACT_ABOVE;
    const char *rule = how == HOW_STUCK       ? "answer_stuck"
                       : beyond && support[0] ? "answer_limit_more"
                       : beyond               ? "answer_limit"
                       : support[0]           ? "answer_state"
                                              : "answer_state_alone";
    enum err_code code = factory_grammar_say(&use, rule, &e->output, err);
    if (code == ERR_OK)
        code = answer_consequence(m, w, e, err);
    if (code != ERR_OK || !s->second)
        return code;
    f = fact_of(w, s->second_row);
    value_text(f, value);
    place_text(m, f, place);
    cause_text(cause_find(str_of(s->second->cause)), cause);
    slots[0].value = f->key;
    buf_add_char(&e->output, ' ');
    return factory_grammar_say(&use, "answer_second", &e->output, err);
}

// What the log shows though the deciding value is missing.
static void seen_text(struct maker *m, const struct work *w, char to[PHRASE_BYTES])
{
    const struct fact *shown = NULL;
    for (size_t i = 0; i < w->facts.count; i++) {
        const struct fact *f = &w->facts.items[i];
        bool beyond = f->side == FACT_BELOW || f->side == FACT_ABOVE;
        const struct row *status = NULL;
        for (size_t k = 0; k < w->scene.row_count; k++)
            if (strcmp(w->scene.rows[k].quantity->id, "status") == 0)
                status = &w->scene.rows[k];
        if (beyond || (!shown && status && strcmp(f->key, status->key) == 0))
            shown = f;
    }
    char value[PHRASE_BYTES] = "", place[PHRASE_BYTES] = "";
    if (!shown && w->facts.count)
        shown = &w->facts.items[0];
    if (!shown) {
        snprintf(to, PHRASE_BYTES, "the log is short");
        return;
    }
    value_text(shown, value);
    if (shown->side == FACT_BELOW || shown->side == FACT_ABOVE)
        place_text(m, shown, place);
    snprintf(to, PHRASE_BYTES, "%s is %.60s%s%.60s", shown->key, value, place[0] ? ", " : "",
             place);
}

static enum err_code answer_incomplete(struct maker *m, struct work *w, struct factory_example *e,
                                       struct err *err)
{
    const struct scene *s = &w->scene;
    char value[PHRASE_BYTES] = "", seen[PHRASE_BYTES] = "", named[PHRASE_BYTES];
    const struct fact *f = NULL;
    for (size_t i = 0; i < s->row_count && s->missing == MISSING_LIMIT; i++)
        if (s->rows[i].quantity == s->asked)
            f = fact_of(w, i);
    if (f)
        value_text(f, value);
    seen_text(m, w, seen);
    spoken_name(w, e, named);
    struct grammar_slot slots[] = {
        {"key", f ? f->key : NULL}, {"value", value}, {"missing", s->missing_said}, {"seen", seen},
        {"named", named},           {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    const char *rule = s->missing == MISSING_LOG     ? "answer_ask_log"
                       : s->missing == MISSING_LIMIT ? "answer_ask_limit"
                                                     : "answer_ask";
    return factory_grammar_say(&use, rule, &e->output, err);
}

// A judged value for the answer "all is well"; NULL when the log has none.
static const struct fact *any_judged(const struct work *w)
{
    for (size_t i = 0; i < w->facts.count; i++)
        if (w->facts.items[i].side == FACT_WITHIN)
            return &w->facts.items[i];
    return NULL;
}

static enum err_code answer_normal(struct maker *m, struct work *w, struct factory_example *e,
                                   bool *kept, struct err *err)
{
    char value[PHRASE_BYTES], limit[PHRASE_BYTES], named[PHRASE_BYTES];
    const struct fact *f = any_judged(w);
    *kept = f != NULL;
    if (!f)
        return ERR_OK;
    value_text(f, value);
    limit_text(f, limit);
    struct grammar_slot slots[] = {
        {"key", f->key}, {"value", value}, {"limit", limit}, {"named", named}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    return factory_grammar_say(&use, "answer_normal", &e->output, err);
}

// ---- questions ----

// Two letters of a word swapped, as hurried people write.
static void mistype(struct maker *m, struct buf *text)
{
    for (int tries = 0; tries < 20 && text->n > 6; tries++) {
        size_t i = 2 + (size_t)rng_below(&m->rng, text->n - 4);
        bool letters = true;
        for (size_t k = i - 1; k < i + 3; k++)
            letters &= text->p[k] >= 'a' && text->p[k] <= 'z';
        if (letters && text->p[i] != text->p[i + 1]) {
            char swap = text->p[i];
            text->p[i] = text->p[i + 1];
            text->p[i + 1] = swap;
            return;
        }
    }
}

static enum err_code ask(struct maker *m, struct work *w, struct factory_example *e,
                         struct err *err)
{
    const struct scene *s = &w->scene;
    const struct fault *about = s->fault ? s->fault : &faults[rng_below(&m->rng, fault_count)];
    char query[PHRASE_BYTES], suspected[PHRASE_BYTES] = "";
    pick_way(about->queries, m->held_out, &m->rng, query, sizeof query);
    if (w->suspected)
        cause_text(w->suspected, suspected);
    struct grammar_slot slots[] = {{"noun", s->noun},
                                   {"device", s->device},
                                   {"query", query},
                                   {"suspected", suspected},
                                   {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    enum err_code code =
        factory_grammar_say(&use, w->suspected ? "suspect" : "question", &e->instruction, err);
    if (code == ERR_OK && chance(m, 0.06))
        mistype(m, &e->instruction);
    if (code == ERR_OK && w->suspected) {
        code = factory_grammar_say(&use, "denial", &e->output, err);
        buf_add_char(&e->output, ' ');
    }
    return code;
}

static void pick_suspicion(struct maker *m, struct work *w)
{
    const struct scene *s = &w->scene;
    w->suspected = NULL;
    if (s->state == SCENE_INCOMPLETE || !chance(m, 0.1))
        return;
    const struct cause *c = &causes[rng_below(&m->rng, cause_count)];
    bool true_one = (s->fault && strcmp(c->id, s->fault->cause) == 0) ||
                    (s->second && strcmp(c->id, s->second->cause) == 0);
    w->suspected = true_one ? NULL : c;
}

// ---- the truth ----

static void truth_fact(const struct fact *f, struct json_out *j)
{
    json_object(j);
    json_key_text(j, "key", f->key);
    json_key_text(j, "value", f->text);
    json_key_text(j, "unit", f->unit);
    json_key_real(j, "low", f->low);
    json_key_real(j, "high", f->high);
    json_end(j);
}

static void write_truth(const struct work *w, struct factory_example *e)
{
    static const char *const states[] = {"fault", "normal", "incomplete"};
    const struct scene *s = &w->scene;
    struct json_out j;
    json_open(&j, &e->truth);
    json_object(&j);
    json_key_text(&j, "task", "diagnostics");
    json_key_text(&j, "state", states[s->state]);
    json_key(&j, "causes");
    json_array(&j);
    if (s->state == SCENE_FAULT)
        json_text(&j, s->fault->cause);
    if (s->second)
        json_text(&j, s->second->cause);
    json_end(&j);
    json_key(&j, "deciding");
    json_array(&j);
    if (s->state == SCENE_FAULT)
        truth_fact(fact_of(w, s->deciding[0]), &j);
    if (s->second)
        truth_fact(fact_of(w, s->second_row), &j);
    json_end(&j);
    json_key(&j, "missing");
    json_array(&j);
    if (s->missing == MISSING_VALUE)
        json_text(&j, s->missing_said);
    else if (s->missing == MISSING_LIMIT)
        json_text(&j, "limit|range");
    else if (s->missing == MISSING_LOG)
        json_text(&j, "log|readings|values");
    json_end(&j);
    json_key_text(&j, "family", s->family->name);
    json_key_text(&j, "dialect", w->dialect->name);
    json_key_text(&j, "form", w->raw ? "raw" : "prepared");
    json_key(&j, "phrasings");
    json_str(&j, str_trim(buf_str(&e->phrasings)));
    json_end(&j);
    e->family = s->family->name;
    e->dialect = w->dialect->name;
    e->state = states[s->state];
}

static uint64_t cause_bit(const struct fault *f)
{
    return f ? (uint64_t)1 << (cause_find(str_of(f->cause)) - causes) : 0;
}

// Keys of several words can read like a cause: "Lubrication Pressure is 3.75 bar".
static bool names_its_causes(const struct work *w, const struct factory_example *e)
{
    const struct scene *s = &w->scene;
    uint64_t truth = s->state == SCENE_FAULT ? cause_bit(s->fault) | cause_bit(s->second) : 0;
    return causes_named(buf_str(&e->output)) == truth;
}

static void write_input(struct maker *m, const struct work *w, struct factory_example *e)
{
    if (w->raw)
        buf_add_str(&e->input, str_trim(buf_str(&m->log)));
    else
        facts_write(&w->facts, &e->input);
    while (e->input.n && e->input.p[e->input.n - 1] == '\n')
        e->input.p[--e->input.n] = '\0';
}

static enum err_code make(struct maker *m, struct factory_example *e, bool *kept, struct err *err)
{
    struct work *w = m->scratch;
    enum factory_form form = m->options->form;
    w->dialect = pick_dialect(m);
    w->raw = form == FACTORY_RAW || (form == FACTORY_BOTH && chance(m, 0.4));
    w->limits = w->raw || chance(m, 0.5);
    scene_make(&w->scene, &m->rng,
               &(struct scene_wish){m->held_out, w->dialect->tight, w->dialect->samples});
    enum err_code code = make_log(m, w, e, kept, err);
    if (code != ERR_OK || !*kept)
        return code;
    write_input(m, w, e);
    pick_suspicion(m, w);
    code = ask(m, w, e, err);
    if (code == ERR_OK && w->scene.state == SCENE_FAULT)
        code = answer_fault(m, w, e, err);
    else if (code == ERR_OK && w->scene.state == SCENE_NORMAL)
        code = answer_normal(m, w, e, kept, err);
    else if (code == ERR_OK)
        code = answer_incomplete(m, w, e, err);
    *kept = *kept && names_its_causes(w, e);
    if (code != ERR_OK || !*kept)
        return code;
    write_truth(w, e);
    return ERR_OK;
}

const struct task task_diagnostics = {
    .name = {"diagnostics", "logs of equipment, what is wrong, and what to check"},
    .grammar = factory_diagnostics_grammar,
    .scratch_bytes = sizeof(struct work),
    .make = make,
};
