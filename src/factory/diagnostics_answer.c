// The answer of a diagnostics example: the fault, what is missing, or that all is well.
#include <string.h>

#include "factory/diagnostics_private.h"

// A supply that is too low is why the reference check beside it fails.
static enum err_code answer_consequence(struct maker *m, const struct diagnostic *d,
                                        struct factory_example *e, struct err *err)
{
    const struct scene *s = &d->scene;
    char value[PHRASE_BYTES];
    if (strcmp(s->fault->cause, "supply_low") != 0)
        return ERR_OK;
    for (size_t i = 0; i < s->row_count; i++) {
        const struct row *r = &s->rows[i];
        const struct fact *f = diagnostic_fact_of(d, i);
        if (strcmp(r->quantity->id, "ref_check") != 0 || r->how != HOW_BAD || !f)
            continue;
        diagnostic_value_text(f, value);
        const struct grammar_slot slots[] = {{"key", f->key}, {"value", value}, {NULL, NULL}};
        struct grammar_use use = maker_use(m, e, slots);
        buf_add_char(&e->output, ' ');
        return factory_grammar_say(&use, "answer_consequence", &e->output, err);
    }
    return ERR_OK;
}

static enum err_code answer_fault(struct maker *m, struct diagnostic *d, struct factory_example *e,
                                  struct err *err)
{
    const struct scene *s = &d->scene;
    const struct fact *f = diagnostic_fact_of(d, s->deciding[0]);
    enum evidence_how how = s->rows[s->deciding[0]].how;
    char value[PHRASE_BYTES], place[PHRASE_BYTES], support[PHRASE_BYTES], cause[PHRASE_BYTES],
        check[PHRASE_BYTES];
    diagnostic_value_text(f, value);
    diagnostic_place_text(m, f, place);
    diagnostic_support_text(m, d, support);
    diagnostic_cause_text(cause_find(str_of(s->fault->cause)), cause);
    diagnostic_check_text(m, d, s->fault, check);
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
        code = answer_consequence(m, d, e, err);
    if (code != ERR_OK || !s->second)
        return code;
    f = diagnostic_fact_of(d, s->second_row);
    diagnostic_value_text(f, value);
    diagnostic_place_text(m, f, place);
    diagnostic_cause_text(cause_find(str_of(s->second->cause)), cause);
    slots[0].value = f->key;
    buf_add_char(&e->output, ' ');
    return factory_grammar_say(&use, "answer_second", &e->output, err);
}

static enum err_code answer_incomplete(struct maker *m, struct diagnostic *d,
                                       struct factory_example *e, struct err *err)
{
    const struct scene *s = &d->scene;
    char value[PHRASE_BYTES] = "", seen[PHRASE_BYTES] = "", named[PHRASE_BYTES];
    const struct fact *f = NULL;
    for (size_t i = 0; i < s->row_count && s->missing == MISSING_LIMIT; i++)
        if (s->rows[i].quantity == s->asked)
            f = diagnostic_fact_of(d, i);
    if (f)
        diagnostic_value_text(f, value);
    diagnostic_seen_text(m, d, seen);
    diagnostic_spoken_name(d, e, named);
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
static const struct fact *any_judged(const struct diagnostic *d)
{
    for (size_t i = 0; i < d->facts.count; i++)
        if (d->facts.items[i].side == FACT_WITHIN)
            return &d->facts.items[i];
    return NULL;
}

static enum err_code answer_normal(struct maker *m, struct diagnostic *d, struct factory_example *e,
                                   bool *kept, struct err *err)
{
    char value[PHRASE_BYTES], limit[PHRASE_BYTES], named[PHRASE_BYTES];
    const struct fact *f = any_judged(d);
    *kept = f != NULL;
    if (!f)
        return ERR_OK;
    diagnostic_value_text(f, value);
    diagnostic_limit_text(f, limit);
    diagnostic_spoken_name(d, e, named);
    struct grammar_slot slots[] = {
        {"key", f->key}, {"value", value}, {"limit", limit}, {"named", named}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    return factory_grammar_say(&use, "answer_normal", &e->output, err);
}

enum err_code diagnostic_answer(struct maker *m, struct diagnostic *d, struct factory_example *e,
                                bool *kept, struct err *err)
{
    switch (d->scene.state) {
    case SCENE_FAULT:
        return answer_fault(m, d, e, err);
    case SCENE_NORMAL:
        return answer_normal(m, d, e, kept, err);
    default:
        return answer_incomplete(m, d, e, err);
    }
}
