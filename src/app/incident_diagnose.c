// Diagnoses of incidents: made in the background when they open and when they close, kept, told.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/diagnose.h"
#include "app/incident_diagnose.h"
#include "app/models.h"
#include "base/log.h"

// An incident that opens is given this long to show more than its first anomaly.
static const int64_t settle_us = 15 * US_PER_SECOND;
// Incidents that were over before are left as they are.
static const int64_t recent_us = US_PER_DAY;

static const char opened_question[] = "Why did this incident open?";
static const char closed_question[] = "The incident is over. What was it?";

struct making {
    struct app *app;
    const struct incident *incident;
    struct str asset;
    struct incident_diagnosis *out;
};

// ---- the facts' own words ----

static void write_facts(const struct making *k, const struct facts *f, struct buf *to)
{
    enum { SHOWN = 3 };
    buf_printf(to, "%.*s: ", STR_ARG(k->asset));
    for (size_t i = 0; i < f->event_count && i < SHOWN; i++)
        buf_printf(to, "%s%s", i ? "; " : "", f->events[i]);
    if (f->event_count > SHOWN)
        buf_printf(to, "; and %zu more", f->event_count - SHOWN);
    if (f->event_count == 0)
        buf_add_z(to, k->incident->title);
    buf_add_char(to, '.');
}

