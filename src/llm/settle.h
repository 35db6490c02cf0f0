// Moves weights that are mapped from a packed file into large pages, bit by bit.
//
// A mapped file lies in pages of 4 KiB; where memory is fast, reading it costs more than reading
// pages of 2 MiB. The copy takes the place of the mapping, which is given back as it is copied.
#ifndef FETTLE_LLM_SETTLE_H
#define FETTLE_LLM_SETTLE_H

#include "kernels/team.h"
#include "llm/model.h"

// Moves some `bytes` more, with the team's threads; true: there is more to move. Nothing is done
// (false) where the weights are in memory already or would take more than half of the machine's.
// Nobody reads the weights meanwhile.
bool settle_weights(struct model *m, struct team *team, size_t bytes);

// What is half done, before pack_release.
void settle_release(struct model *m);

#endif
