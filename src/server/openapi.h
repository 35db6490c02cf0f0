// The route table as documents: OpenAPI, a page, Markdown.
#ifndef FETTLE_SERVER_OPENAPI_H
#define FETTLE_SERVER_OPENAPI_H

#include "base/buf.h"

void openapi_write(struct buf *out);
void docs_page_write(struct buf *out); // HTML without scripts; its style is /docs.css

#endif
