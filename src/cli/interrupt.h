// Ctrl-C during a long command: it is noted, and the work ends where it next looks.
#ifndef FETTLE_CLI_INTERRUPT_H
#define FETTLE_CLI_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

void cli_catch(int sig); // SIGINT, SIGTERM
bool cli_interrupted(void);

// Shows how far a struct progress has come; false once interrupted.
bool cli_show_progress(void *progress, uint64_t done, uint64_t total);

#endif
