// A progress bar on stderr for long work; silent when stderr is no terminal.
#ifndef FETTLE_BASE_PROGRESS_H
#define FETTLE_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *label;
    uint64_t total; // 0: unknown
    int64_t started_us, drawn_us;
    bool visible, drawn;
};

// `total` counts whatever progress_at counts (bytes, rows).
void progress_open(struct progress *p, const char *label, uint64_t total);

// Draws at most ten times a second. `note` (may be NULL) stands at the end of the line.
void progress_at(struct progress *p, uint64_t done, const char *note);

// Wipes the line, so that other output can follow; the next progress_at draws it again.
void progress_clear(struct progress *p);

#endif
