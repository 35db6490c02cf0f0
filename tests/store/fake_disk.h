// A disk that fails as told: loses power, runs full, returns errors. An SQLite VFS over real files.
//
// What is written is durable only after a sync. When power is cut, each 512-byte sector that was
// written since survives or not by the toss of a coin, and so does a new size of the file.
#ifndef FETTLE_TESTS_FAKE_DISK_H
#define FETTLE_TESTS_FAKE_DISK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/rng.h"

#define FAKE_DISK "fakedisk"

enum fake_fault {
    FAULT_NONE,
    FAULT_WRITE, // EIO
    FAULT_SYNC,  // EIO: counts only syncs
    FAULT_FULL,  // ENOSPC: counts only writes
    FAULT_READ,  // EIO: counts only reads
};

struct fake_disk {
    atomic_long operations;           // writes, truncations, syncs so far
    atomic_long writes, syncs, reads; // by themselves
    atomic_long cut_at;               // power goes with this operation; 0: never
    atomic_bool off;                  // power is gone
    atomic_bool full;                 // files cannot grow
    _Atomic(enum fake_fault) fault;   // what happens...
    atomic_long fault_at;             // ...at this operation (or sync, or read)
    atomic_bool fault_stays;          // ...and at all that follow
    atomic_long fired;                // faults so far
};

extern struct fake_disk fake_disk;

// Once per program, before anything is opened.
void fake_disk_register(void);

// Everything is well again and counters begin at 0. What is not synced stays so.
void fake_disk_reset(void);

// Forgets all files; none may be open.
void fake_disk_forget(void);

// After power was cut and all files were closed: decides what survived, and brings power back.
void fake_disk_lose_unsynced(struct rng *rng);

#endif
