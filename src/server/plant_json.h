// The words of the plant as JSON objects: the same in every answer, event and page.
//
// Each writes one object. A name that the catalogue does not know is written as null.
#ifndef FETTLE_SERVER_PLANT_JSON_H
#define FETTLE_SERVER_PLANT_JSON_H

#include "app/app.h"
#include "base/json_out.h"
#include "plant/catalog.h"
#include "plant/plant.h"

// With the fields `type, timestamp, sensor_id, parameter, value, message` that older clients read;
// `id` is a text of 16 hexadecimal digits.
void json_anomaly(struct json_out *j, const struct catalog *c, const struct anomaly *a);

void json_incident(struct json_out *j, const struct catalog *c, const struct incident *i);

// The fields of an incident into an object that is open.
void json_incident_fields(struct json_out *j, const struct catalog *c, const struct incident *i);

// What verdicts keep back, as an array.
void json_patterns(struct json_out *j, const struct catalog *c, const struct app_pattern *list,
                   size_t count);
void json_incident_diagnosis(struct json_out *j, const struct incident_diagnosis *d);
void json_summary(struct json_out *j, const struct summary *s);
void json_reading(struct json_out *j, const struct catalog *c, const struct reading *r);

// The fields sensor, asset, parameter, unit into an object that is open.
void json_sensor_fields(struct json_out *j, const struct sensor *s);

#endif
