// Diagnoses by a running plant: its knowledge of assets, and the model that writes them.
#ifndef FETTLE_APP_DIAGNOSE_H
#define FETTLE_APP_DIAGNOSE_H

#include "app/models.h"
#include "diagnose/diagnose.h"

extern const struct setting_def app_diagnose_settings[];

// The model of the setting diagnose.model, loaded when it is not yet; "": the shipped one.
// ERR_NOT_FOUND says where it was looked for; else as app_model_load. Release it with
// app_model_release.
enum err_code app_diagnose_model(struct app *a, struct app_model **out, struct err *err);

// The model for explanations. ERR_UNSUPPORTED: its chat template is unknown.
enum err_code app_diagnose_explain(const struct app_model *m, struct explain_model *out,
                                   struct err *err);

// What this plant knows of an asset: `a` is its argument.
struct join_tools app_join_tools(struct app *a);

// The same, with the anomalies of this incident.
struct app_join {
    struct app *app;
    uint64_t incident;
};
struct join_tools app_join_incident(struct app_join *of);

#endif
