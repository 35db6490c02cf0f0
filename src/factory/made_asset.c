// Making an asset up: its sensors with limits and healthy values, and which incident it has.
#include "factory/made_asset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "factory/key_names.h"
#include "factory/made_incident.h"
#include "factory/pick.h"
#include "factory/plants.h"

enum { TRIES = 60 };

struct made_naming {
    enum key_style style;
    char prefix[KEY_PREFIX_BYTES];
    bool codes;
};

double made_rounded(double value, int decimals)
{
    double scale = pow(10, decimals);
    return round(value * scale) / scale;
}

// ---- what is wrong ----

// Counters and clocks are no sensors of a plant.
static bool is_sensor(const struct measure *q)
{
    static const char *const others[] = {"uptime",      "reset_count",  "crc_errors",
                                         "message_age", "storage_used", "clock_offset"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(q->id, others[i]) == 0)
            return false;
    return q->unit && q->unit[0];
}

static bool is_process(const struct measure *q)
{
    static const char *const ids[] = {"flow",        "process_value", "discharge_pressure",
                                      "liquid_temp", "ambient_temp",  "suction_pressure",
                                      "wind_speed",  "power"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (strcmp(q->id, ids[i]) == 0)
            return true;
    return false;
}

static bool is_alone(const struct asset_fault *f)
{
    return strncmp(f->signs, "any:", 4) == 0 || strncmp(f->signs, "process:", 8) == 0;
}

// A fault of logs that sensors alone can show. A high pressure alone would rather be a gauge's.
static bool is_shown_by_sensors(const struct fault *f)
{
    struct evidence e[EVIDENCE_MAX];
    size_t n = evidence_read(f->evidence, e);
    for (size_t i = 0; i < n; i++)
        if (!is_sensor(e[i].quantity) || e[i].how == HOW_STUCK)
            return false;
    return n > 0 && n <= MADE_SIGNS_MAX && strcmp(f->cause, "overpressure") != 0 &&
           (e[0].how == HOW_LOW || e[0].how == HOW_HIGH || e[0].how == HOW_ZERO);
}

static void pick_fault(struct made_asset *a, struct rng *rng)
{
    double roll = rng_uniform(rng);
    const struct fault *of_logs;
    a->fault = (struct asset_fault){0};
    if (roll < 0.1)
        return;
    if (roll < 0.28) {
        do {
            of_logs = &faults[rng_below(rng, fault_count)];
        } while (!is_shown_by_sensors(of_logs));
        a->fault = (struct asset_fault){of_logs->cause, of_logs->evidence, of_logs->checks};
        return;
    }
    bool alone = roll < 0.7;
    do {
        a->fault = asset_faults[rng_below(rng, asset_fault_count)];
    } while (is_alone(&a->fault) != alone);
}

// ---- whose sensors ----

static bool is_quantity(struct str subject)
{
    return quantity_find(subject.p, subject.n) != NULL;
}

// The family has every quantity that the fault's signs name, and enough sensors.
static bool fits(const struct family *family, const struct asset_fault *f)
{
    size_t sensors = 0;
    for (size_t i = 0; i < quantity_count; i++)
        sensors += is_sensor(&quantities[i]) && family_has(family, &quantities[i]);
    for (struct str rest = str_of(f->signs ? f->signs : ""); rest.p && rest.n;) {
        struct str sign = str_cut(&rest, ' '), subject = str_cut(&sign, ':');
        if (is_quantity(subject) && !family_has(family, quantity_find(subject.p, subject.n)))
            return false;
    }
    return sensors >= 3;
}

static bool pick_family(struct made_asset *a, bool held_out, struct rng *rng)
{
    // The demo plant's pipes come more often.
    static const char common[] = "water_pipe";
    for (int i = 0; i < 4 * TRIES; i++) {
        const struct family *family = &families[rng_below(rng, family_count)];
        bool passed_over = strcmp(family->name, common) != 0 && !held_out && rng_chance(rng, 0.5);
        if (family->held_out != held_out || passed_over || !fits(family, &a->fault))
            continue;
        a->family = family;
        return true;
    }
    return false;
}

// ---- sensors ----

static const struct {
    const char *unit, *other;
    double scale;
    int decimals; // more than the quantity's
} unit_ways[] = {
    {"C", "°C", 1, 0},
    {"C", "°C", 1, 0},
    {"C", "degC", 1, 0},
    {"bar", "kPa", 100, -2},
    {"m3/h", "L/min", 16.666667, -1},
    {"m3/h", "L/min", 16.666667, -1},
    {"m3/h", "m³/h", 1, 0},
    {"m", "cm", 100, -2},
};

// A healthy range of this one sensor, and its limits: a rule's round ones, or learnt ones.
static void make_range(struct made_sensor *s, double scale, struct rng *rng)
{
    const struct measure *q = s->quantity;
    double from = q->normal_low * scale, to = q->normal_high * scale, width = to - from;
    double floor = q->normal_low >= 0 ? 0 : -INFINITY;
    bool ruled =
        !(isnan(q->limit_low) && isnan(q->limit_high)) && from >= 0 && rng_chance(rng, 0.4);
    s->known.low = s->known.high = NAN;
    if (ruled) {
        double size = rng_chance(rng, 0.5) ? 1 : rng_between(rng, 0.85, 1.2);
        s->known.low = made_rounded(q->limit_low * scale * size, s->decimals);
        s->known.high = made_rounded(q->limit_high * scale * size, s->decimals);
        s->from = fmax(from * size, isnan(s->known.low) ? from * size : s->known.low);
        s->to = fmin(to * size, isnan(s->known.high) ? to * size : s->known.high);
    } else if (rng_chance(rng, 0.4)) {
        int digits = s->decimals > 0 ? s->decimals - 1 : 0;
        s->known.low =
            fmax(floor, made_rounded(from - width * rng_between(rng, 0.02, 0.2), digits));
        s->known.high = made_rounded(to + width * rng_between(rng, 0.02, 0.3), digits);
        s->from = from;
        s->to = to;
    } else {
        double half = width * rng_between(rng, 0.02, 0.3),
               middle = rng_between(rng, from + half, to - half);
        s->known.low = fmax(floor, middle - half);
        s->known.high = middle + half;
        s->from = fmax(s->known.low, middle - 0.7 * half);
        s->to = middle + 0.7 * half;
    }
}

static struct made_sensor *add_sensor(struct made_asset *a, const struct made_naming *naming,
                                      const struct measure *q, struct rng *rng)
{
    char words[KEY_WORDS_BYTES], key[PLANT_NAME_BYTES];
    double scale = 1;
    if (a->sensor_count == MADE_SENSORS_MAX)
        return NULL;
    struct made_sensor *s = &a->sensors[a->sensor_count];
    *s = (struct made_sensor){.quantity = q, .decimals = q->decimals};
    pick_way(q->keys, a->family->held_out, rng, words, sizeof words);
    key_vary(rng, words);
    if (naming->codes)
        key_add_code(rng, words, sizeof words);
    key_spell(words, naming->style, key, sizeof key);
    snprintf(s->known.name, sizeof s->known.name, "%s%.*s", naming->prefix,
             (int)(sizeof s->known.name - sizeof naming->prefix), key);
    str_copy(s->known.unit, sizeof s->known.unit, str_of(q->unit));
    size_t way = (size_t)rng_below(rng, 2 * sizeof unit_ways / sizeof *unit_ways);
    if (way < sizeof unit_ways / sizeof *unit_ways && strcmp(unit_ways[way].unit, q->unit) == 0) {
        str_copy(s->known.unit, sizeof s->known.unit, str_of(unit_ways[way].other));
        scale = unit_ways[way].scale;
        s->decimals += unit_ways[way].decimals;
        s->decimals = s->decimals < 0 ? 0 : s->decimals;
    }
    make_range(s, scale, rng);
    for (size_t i = 0; i < a->sensor_count; i++)
        if (strcmp(a->sensors[i].known.name, s->known.name) == 0)
            return NULL;
    a->sensor_count++;
    return s;
}

static bool has_quantity(const struct made_asset *a, const struct measure *q)
{
    for (size_t i = 0; i < a->sensor_count; i++)
        if (a->sensors[i].quantity == q)
            return true;
    return false;
}

static bool add_named(struct made_asset *a, const struct made_naming *naming, struct rng *rng)
{
    for (struct str rest = str_of(a->fault.signs ? a->fault.signs : ""); rest.p && rest.n;) {
        struct str sign = str_cut(&rest, ' '), subject = str_cut(&sign, ':');
        const struct measure *q = quantity_find(subject.p, subject.n);
        if (q && !add_sensor(a, naming, q, rng))
            return false;
    }
    return true;
}

static void add_others(struct made_asset *a, const struct made_naming *naming, size_t wanted,
                       struct rng *rng)
{
    for (int i = 0; i < 4 * TRIES && a->sensor_count < wanted; i++) {
        const struct measure *q = &quantities[rng_below(rng, quantity_count)];
        if (is_sensor(q) && family_has(a->family, q) && !has_quantity(a, q))
            add_sensor(a, naming, q, rng);
    }
}

static void shuffle(struct made_asset *a, struct rng *rng)
{
    for (size_t i = a->sensor_count; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i);
        struct made_sensor swap = a->sensors[i - 1];
        a->sensors[i - 1] = a->sensors[k];
        a->sensors[k] = swap;
    }
}

