// Makes room in a folder of packed weights (see packed_file.h).
#ifndef FETTLE_LLM_PACKED_ROOM_H
#define FETTLE_LLM_PACKED_ROOM_H

#include "base/err.h"
#include "llm/packed_file.h"

// Makes the folder, takes its lock (*lock, released by close), removes what killed programs left,
// the file `path`, and the least recently loaded files until `bytes` more are within the folder's
// limit. ERR_BUSY: another program holds the lock. ERR_LIMIT: `bytes` alone are too many, or the
// disk would be left with less than 1 GiB.
enum err_code packed_room_make(const struct packed_folder *folder, const char *path, uint64_t bytes,
                               int *lock, struct err *err);

#endif
