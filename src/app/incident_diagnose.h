// Diagnoses of incidents, made one at a time behind everything else the plant does.
#ifndef FETTLE_APP_INCIDENT_DIAGNOSE_H
#define FETTLE_APP_INCIDENT_DIAGNOSE_H

#include "app/app_private.h"

// Makes the diagnosis that is due, if one is: by incident.model, when every claim of its text is
// supported, it names a cause and speaks of what happened; else by the facts alone. Keeps it and
// tells everyone. `*more`: one was made, others may be due. On the summary thread.
enum err_code incident_diagnose_next(struct app *a, bool *more, struct err *err);

#endif
