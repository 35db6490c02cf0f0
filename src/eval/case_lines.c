// Reading objects of JSON line by line.
#include "eval/case_lines.h"

#include <stdio.h>

enum { WHERE_BYTES = 400 };

enum err_code case_lines_open(struct case_lines *l, const char *path, struct err *err)
{
    *l = (struct case_lines){.path = path};
    enum err_code code = file_map_open(path, &l->map, err);
    if (code == ERR_OK)
        l->rest = (struct str){(const char *)l->map.p, l->map.n};
    return code;
}

enum err_code case_lines_next(struct case_lines *l, struct arena *arena, struct json_node **out,
                              struct err *err)
{
    char where[WHERE_BYTES];
    *out = NULL;
    while (l->rest.p && l->rest.n) {
        struct str line = str_trim(str_cut(&l->rest, '\n'));
        l->line++;
        if (line.n == 0)
            continue;
        snprintf(where, sizeof where, "%s:%llu", l->path, (unsigned long long)l->line);
        enum err_code code = json_read(arena, line, where, out, err);
        if (code == ERR_OK && (*out)->type != JSON_OBJECT)
            code = err_set(err, ERR_INPUT, "%s: an object expected", where);
        return code;
    }
    return ERR_OK;
}

void case_lines_close(struct case_lines *l)
{
    file_map_close(&l->map);
}
