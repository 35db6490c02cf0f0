// The engine's part that judges the sensors of an asset together.
#ifndef FETTLE_DETECT_MULTIVARIATE_H
#define FETTLE_DETECT_MULTIVARIATE_H

#include "detect/asset_watch.h"
#include "detect/engine.h"

// After the detectors of single sensors: takes the sample into its asset's row. False when memory
// is out.
bool multivariate_push(struct detect *d, struct sensor_state *s, const struct sample *sample);

// Takes the sample into its asset's row as a normal one. False when memory is out.
bool multivariate_learn(struct detect *d, struct sensor_state *s, const struct sample *sample);

// The asset has changed: forgets what was normal, ends what is open.
void multivariate_relearn(struct detect *d, uint32_t asset);

#endif
