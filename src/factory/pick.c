// Picking from lists.
#include "factory/pick.h"

#include "base/str.h"

void pick_way(const char *list, bool held_out, struct rng *rng, char *to, size_t cap)
{
    size_t open = 0, held = 0;
    for (struct str rest = str_of(list); rest.p && rest.n;) {
        struct str way = str_cut(&rest, '|');
        bool mark = way.n && way.p[0] == '~';
        held += mark;
        open += !mark;
    }
    bool take_held = held_out && held;
    size_t pick = (size_t)rng_below(rng, take_held ? held : open);
    for (struct str rest = str_of(list); rest.p && rest.n;) {
        struct str way = str_cut(&rest, '|');
        bool mark = way.n && way.p[0] == '~';
        if (mark != take_held || pick-- > 0)
            continue;
        str_copy(to, cap, mark ? (struct str){way.p + 1, way.n - 1} : way);
        return;
    }
    to[0] = '\0';
}
