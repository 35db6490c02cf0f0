// Resolves limits: a sensor's own settings over those of its kind over those for all.
#include "detect/rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "plant/catalog.h"

enum { NAME_BYTES = 256 };

// The limits that come with fettle are those of the water plant's own sensors, which are named
// exactly "temperature", "pressure" and "flow"; what "Oil temperature 2" may show nobody knows but
// its owner. So each kind has its rules twice: with those limits, and only with what was set.
struct rule_book {
    struct rules kinds[QUANTITY_COUNT][2]; // [1]: for a parameter named exactly as the kind
    struct map own;                        // "asset/parameter" -> index into own_rules
    struct rules *own_rules;
};

static const char kind_prefix[] = "rules.kind.", sensor_prefix[] = "rules.sensor.";

// Where a value comes from: "rules.sensor.<full>." when set there, else "rules.kind.<kind>." when
// it has a value there, else "rules.".
struct source {
    const struct settings *settings;
    const char *kind;
    bool exact;       // the parameter is named exactly as the kind
    const char *full; // NULL: the kind itself
    char name[NAME_BYTES];
};

static bool find_own(struct source *from, const char *field)
{
    if (!from->full)
        return false;
    snprintf(from->name, sizeof from->name, "%s%s.%s", sensor_prefix, from->full, field);
    return settings_is_set(from->settings, from->name);
}

static void find_kind(struct source *from, const char *field)
{
    snprintf(from->name, sizeof from->name, "%s%s.%s", kind_prefix, from->kind, field);
}

static void find_timing(struct source *from, const char *field)
{
    if (find_own(from, field))
        return;
    find_kind(from, field);
    if (!settings_is_set(from->settings, from->name))
        snprintf(from->name, sizeof from->name, "rules.%s", field);
}

static double read_limit(struct source *from, const char *field)
{
    if (find_own(from, field))
        return settings_real(from->settings, from->name);
    find_kind(from, field);
    return from->exact || settings_is_set(from->settings, from->name)
               ? settings_real(from->settings, from->name)
               : (double)NAN;
}

static int64_t read_time(struct source *from, const char *field)
{
    find_timing(from, field);
    return settings_int(from->settings, from->name);
}

// Both ends must be given and in order, else there is nothing to contradict.
static enum err_code check_order(struct source *from, const char *low_field, double low,
                                 const char *high_field, double high, struct err *err)
{
    if (!(low >= high))
        return ERR_OK;
    bool own = find_own(from, low_field) || find_own(from, high_field);
    return err_set(err, ERR_INPUT, "%s%s: %s (%g) must be below %s (%g)",
                   own ? sensor_prefix : kind_prefix, own ? from->full : from->kind, low_field, low,
                   high_field, high);
}

static enum err_code check(struct source *from, const struct rules *r, struct err *err)
{
    const struct {
        const char *low_field, *high_field;
        double low, high;
    } pairs[] = {
        {"normal_low", "normal_high", r->normal_low, r->normal_high},
        {"spike_low", "spike_high", r->spike_low.at, r->spike_high.at},
        {"drift_low", "drift_high", r->drift_low.at, r->drift_high.at},
        {"drift_high", "spike_high", r->drift_high.at, r->spike_high.at},
        {"spike_low", "drift_low", r->spike_low.at, r->drift_low.at},
    };
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < sizeof pairs / sizeof *pairs; i++)
        code = check_order(from, pairs[i].low_field, pairs[i].low, pairs[i].high_field,
                           pairs[i].high, err);
    return code;
}

static enum err_code resolve(struct source *from, struct rules *r, struct err *err)
{
    r->normal_low = read_limit(from, "normal_low");
    r->normal_high = read_limit(from, "normal_high");
    r->spike_low.at = read_limit(from, "spike_low");
    r->spike_high.at = read_limit(from, "spike_high");
    r->drift_low.at = read_limit(from, "drift_low");
    r->drift_high.at = read_limit(from, "drift_high");
    r->drift_after_us = read_time(from, "drift_after");
    r->dropout_after_us = read_time(from, "dropout_after");
    r->dropout_intervals = settings_real(from->settings, "rules.dropout_intervals");
    r->accept_after_us = settings_int(from->settings, "rules.accept_after");
    find_timing(from, "sensitivity");
    double sensitivity = settings_real(from->settings, from->name);
    r->sensitivity = isnan(sensitivity) ? 1 : sensitivity;
    find_timing(from, "hysteresis");
    double percent = settings_real(from->settings, from->name);
    double part = isnan(percent) ? 0 : percent / 100;
    double span = r->normal_high - r->normal_low;
    struct rule_limit *limits[] = {&r->spike_low, &r->spike_high, &r->drift_low, &r->drift_high};
    for (int i = 0; i < 4; i++) {
        double width = part * (isnan(span) ? fabs(limits[i]->at) : span);
        limits[i]->back = limits[i]->at + (i % 2 ? -width : width);
    }
    return check(from, r, err);
}

