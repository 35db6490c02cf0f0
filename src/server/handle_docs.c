// GET /openapi.json and /docs: the route table, for programs and for people.
#include "server/handlers.h"
#include "server/openapi.h"

void handle_openapi(struct exchange *x)
{
    openapi_write(&x->reply.body);
    reply_text(x, "application/json");
    x->reply.tagged = true;
}

void handle_docs_page(struct exchange *x)
{
    docs_page_write(&x->reply.body);
    reply_text(x, "text/html; charset=utf-8");
    x->reply.tagged = true;
}
