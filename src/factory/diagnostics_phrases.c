// Phrases of a diagnostics answer: a value, its limits, its evidence, a cause, a check, a name.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "factory/diagnostics_private.h"
#include "factory/pick.h"

const struct fact *diagnostic_fact_of(const struct diagnostic *d, size_t row)
{
    const struct row *r = &d->scene.rows[row];
    const struct fact *f = facts_find(&d->facts, str_of(r->key));
    return f ? f : facts_find(&d->facts, str_of(r->said));
}

void diagnostic_value_text(const struct fact *f, char to[PHRASE_BYTES])
{
    const char *gap = f->unit[0] && f->unit[0] != '%' ? " " : "";
    snprintf(to, PHRASE_BYTES, "%s%s%s", f->text, gap, f->unit);
}

void diagnostic_limit_text(const struct fact *f, char to[PHRASE_BYTES])
{
    struct buf text = {0};
    fact_limit_text(f, &text);
    str_copy(to, PHRASE_BYTES, buf_str(&text));
    buf_free(&text);
}

// "below the operating range of 10-30 V", "above the maximum of 85 C".
void diagnostic_place_text(struct maker *m, const struct fact *f, char to[PHRASE_BYTES])
{
    static const char *const ranges[] = {"operating range of ", "allowed range of ", "range "};
    char limit[PHRASE_BYTES];
    to[0] = '\0';
    if (f->side == FACT_UNJUDGED)
        return;
    const char *side = f->side == FACT_BELOW ? "below" : f->side == FACT_ABOVE ? "above" : "within";
    diagnostic_limit_text(f, limit);
    bool both = !isnan(f->low) && !isnan(f->high);
    if (both)
        snprintf(to, PHRASE_BYTES, "%s the %s%.100s", side, ranges[rng_below(&m->rng, 3)], limit);
    else
        snprintf(to, PHRASE_BYTES, "%s the %s of %.100s", side,
                 isnan(f->low) ? "maximum" : "minimum", limit + strlen("max "));
}

// "TEMP_AMB is -15.2 C and STATUS shows ICE" from the further evidence.
void diagnostic_support_text(struct maker *m, const struct diagnostic *d, char to[PHRASE_BYTES])
{
    const struct scene *s = &d->scene;
    size_t n = 0;
    to[0] = '\0';
    for (size_t i = 1; i < s->deciding_count && i < 3; i++) {
        const struct fact *f = diagnostic_fact_of(d, s->deciding[i]);
        char value[PHRASE_BYTES], place[PHRASE_BYTES] = "";
        diagnostic_value_text(f, value);
        diagnostic_place_text(m, f, place);
        const char *comma = i + 1 < s->deciding_count && i < 2 ? " and " : "";
        int more = snprintf(to + n, PHRASE_BYTES - n, "%s is %.40s%s%.80s%s", f->key, value,
                            place[0] ? ", " : "", place, comma);
        n = n + (size_t)more < PHRASE_BYTES ? n + (size_t)more : PHRASE_BYTES - 1;
    }
}

void diagnostic_cause_text(const struct cause *c, char to[PHRASE_BYTES])
{
    snprintf(to, PHRASE_BYTES, "%s%s%s", c->article, c->article[0] ? " " : "", c->title);
}

// What to check, with the heater's own supply voltage for '@'.
void diagnostic_check_text(struct maker *m, const struct diagnostic *d, const struct fault *fault,
                           char to[PHRASE_BYTES])
{
    char way[PHRASE_BYTES];
    pick_way(fault->checks, m->held_out, &m->rng, way, sizeof way);
    const char *at = strchr(way, '@');
    if (at)
        snprintf(to, PHRASE_BYTES, "%.*s%s%s", (int)(at - way), way, d->scene.heater_supply,
                 at + 1);
    else
        memcpy(to, way, sizeof way);
}

// ---- answers ----

// What an answer may call the equipment: as the question or the input said it.
void diagnostic_spoken_name(const struct diagnostic *d, const struct factory_example *e,
                            char to[PHRASE_BYTES])
{
    const char *names[] = {d->scene.noun, d->scene.device};
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

// What the log shows though the deciding value is missing.
void diagnostic_seen_text(struct maker *m, const struct diagnostic *d, char to[PHRASE_BYTES])
{
    const struct fact *shown = NULL;
    for (size_t i = 0; i < d->facts.count; i++) {
        const struct fact *f = &d->facts.items[i];
        bool beyond = f->side == FACT_BELOW || f->side == FACT_ABOVE;
        const struct row *status = NULL;
        for (size_t k = 0; k < d->scene.row_count; k++)
            if (strcmp(d->scene.rows[k].quantity->id, "status") == 0)
                status = &d->scene.rows[k];
        if (beyond || (!shown && status && strcmp(f->key, status->key) == 0))
            shown = f;
    }
    char value[PHRASE_BYTES] = "", place[PHRASE_BYTES] = "";
    if (!shown && d->facts.count)
        shown = &d->facts.items[0];
    if (!shown) {
        snprintf(to, PHRASE_BYTES, "the log is short");
        return;
    }
    diagnostic_value_text(shown, value);
    if (shown->side == FACT_BELOW || shown->side == FACT_ABOVE)
        diagnostic_place_text(m, shown, place);
    snprintf(to, PHRASE_BYTES, "%s is %.60s%s%.60s", shown->key, value, place[0] ? ", " : "",
             place);
}
