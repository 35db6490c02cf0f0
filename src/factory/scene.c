// Making a situation up: who reports, what is wrong with it, what is left out.
#include "factory/scene.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "factory/pick.h"
#include "factory/scene_private.h"

// Every fault as often as any other, with each family that can have it. A sensor that is stuck
// shows in samples alone, which few dialects have: there it comes more often. In training a supply
// that is too low does, too: what follows from it has to be learned as well.
static void pick_fault(struct scene *s, bool samples, struct rng *rng)
{
    bool stuck = samples && rng_chance(rng, 0.12);
    bool supply = !stuck && !s->held_out && rng_chance(rng, 0.035);
    for (;;) {
        const struct fault *fault = &faults[rng_below(rng, fault_count)];
        const struct family *fitting[64];
        size_t count = 0;
        if ((stuck && !strstr(fault->evidence, ":stuck")) ||
            (supply && strcmp(fault->cause, "supply_low") != 0))
            continue;
        for (size_t i = 0; i < family_count && count < 64; i++)
            if (families[i].held_out == s->held_out && fault_fits(fault, &families[i]))
                fitting[count++] = &families[i];
        if (count == 0)
            continue;
        s->fault = fault;
        s->family = fitting[rng_below(rng, count)];
        return;
    }
}

static bool uses(const char *evidence, const struct measure *q)
{
    struct evidence e[EVIDENCE_MAX];
    size_t n = evidence_read(evidence, e);
    for (size_t i = 0; i < n; i++)
        if (e[i].quantity == q)
            return true;
    return false;
}

// A second, independent fault: one value beyond its limit.
static void pick_second(struct scene *s, struct rng *rng)
{
    struct evidence e[EVIDENCE_MAX];
    for (int tries = 0; tries < 20; tries++) {
        const struct fault *fault = &faults[rng_below(rng, fault_count)];
        bool one = evidence_read(fault->evidence, e) == 1;
        if (one && fault != s->fault && (e[0].how == HOW_LOW || e[0].how == HOW_HIGH) &&
            fault_fits(fault, s->family) && !uses(s->fault->evidence, e[0].quantity) &&
            !uses(s->fault->given, e[0].quantity)) {
            s->second = fault;
            return;
        }
    }
}

static void pick_state(struct scene *s, struct rng *rng)
{
    double roll = rng_uniform(rng);
    s->state = roll < 0.58 ? SCENE_FAULT : roll < 0.8 ? SCENE_INCOMPLETE : SCENE_NORMAL;
    if (s->state == SCENE_FAULT && rng_chance(rng, 0.1))
        pick_second(s, rng);
    if (s->state != SCENE_INCOMPLETE)
        return;
    struct evidence e[EVIDENCE_MAX];
    evidence_read(s->fault->evidence, e);
    roll = rng_uniform(rng);
    // Limits that the reader knows by itself cannot be missing.
    bool bounded = (e[0].how == HOW_LOW || e[0].how == HOW_HIGH) &&
                   strcmp(e[0].quantity->id, "supply_voltage") != 0 &&
                   strcmp(e[0].quantity->id, "loop_current") != 0;
    s->missing = roll < 0.1 ? MISSING_LOG : roll < 0.28 && bounded ? MISSING_LIMIT : MISSING_VALUE;
    s->asked = s->missing == MISSING_LIMIT ? e[0].quantity
                                           : quantity_find(s->fault->ask, strlen(s->fault->ask));
    if (s->missing != MISSING_LOG)
        str_copy(s->missing_said, sizeof s->missing_said, str_of(s->asked->said));
}

// Drawn one by one: the order in which arguments are evaluated is the compiler's choice.
static void make_time(struct scene *s, struct rng *rng)
{
    int second = (int)rng_below(rng, 60), minute = (int)rng_below(rng, 60);
    int hour = (int)rng_below(rng, 24), day = 1 + (int)rng_below(rng, 28);
    int month = 1 + (int)rng_below(rng, 12), year = 20 + (int)rng_below(rng, 8);
    snprintf(s->time, sizeof s->time, "20%02d-%02d-%02d %02d:%02d:%02d", year, month, day, hour,
             minute, second);
}

static void make_device(struct scene *s, struct rng *rng)
{
    char model[NAME_BYTES];
    pick_way(s->family->models, s->held_out, rng, model, sizeof model);
    pick_way(s->family->nouns, s->held_out, rng, s->noun, sizeof s->noun);
    if (rng_chance(rng, 0.4))
        str_copy(s->device, sizeof s->device, str_of(model));
    else
        snprintf(s->device, sizeof s->device, "%.*s-%d", (int)strcspn(model, "-0123456789"), model,
                 1 + (int)rng_below(rng, 989));
    for (char *c = s->device; *c; c++)
        if (*c == ' ')
            *c = '-';
    pick_way("24 V|24 V|24 V|48 V|12 V|230 V|110 V", false, rng, s->heater_supply,
             sizeof s->heater_supply);
}

void scene_make(struct scene *s, struct rng *rng, const struct scene_wish *wish)
{
    struct scene_making m = {.s = s, .rng = rng};
    bool stuck;
    do {
        memset(s, 0, sizeof *s);
        s->held_out = wish->held_out;
        pick_fault(s, wish->samples, rng);
        pick_state(s, rng);
        stuck = strstr(s->fault->evidence, ":stuck") && s->state == SCENE_FAULT;
    } while (stuck && !wish->samples);
    make_device(s, rng);
    make_time(s, rng);
    m.style = (enum key_style)rng_below(rng, wish->tight ? KEY_TIGHT_STYLES : KEY_STYLES);
    m.flags = rng_chance(rng, 0.4);
    m.codes = rng_chance(rng, 0.2);
    key_prefix(s->device, m.style, rng, m.prefix);
    if (wish->samples && (stuck || rng_chance(rng, 0.6)))
        s->sample_count = 3 + (size_t)rng_below(rng, SAMPLES_MAX - 2);
    if (s->missing != MISSING_LOG)
        scene_fill_rows(&m);
    scene_shuffle(s, rng);
    if (s->state == SCENE_NORMAL)
        s->fault = NULL;
    scene_note_deciding(s);
}