bool made_sensor_find(const struct made_asset *a, struct str subject, struct rng *rng, size_t *at)
{
    const struct measure *q = quantity_find(subject.p, subject.n);
    for (int i = 0; !q && i < TRIES; i++) {
        *at = (size_t)rng_below(rng, a->sensor_count);
        if (!str_is(subject, "process") || is_process(a->sensors[*at].quantity))
            return true;
    }
    for (*at = 0; q && *at < a->sensor_count; ++*at)
        if (a->sensors[*at].quantity == q)
            return true;
    return false;
}

bool made_asset_make(struct made_asset *a, bool held_out, struct rng *rng)
{
    struct made_naming naming = {.style = (enum key_style)rng_below(rng, KEY_STYLES)};
    naming.codes = rng_chance(rng, 0.2);
    memset(a, 0, sizeof *a);
    if (rng_chance(rng, 0.4))
        naming.style = KEY_LOWER;
    pick_fault(a, rng);
    if (!pick_family(a, held_out, rng))
        return false;
    pick_way(a->family->nouns, held_out, rng, a->noun, sizeof a->noun);
    a->style = plant_name_asset(a->noun, held_out, rng, a->name);
    key_prefix(a->name, naming.style, rng, naming.prefix);
    if (!add_named(a, &naming, rng))
        return false;
    add_others(a, &naming, 2 + (size_t)rng_below(rng, 6), rng);
    shuffle(a, rng);
    return a->sensor_count >= 2 && made_incident_make(a, rng);
}
