// How values and durations are written for people.
#ifndef FETTLE_DETECT_WORDS_H
#define FETTLE_DETECT_WORDS_H

#include "plant/plant.h"

enum { WORDS_BYTES = 48 };

// "25 s", "1.5 s", "2 min 5 s", "3 h 20 min", "2 d 3 h". Returns `out`.
char *words_duration(int64_t us, char out[WORDS_BYTES]);

// "47.2 °C": six digits, more when they would make it equal to `limit`, which it is not.
char *words_value(double value, double limit, const char *unit, char out[WORDS_BYTES]);

// "2.1 to 5.4 A". Returns `out`.
char *words_band(double low, double high, const char *unit, char out[WORDS_BYTES]);

// "temperature 47.2 °C above spike limit 45 °C", and when it lasted
// "temperature above spike limit 45 °C for 12 s, peak 47.2 °C". `rule` is "spike".
void words_beyond_limit(const struct anomaly *a, const struct sensor *sensor, const char *rule,
                        char out[PLANT_MESSAGE_BYTES]);

#endif
