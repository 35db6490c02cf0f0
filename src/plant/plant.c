// Names of the plant's enumerations, and identities derived from names.
#include "plant/plant.h"

#include <string.h>

static const char *const quantity_names[][2] = {
#define X(NAME, name, unit) {name, unit},
    PLANT_QUANTITIES(X)
#undef X
};

static const char *const kind_names[] = {
#define X(NAME, name, text) name,
    ANOMALY_KINDS(X)
#undef X
};

static const char *const severity_names[] = {"info", "warning", "critical"};
static const char *const state_names[] = {"open", "acknowledged", "resolved"};
static const char *const verdict_names[] = {"none", "true_fault", "false_alarm"};
static const char *const side_names[] = {"none", "high", "low"};
static const char *const quality_names[] = {"good", "missing", "suspect"};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *name_at(const char *const *names, size_t count, unsigned at)
{
    return at < count ? names[at] : "unknown";
}

static bool find_name(const char *const *names, size_t count, struct str name, unsigned *at)
{
    for (unsigned i = 0; i < count; i++) {
        if (str_is(name, names[i])) {
            *at = i;
            return true;
        }
    }
    return false;
}

const char *quantity_name(enum quantity q)
{
    return q < QUANTITY_COUNT ? quantity_names[q][0] : "unknown";
}

const char *quantity_unit(enum quantity q)
{
    return q < QUANTITY_COUNT ? quantity_names[q][1] : "";
}

const char *anomaly_kind_name(enum anomaly_kind kind)
{
    return name_at(kind_names, COUNT(kind_names), kind);
}

bool anomaly_kind_from_name(struct str name, enum anomaly_kind *out)
{
    unsigned at;
    bool found = find_name(kind_names, COUNT(kind_names), name, &at);
    if (found)
        *out = (enum anomaly_kind)at;
    return found;
}

const char *severity_name(enum severity s)
{
    return name_at(severity_names, COUNT(severity_names), s);
}

bool severity_from_name(struct str name, enum severity *out)
{
    unsigned at;
    bool found = find_name(severity_names, COUNT(severity_names), name, &at);
    if (found)
        *out = (enum severity)at;
    return found;
}

const char *incident_state_name(enum incident_state s)
{
    return name_at(state_names, COUNT(state_names), s);
}

bool incident_state_from_name(struct str name, enum incident_state *out)
{
    unsigned at;
    bool found = find_name(state_names, COUNT(state_names), name, &at);
    if (found)
        *out = (enum incident_state)at;
    return found;
}

const char *verdict_name(enum verdict v)
{
    return name_at(verdict_names, COUNT(verdict_names), v);
}

bool verdict_from_name(struct str name, enum verdict *out)
{
    unsigned at;
    bool found = find_name(verdict_names, COUNT(verdict_names), name, &at);
    if (found)
        *out = (enum verdict)at;
    return found;
}

const char *side_name(enum anomaly_side s)
{
    return name_at(side_names, COUNT(side_names), s);
}

bool side_from_name(struct str name, enum anomaly_side *out)
{
    unsigned at;
    bool found = find_name(side_names, COUNT(side_names), name, &at);
    if (found)
        *out = (enum anomaly_side)at;
    return found;
}

const char *reading_quality_name(enum reading_quality q)
{
    return name_at(quality_names, COUNT(quality_names), q);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h ^= v + UINT64_C(0x9e3779b97f4a7c15) + (h << 6) + (h >> 2);
    h *= UINT64_C(0xff51afd7ed558ccd);
    return h ^ (h >> 32);
}

uint64_t plant_anomaly_id(const struct sensor *s, const char *detector, enum anomaly_kind kind,
                          enum anomaly_side side, int64_t start_us)
{
    uint64_t h = mix(str_hash(str_of(s->asset_name)), str_hash(str_of(s->parameter)));
    h = mix(h, str_hash(str_of(detector)));
    h = mix(h, (uint64_t)kind << 8 | (uint64_t)side);
    h = mix(h, (uint64_t)start_us) >> 1; // SQL and JSON readers have signed 64 bits
    return h ? h : 1;
}

bool plant_name_valid(struct str name)
{
    if (name.n == 0 || name.n >= PLANT_NAME_BYTES || !str_is_utf8(name))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c < 0x20 || c == 0x7f || c == '/')
            return false;
    }
    return true;
}

// True at the start of a word: "flow" in "flow_rate", "inletFlow", "2flow", not in "overflow".
static bool begins_word(struct str s, size_t at)
{
    if (at == 0)
        return true;
    bool upper = s.p[at] >= 'A' && s.p[at] <= 'Z';
    char before = s.p[at - 1], folded = (char)(before | 32);
    return folded < 'a' || folded > 'z' || (upper && before >= 'a');
}

enum quantity quantity_guess(struct str parameter)
{
    static const struct {
        const char *stem;
        enum quantity quantity;
    } stems[] = {{"temp", QUANTITY_TEMPERATURE},  {"thermocouple", QUANTITY_TEMPERATURE},
                 {"pressure", QUANTITY_PRESSURE}, {"flow", QUANTITY_FLOW},
                 {"airflow", QUANTITY_FLOW},      {"inflow", QUANTITY_FLOW},
                 {"outflow", QUANTITY_FLOW},      {"current", QUANTITY_CURRENT},
                 {"voltage", QUANTITY_VOLTAGE}};
    for (size_t i = 0; i < COUNT(stems); i++) {
        struct str stem = str_of(stems[i].stem);
        for (size_t at = 0; at + stem.n <= parameter.n; at++)
            if (begins_word(parameter, at) &&
                str_eq_nocase((struct str){parameter.p + at, stem.n}, stem))
                return stems[i].quantity;
    }
    return QUANTITY_OTHER;
}
