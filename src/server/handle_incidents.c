// /api/v1/incidents: lists them, shows one, takes a technician's word.
#include <stdlib.h>
#include <string.h>

#include "server/handlers.h"
#include "server/json_body.h"
#include "server/plant_json.h"

enum { TIMELINE_MAX = 500 };

void handle_incidents(struct exchange *x)
{
    struct incident_filter f = {.has_state = exchange_text(x, "state")[0],
                                .has_asset = exchange_text(x, "asset")[0],
                                .active_only = exchange_bool(x, "active"),
                                .before_id = (uint64_t)exchange_int(x, "cursor"),
                                .limit = (size_t)exchange_int(x, "limit")};
    if (f.has_state)
        incident_state_from_name(str_of(exchange_text(x, "state")), &f.state);
    if (f.has_asset && !exchange_find_asset(x, exchange_text(x, "asset"), &f.asset))
        return;
    struct incident *list = calloc(f.limit, sizeof *list);
    struct err err;
    size_t count = 0;
    enum err_code code = list ? store_incidents(app_store(x->app), &f, list, &count, &err)
                              : err_set(&err, ERR_NO_MEMORY, "out of memory for the incidents");
    if (code == ERR_OK) {
        struct json_out j;
        reply_json(x, &j);
        json_object(&j);
        json_key(&j, "incidents");
        json_array(&j);
        for (size_t i = 0; i < count; i++)
            json_incident(&j, app_catalog(x->app), &list[i]);
        json_end(&j);
        json_key_int(&j, "count", (int64_t)count);
        json_key(&j, "next");
        if (count == f.limit)
            json_int(&j, (int64_t)list[count - 1].id);
        else
            json_null(&j);
        json_end(&j);
        x->reply.tagged = true;
    } else {
        reply_err(x, &err, NULL);
    }
    free(list);
}

// The incident with what was made of it, and its anomalies, oldest first: its timeline.
static void write_incident(struct exchange *x, const struct incident *in)
{
    struct anomaly_filter filter = {.from_us = TIME_NONE,
                                    .to_us = TIME_NONE,
                                    .has_incident = true,
                                    .incident = in->id,
                                    .limit = TIMELINE_MAX};
    struct anomaly *list = calloc(TIMELINE_MAX, sizeof *list);
    struct incident_diagnosis *diagnoses = calloc(2, sizeof *diagnoses);
    struct err err;
    size_t count = 0, diagnosis_count = 0;
    enum err_code code = list && diagnoses
                             ? store_anomalies(app_store(x->app), &filter, list, &count, &err)
                             : err_set(&err, ERR_NO_MEMORY, "out of memory for the incident");
    if (code == ERR_OK)
        code = store_diagnoses(app_store(x->app), in->id, diagnoses, &diagnosis_count, &err);
    if (code == ERR_OK) {
        struct json_out j;
        reply_json(x, &j);
        json_object(&j);
        json_incident_fields(&j, app_catalog(x->app), in);
        json_key(&j, "diagnoses");
        json_array(&j);
        for (size_t i = 0; i < diagnosis_count; i++)
            json_incident_diagnosis(&j, &diagnoses[i]);
        json_end(&j);
        json_key(&j, "anomalies");
        json_array(&j);
        for (size_t i = count; i-- > 0;)
            json_anomaly(&j, app_catalog(x->app), &list[i]);
        json_end(&j);
        json_end(&j);
        x->reply.tagged = true;
    } else {
        reply_err(x, &err, NULL);
    }
    free(list);
    free(diagnoses);
}

void handle_incident(struct exchange *x)
{
    struct incident found;
    struct err err;
    if (store_incident(app_store(x->app), (uint64_t)exchange_int(x, "{id}"), &found, &err) ==
        ERR_OK)
        write_incident(x, &found);
    else
        reply_err(x, &err, NULL);
}

static bool take_member(struct exchange *x, const struct json_node *n, struct incident_edit *edit,
                        bool state_allowed)
{
    char word[32];
    if (str_is(n->key, "note"))
        return edit->set_note = json_body_text(x, n, edit->note, sizeof edit->note);
    if (str_is(n->key, "cause"))
        return edit->set_cause = json_body_text(x, n, edit->cause, sizeof edit->cause);
    if (str_is(n->key, "verdict")) {
        if (!json_body_text(x, n, word, sizeof word))
            return false;
        if ((edit->set_verdict = verdict_from_name(str_of(word), &edit->verdict)))
            return true;
        reply_error(x, 400, "input", "verdict",
                    "verdict: none, true_fault or false_alarm expected, not \"%s\"", word);
    } else if (state_allowed && str_is(n->key, "state")) {
        if (!json_body_text(x, n, word, sizeof word))
            return false;
        if ((edit->set_state = incident_state_from_name(str_of(word), &edit->state)))
            return true;
        reply_error(x, 400, "input", "state",
                    "state: open, acknowledged or resolved expected, not \"%s\"", word);
    } else {
        json_body_unknown(x, n,
                          state_allowed ? "note, cause, verdict, state" : "note, cause, verdict");
    }
    return false;
}

// Reads {"note":...,"cause":...,"verdict":...}; no body means no such words.
static bool read_edit(struct exchange *x, struct incident_edit *edit, bool state_allowed)
{
    struct arena *arena;
    const struct json_node *n;
    bool good = json_body_open(x, &arena, &n);
    for (; n && good; n = n->next)
        good = take_member(x, n, edit, state_allowed);
    arena_close(&arena);
    return good;
}

static void apply(struct exchange *x, struct incident_edit *edit, bool state_allowed)
{
    struct incident now;
    struct err err;
    edit->id = (uint64_t)exchange_int(x, "{id}");
    if (!read_edit(x, edit, state_allowed))
        return;
    if (!edit->set_state && !edit->set_note && !edit->set_cause && !edit->set_verdict)
        reply_error(x, 400, "input", NULL, "nothing to change: note, cause, verdict or state");
    else if (app_incident_edit(x->app, edit, &now, &err) == ERR_OK)
        write_incident(x, &now);
    else
        reply_err(x, &err, NULL);
    x->reply.tagged = false;
}

void handle_incident_acknowledge(struct exchange *x)
{
    struct incident_edit edit = {.set_state = true, .state = INCIDENT_ACKNOWLEDGED};
    apply(x, &edit, false);
}

void handle_incident_resolve(struct exchange *x)
{
    struct incident_edit edit = {.set_state = true, .state = INCIDENT_RESOLVED};
    apply(x, &edit, false);
}

void handle_incident_edit(struct exchange *x)
{
    struct incident_edit edit = {0};
    apply(x, &edit, true);
}
