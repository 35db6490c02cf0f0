// A technician's word on an incident: checked, stored, followed by detection, told to everyone.
#include "app/app_private.h"

static enum err_code resolve(struct app *a, void *arg, struct err *err)
{
    return detect_resolve(a->detect, *(const uint64_t *)arg, err);
}

enum err_code app_incident_edit(struct app *a, const struct incident_edit *edit,
                                struct incident *out, struct err *err)
{
    enum err_code code = store_incident(a->store, edit->id, out, err);
    if (code != ERR_OK)
        return code;
    if (edit->set_state && edit->state == INCIDENT_ACKNOWLEDGED && out->state == INCIDENT_RESOLVED)
        return err_set(err, ERR_CONFLICT,
                       "incident %llu is resolved already: reopen it first (state open)",
                       (unsigned long long)edit->id);
    struct incident_edit dated = *edit;
    if (dated.time_us == 0)
        dated.time_us = clock_wall_us();
    bool called_false = edit->set_verdict && edit->verdict == VERDICT_FALSE_ALARM;
    bool taken_back = edit->set_verdict && edit->verdict != VERDICT_FALSE_ALARM;
    struct store_batch batch = {.edits = &dated, .edit_count = 1};
    if (called_false)
        code = verdicts_note(a, edit->id, err);
    if (code == ERR_OK)
        code = store_write(a->store, &batch, err);
    if (code == ERR_OK && taken_back)
        code = verdicts_forget(a, edit->id, err);
    if (code == ERR_OK && edit->set_state && edit->state == INCIDENT_RESOLVED)
        code = detect_stage_do(a, resolve, &dated.id, err);
    if (code == ERR_OK)
        code = store_incident(a->store, edit->id, out, err);
    if (code == ERR_OK) {
        struct app_event event = {
            .type = EVENT_INCIDENT, .change = CHANGE_UPDATED, .incident = out};
        app_publish(a, &event);
    }
    return code;
}
