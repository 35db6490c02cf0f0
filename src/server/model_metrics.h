// How loaded models are doing, for /metrics and for the lists of models.
#ifndef FETTLE_SERVER_MODEL_METRICS_H
#define FETTLE_SERVER_MODEL_METRICS_H

#include "app/models.h"
#include "base/json_out.h"

// Series fettle_llm_... in Prometheus' text form, one for each loaded model.
void model_metrics_write_text(struct app *app, struct buf *out);

// The member "models": an object for each loaded model, with its name and the same figures.
void model_metrics_write_json(struct app *app, struct json_out *j);

// The members of the object Serving.
void model_metrics_write_serving(struct json_out *j, const struct serving_stats *s);

#endif
