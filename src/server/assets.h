// The page's files, which the build puts into the program.
#ifndef FETTLE_SERVER_ASSETS_H
#define FETTLE_SERVER_ASSETS_H

#include <stddef.h>

struct asset_file {
    const char *path; // "/app.js"; "/" is index.html
    const char *type; // media type
    const char *etag; // quoted, from the content
    const unsigned char *bytes;
    size_t n;
    const unsigned char *packed; // gzip; NULL when that is no smaller
    size_t packed_n;
};

// Ended by a NULL path. Made from web/ by tools/embed_files.c.
extern const struct asset_file asset_files[];

const struct asset_file *asset_find(const char *path); // NULL: none

#endif
