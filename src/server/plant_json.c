// Writes anomalies, incidents, summaries and readings as JSON.
#include "server/plant_json.h"

#include <inttypes.h>
#include <stdio.h>

void json_sensor_fields(struct json_out *j, const struct sensor *s)
{
    char name[PLANT_FULL_NAME_BYTES];
    json_key_text(j, "sensor", s ? sensor_full_name(s, name) : NULL);
    json_key_text(j, "asset", s ? s->asset_name : NULL);
    json_key_text(j, "parameter", s ? s->parameter : NULL);
    json_key_text(j, "unit", s ? s->unit : NULL);
}

static void write_hex_id(struct json_out *j, const char *key, uint64_t id)
{
    char text[20];
    snprintf(text, sizeof text, "%016" PRIx64, id);
    json_key_text(j, key, text);
}

void json_anomaly(struct json_out *j, const struct catalog *c, const struct anomaly *a)
{
    const struct sensor *s = catalog_sensor(c, a->sensor);
    json_object(j);
    write_hex_id(j, "id", a->id);
    json_key_text(j, "type", anomaly_kind_name(a->kind));
    json_key_time(j, "timestamp", a->start_us);
    json_key_text(j, "sensor_id", s ? s->asset_name : NULL);
    json_sensor_fields(j, s);
    json_key_real(j, "value", a->peak);
    json_key_text(j, "message", a->message);
    json_key_text(j, "severity", severity_name(a->severity));
    json_key_text(j, "side", side_name(a->side));
    json_key_text(j, "detector", a->detector);
    json_key_bool(j, "open", a->end_us == TIME_NONE);
    json_key_time(j, "start", a->start_us);
    json_key_time(j, "end", a->end_us);
    json_key_time(j, "detected", a->detected_us);
    json_key_time(j, "peak_time", a->peak_us);
    json_key_real(j, "limit", a->limit);
    json_key_real(j, "expected_low", a->expected_low);
    json_key_real(j, "expected_high", a->expected_high);
    json_key_real(j, "score", a->score);
    json_key_int(j, "count", (int64_t)a->count);
    json_key(j, "incident");
    if (a->incident)
        json_int(j, (int64_t)a->incident);
    else
        json_null(j);
    json_end(j);
}

void json_incident_fields(struct json_out *j, const struct catalog *c, const struct incident *i)
{
    json_key_int(j, "id", (int64_t)i->id);
    json_key_text(j, "asset", catalog_asset_name(c, i->asset));
    json_key_text(j, "title", i->title);
    json_key_text(j, "state", incident_state_name(i->state));
    json_key_text(j, "severity", severity_name(i->severity));
    json_key_bool(j, "active", i->active);
    json_key_time(j, "start", i->start_us);
    json_key_time(j, "last", i->last_us);
    json_key_int(j, "anomaly_count", (int64_t)i->anomaly_count);
    json_key(j, "kinds");
    json_array(j);
    for (int k = 0; k < ANOMALY_KIND_COUNT; k++)
        if (i->kinds & 1u << k)
            json_text(j, anomaly_kind_name((enum anomaly_kind)k));
    json_end(j);
    json_key_time(j, "acknowledged", i->acknowledged_us);
    json_key_time(j, "resolved", i->resolved_us);
    json_key_text(j, "verdict", verdict_name(i->verdict));
    json_key_text(j, "cause", i->cause);
    json_key_text(j, "note", i->note);
}

void json_incident(struct json_out *j, const struct catalog *c, const struct incident *i)
{
    json_object(j);
    json_incident_fields(j, c, i);
    json_end(j);
}

void json_patterns(struct json_out *j, const struct catalog *c, const struct app_pattern *list,
                   size_t count)
{
    char name[PLANT_FULL_NAME_BYTES];
    json_array(j);
    for (size_t i = 0; i < count; i++) {
        const struct app_pattern *p = &list[i];
        const struct sensor *s = catalog_sensor(c, p->sensor);
        json_object(j);
        json_key_text(j, "sensor", s ? sensor_full_name(s, name) : NULL);
        json_key_text(j, "detector", p->detector);
        json_key_text(j, "kind", anomaly_kind_name(p->kind));
        json_key_real(j, "false_score", p->false_score);
        json_key_real(j, "above_score", p->above_score);
        json_key_time(j, "since", p->since_us);
        json_key(j, "incidents");
        json_array(j);
        for (size_t k = 0; k < p->incident_count; k++)
            json_int(j, (int64_t)p->incidents[k]);
        json_end(j);
        json_end(j);
    }
    json_end(j);
}

void json_incident_diagnosis(struct json_out *j, const struct incident_diagnosis *d)
{
    json_object(j);
    json_key_int(j, "incident", (int64_t)d->incident);
    json_key_text(j, "moment", d->closed ? "closed" : "opened");
    json_key_text(j, "diagnosis", d->text);
    json_key(j, "cause");
    if (d->cause[0]) {
        json_object(j);
        json_key_text(j, "id", d->cause);
        json_key_text(j, "title", d->title);
        json_end(j);
    } else {
        json_null(j);
    }
    json_key_text(j, "generated_by", d->generated_by);
    json_key_text(j, "model", d->model);
    json_key_bool(j, "verified", d->verified);
    json_key_time(j, "timestamp", d->time_us);
    json_end(j);
}

void json_summary(struct json_out *j, const struct summary *s)
{
    json_object(j);
    json_key_int(j, "id", (int64_t)s->id);
    json_key_text(j, "summary", s->text);
    json_key_time(j, "timestamp", s->time_us);
    json_key_text(j, "generated_by", s->generated_by);
    json_key_text(j, "model", s->model);
    json_key_time(j, "from", s->from_us);
    json_key_time(j, "to", s->to_us);
    json_end(j);
}

void json_reading(struct json_out *j, const struct catalog *c, const struct reading *r)
{
    json_object(j);
    json_sensor_fields(j, catalog_sensor(c, r->sensor));
    json_key_time(j, "time", r->time_us);
    json_key_real(j, "value", r->value);
    json_key_text(j, "quality",
                  r->time_us == TIME_NONE ? NULL
                                          : reading_quality_name((enum reading_quality)r->quality));
    json_end(j);
}
