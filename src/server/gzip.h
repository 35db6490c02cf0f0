// gzip of whole bodies, both ways.
#ifndef FETTLE_SERVER_GZIP_H
#define FETTLE_SERVER_GZIP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

// Appends the packed form of `in`; false when memory is out.
bool gzip_pack(struct str in, int level, struct buf *out);

// Appends what `in` (gzip, one member or several, or zlib) unpacks to. ERR_LIMIT as soon as it
// would be more than `limit` bytes; ERR_INPUT names the byte where the input is damaged.
enum err_code gzip_unpack(struct str in, size_t limit, struct buf *out, struct err *err);

// Does an Accept-Encoding header (NULL: none) take gzip?
bool gzip_accepted(const char *accept_encoding);

#endif
