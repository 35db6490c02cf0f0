// Examples of questions to SQL over the tables that the store keeps (src/store/migrate.c).
#include <stdio.h>
#include <string.h>

#include "factory/factory_private.h"
#include "factory/pick.h"

#define SINCE(column) column " >= unixepoch('now', '-{span}') * 1000000"
#define OF_SENSOR                                                                                  \
    " FROM rollup_hour r JOIN sensor s ON s.id = r.sensor WHERE s.asset = '{asset}' AND "          \
    "s.parameter = '{parameter}' AND " SINCE("r.start_us")

static const struct query {
    const char *rule; // of the grammar
    const char *sql;
} queries[] = {
    {"count_anomalies", "SELECT count(*) FROM anomaly WHERE " SINCE("start_us")},
    {"count_kind", "SELECT count(*) FROM anomaly a JOIN sensor s ON s.id = a.sensor WHERE a.kind = "
                   "'{kind}' AND s.asset = '{asset}' AND " SINCE("a.start_us")},
    {"worst_asset", "SELECT s.asset, count(*) AS n FROM anomaly a JOIN sensor s ON s.id = a.sensor "
                    "WHERE " SINCE("a.start_us") " GROUP BY s.asset ORDER BY n DESC LIMIT 1"},
    {"list_open", "SELECT s.asset, s.parameter, a.kind, a.start_us FROM anomaly a JOIN sensor s ON "
                  "s.id = a.sensor WHERE a.end_us IS NULL ORDER BY a.start_us"},
    {"list_incidents", "SELECT id, asset, title, start_us FROM incident WHERE severity = "
                       "'{severity}' AND " SINCE("start_us") " ORDER BY start_us"},
    {"incidents_asset", "SELECT id, title, state, start_us FROM incident WHERE asset = '{asset}' "
                        "AND " SINCE("start_us") " ORDER BY start_us"},
    {"unacknowledged", "SELECT id, asset, title, start_us FROM incident WHERE state = 'open' ORDER "
                       "BY start_us"},
    {"average", "SELECT sum(r.sum) / sum(r.count)" OF_SENSOR},
    {"highest", "SELECT max(r.max)" OF_SENSOR},
    {"lowest", "SELECT min(r.min)" OF_SENSOR},
    {"hourly", "SELECT r.start_us, r.sum / r.count" OF_SENSOR " ORDER BY r.start_us"},
    {"sensors_of", "SELECT parameter, unit FROM sensor WHERE asset = '{asset}' ORDER BY parameter"},
    {"count_sensors", "SELECT count(*) FROM sensor"},
    {"unit_of", "SELECT unit FROM sensor WHERE asset = '{asset}' AND parameter = '{parameter}'"},
    {"top_peaks", "SELECT s.asset, s.parameter, a.kind, a.score FROM anomaly a JOIN sensor s ON "
                  "s.id = a.sensor WHERE " SINCE("a.start_us") " ORDER BY a.score DESC LIMIT {n}"},
    {"latest_summary", "SELECT text FROM summary ORDER BY time_us DESC LIMIT 1"},
    {"false_alarms",
     "SELECT count(*) FROM incident WHERE verdict = 'false_alarm' AND " SINCE("start_us")},
};

enum { NAME_MAX_BYTES = 48 };

// {slot} in the query by its value.
static void fill(const char *sql, const struct grammar_slot *slots, struct buf *to)
{
    while (*sql) {
        const char *end = *sql == '{' ? strchr(sql, '}') : NULL;
        if (!end) {
            buf_add_char(to, *sql++);
            continue;
        }
        struct str name = {sql + 1, (size_t)(end - sql) - 1};
        for (const struct grammar_slot *s = slots; s->name; s++)
            if (str_is(name, s->name))
                buf_add_z(to, s->value);
        sql = end + 1;
    }
}

static void make_asset(struct maker *m, char to[NAME_MAX_BYTES])
{
    char stem[NAME_MAX_BYTES / 2];
    pick_way("wtf-pipe|pump|P|tank|mill|fan|line|well|boiler|press|~kiln|~turbine|~chiller",
             m->held_out, &m->rng, stem, sizeof stem);
    int number = 1 + (int)rng_below(&m->rng, 60);
    snprintf(to, NAME_MAX_BYTES, "%s%s%d", stem, rng_below(&m->rng, 4) ? "-" : "_", number);
}

static void make_span(struct maker *m, char to[NAME_MAX_BYTES])
{
    static const char *const units[] = {"hours", "hours", "days", "days", "minutes", "months"};
    const char *unit = units[rng_below(&m->rng, sizeof units / sizeof *units)];
    snprintf(to, NAME_MAX_BYTES, "%d %s", 2 + (int)rng_below(&m->rng, 47), unit);
}

static void write_truth(const struct query *q, struct factory_example *e)
{
    struct json_out j;
    json_open(&j, &e->truth);
    json_object(&j);
    json_key_text(&j, "task", "sql");
    json_key_text(&j, "query", q->rule);
    json_key(&j, "phrasings");
    json_str(&j, str_trim(buf_str(&e->phrasings)));
    json_end(&j);
    e->state = q->rule;
}

static enum err_code make(struct maker *m, struct factory_example *e, bool *kept, struct err *err)
{
    const struct query *q = &queries[rng_below(&m->rng, sizeof queries / sizeof *queries)];
    char asset[NAME_MAX_BYTES], parameter[NAME_MAX_BYTES], kind[NAME_MAX_BYTES],
        severity[NAME_MAX_BYTES], span[NAME_MAX_BYTES], n[NAME_MAX_BYTES];
    make_asset(m, asset);
    make_span(m, span);
    pick_way("temperature|pressure|flow|level|vibration|power|voltage|current|humidity|ph|"
             "~torque|~turbidity|~speed",
             m->held_out, &m->rng, parameter, sizeof parameter);
    pick_way("spike|drift|dropout|level_shift|stuck|noise|seasonal|pattern", false, &m->rng, kind,
             sizeof kind);
    pick_way("info|warning|critical", false, &m->rng, severity, sizeof severity);
    snprintf(n, sizeof n, "%d", 2 + (int)rng_below(&m->rng, 29));
    const struct grammar_slot slots[] = {{"asset", asset}, {"parameter", parameter},
                                         {"kind", kind},   {"severity", severity},
                                         {"span", span},   {"n", n},
                                         {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    enum err_code code = factory_grammar_say(&use, q->rule, &e->instruction, err);
    if (code != ERR_OK)
        return code;
    fill(q->sql, slots, &e->output);
    write_truth(q, e);
    *kept = true;
    return ERR_OK;
}

const struct task task_sql = {
    .name = {"sql", "questions about the plant's data, as SQL over the store's tables"},
    .grammar = factory_sql_grammar,
    .scratch_bytes = 1,
    .make = make,
};
