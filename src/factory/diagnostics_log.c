// The log of a diagnostics example: written in its dialect, then read back as fettle reads logs.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "factory/diagnostics_private.h"

static bool is_heated(const struct scene *s)
{
    for (size_t i = 0; i < s->row_count; i++)
        if (strcmp(s->rows[i].quantity->id, "heater_current") == 0)
            return true;
    return false;
}

// The reader found the row: its number or word, and its limits if the log has them.
static bool was_read(const struct diagnostic *d, size_t row)
{
    const struct row *r = &d->scene.rows[row];
    const struct fact *f = diagnostic_fact_of(d, row);
    if (!f)
        return false;
    if (r->is_state)
        return strcmp(f->text, r->value) == 0;
    bool limits = !d->limits || ((isnan(r->low_number) || f->low == r->low_number) &&
                                 (isnan(r->high_number) || f->high == r->high_number));
    return f->is_number && fabs(f->value - r->number) <= 1e-9 * fabs(r->number) && limits;
}

static void join(struct diagnostic *d)
{
    struct scene *s = &d->scene;
    char known[PHRASE_BYTES];
    if (!d->raw && is_heated(s)) {
        snprintf(known, sizeof known, "heater supply %s", s->heater_supply);
        facts_add_known(&d->facts, known);
    } else {
        snprintf(s->heater_supply, sizeof s->heater_supply, "24 V");
    }
    for (size_t i = 0; !d->raw && i < s->row_count; i++) {
        const struct row *r = &s->rows[i];
        if (r->is_state || (isnan(r->low_number) && isnan(r->high_number)))
            continue;
        if (!facts_join_limits(&d->facts, str_of(r->key), r->low_number, r->high_number,
                               FACT_FROM_STORE))
            facts_join_limits(&d->facts, str_of(r->said), r->low_number, r->high_number,
                              FACT_FROM_STORE);
    }
    facts_join_known(&d->facts);
}

// A name alone, talk without a reading, both, or nothing.
static enum err_code write_no_log(struct maker *m, struct factory_example *e, struct diagnostic *d,
                                  struct err *err)
{
    const struct grammar_slot slots[] = {{"noun", d->scene.noun}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    enum err_code code = ERR_OK;
    if (rng_chance(&m->rng, 0.5))
        buf_printf(&m->log, "device: %s\n", d->scene.device);
    uint64_t sentences = rng_chance(&m->rng, 0.5) ? 1 + rng_below(&m->rng, 3) : 0;
    for (uint64_t i = 0; code == ERR_OK && i < sentences; i++) {
        code = factory_grammar_say(&use, "chatter", &m->log, err);
        buf_add_z(&m->log, i % 2 ? "\n" : " ");
    }
    return code;
}

enum err_code diagnostic_make_log(struct maker *m, struct diagnostic *d, struct factory_example *e,
                                  bool *kept, struct err *err)
{
    struct grammar_use use = maker_use(m, e, NULL);
    struct dialect_use write = {&d->scene, d->limits, &use, &m->rng};
    struct scene *s = &d->scene;
    buf_reset(&m->log);
    for (size_t i = 0; i < s->row_count; i++) {
        struct row *r = &s->rows[i];
        if (s->missing == MISSING_LIMIT && r->quantity == s->asked) {
            r->low[0] = r->high[0] = r->flag[0] = '\0';
            r->low_number = r->high_number = NAN;
        }
    }
    enum err_code code = s->missing == MISSING_LOG ? write_no_log(m, e, d, err)
                                                   : d->dialect->write(&write, &m->log, err);
    if (code == ERR_OK)
        code = facts_read(buf_str(&m->log), &d->facts, err);
    *kept = true;
    for (size_t i = 0; i < s->row_count && *kept; i++)
        *kept = was_read(d, i);
    if (code == ERR_OK)
        join(d);
    return code;
}
