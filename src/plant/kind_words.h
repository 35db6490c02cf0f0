// What people call the kinds of anomalies, in titles and texts.
#ifndef FETTLE_PLANT_KIND_WORDS_H
#define FETTLE_PLANT_KIND_WORDS_H

#include "plant/plant.h"

// Words that follow a parameter's name: "stuck", "level shift", "out of step". Programs are told
// anomaly_kind_name.
const char *anomaly_kind_words(enum anomaly_kind kind);

#endif
