// Finds an embedded file by its path.
#include "server/assets.h"

#include <string.h>

const struct asset_file *asset_find(const char *path)
{
    for (const struct asset_file *f = asset_files; f->path; f++)
        if (strcmp(f->path, path) == 0)
            return f;
    return NULL;
}
