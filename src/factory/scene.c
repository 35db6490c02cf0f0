// Making a situation up: who, which values, what is wrong, what is left out.
#include "factory/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "factory/key_names.h"
#include "factory/pick.h"

static double between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_uniform(rng);
}

static bool chance(struct rng *rng, double p)
{
    return rng_uniform(rng) < p;
}

// ---- values ----

static const struct {
    const char *unit;
    const char *other;
    double scale;
    int decimals; // more (or fewer) than the quantity's
} unit_ways[] = {
    {"bar", "kPa", 100, -2},
    {"bar", "barg", 1, 0},
    {"bar", "mbar", 1000, -2},
    {"C", "degC", 1, 0},
    {"C", "°C", 1, 0},
    {"m3/h", "l/min", 16.666667, -1},
    {"A", "mA", 1000, -2},
    {"V", "VDC", 1, 0},
    {"m3/h", "m³/h", 1, 0},
    {"m", "cm", 100, -2},
    {"uS/cm", "mS/cm", 0.001, 3},
    {"V", "mV", 1000, -2},

    {"s", "ms", 1000, -2},
};

struct scale {
    const char *unit;
    double factor;
    int decimals;
};

static struct scale pick_scale(const struct measure *q, struct rng *rng)
{
    struct scale s = {q->unit, 1, q->decimals};
    if (!chance(rng, 0.3))
        return s;
    size_t i = (size_t)rng_below(rng, sizeof unit_ways / sizeof *unit_ways);
    bool small = strcmp(unit_ways[i].other, "mV") == 0 ? q->normal_high < 1 : true;
    if (strcmp(unit_ways[i].unit, q->unit) == 0 && small) {
        s.unit = unit_ways[i].other;
        s.factor = unit_ways[i].scale;
        s.decimals += unit_ways[i].decimals;
        s.decimals = s.decimals < 0 ? 0 : s.decimals;
    }
    return s;
}

static void write_number(double v, const struct scale *s, char to[WORD_BYTES])
{
    snprintf(to, WORD_BYTES, "%.*f", s->decimals, v * s->factor);
    if (strtod(to, NULL) == 0 && to[0] == '-')
        memmove(to, to + 1, strlen(to)); // no minus zero
}

static void write_limit(double v, const struct scale *s, char to[WORD_BYTES])
{
    char rounded[WORD_BYTES];
    if (isnan(v)) {
        to[0] = '\0';
        return;
    }
    snprintf(rounded, sizeof rounded, "%.*f", s->decimals, v * s->factor);
    snprintf(to, WORD_BYTES, "%.10g", strtod(rounded, NULL));
}

struct bounds {
    double low, high, from, to; // limits, and healthy values
};

// The limits of this one instrument: the table's, larger or smaller.
static struct bounds make_bounds(const struct measure *q, struct rng *rng)
{
    static const double sizes[] = {0.8, 0.9, 1, 1, 1, 1.1, 1.25};
    static const double supplies[][2] = {{10, 30}, {10, 30}, {10, 30}, {9, 36},
                                         {18, 32}, {20, 28}, {11, 28}, {19, 29}};
    struct bounds b = {q->limit_low, q->limit_high, q->normal_low, q->normal_high};
    if (strcmp(q->id, "supply_voltage") == 0) {
        size_t i = (size_t)rng_below(rng, sizeof supplies / sizeof *supplies);
        b.low = supplies[i][0];
        b.high = supplies[i][1];
    } else if (strcmp(q->id, "loop_current") != 0 && strcmp(q->unit, "%") != 0 &&
               strcmp(q->id, "ambient_temp") != 0 && b.from >= 0) {
        double size = sizes[rng_below(rng, sizeof sizes / sizeof *sizes)];
        b.low *= size;
        b.high *= size;
        b.from *= size;
        b.to *= size;
    }
    return b;
}

static double value_of(const struct measure *q, enum evidence_how how, const struct bounds *b,
                       struct rng *rng)
{
    switch (how) {
    case HOW_LOW:
        return b->low < 0 ? b->low - between(rng, 3, 18) : b->low * between(rng, 0.12, 0.94);
    case HOW_HIGH:
        if (strcmp(q->unit, "%") == 0 && b->high > 50)
            return between(rng, b->high + 1, 100);
        return b->high * between(rng, 1.05, 1.7);
    case HOW_ZERO:
        return 0;
    case HOW_COLD:
        return between(rng, -28, -0.6);
    default:
        return between(rng, b->from, b->to);
    }
}

