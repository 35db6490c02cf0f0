// What the making of a scene and the filling of its rows share.
#ifndef FETTLE_FACTORY_SCENE_PRIVATE_H
#define FETTLE_FACTORY_SCENE_PRIVATE_H

#include "factory/key_names.h"
#include "factory/scene.h"

struct scene_making {
    struct scene *s; // with its fault, state and what is missing
    struct rng *rng;
    enum key_style style;
    char prefix[KEY_PREFIX_BYTES];
    bool flags, codes; // beside values; in keys
};

// A value and limits that lie as r->how says, in one of the units people use, and that many
// samples that lead to the value.
void row_set_number(struct row *r, size_t samples, struct rng *rng);

// Now and then what an instrument writes beside such a value: LOW, HH, OK.
void row_set_flag(struct row *r, struct rng *rng);

// The evidence, or what is left of it, and healthy values of the same family.
void scene_fill_rows(struct scene_making *m);

void scene_shuffle(struct scene *s, struct rng *rng);

// Finds the rows that decide.
void scene_note_deciding(struct scene *s);

#endif
