// Making an incident up: what each sign of a fault leaves of anomalies, and what sensors read.
#include "factory/made_incident.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 6 };

// ---- signs ----

enum effect { EFFECT_EITHER, EFFECT_LOW, EFFECT_HIGH, EFFECT_ZERO, EFFECT_NONE, EFFECT_COLD };

static const struct sign_kind {
    const char *name;
    enum anomaly_kind kind;
    enum effect effect;
} sign_kinds[] = {
    {"spike", ANOMALY_SPIKE, EFFECT_EITHER},
    {"drift", ANOMALY_DRIFT, EFFECT_EITHER},
    {"shift", ANOMALY_LEVEL_SHIFT, EFFECT_EITHER},
    {"seasonal", ANOMALY_SEASONAL, EFFECT_EITHER},
    {"mismatch", ANOMALY_MULTIVARIATE, EFFECT_EITHER},
    {"low", ANOMALY_DRIFT, EFFECT_LOW},
    {"high", ANOMALY_DRIFT, EFFECT_HIGH},
    {"zero", ANOMALY_DRIFT, EFFECT_ZERO},
    {"dropout", ANOMALY_DROPOUT, EFFECT_NONE},
    {"stuck", ANOMALY_STUCK, EFFECT_NONE},
    {"noise", ANOMALY_NOISE, EFFECT_NONE},
    {"pattern", ANOMALY_PATTERN, EFFECT_NONE},
    {"ok", ANOMALY_KIND_COUNT, EFFECT_NONE},
    {"cold", ANOMALY_KIND_COUNT, EFFECT_COLD},
};

static const struct sign_kind *sign_kind(struct str name)
{
    for (size_t i = 0; i < sizeof sign_kinds / sizeof *sign_kinds; i++)
        if (str_is(name, sign_kinds[i].name))
            return &sign_kinds[i];
    return NULL;
}

// ---- anomalies ----

struct making {
    struct made_asset *a;
    struct rng *rng;
    int64_t now_us, start_us;
};

static struct join_anomaly *add_anomaly(struct making *m, size_t sensor, enum anomaly_kind kind)
{
    struct made_asset *a = m->a;
    if (a->anomaly_count == JOIN_ANOMALIES_MAX)
        return NULL;
    struct join_anomaly *out = &a->anomalies[a->anomaly_count++];
    *out = (struct join_anomaly){.anomaly = {.kind = kind, .sensor = (uint32_t)sensor}};
    memcpy(out->sensor, a->sensors[sensor].known.name, sizeof out->sensor);
    memcpy(out->unit, a->sensors[sensor].known.unit, sizeof out->unit);
    struct anomaly *an = &out->anomaly;
    bool grave = kind == ANOMALY_SPIKE ? rng_chance(m->rng, 0.6) : rng_chance(m->rng, 0.15);
    an->severity = grave ? SEVERITY_CRITICAL : SEVERITY_WARNING;
    an->peak = an->limit = an->expected_low = an->expected_high = NAN;
    an->score = rng_between(m->rng, 0.5, 1);
    an->start_us = m->start_us;
    an->end_us = TIME_NONE;
    return out;
}

static void end_it(struct making *m, struct anomaly *an)
{
    double left = (double)(m->now_us - an->start_us) / 1e6;
    double most = an->kind == ANOMALY_SPIKE ? 12 : an->kind == ANOMALY_DROPOUT ? 300 : 5400;
    double limit = an->kind == ANOMALY_DROPOUT ? 1.2 * an->limit : 0;
    double least = fmin(limit, left);
    an->end_us =
        an->start_us + (int64_t)(1e6 * rng_between(m->rng, least, fmax(least, fmin(left, most))));
}

static bool set_side(const struct made_sensor *s, enum effect effect, struct anomaly *an,
                     struct rng *rng)
{
    bool has_low = !isnan(s->known.low) && (s->known.low > 0 || s->quantity->normal_low < 0);
    bool has_high = !isnan(s->known.high);
    bool low = effect == EFFECT_LOW || effect == EFFECT_ZERO ||
               (effect == EFFECT_EITHER && has_low && (!has_high || rng_chance(rng, 0.4)));
    an->side = low ? SIDE_LOW : SIDE_HIGH;
    return low ? has_low : has_high;
}

