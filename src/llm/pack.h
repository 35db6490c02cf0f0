// Packs a model's bound weights, or finds them packed by an earlier load.
#ifndef FETTLE_LLM_PACK_H
#define FETTLE_LLM_PACK_H

#include "llm/packed_file.h"

// Sets m->packed and the data of every bound matrix, with the team's threads: maps the file of an
// earlier load, else packs into a new one, else (no folder, no room, another program is at it)
// packs into memory. ERR_NO_MEMORY only.
enum err_code pack_weights(struct model *m, const struct packed_folder *folder, struct team *team,
                           struct err *err);
void pack_release(struct model *m);

#endif
