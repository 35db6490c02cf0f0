// Files with a model's packed weights: written at its first load, mapped at every later one.
//
// A file is used only where all of it fits: its trailer names the format's version, the stamp of
// the model file (size, times of change) and a sum over the layout of its tensors, its size is what
// these make it, and the sum of every piece is that of its bytes, so that a damaged, cut, foreign
// or half-written file is the same as none. Whatever goes wrong here is no error: the weights are
// then packed into memory, and the log says why at level debug.
//
// A file that another program shortens while it is mapped ends this program (SIGBUS), as with the
// model itself.
#ifndef FETTLE_LLM_PACKED_FILE_H
#define FETTLE_LLM_PACKED_FILE_H

#include <stdint.h>

#include "llm/model.h"

// A folder of such files, one for each model file by its path: NAME.HASH.packed. May be deleted at
// any time, by hand too. Several programs may share it.
struct packed_folder {
    const char *dir;     // made when it is first needed
    uint64_t bytes_most; // of all files; the least recently loaded go first
};

// The mapped weights of a bound model, m->packed_bytes of them, all in memory; NULL: there are none
// that fit. Reads with the team's threads.
const unsigned char *packed_file_find(const struct packed_folder *folder, const struct model *m,
                                      struct team *team);
void packed_file_unmap(const unsigned char *packed, size_t bytes);

// A new file, not yet under its name, with room for m->packed_bytes from its start; NULL when it
// cannot be (no room, no right, another program is writing one). Leaves 1 GiB of the disk free.
struct packed_file;
struct packed_file *packed_file_begin(const struct packed_folder *folder, const struct model *m);
int packed_file_descriptor(const struct packed_file *f);

// Gives the file its trailer and its name, and maps it; NULL: it is gone. Both free f.
const unsigned char *packed_file_finish(struct packed_file **f, struct team *team);
void packed_file_give_up(struct packed_file **f);

#endif
