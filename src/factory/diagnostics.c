// The task of diagnostics: a made-up situation as a log, a question, the answer and its truth.
#include "factory/diagnostics_private.h"

static const struct dialect *pick_dialect(struct maker *m)
{
    for (;;) {
        const struct dialect *one = &dialects[rng_below(&m->rng, dialect_count)];
        if (one->held_out == m->held_out)
            return one;
    }
}

static uint64_t cause_bit(const struct fault *f)
{
    return f ? (uint64_t)1 << (cause_find(str_of(f->cause)) - causes) : 0;
}

// Keys of several words can read like a cause: "Lubrication Pressure is 3.75 bar".
static bool names_its_causes(const struct diagnostic *d, const struct factory_example *e)
{
    const struct scene *s = &d->scene;
    uint64_t truth = s->state == SCENE_FAULT ? cause_bit(s->fault) | cause_bit(s->second) : 0;
    return causes_named(buf_str(&e->output)) == truth;
}

static void write_input(struct maker *m, const struct diagnostic *d, struct factory_example *e)
{
    if (d->raw)
        buf_add_str(&e->input, str_trim(buf_str(&m->log)));
    else
        facts_write(&d->facts, &e->input);
    while (e->input.n && e->input.p[e->input.n - 1] == '\n')
        e->input.p[--e->input.n] = '\0';
}

static enum err_code make(struct maker *m, struct factory_example *e, bool *kept, struct err *err)
{
    struct diagnostic *d = m->scratch;
    enum factory_form form = m->options->form;
    d->dialect = pick_dialect(m);
    d->raw = form == FACTORY_RAW || (form == FACTORY_BOTH && rng_chance(&m->rng, 0.4));
    d->limits = d->raw || rng_chance(&m->rng, 0.5);
    scene_make(&d->scene, &m->rng,
               &(struct scene_wish){m->held_out, d->dialect->tight, d->dialect->samples});
    enum err_code code = diagnostic_make_log(m, d, e, kept, err);
    if (code != ERR_OK || !*kept)
        return code;
    write_input(m, d, e);
    diagnostic_pick_suspicion(m, d);
    code = diagnostic_ask(m, d, e, err);
    if (code == ERR_OK)
        code = diagnostic_answer(m, d, e, kept, err);
    *kept = *kept && names_its_causes(d, e);
    if (code != ERR_OK || !*kept)
        return code;
    diagnostic_write_truth(d, e);
    return ERR_OK;
}

const struct task task_diagnostics = {
    .name = {"diagnostics", "logs of equipment, what is wrong, and what to check"},
    .grammar = factory_diagnostics_grammar,
    .scratch_bytes = sizeof(struct diagnostic),
    .make = make,
};