// How far it went, and what it should have kept to: a rule's limit, or a learnt band.
static bool set_values(struct making *m, const struct made_sensor *s, enum effect effect,
                       struct anomaly *an)
{
    double low = s->known.low, high = s->known.high;
    double width = isnan(low) || isnan(high) ? s->to - s->from : high - low;
    double floor = s->quantity->normal_low >= 0 ? 0 : -INFINITY;
    if (!set_side(s, effect, an, m->rng))
        return false;
    bool is_low = an->side == SIDE_LOW;
    double edge = is_low ? low : high, sign = is_low ? -1 : 1;
    bool band = !isnan(low) && !isnan(high);
    if (an->kind == ANOMALY_MULTIVARIATE || an->kind == ANOMALY_SEASONAL) {
        // Within the limits as a rule: unusual beside the others or for the hour.
        double half = width * rng_log_between(m->rng, 0.002, 0.1);
        double middle = rng_between(m->rng, s->from, s->to);
        an->expected_low = fmax(floor, middle - half);
        an->expected_high = middle + half;
        edge = is_low ? an->expected_low : an->expected_high;
        an->peak = edge + sign * width * rng_log_between(m->rng, 0.02, 0.6);
    } else {
        bool ruled = an->kind == ANOMALY_LEVEL_SHIFT || !band || rng_chance(m->rng, 0.6);
        if (ruled && an->kind != ANOMALY_LEVEL_SHIFT && effect == EFFECT_EITHER &&
            rng_chance(m->rng, 0.6))
            edge = made_rounded(edge + sign * width * rng_between(m->rng, 0.05, 0.4), s->decimals);
        an->limit = ruled ? edge : NAN;
        an->expected_low = ruled ? NAN : low;
        an->expected_high = ruled ? NAN : high;
        an->peak =
            edge + sign * width * rng_log_between(m->rng, 0.05, rng_chance(m->rng, 0.2) ? 15 : 1.2);
    }
    if (effect == EFFECT_ZERO)
        an->peak = 0;
    an->peak = made_rounded(fmax(floor, an->peak), s->decimals);
    bool too_much = strcmp(s->quantity->unit, "%") == 0 && an->peak > 100;
    return !too_much && (is_low ? an->peak < edge : an->peak > edge) && (!is_low || edge > floor);
}

static void set_silence(struct making *m, struct anomaly *an)
{
    static const double limits[] = {5, 10, 10, 10, 30, 60, 120};
    an->limit = limits[rng_below(m->rng, 7)];
    an->start_us -= (int64_t)(an->limit * 1.5e6);
}

// Anomalies that come along with the one that decides: more of the same, and what else detectors
// see in it.
static void add_company(struct making *m, const struct anomaly *main, size_t sensor)
{
    const struct made_sensor *s = &m->a->sensors[sensor];
    bool again = main->kind == ANOMALY_SPIKE || main->kind == ANOMALY_NOISE;
    struct anomaly copy = *main;
    for (size_t i = 0; again && rng_chance(m->rng, 0.25) && i < 3; i++) {
        struct join_anomaly *more = add_anomaly(m, sensor, copy.kind);
        if (!more)
            return;
        double edge = !isnan(copy.limit)      ? copy.limit
                      : copy.side == SIDE_LOW ? copy.expected_low
                                              : copy.expected_high;
        more->anomaly = copy;
        more->anomaly.peak =
            made_rounded(rng_between(m->rng, edge, copy.peak), s->decimals); // NaN of noise
        more->anomaly.start_us = copy.start_us - (int64_t)(1e6 * rng_between(m->rng, 60, 1800));
        more->anomaly.end_us = more->anomaly.start_us + (int64_t)(1e6 * rng_between(m->rng, 0, 50));
    }
    bool seen = copy.kind == ANOMALY_NOISE || copy.kind == ANOMALY_DRIFT ||
                copy.kind == ANOMALY_LEVEL_SHIFT;
    if (!seen || !rng_chance(m->rng, 0.3))
        return;
    struct join_anomaly *other = add_anomaly(m, sensor, ANOMALY_MULTIVARIATE);
    if (!other)
        return;
    enum effect effect = copy.side == SIDE_LOW    ? EFFECT_LOW
                         : copy.side == SIDE_HIGH ? EFFECT_HIGH
                                                  : EFFECT_EITHER;
    if (!set_values(m, s, effect, &other->anomaly)) {
        m->a->anomaly_count--;
        return;
    }
    if (copy.end_us != TIME_NONE || rng_chance(m->rng, 0.5))
        end_it(m, &other->anomaly);
}

