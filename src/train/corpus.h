// Reads what models learn from: text files, and JSON Lines of instructions with answers.
//
// A file whose name ends in .jsonl holds one object a line: {"instruction", "input", "output"}
// (input may be missing or empty) or {"text"}; other keys are left alone. Any other file is one
// text. An instruction's prompt is the instruction, and the input below it after an empty line.
#ifndef FETTLE_TRAIN_CORPUS_H
#define FETTLE_TRAIN_CORPUS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct corpus_example {
    bool chat;       // prompt and answer; else text
    struct str text; // UTF-8 or any bytes
    struct str prompt, answer;
};

// Stops at the first error and returns it.
typedef enum err_code corpus_fn(void *arg, const struct corpus_example *e, struct err *err);

// Calls `each` for every example in order. ERR_INPUT names file, line and field.
enum err_code corpus_read(const char *path, corpus_fn *each, void *arg, struct err *err);

// The same for a list of files, separated by commas.
enum err_code corpus_read_list(const char *paths, corpus_fn *each, void *arg, struct err *err);

#endif
