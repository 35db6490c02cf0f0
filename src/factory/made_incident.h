// The incident of a made-up asset: anomalies on its sensors, and what these read meanwhile.
#ifndef FETTLE_FACTORY_MADE_INCIDENT_H
#define FETTLE_FACTORY_MADE_INCIDENT_H

#include "factory/made_asset.h"

// Of an asset with its fault and sensors. False: draw again.
bool made_incident_make(struct made_asset *a, struct rng *rng);

// The sensor that a subject of a fault's signs means: a quantity, or some one. False for none.
bool made_sensor_find(const struct made_asset *a, struct str subject, struct rng *rng, size_t *at);

double made_rounded(double value, int decimals);

#endif