// Some other sensor fell out of step meanwhile, which happens by itself, too.
static void add_bystander(struct making *m, size_t sensor)
{
    size_t at = (size_t)rng_below(m->rng, m->a->sensor_count);
    struct join_anomaly *out = at == sensor ? NULL : add_anomaly(m, at, ANOMALY_MULTIVARIATE);
    if (!out)
        return;
    if (!set_values(m, &m->a->sensors[at], EFFECT_EITHER, &out->anomaly)) {
        m->a->anomaly_count--;
        return;
    }
    if (m->a->over || rng_chance(m->rng, 0.5))
        end_it(m, &out->anomaly);
    m->a->bystander = true;
}

// The anomaly of a sign on one sensor.
static bool add_moved(struct making *m, size_t sensor, const struct sign_kind *how, size_t movers,
                      enum anomaly_kind *kind)
{
    bool either_kind =
        how->effect == EFFECT_LOW || how->effect == EFFECT_HIGH || how->effect == EFFECT_ZERO;
    *kind = how->kind;
    if (how->effect == EFFECT_ZERO && rng_chance(m->rng, 0.3))
        *kind = ANOMALY_SEASONAL; // off at an hour at which it used to be on
    else if (either_kind && rng_chance(m->rng, 0.4))
        *kind = ANOMALY_LEVEL_SHIFT;
    else if (either_kind && movers > 1 && rng_chance(m->rng, 0.2))
        *kind = ANOMALY_SPIKE;
    struct join_anomaly *out = add_anomaly(m, sensor, *kind);
    if (!out)
        return false;
    struct anomaly *an = &out->anomaly;
    struct made_sensor *s = &m->a->sensors[sensor];
    if (*kind == ANOMALY_DROPOUT)
        set_silence(m, an);
    else if (*kind == ANOMALY_STUCK)
        an->peak = made_rounded(rng_between(m->rng, s->from, s->to), s->decimals);
    else if (how->effect != EFFECT_NONE && !set_values(m, s, how->effect, an))
        return false;
    if (m->a->over || (movers > 1 && how->kind == ANOMALY_DROPOUT && rng_chance(m->rng, 0.7)))
        end_it(m, an);
    add_company(m, an, sensor);
    return true;
}

// Silences of all begin and end nearly together.
static bool add_all(struct making *m, const struct sign_kind *how, size_t movers,
                    enum anomaly_kind *kind)
{
    size_t first = m->a->anomaly_count;
    for (size_t i = 0; i < m->a->sensor_count; i++) {
        if (!add_moved(m, i, how, movers, kind))
            return false;
        struct anomaly *an = &m->a->anomalies[m->a->anomaly_count - 1].anomaly;
        const struct anomaly *lead = &m->a->anomalies[first].anomaly;
        an->limit = lead->limit;
        an->start_us = lead->start_us + (int64_t)rng_below(m->rng, 3) * US_PER_SECOND / 2;
        an->end_us =
            lead->end_us == TIME_NONE ? TIME_NONE : lead->end_us + (an->start_us - lead->start_us);
    }
    return true;
}

// ---- what sensors read ----

static double read_healthy(const struct made_sensor *s, bool averaged, struct rng *rng)
{
    double value = rng_between(rng, s->from, s->to);
    double shown = made_rounded(value, s->decimals + 2 * averaged);
    return shown < s->known.low || shown > s->known.high ? value : shown;
}

// Six values up to the latest, of a quarter of an hour: from healthy to `value`, or around it.
static void read_samples(struct making *m, struct made_sensor *s, double value, bool moving,
                         bool averaged)
{
    struct join_sensor *k = &s->known;
    size_t n = rng_chance(m->rng, 0.85) ? SAMPLES : (size_t)rng_below(m->rng, SAMPLES);
    double begin = moving ? read_healthy(s, averaged, m->rng) : value;
    double spread = (s->to - s->from) * 0.1;
    k->value = k->first = k->least = k->most = value;
    k->samples = n;
    for (size_t i = 0; i + 1 < n; i++) {
        double along = (double)i / (double)(n - 1);
        double v = begin + (value - begin) * along + spread * (rng_uniform(m->rng) - 0.5);
        v = fmax(s->from >= 0 ? 0 : -INFINITY, made_rounded(v, s->decimals + 2 * averaged));
        k->first = i == 0 ? v : k->first;
        k->least = fmin(k->least, v);
        k->most = fmax(k->most, v);
    }
}