static void fill_samples(struct row *r, const struct bounds *b, const struct scale *scale,
                         double value, size_t count, struct rng *rng)
{
    double from = r->how == HOW_LOW || r->how == HOW_HIGH ? between(rng, b->from, b->to) : value;
    double spread = (b->to - b->from) * 0.06;
    for (size_t i = 0; i < count; i++) {
        double along = count > 1 ? (double)i / (double)(count - 1) : 1;
        double v = from + (value - from) * along;
        if (r->how != HOW_STUCK && r->how != HOW_ZERO && i + 1 < count)
            v += spread * (rng_uniform(rng) - 0.5);
        if (r->how == HOW_OK && b->from >= 0 && v < 0)
            v = 0;
        write_number(v, scale, r->samples[i]);
    }
}

// The value as written lies where `how` says against the limits as written.
static bool lies_right(const struct row *r)
{
    bool below = r->number<r->low_number, above = r->number> r->high_number;
    switch (r->how) {
    case HOW_LOW:
        return below;
    case HOW_HIGH:
        return above;
    case HOW_ZERO:
    case HOW_COLD:
    case HOW_GOOD:
        return true;
    default:
        return !below && !above;
    }
}

static void set_number(struct scene *s, struct row *r, struct rng *rng)
{
    struct bounds b = make_bounds(r->quantity, rng);
    struct scale scale = pick_scale(r->quantity, rng);
    double value = 0;
    str_copy(r->unit, sizeof r->unit, str_of(scale.unit));
    if (r->how == HOW_GOOD) // a heater that is off since it is warm
        b.low = NAN;
    write_limit(b.low, &scale, r->low);
    write_limit(b.high, &scale, r->high);
    r->low_number = r->low[0] ? strtod(r->low, NULL) : NAN;
    r->high_number = r->high[0] ? strtod(r->high, NULL) : NAN;
    do {
        value = r->how == HOW_GOOD ? 0 : value_of(r->quantity, r->how, &b, rng);
        write_number(value, &scale, r->value);
        if (r->how == HOW_ZERO && chance(rng, 0.2))
            str_copy(r->value, sizeof r->value, STR_LIT("0"));
        r->number = strtod(r->value, NULL);
    } while (!lies_right(r));
    fill_samples(r, &b, &scale, value, s->sample_count, rng);
    if (s->sample_count)
        str_copy(r->samples[s->sample_count - 1], WORD_BYTES, str_of(r->value));
}

static void set_flag(struct row *r, struct rng *rng)
{
    bool low = r->how == HOW_LOW || (r->how == HOW_ZERO && r->low[0]);
    if (low && chance(rng, 0.5))
        pick_way("LOW|LO|ALARM|LL|LOW", false, rng, r->flag, sizeof r->flag);
    else if (r->how == HOW_HIGH && chance(rng, 0.5))
        pick_way("HIGH|HI|ALARM|HH|HIGH", false, rng, r->flag, sizeof r->flag);
    else if (chance(rng, 0.06))
        snprintf(r->flag, sizeof r->flag, "OK");
}

// ---- the rows ----

struct making {
    struct scene *s;
    struct rng *rng;
    enum key_style style;
    char prefix[KEY_PREFIX_BYTES];
    bool flags, codes;
};

static struct row *find_row(struct scene *s, const struct measure *q)
{
    for (size_t i = 0; i < s->row_count; i++)
        if (s->rows[i].quantity == q)
            return &s->rows[i];
    return NULL;
}

static struct row *add_row(struct making *m, const struct measure *q, enum evidence_how how)
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
        set_number(s, r, m->rng);
        // That nothing flows is plain without a limit, too.
        if (how == HOW_ZERO && s->state == SCENE_FAULT && chance(m->rng, 0.35)) {
            r->low[0] = r->high[0] = '\0';
            r->low_number = r->high_number = NAN;
        }
        if (m->flags)
            set_flag(r, m->rng);
    }
    return r;
}

static void add_evidence(struct making *m, const char *text, const struct measure *without)
{
    struct evidence e[EVIDENCE_MAX];
    size_t n = evidence_read(text, e);
    for (size_t i = 0; i < n; i++)
        if (e[i].quantity != without)
            add_row(m, e[i].quantity, e[i].how);
}

// Healthy values beside the evidence; of the status word, what announces the fault.
static void add_others(struct making *m, size_t wanted, const struct measure *without)
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

