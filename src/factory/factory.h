// Instruction data with its truth, made from a seed: the same options give the same bytes.
//
// An example is one line of JSON: `instruction`, `input`, `output`, and `truth`, an object that
// programs can score answers with (docs/data-factory.md has its fields).
//
// Splits share nothing that a model could know an answer by: `eval` takes families of equipment,
// dialects, names of sensors and phrasings that the others never have; `train` and `valid` are
// drawn alike, and an example belongs to one of them by a hash of its question.
#ifndef FETTLE_FACTORY_FACTORY_H
#define FETTLE_FACTORY_FACTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_out.h"

enum factory_split { FACTORY_TRAIN, FACTORY_VALID, FACTORY_EVAL };

enum factory_form {
    FACTORY_BOTH,
    FACTORY_PREPARED, // the input is the facts of the log (diagnose/facts.h)
    FACTORY_RAW,      // the input is the log
};

// Inputs of fewer bytes say nothing: "" or "device: P-101".
enum { FACTORY_BARE_INPUT = 32 };

struct factory_options {
    const char *task; // "diagnostics" and so on, see factory_tasks
    uint64_t seed;
    enum factory_split split;
    enum factory_form form; // of diagnostics
};

// One example; its buffers are reset and filled anew by each factory_next.
struct factory_example {
    struct buf instruction, input, output;
    struct buf truth;                     // a JSON object
    struct buf phrasings;                 // "rule:7 rule:2 ", of rules that hold some out
    const char *family, *dialect, *state; // NULL where the task has none
};

struct factory_counts {
    uint64_t made;      // examples given out
    uint64_t repeated;  // dropped: asked before in this run
    uint64_t elsewhere; // dropped: belongs to another split
    uint64_t misread;   // dropped: the log could not be read back into the truth
};

struct factory;

// The names of the tasks with what they are for, ended by NULL.
struct factory_task {
    const char *name, *summary;
};
extern const struct factory_task factory_tasks[];

// ERR_USAGE: no such task.
enum err_code factory_open(struct factory **out, const struct factory_options *options,
                           struct err *err);
void factory_close(struct factory **f);

// The next example. ERR_LIMIT when nothing new can be made any more.
enum err_code factory_next(struct factory *f, struct factory_example *example, struct err *err);
void factory_example_free(struct factory_example *example);

// The example as a line of JSON with a newline.
void factory_write(const struct factory_example *example, struct buf *to);

const struct factory_counts *factory_counts(const struct factory *f);

#endif