static const struct anomaly *open_anomaly(const struct made_asset *a, size_t sensor)
{
    for (size_t i = 0; i < a->anomaly_count; i++)
        if (a->anomalies[i].anomaly.sensor == sensor && a->anomalies[i].anomaly.end_us == TIME_NONE)
            return &a->anomalies[i].anomaly;
    return NULL;
}

static void read_sensor(struct making *m, size_t at, bool averaged)
{
    struct made_sensor *s = &m->a->sensors[at];
    const struct anomaly *an = open_anomaly(m->a, at);
    double healthy = read_healthy(s, averaged, m->rng);
    if (!an || isnan(an->peak) || (an->kind == ANOMALY_SPIKE && rng_chance(m->rng, 0.7)) ||
        rng_chance(m->rng, 0.1)) {
        read_samples(m, s, healthy, false, averaged);
    } else if (an->kind == ANOMALY_STUCK) {
        s->known.value = s->known.first = s->known.least = s->known.most = an->peak;
        s->known.samples = SAMPLES;
    } else {
        double share = rng_chance(m->rng, 0.5) ? 1 : rng_between(m->rng, 0.6, 1);
        double value = healthy + (an->peak - healthy) * share;
        read_samples(m, s, made_rounded(value, s->decimals + 2 * averaged), true, averaged);
    }
}

static void read_cold(struct making *m, struct made_sensor *s)
{
    s->known.high = rng_chance(m->rng, 0.5) ? NAN : s->known.high;
    s->known.low = NAN;
    s->from = -20;
    s->to = 8;
}

// ---- the incident ----

static void set_times(struct making *m)
{
    const int64_t year_us = 365 * US_PER_DAY, epoch_us = 20000 * US_PER_DAY;
    m->now_us = epoch_us + (int64_t)(rng_uniform(m->rng) * (double)year_us);
    if (rng_chance(m->rng, 0.5))
        m->now_us -= m->now_us % US_PER_SECOND;
    m->start_us = m->now_us - (int64_t)rng_log_between(m->rng, m->a->over ? 3e7 : 2e6, 1.5e10);
}

static size_t count_movers(const char *signs)
{
    size_t movers = 0;
    for (struct str rest = str_of(signs); rest.p && rest.n;) {
        struct str sign = str_cut(&rest, ' ');
        str_cut(&sign, ':');
        const struct sign_kind *how = sign_kind(sign);
        movers += how && how->kind != ANOMALY_KIND_COUNT;
    }
    return movers;
}

static bool add_sign(struct making *m, struct str subject, const struct sign_kind *how,
                     size_t movers)
{
    struct made_asset *a = m->a;
    struct made_sign *sign = &a->signs[a->sign_count];
    *sign = (struct made_sign){.all = str_is(subject, "all")};
    sign->moved = how->kind != ANOMALY_KIND_COUNT;
    if (sign->all ? a->sensor_count < 3 : !made_sensor_find(a, subject, m->rng, &sign->sensor))
        return false;
    if (how->effect == EFFECT_COLD)
        read_cold(m, &a->sensors[sign->sensor]);
    else if (sign->all && !add_all(m, how, movers, &sign->kind))
        return false;
    else if (!sign->all && sign->moved && !add_moved(m, sign->sensor, how, movers, &sign->kind))
        return false;
    bool plain = movers == 1 && sign->moved && !sign->all && sign->kind != ANOMALY_MULTIVARIATE;
    if (plain && rng_chance(m->rng, 0.15))
        add_bystander(m, sign->sensor);
    a->sign_count++;
    return true;
}

bool made_incident_make(struct made_asset *a, struct rng *rng)
{
    struct making m = {.a = a, .rng = rng};
    bool averaged = rng_chance(rng, 0.4);
    a->over = rng_chance(rng, 0.45);
    set_times(&m);
    const char *signs = a->fault.signs ? a->fault.signs : "";
    size_t movers = count_movers(signs);
    for (struct str rest = str_of(signs); rest.p && rest.n;) {
        struct str sign = str_cut(&rest, ' '), subject = str_cut(&sign, ':');
        const struct sign_kind *how = sign_kind(sign);
        if (!how || a->sign_count == MADE_SIGNS_MAX || !add_sign(&m, subject, how, movers))
            return false;
        m.start_us += (int64_t)rng_below(rng, 40) * US_PER_SECOND / 2;
        m.start_us = m.start_us < m.now_us ? m.start_us : m.now_us - US_PER_SECOND;
    }
    for (size_t i = 0; i < a->sensor_count; i++)
        read_sensor(&m, i, averaged);
    return true;
}
