// The shapes of what requests and answers hold, as a table for the documentation and the tests.
#ifndef FETTLE_SERVER_SCHEMA_H
#define FETTLE_SERVER_SCHEMA_H

#include "base/json_out.h"

// One member of one object. Rows of the same schema stand together. `type` is "text", "integer",
// "number", "boolean", "time" (RFC 3339 text), "any", the name of another schema, "[]" and one of
// these for a list, "{}" and one of these for an object with any names; "?" at its end: may be
// null. A '-' before `name`: not always there.
struct schema_field {
    const char *schema;
    const char *name;
    const char *type;
    const char *help;
};

// The tables, each ended by a NULL schema.
extern const struct schema_field schema_plant[], schema_models[];

// All rows in turn, table after table; NULL after the last.
const struct schema_field *schema_first(void);
const struct schema_field *schema_next(const struct schema_field *row);

// Writes the object {"Name": {JSON schema}, ...} with all schemas.
void schema_write_all(struct json_out *j);

// Writes the JSON schema of one type in the words above.
void schema_write_type(struct json_out *j, const char *type);

#endif
