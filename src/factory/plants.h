// The plants that summaries are made up for, and how people name what is in them.
#ifndef FETTLE_FACTORY_PLANTS_H
#define FETTLE_FACTORY_PLANTS_H

#include "base/rng.h"
#include "plant/plant.h"

struct plant_kind {
    const char *name;
    const char *assets;   // words for assets, '|' between
    const char *measures; // "inlet pressure,bar,2,6,2|...": words, unit, normal range, decimals
    bool held_out;
};

extern const struct plant_kind plant_kinds[];
extern const size_t plant_kind_count;

enum { PLANT_ASSETS_MAX = 8, PLANT_SENSORS_MAX = 24 };

// A made-up plant. Sensors of one asset follow each other.
struct made_plant {
    const struct plant_kind *kind;
    const char *style; // of the names of its assets
    size_t asset_count, sensor_count;
    struct sensor sensors[PLANT_SENSORS_MAX];
    struct {
        double low, high; // normal range
        int decimals;
    } ranges[PLANT_SENSORS_MAX]; // of the sensors
};

// A name for an asset that people call `words`: in a style, which is returned, or an invented one.
const char *plant_name_asset(const char *words, bool held_out, struct rng *rng,
                             char out[PLANT_NAME_BYTES]);

void plant_make(struct made_plant *p, bool held_out, struct rng *rng);

#endif
