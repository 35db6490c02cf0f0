// One made-up situation: what an instrument reports, what its limits are, what is wrong.
#ifndef FETTLE_FACTORY_SCENE_H
#define FETTLE_FACTORY_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "factory/plant_words.h"

enum { ROWS_MAX = 14, SAMPLES_MAX = 6, NAME_BYTES = 48, WORD_BYTES = 24 };

struct row {
    const struct measure *quantity;
    char key[NAME_BYTES];
    char said[NAME_BYTES]; // in sentences
    char unit[WORD_BYTES];
    char value[WORD_BYTES]; // the latest, as written
    char samples[SAMPLES_MAX][WORD_BYTES];
    char low[WORD_BYTES], high[WORD_BYTES]; // limits as written, "" for none
    char flag[WORD_BYTES];                  // beside the value, "" for none
    double number, low_number, high_number; // NaN for none
    bool is_state;
    enum evidence_how how;
};

enum scene_state { SCENE_FAULT, SCENE_NORMAL, SCENE_INCOMPLETE };

struct scene {
    const struct family *family;
    const struct fault *fault, *second; // NULL for none
    enum scene_state state;
    enum missing { MISSING_NOTHING, MISSING_VALUE, MISSING_LIMIT, MISSING_LOG } missing;
    const struct measure *asked; // of MISSING_VALUE and MISSING_LIMIT
    char missing_said[NAME_BYTES];
    char device[NAME_BYTES], noun[NAME_BYTES], time[WORD_BYTES * 2];
    char heater_supply[WORD_BYTES]; // "24 V"
    struct row rows[ROWS_MAX];
    size_t row_count;
    size_t deciding[EVIDENCE_MAX]; // rows of the evidence of `fault`, the deciding one first
    size_t deciding_count;
    size_t second_row; // of `second`
    size_t sample_count;
    bool held_out;
};

struct scene_wish {
    bool held_out; // families and names of the evaluation
    bool tight;    // keys without blanks
    bool samples;  // values may come several times
};

void scene_make(struct scene *s, struct rng *rng, const struct scene_wish *wish);

#endif
