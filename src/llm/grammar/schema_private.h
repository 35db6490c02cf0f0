// What the parts of the JSON Schema compiler share.
#ifndef FETTLE_LLM_GRAMMAR_SCHEMA_PRIVATE_H
#define FETTLE_LLM_GRAMMAR_SCHEMA_PRIVATE_H

#include "base/buf.h"
#include "base/json_doc.h"
#include "llm/grammar/expr.h"
#include "llm/grammar/schema.h"

// Where a node stands in the schema: from the node up to the document.
struct pointer {
    const struct pointer *up; // NULL: the document
    struct str key;
};

struct schema {
    struct rules *rules;
    struct arena *arena; // of nodes
    const struct json_node *document;
    struct err *err;
    int depth;     // of schemas within each other, references included
    uint32_t next; // number of the next rule without a name
    uint32_t any, any_object, any_array, string, space, escape, number, characters;
};

enum { SCHEMA_DEPTH_MAX = 64, SCHEMA_REPEAT_MAX = 1 << 16 };

// Each of these sets *out, or fails with ERR_INPUT (the schema is wrong) or ERR_UNSUPPORTED, naming
// the place.
enum err_code schema_compile(struct schema *s, const struct json_node *node,
                             const struct pointer *at, const struct expr **out);
enum err_code schema_object(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct expr **out);
enum err_code schema_array(struct schema *s, const struct json_node *node, const struct pointer *at,
                           const struct expr **out);
enum err_code schema_string(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct expr **out);
enum err_code schema_integer(struct schema *s, const struct json_node *node,
                             const struct pointer *at, const struct expr **out);
enum err_code schema_number(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct expr **out);

// The values of the node's type or types, or of those that its keywords are about.
enum err_code schema_types(struct schema *s, const struct json_node *node, const struct pointer *at,
                           const struct expr **out);

// The values that "const" or "enum" list.
enum err_code schema_values(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct expr **out);

// "anyOf" or "oneOf" (`key`): each alternative together with what stands beside the keyword.
enum err_code schema_choice(struct schema *s, const struct json_node *node, const char *key,
                            const struct pointer *at, const struct expr **out);

// "allOf": all of them together with what stands beside it.
enum err_code schema_join(struct schema *s, const struct json_node *node, const struct pointer *at,
                          const struct expr **out);

// The inside of a JSON string whose value matches a regular expression (README.md: the subset).
enum err_code schema_pattern(struct schema *s, struct str pattern, const struct pointer *at,
                             const struct expr **out);

// One schema that says what both say. ERR_UNSUPPORTED where that cannot be said.
enum err_code schema_merge(struct schema *s, const struct json_node *a, const struct json_node *b,
                           const struct pointer *at, const struct json_node **out);

// True when it is plain that no answer is valid under both: by type, by listed values, by those of
// a member that both require, or by members that one requires and the other's answers never have.
bool schema_disjoint(const struct json_node *a, const struct json_node *b);

// True for the same JSON value, however its numbers are written.
bool schema_equal_values(const struct json_node *a, const struct json_node *b);

// Replaces a node that is nothing but a reference by what it refers to.
enum err_code schema_look_up(struct schema *s, const struct json_node **node,
                             const struct pointer *at);

bool schema_is_annotation(struct str key); // says nothing about which values are valid

// Keywords of a node besides annotations and those named.
bool schema_has_others(const struct json_node *node, const char *a, const char *b);

// A copy of an object without one key; NULL when memory is out.
const struct json_node *schema_without(struct schema *s, const struct json_node *node,
                                       const char *key);

// The node that "$ref" names.
enum err_code schema_resolve(struct schema *s, const struct json_node *ref,
                             const struct pointer *at, const struct json_node **out);

// Rules of JSON itself, made once: schema_json.c.
void schema_define_json(struct schema *s);
const struct expr *schema_space(struct schema *s); // blanks as people put them between values
const struct expr *schema_char(struct schema *s);  // one character within a string
const struct expr *schema_quoted(struct schema *s, const struct expr *inside);
const struct expr *schema_characters(struct schema *s, const struct code_range *r, size_t n,
                                     bool others); // of a set, escaped where JSON wants it
const struct expr *schema_literal(struct schema *s, const struct json_node *value);
const struct expr *schema_key(struct schema *s, struct str key); // with its colon and blanks
const struct expr *schema_digits(struct schema *s, uint32_t least, uint32_t most);

// A new rule for `body`, called.
const struct expr *schema_rule(struct schema *s, const struct expr *body);

// A count (minItems and the like); `value` where the node has none.
enum err_code schema_count(struct schema *s, const struct json_node *node, const char *key,
                           const struct pointer *at, uint32_t value, uint32_t *out);

// Records the error with the place as a JSON pointer in front; `key` (NULL: none) below `at`.
enum err_code schema_fail(struct schema *s, enum err_code code, const struct pointer *at,
                          const char *key, const char *what);

// ERR_LIMIT: the arena of nodes is full.
enum err_code schema_no_memory(struct schema *s);

#endif
