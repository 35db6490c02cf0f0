// How the keys of an instrument are spelled.
#ifndef FETTLE_FACTORY_KEY_NAMES_H
#define FETTLE_FACTORY_KEY_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rng.h"

enum key_style {
    KEY_UPPER,
    KEY_LOWER,
    KEY_CAMEL,
    KEY_PASCAL,
    KEY_DASHED,
    KEY_TITLE,
    KEY_WORDS,
    KEY_STYLES,
    KEY_TIGHT_STYLES = KEY_TITLE, // those before it have no blanks
};

enum { KEY_PREFIX_BYTES = 16, KEY_WORDS_BYTES = 48 };

// "heat current" in a style: HEAT_CURRENT, heat_current, heatCurrent, HeatCurrent, HEAT-CURRENT,
// Heat Current, heat current.
void key_spell(const char *words, enum key_style style, char *to, size_t cap);

// A tag in front of some logs' keys: "P101_"; mostly "".
void key_prefix(const char *device, enum key_style style, struct rng *rng,
                char to[KEY_PREFIX_BYTES]);

// Now and then changes the words of a key into some that no table has, so that they must be read:
// with further words, short, misspelt.
void key_vary(struct rng *rng, char words[KEY_WORDS_BYTES]);

// A place's code behind the words of a key, as plants have them: "vib rms kol", "vib rms zu4".
// Nothing when `cap` bytes have no room for it.
void key_add_code(struct rng *rng, char *words, size_t cap);

#endif
