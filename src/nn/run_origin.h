// What a run was made with: the program, the processor, and the state of the git repository that
// the working folder lies in.
#ifndef FETTLE_NN_RUN_ORIGIN_H
#define FETTLE_NN_RUN_ORIGIN_H

#include <stdbool.h>

#include "nn/run_log.h"

struct run_origin {
    char commit[65]; // "": no repository, or no git program
    bool changed;    // tracked files differ from that commit
    char processor[96];
};

// Asks git (for a few seconds at most) and the system.
void run_origin_read(struct run_origin *out);

// Writes it as tags: mlflow.source.git.commit, git.changed, fettle.version, processor.
enum err_code run_origin_record(struct run_log *r, const struct run_origin *o, struct err *err);

#endif
