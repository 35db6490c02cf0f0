// A JSON text read whole into a tree, for small documents (requests, answers, settings).
//
// Large or streaming input is read with base/json_scan.h instead.
#ifndef FETTLE_BASE_JSON_DOC_H
#define FETTLE_BASE_JSON_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/str.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

// A value. Texts are terminated and owned by the document's arena.
struct json_node {
    enum json_type type;
    bool truth;              // of a bool
    double number;           // of a number
    struct str key;          // its name in an object, unescaped
    struct str text;         // of a string, unescaped; of a number, as written
    struct json_node *first; // of an array or object
    struct json_node *next;  // the next value in the same array or object
    size_t count;            // values in an array or object
};

// Reads `text` into nodes of `arena`; `where` names the source in errors. An object with the same
// key twice is refused.
enum err_code json_read(struct arena *arena, struct str text, const char *where,
                        struct json_node **out, struct err *err);

// Writes a value as JSON text; numbers as they were written.
void json_write(struct json_out *j, const struct json_node *n);

// Every one of these takes NULL for a value that is not there.
const struct json_node *json_get(const struct json_node *object, const char *key);
const char *json_get_text(const struct json_node *object, const char *key); // "" when no string
double json_get_number(const struct json_node *object, const char *key);    // NaN when no number
int64_t json_get_int(const struct json_node *object, const char *key);      // 0 when no number
bool json_get_bool(const struct json_node *object, const char *key);        // false when no bool

#endif
