// An adapter as one writes it: FILE, FILE:SCALE, NAME=FILE or NAME=FILE:SCALE.
#ifndef FETTLE_LLM_ADAPTER_CHOICE_H
#define FETTLE_LLM_ADAPTER_CHOICE_H

#include "base/err.h"
#include "base/str.h"

enum { ADAPTER_NAME_BYTES = 64, ADAPTER_PATH_BYTES = 1024 };

struct adapter_choice {
    char name[ADAPTER_NAME_BYTES]; // "" when it needs none
    char path[ADAPTER_PATH_BYTES];
    float scale; // 1 when none is written
};

// What stands behind the last colon is the scale if it is a number. Names are of letters, digits
// and "._-". ERR_USAGE says what is wrong.
enum err_code adapter_choice_read(struct str text, bool named, struct adapter_choice *out,
                                  struct err *err);

// Reads NAME=FILE[:SCALE] separated by commas, at most `most`. Every name stands once.
enum err_code adapter_choices_read(struct str text, struct adapter_choice *out, size_t most,
                                   size_t *count, struct err *err);

#endif
