// What form an answer must have: a call of a tool, or JSON after a schema.
#ifndef FETTLE_SERVER_OPENAI_FORM_H
#define FETTLE_SERVER_OPENAI_FORM_H

#include "server/openai_reply.h"
#include "server/openai_request.h"

// Sets the form of r->serving, after the prompt has been encoded: a call that must be made has its
// opening at the prompt's end. Tells the choices what calls look like. False: a 400 was left.
bool openai_constrain(struct exchange *x, struct openai_request *r, const struct app_model *m,
                      struct openai_choice *choices, size_t count);

#endif
