// The question of a diagnostics example, now and then mistyped or with a wrong suspicion.
#include <string.h>

#include "factory/diagnostics_private.h"
#include "factory/pick.h"

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

enum err_code diagnostic_ask(struct maker *m, struct diagnostic *d, struct factory_example *e,
                             struct err *err)
{
    const struct scene *s = &d->scene;
    const struct fault *about = s->fault ? s->fault : &faults[rng_below(&m->rng, fault_count)];
    char query[PHRASE_BYTES], suspected[PHRASE_BYTES] = "";
    pick_way(about->queries, m->held_out, &m->rng, query, sizeof query);
    if (d->suspected)
        diagnostic_cause_text(d->suspected, suspected);
    struct grammar_slot slots[] = {{"noun", s->noun},
                                   {"device", s->device},
                                   {"query", query},
                                   {"suspected", suspected},
                                   {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    enum err_code code =
        factory_grammar_say(&use, d->suspected ? "suspect" : "question", &e->instruction, err);
    if (code == ERR_OK && rng_chance(&m->rng, 0.06))
        mistype(m, &e->instruction);
    if (code == ERR_OK && d->suspected) {
        code = factory_grammar_say(&use, "denial", &e->output, err);
        buf_add_char(&e->output, ' ');
    }
    return code;
}

void diagnostic_pick_suspicion(struct maker *m, struct diagnostic *d)
{
    const struct scene *s = &d->scene;
    d->suspected = NULL;
    if (s->state == SCENE_INCOMPLETE || !rng_chance(&m->rng, 0.1))
        return;
    const struct cause *c = &causes[rng_below(&m->rng, cause_count)];
    bool true_one = (s->fault && strcmp(c->id, s->fault->cause) == 0) ||
                    (s->second && strcmp(c->id, s->second->cause) == 0);
    d->suspected = true_one ? NULL : c;
}
