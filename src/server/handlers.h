// The handlers that the route table names; each leaves an answer in its exchange.
#ifndef FETTLE_SERVER_HANDLERS_H
#define FETTLE_SERVER_HANDLERS_H

#include "server/exchange.h"

// handle_status.c
void handle_health(struct exchange *x);
void handle_status(struct exchange *x);
void handle_pipeline(struct exchange *x);
// handle_metrics.c
void handle_metrics(struct exchange *x);
// handle_write.c
void handle_readings_write(struct exchange *x);
void handle_influx1_write(struct exchange *x);
void handle_influx2_write(struct exchange *x);
// handle_readings.c
void handle_latest(struct exchange *x);
void handle_history(struct exchange *x);
// handle_catalog.c
void handle_sensors(struct exchange *x);
void handle_sensor(struct exchange *x);
void handle_assets(struct exchange *x);
// handle_anomalies.c
void handle_anomalies(struct exchange *x);
void handle_anomaly(struct exchange *x);
// handle_incidents.c
void handle_incidents(struct exchange *x);
void handle_incident(struct exchange *x);
void handle_incident_acknowledge(struct exchange *x);
void handle_incident_resolve(struct exchange *x);
void handle_incident_edit(struct exchange *x);
// handle_diagnose.c
void handle_diagnose(struct exchange *x);

// handle_relearn.c
void handle_relearn_sensor(struct exchange *x);
void handle_relearn_asset(struct exchange *x);
void handle_relearn_plant(struct exchange *x);
// handle_sensitivity.c
void handle_sensitivity(struct exchange *x);
void handle_sensitivity_reset(struct exchange *x);
// handle_summaries.c
void handle_summary(struct exchange *x);
void handle_summaries(struct exchange *x);
// handle_config.c
void handle_config(struct exchange *x);
void handle_config_change(struct exchange *x);
// handle_events.c
void handle_events(struct exchange *x);
// handle_completions.c
void handle_chat_completions(struct exchange *x);
void handle_completions(struct exchange *x);
// handle_embeddings.c
void handle_embeddings(struct exchange *x);
// handle_models.c
void handle_openai_models(struct exchange *x);
void handle_models(struct exchange *x);
void handle_model_load(struct exchange *x);
void handle_model_unload(struct exchange *x);
// handle_docs.c
void handle_openapi(struct exchange *x);
void handle_docs_page(struct exchange *x);

#endif
