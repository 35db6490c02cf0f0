// Writes JSON values as Python prints them, which is what models were trained on.
#ifndef FETTLE_LLM_JSON_TEXT_H
#define FETTLE_LLM_JSON_TEXT_H

#include "base/buf.h"
#include "base/json_doc.h"

// As json.dumps(value, ensure_ascii=False, indent=indent) does; indent 0: on one line. Numbers stay
// as they are written.
void json_text_node(struct buf *out, const struct json_node *node, int indent);
void json_text_string(struct buf *out, struct str text);

#endif
