// The rows of a scene: the evidence of its fault, healthy values beside it, the status word.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "factory/pick.h"
#include "factory/scene_private.h"

static struct row *find_row(struct scene *s, const struct measure *q)
{
    for (size_t i = 0; i < s->row_count; i++)
        if (s->rows[i].quantity == q)
            return &s->rows[i];
    return NULL;
}

static struct row *add_row(struct scene_making *m, const struct measure *q, enum evidence_how how)
{
    struct scene *s = m->s;
    char words[KEY_WORDS_BYTES], key[NAME_BYTES];
    struct row *there = find_row(s, q);
    if (there || s->row_count == ROWS_MAX)
        return there;
    struct row *r = &s->rows[s->row_count++];
    *r = (struct row){.quantity = q, .how = how, .is_state = !q->unit};
    pick_way(q->keys, s->held_out, m->rng, words, sizeof words);
    key_vary(m->rng, words);
    if (m->codes)
        key_add_code(m->rng, words, sizeof words);
    key_spell(words, m->style, key, sizeof key);
    snprintf(r->key, sizeof r->key, "%s%.*s", m->prefix, (int)(sizeof r->key - sizeof m->prefix),
             key);
    str_copy(r->said, sizeof r->said, str_of(q->said));
    r->number = r->low_number = r->high_number = NAN;
    if (r->is_state) {
        pick_way(how == HOW_BAD ? q->bad : q->good, false, m->rng, r->value, sizeof r->value);
        for (size_t i = 0; i < s->sample_count; i++)
            str_copy(r->samples[i], WORD_BYTES, str_of(r->value));
    } else {
        row_set_number(r, s->sample_count, m->rng);
        // That nothing flows is plain without a limit, too.
        if (how == HOW_ZERO && s->state == SCENE_FAULT && rng_chance(m->rng, 0.35)) {
            r->low[0] = r->high[0] = '\0';
            r->low_number = r->high_number = NAN;
        }
        if (m->flags)
            row_set_flag(r, m->rng);
    }
    return r;
}

static void add_evidence(struct scene_making *m, const char *text, const struct measure *without)
{
    struct evidence e[EVIDENCE_MAX];
    size_t n = evidence_read(text, e);
    for (size_t i = 0; i < n; i++)
        if (e[i].quantity != without)
            add_row(m, e[i].quantity, e[i].how);
}

// Healthy values beside the evidence; of the status word, what announces the fault.
static void add_others(struct scene_making *m, size_t wanted, const struct measure *without)
{
    struct scene *s = m->s;
    for (size_t tries = 0; tries < 60 && wanted > 0; tries++) {
        const struct measure *q = &quantities[rng_below(m->rng, quantity_count)];
        bool own = family_has(s->family, q) && q != without && !find_row(s, q);
        // Cold or heating beside other faults would be evidence of their own.
        bool heating = strcmp(q->id, "ambient_temp") == 0 || strcmp(q->id, "heater_current") == 0;
        bool reserved = strcmp(q->id, "status") == 0 || strcmp(q->id, "process_value") == 0;
        if (!own || reserved || (heating && s->state != SCENE_NORMAL && tries % 2))
            continue;
        add_row(m, q, q->unit ? HOW_OK : HOW_GOOD);
        wanted--;
    }
}

static void add_status(struct scene_making *m)
{
    struct scene *s = m->s;
    const struct measure *status = quantity_find("status", 6);
    bool announced = s->fault && s->state != SCENE_NORMAL;
    bool must = s->missing == MISSING_VALUE;
    if (!announced) {
        if (rng_chance(m->rng, 0.5))
            add_row(m, status, HOW_GOOD);
        return;
    }
    if (!must && !rng_chance(m->rng, 0.6))
        return;
    struct row *r = add_row(m, status, HOW_BAD);
    if (!r)
        return;
    if (rng_chance(m->rng, 0.8) || must)
        pick_way(s->fault->symptom, false, m->rng, r->value, sizeof r->value);
    for (size_t i = 0; i < s->sample_count; i++)
        str_copy(r->samples[i], WORD_BYTES, str_of(r->value));
}

void scene_fill_rows(struct scene_making *m)
{
    struct scene *s = m->s;
    const struct measure *without = s->missing == MISSING_VALUE ? s->asked : NULL;
    if (s->state == SCENE_NORMAL) {
        const struct measure *heater = quantity_find("heater_current", 14);
        const struct measure *air = quantity_find("ambient_temp", 12);
        if (family_has(s->family, heater) && rng_chance(m->rng, 0.5)) {
            bool cold = rng_chance(m->rng, 0.5);
            add_row(m, air, cold ? HOW_COLD : HOW_OK);
            add_row(m, heater, cold ? HOW_OK : HOW_GOOD);
        }
        if (rng_chance(m->rng, 0.15) && s->sample_count)
            add_row(m, quantity_find("process_value", 13), HOW_OK);
    } else {
        if (without && s->fault->given[0])
            add_evidence(m, s->fault->given, without);
        else
            add_evidence(m, s->fault->evidence, without);
        if (s->second)
            add_evidence(m, s->second->evidence, NULL);
        if (strcmp(s->fault->cause, "supply_low") == 0 && rng_chance(m->rng, 0.5))
            add_row(m, quantity_find("ref_check", 9), HOW_BAD);
        if (strcmp(s->fault->cause, "supply_low") == 0 && rng_chance(m->rng, 0.3) && !without)
            add_row(m, quantity_find("reset_count", 11), HOW_HIGH);
    }
    add_others(m, s->state == SCENE_NORMAL ? 2 + rng_below(m->rng, 5) : rng_below(m->rng, 6),
               without);
    add_status(m);
}

void scene_shuffle(struct scene *s, struct rng *rng)
{
    for (size_t i = s->row_count; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i);
        struct row swap = s->rows[i - 1];
        s->rows[i - 1] = s->rows[k];
        s->rows[k] = swap;
    }
}

void scene_note_deciding(struct scene *s)
{
    struct evidence e[EVIDENCE_MAX];
    size_t n = s->fault ? evidence_read(s->fault->evidence, e) : 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < s->row_count; k++)
            if (s->rows[k].quantity == e[i].quantity)
                s->deciding[s->deciding_count++] = k;
    if (s->second) {
        evidence_read(s->second->evidence, e);
        for (size_t k = 0; k < s->row_count; k++)
            if (s->rows[k].quantity == e[0].quantity)
                s->second_row = k;
    }
}