static enum err_code by_facts(const struct making *k, const struct join_tools *tools,
                              struct err *err)
{
    struct facts *facts = calloc(1, sizeof *facts);
    struct buf text = {0};
    enum err_code code = facts ? facts_join_asset(facts, tools, k->asset, err)
                               : err_set(err, ERR_NO_MEMORY, "out of memory for a diagnosis");
    if (code == ERR_OK)
        write_facts(k, facts, &text);
    if (code == ERR_OK && text.failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for a diagnosis");
    if (code == ERR_OK) {
        k->out->verified = true;
        str_copy(k->out->generated_by, sizeof k->out->generated_by, STR_LIT("facts"));
        str_copy(k->out->text, sizeof k->out->text, buf_str(&text));
    }
    buf_free(&text);
    free(facts);
    return code;
}

// ---- a model's words ----

static bool has(struct str text, struct str part)
{
    return memmem(text.p, text.n, part.p, part.n) != NULL;
}

// What a model says of an incident must be about what happened in it: a sensor of its events.
static bool is_about(struct str text, const struct making *k, const struct facts *f)
{
    for (size_t i = 0; i < f->event_count; i++) {
        struct str event = str_of(f->events[i]);
        if (has(text, STR_LIT("sensors sent no data")))
            return true;
        for (size_t s = 0; s < f->count; s++) {
            struct str key = str_of(f->items[s].key);
            if (str_starts(event, key) && has(text, key))
                return true;
        }
    }
    return f->event_count == 0 && k->incident->anomaly_count == 0;
}

static enum err_code accept(const struct making *k, const struct diagnose_job *job,
                            const char *model, struct err *err)
{
    struct explained e;
    struct diagnosis d;
    diagnose_result(job, &e, &d);
    if (e.unsupported || e.cut)
        return err_set(err, ERR_INPUT, "the model %s",
                       e.cut ? "came to no end" : "said what no fact supports");
    if (d.kind != DIAGNOSIS_FAULT || !is_about(e.text, k, diagnose_facts(job)))
        return err_set(err, ERR_INPUT, "the model named no cause of what happened");
    k->out->verified = true;
    str_copy(k->out->generated_by, sizeof k->out->generated_by, STR_LIT("llm_diagnoser"));
    str_copy(k->out->model, sizeof k->out->model, str_of(model));
    str_copy(k->out->cause, sizeof k->out->cause, str_of(d.causes[0]->id));
    str_copy(k->out->title, sizeof k->out->title, str_of(d.causes[0]->title));
    str_copy(k->out->text, sizeof k->out->text, str_trim(e.text));
    return ERR_OK;
}

static enum err_code ask(const struct making *k, const struct app_model *m, int64_t limit_us,
                         const struct join_tools *tools, struct err *err)
{
    struct explain_model model;
    struct diagnose_job *job = NULL;
    const struct diagnose_request r = {
        .query = str_of(k->out->closed ? closed_question : opened_question),
        .asset = k->asset,
        .deadline_us = clock_mono_us() + limit_us,
        .whole = true};
    enum err_code code = app_diagnose_explain(m, &model, err);
    if (code == ERR_OK)
        code = diagnose_begin(&model, &r, tools, &job, err);
    if (code == ERR_OK)
        code = explain_finish(diagnose_explanation(job), err);
    if (code == ERR_OK)
        code = accept(k, job, app_model_name(m), err);
    diagnose_end(&job);
    return code;
}

// ERR_NOT_FOUND: there is no model, and none was asked for by name.
static enum err_code by_model(const struct making *k, const struct join_tools *tools,
                              struct err *err)
{
    char wanted[4096];
    const struct settings *s = app_settings_hold(k->app);
    int64_t limit = settings_int(s, "incident.time_limit");
    str_copy(wanted, sizeof wanted, str_of(settings_text(s, "incident.model")));
    app_settings_release(k->app, s);
    if (strcasecmp(wanted, "none") == 0)
        return err_set(err, ERR_NOT_FOUND, "incident.model is none");
    struct app_model *m;
    enum err_code code = app_model_obtain(k->app, wanted, &m, err);
    if (code != ERR_OK)
        return code == ERR_NOT_FOUND && wanted[0] ? err_set(err, ERR_INPUT, "%s", err->text) : code;
    code = ask(k, m, limit, tools, err);
    app_model_release(k->app, &m);
    return code;
}

// ---- one after the other ----

static enum err_code make(struct app *a, const struct incident *in, struct incident_diagnosis *out,
                          struct err *err)
{
    struct app_join of_incident = {a, in->id};
    struct join_tools tools = app_join_incident(&of_incident);
    struct making k = {a, in, str_of(catalog_asset_name(a->catalog, in->asset)), out};
    *out = (struct incident_diagnosis){
        .incident = in->id, .closed = !in->active, .time_us = app_now_us(a)};
    enum err_code code = by_model(&k, &tools, err);
    if (code == ERR_OK || app_is_stopping(a))
        return code;
    if (code != ERR_NOT_FOUND)
        log_info("incident", "%llu is explained by its facts alone: %s", (unsigned long long)in->id,
                 err->text);
    return by_facts(&k, &tools, err);
}

static enum err_code keep(struct app *a, const struct incident_diagnosis *d, struct err *err)
{
    struct store_batch batch = {.diagnoses = d, .diagnosis_count = 1};
    enum err_code code = store_write(a->store, &batch, err);
    if (code == ERR_OK) {
        struct app_event event = {.type = EVENT_DIAGNOSIS,
                                  .change = d->closed ? CHANGE_CLOSED : CHANGE_OPENED,
                                  .diagnosis = d};
        app_publish(a, &event);
    }
    return code;
}

enum err_code incident_diagnose_next(struct app *a, bool *more, struct err *err)
{
    const struct settings *s = app_settings_hold(a);
    bool wanted = settings_bool(s, "incident.diagnosis");
    app_settings_release(a, s);
    int64_t now = app_now_us(a);
    uint64_t id = 0;
    *more = false;
    enum err_code code =
        wanted ? store_diagnosis_due(a->store, now - settle_us, now - recent_us, &id, err) : ERR_OK;
    if (code != ERR_OK || !id)
        return code;
    struct incident in;
    struct incident_diagnosis *d = calloc(1, sizeof *d);
    code = d ? store_incident(a->store, id, &in, err)
             : err_set(err, ERR_NO_MEMORY, "out of memory for a diagnosis");
    if (code == ERR_OK)
        code = make(a, &in, d, err);
    if (code == ERR_OK)
        code = keep(a, d, err);
    free(d);
    *more = code == ERR_OK;
    return code;
}
