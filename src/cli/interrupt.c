// Notes a signal for those who ask.
#include "cli/interrupt.h"

#include <signal.h>

#include "base/progress.h"

static volatile sig_atomic_t interrupted;

static void note(int sig)
{
    (void)sig;
    interrupted = 1;
}

void cli_catch(int sig)
{
    signal(sig, note);
}

bool cli_interrupted(void)
{
    return interrupted;
}

bool cli_show_progress(void *progress, uint64_t done, uint64_t total)
{
    struct progress *p = progress;
    p->total = total;
    progress_at(p, done, NULL);
    return !interrupted;
}
