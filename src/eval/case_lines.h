// A file with an object of JSON a line: cases, or answers to them.
#ifndef FETTLE_EVAL_CASE_LINES_H
#define FETTLE_EVAL_CASE_LINES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_doc.h"

enum { CASE_BYTES_MAX = 64 << 20 }; // of one line as a tree

struct case_lines {
    const char *path; // for errors
    struct file_map map;
    struct str rest;
    uint64_t line; // of the latest object, from 1
};

enum err_code case_lines_open(struct case_lines *l, const char *path, struct err *err);
void case_lines_close(struct case_lines *l);

// The next line that is not empty as an object; NULL at the end. ERR_INPUT names file and line.
enum err_code case_lines_next(struct case_lines *l, struct arena *arena, struct json_node **out,
                              struct err *err);

#endif
