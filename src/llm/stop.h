// Lets an answer's bytes through as well-formed text, up to the first stop string.
//
// Stop strings are found in the bytes, wherever tokens begin and end. Bytes that may be the
// beginning of a stop string or of a character are held back until that is decided, so no part of a
// stop string is ever shown. Bytes that are no UTF-8 come out as U+FFFD, one for each maximal
// well-formed beginning, as Unicode recommends.
#ifndef FETTLE_LLM_STOP_H
#define FETTLE_LLM_STOP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { STOP_STRINGS_MAX = 16, STOP_BYTES_MAX = 256 };

struct stop;

// Copies the strings; count 0 is fine. ERR_USAGE: an empty string, one too long, or too many.
enum err_code stop_open(const struct str *strings, size_t count, struct stop **out,
                        struct err *err);
void stop_close(struct stop **s);

// Takes the next bytes, appends to `out` what may be shown. True when a stop string is complete:
// the text ends before it, and whatever is fed later is dropped. Where several end at the same
// byte, the longest counts.
bool stop_feed(struct stop *s, struct str bytes, struct buf *out);

// Which string it was; -1: none yet.
int stop_found(const struct stop *s);

// At the end of the answer: appends what was held back (nothing after a stop string).
void stop_finish(struct stop *s, struct buf *out);

// Forgets everything fed, for the next answer.
void stop_reset(struct stop *s);

#endif