struct gathering {
    struct rule_book *book;
    size_t count;
    struct err *err;
    enum err_code code;
};

static bool is_kind(struct str name)
{
    for (int q = 0; q < QUANTITY_COUNT; q++)
        if (str_is(name, quantity_name((enum quantity)q)))
            return true;
    return false;
}

// Cuts "rules.sensor." and the field off: true if `name` is one with this prefix.
static bool cut_subject(const char *name, const char *prefix, struct str *subject)
{
    struct str s = str_of(name);
    const char *dot = strrchr(name, '.');
    if (!str_starts(s, str_of(prefix)))
        return false;
    size_t n = strlen(prefix);
    *subject = (struct str){name + n, dot > name + n ? (size_t)(dot - name) - n : 0};
    return true;
}

// Takes note of the kinds and sensors that have settings; the values are read when all are known.
static void gather(void *arg, const struct setting_def *def, const char *name, const char *text,
                   const char *source)
{
    (void)def;
    (void)text;
    struct gathering *g = arg;
    struct str subject;
    if (g->code != ERR_OK)
        return;
    if (cut_subject(name, kind_prefix, &subject) && !is_kind(subject))
        g->code = err_set(g->err, ERR_INPUT,
                          "%s (%s): \"%.*s\" is no kind of sensor; temperature, pressure, flow, "
                          "current, voltage or other expected",
                          name, source, STR_ARG(subject));
    if (!cut_subject(name, sensor_prefix, &subject) || map_find(&g->book->own, subject))
        return;
    if (subject.n >= PLANT_FULL_NAME_BYTES || !memchr(subject.p, '/', subject.n))
        g->code = err_set(g->err, ERR_INPUT, "%s (%s): a sensor's name (asset/parameter) expected",
                          name, source);
    else if (map_put(&g->book->own, subject, g->count))
        g->count++;
    else
        g->code = err_set(g->err, ERR_NO_MEMORY, "out of memory for rules");
}

static enum err_code resolve_kinds(struct rule_book *b, const struct settings *s, struct err *err)
{
    enum err_code code = ERR_OK;
    for (int i = 0; code == ERR_OK && i < 2 * QUANTITY_COUNT; i++) {
        struct source from = {
            .settings = s, .kind = quantity_name((enum quantity)(i / 2)), .exact = i % 2};
        code = resolve(&from, &b->kinds[i / 2][i % 2], err);
    }
    return code;
}

static enum err_code resolve_sensors(struct rule_book *b, const struct settings *s, struct err *err)
{
    b->own_rules = calloc(b->own.n + 1, sizeof *b->own_rules);
    enum err_code code =
        b->own_rules ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory for rules");
    for (size_t i = 0; code == ERR_OK && i < b->own.n; i++) {
        struct str parameter = str_of(b->own.entries[i].key);
        str_cut(&parameter, '/');
        const char *kind = quantity_name(quantity_guess(parameter));
        struct source from = {.settings = s,
                              .kind = kind,
                              .exact = str_is(parameter, kind),
                              .full = b->own.entries[i].key};
        code = resolve(&from, &b->own_rules[i], err);
    }
    return code;
}

enum err_code rule_book_open(const struct settings *settings, struct rule_book **out,
                             struct err *err)
{
    struct rule_book *b = calloc(1, sizeof *b);
    if (!b)
        return err_set(err, ERR_NO_MEMORY, "out of memory for rules");
    struct gathering g = {.book = b, .err = err};
    settings_each(settings, gather, &g);
    if (g.code == ERR_OK)
        g.code = resolve_kinds(b, settings, err);
    if (g.code == ERR_OK)
        g.code = resolve_sensors(b, settings, err);
    if (g.code == ERR_OK)
        *out = b;
    else
        rule_book_close(&b);
    return g.code;
}

void rule_book_close(struct rule_book **book)
{
    if (!*book)
        return;
    map_free(&(*book)->own);
    free((*book)->own_rules);
    free(*book);
    *book = NULL;
}

const struct rules *rule_book_find(const struct rule_book *book, const struct sensor *sensor)
{
    char full[PLANT_FULL_NAME_BYTES];
    if (book->own.n) {
        const uint64_t *at = map_find(&book->own, str_of(sensor_full_name(sensor, full)));
        if (at)
            return &book->own_rules[*at];
    }
    bool exact = strcmp(sensor->parameter, quantity_name(sensor->quantity)) == 0;
    return &book->kinds[sensor->quantity][exact];
}
