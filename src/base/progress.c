// The progress bar.
#include "base/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR_CELLS = 28, REDRAW_MS = 100, FIRST_DRAW_MS = 300 };

void progress_open(struct progress *p, const char *label, uint64_t total)
{
    *p = (struct progress){.label = label,
                           .total = total,
                           .started_us = clock_mono_us(),
                           .visible = isatty(STDERR_FILENO) == 1};
}

static void time_left(char out[32], double seconds)
{
    if (seconds < 100)
        snprintf(out, 32, "%.0f s left", seconds);
    else if (seconds < 6000)
        snprintf(out, 32, "%.0f min left", seconds / 60);
    else
        snprintf(out, 32, "%.1f h left", seconds / 3600);
}

void progress_at(struct progress *p, uint64_t done, const char *note)
{
    if (!p->visible)
        return;
    int64_t now = clock_mono_us();
    // Work that is over in a blink shows no bar at all.
    if (now - p->started_us < FIRST_DRAW_MS * US_PER_MS ||
        now - p->drawn_us < REDRAW_MS * US_PER_MS)
        return;
    p->drawn_us = now;
    p->drawn = true;
    char bar[BAR_CELLS + 1], left[32] = "";
    double share = p->total ? (double)(done < p->total ? done : p->total) / (double)p->total : 0;
    int full = (int)(share * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    if (share > 0.01)
        time_left(left, (double)(now - p->started_us) / 1e6 * (1 - share) / share);
    if (p->total)
        fprintf(stderr, "\r\033[K%s [%s] %3.0f%% %s %s", p->label, bar, share * 100, left,
                note ? note : "");
    else
        fprintf(stderr, "\r\033[K%s %llu %s", p->label, (unsigned long long)done, note ? note : "");
    fflush(stderr);
}

void progress_clear(struct progress *p)
{
    if (p->drawn) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
        p->drawn = false;
        p->drawn_us = 0;
    }
}
