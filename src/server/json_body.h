// A request's body as a JSON object, for handlers that read its members.
#ifndef FETTLE_SERVER_JSON_BODY_H
#define FETTLE_SERVER_JSON_BODY_H

#include "base/json_doc.h"
#include "server/exchange.h"

// Reads the body. No body gives NULL in `*first`, as an empty object does; otherwise `*first` is
// the first member, which lives until `*arena` is closed (by the caller, always). False when it
// left an answer: no JSON, or no object.
bool json_body_open(struct exchange *x, struct arena **arena, const struct json_node **first);

// Copies a text member; leaves a 400 and returns false when it is no text or too long.
bool json_body_text(struct exchange *x, const struct json_node *member, char *to, size_t cap);

// Likewise a time (RFC 3339).
bool json_body_time(struct exchange *x, const struct json_node *member, int64_t *time_us);

// Leaves a 400 that names a member that is not known; `known` lists those that are.
void json_body_unknown(struct exchange *x, const struct json_node *member, const char *known);

#endif
