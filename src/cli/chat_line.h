// A line typed at a terminal, with cursor keys and the lines before it (libedit).
#ifndef FETTLE_CLI_CHAT_LINE_H
#define FETTLE_CLI_CHAT_LINE_H

#include "base/buf.h"

enum chat_line_end {
    CHAT_LINE_TYPED,
    CHAT_LINE_INTERRUPTED, // Ctrl-C; talk_interrupted forgets it
    CHAT_LINE_CLOSED,      // Ctrl-D, or the terminal has gone
};

struct chat_line;

// Standard input and standard error must be the terminal. NULL: out of memory. talk_catch_interrupt
// must have been called. Classes of characters become those of UTF-8 in the whole program; numbers
// and order stay.
struct chat_line *chat_line_open(void);
void chat_line_close(struct chat_line **l);

// Asks for a line, into `text` as UTF-8 without its end.
enum chat_line_end chat_line_read(struct chat_line *l, struct buf *text);

#endif
