// The catalogue of a plant's assets and sensors: names to dense numbers, safe for all threads.
#ifndef FETTLE_PLANT_CATALOG_H
#define FETTLE_PLANT_CATALOG_H

#include "base/err.h"
#include "plant/plant.h"

struct catalog;

// At most `max_sensors` (0: 1,000,000) are taken in.
struct catalog *catalog_open(size_t max_sensors);
void catalog_close(struct catalog **c);

// The sensor's number; adds it when new. `unit` may be empty. ERR_INPUT for a bad name, ERR_LIMIT
// when full.
enum err_code catalog_intern(struct catalog *c, struct str asset, struct str parameter,
                             struct str unit, uint32_t *id, struct err *err);

// The same from a full name "asset/parameter". A name without '/' is a parameter of the asset
// named `default_asset`.
enum err_code catalog_intern_full(struct catalog *c, struct str full, struct str default_asset,
                                  struct str unit, uint32_t *id, struct err *err);

bool catalog_find(const struct catalog *c, struct str asset, struct str parameter, uint32_t *id);
bool catalog_find_full(const struct catalog *c, struct str full, uint32_t *id);
bool catalog_find_asset(const struct catalog *c, struct str name, uint32_t *asset);

// The sensor's entry: never moves, never changes. NULL when there is no such number.
const struct sensor *catalog_sensor(const struct catalog *c, uint32_t id);
const char *catalog_asset_name(const struct catalog *c, uint32_t asset); // NULL if none

size_t catalog_sensor_count(const struct catalog *c);
size_t catalog_asset_count(const struct catalog *c);

// "asset/parameter". Returns `out`.
char *sensor_full_name(const struct sensor *s, char out[PLANT_FULL_NAME_BYTES]);

#endif