static void add_status(struct making *m)
{
    struct scene *s = m->s;
    const struct measure *status = quantity_find("status", 6);
    bool announced = s->fault && s->state != SCENE_NORMAL;
    bool must = s->missing == MISSING_VALUE;
    if (!announced) {
        if (chance(m->rng, 0.5))
            add_row(m, status, HOW_GOOD);
        return;
    }
    if (!must && !chance(m->rng, 0.6))
        return;
    struct row *r = add_row(m, status, HOW_BAD);
    if (!r)
        return;
    if (chance(m->rng, 0.8) || must)
        pick_way(s->fault->symptom, false, m->rng, r->value, sizeof r->value);
    for (size_t i = 0; i < s->sample_count; i++)
        str_copy(r->samples[i], WORD_BYTES, str_of(r->value));
}

static void shuffle(struct scene *s, struct rng *rng)
{
    for (size_t i = s->row_count; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i);
        struct row swap = s->rows[i - 1];
        s->rows[i - 1] = s->rows[k];
        s->rows[k] = swap;
    }
}

static void note_deciding(struct scene *s)
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

// ---- who and what ----

// Every fault as often as any other, with each family that can have it. A sensor that is stuck
// shows in samples alone, which few dialects have: there it comes more often. In training a supply
// that is too low does, too: what follows from it has to be learned as well.
static void pick_fault(struct scene *s, bool samples, struct rng *rng)
{
    bool stuck = samples && chance(rng, 0.12);
    bool supply = !stuck && !s->held_out && chance(rng, 0.035);
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
    if (s->state == SCENE_FAULT && chance(rng, 0.1))
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

static void make_time(struct scene *s, struct rng *rng)
{
    snprintf(s->time, sizeof s->time, "20%02d-%02d-%02d %02d:%02d:%02d",
             20 + (int)rng_below(rng, 8), 1 + (int)rng_below(rng, 12), 1 + (int)rng_below(rng, 28),
             (int)rng_below(rng, 24), (int)rng_below(rng, 60), (int)rng_below(rng, 60));
}

static void make_device(struct scene *s, struct rng *rng)
{
    char model[NAME_BYTES];
    pick_way(s->family->models, s->held_out, rng, model, sizeof model);
    pick_way(s->family->nouns, s->held_out, rng, s->noun, sizeof s->noun);
    if (chance(rng, 0.4))
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

static void fill_rows(struct making *m)
{
    struct scene *s = m->s;
    const struct measure *without = s->missing == MISSING_VALUE ? s->asked : NULL;
    if (s->state == SCENE_NORMAL) {
        const struct measure *heater = quantity_find("heater_current", 14);
        const struct measure *air = quantity_find("ambient_temp", 12);
        if (family_has(s->family, heater) && chance(m->rng, 0.5)) {
            bool cold = chance(m->rng, 0.5);
            add_row(m, air, cold ? HOW_COLD : HOW_OK);
            add_row(m, heater, cold ? HOW_OK : HOW_GOOD);
        }
        if (chance(m->rng, 0.15) && s->sample_count)
            add_row(m, quantity_find("process_value", 13), HOW_OK);
    } else {
        if (without && s->fault->given[0])
            add_evidence(m, s->fault->given, without);
        else
            add_evidence(m, s->fault->evidence, without);
        if (s->second)
            add_evidence(m, s->second->evidence, NULL);
        if (strcmp(s->fault->cause, "supply_low") == 0 && chance(m->rng, 0.5))
            add_row(m, quantity_find("ref_check", 9), HOW_BAD);
        if (strcmp(s->fault->cause, "supply_low") == 0 && chance(m->rng, 0.3) && !without)
            add_row(m, quantity_find("reset_count", 11), HOW_HIGH);
    }
    add_others(m, s->state == SCENE_NORMAL ? 2 + rng_below(m->rng, 5) : rng_below(m->rng, 6),
               without);
    add_status(m);
}

void scene_make(struct scene *s, struct rng *rng, const struct scene_wish *wish)
{
    struct making m = {.s = s, .rng = rng};
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
    m.flags = chance(rng, 0.4);
    m.codes = chance(rng, 0.2);
    key_prefix(s->device, m.style, rng, m.prefix);
    if (wish->samples && (stuck || chance(rng, 0.6)))
        s->sample_count = 3 + (size_t)rng_below(rng, SAMPLES_MAX - 2);
    if (s->missing != MISSING_LOG)
        fill_rows(&m);
    shuffle(s, rng);
    if (s->state == SCENE_NORMAL)
        s->fault = NULL;
    note_deciding(s);
}
