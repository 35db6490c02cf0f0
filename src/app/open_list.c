// The list of what is open: short, in no order.
#include "app/open_list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char *item_at(const struct open_list *l, size_t i)
{
    return (char *)l->items + i * l->size;
}

bool open_list_keep(struct open_list *l, const void *item, bool closed)
{
    size_t at = 0;
    while (at < l->n && memcmp(item_at(l, at), item, sizeof(uint64_t)) != 0)
        at++;
    if (closed) {
        if (at < l->n)
            memmove(item_at(l, at), item_at(l, --l->n), l->size);
        return true;
    }
    if (at == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        void *items = realloc(l->items, cap * l->size);
        if (!items)
            return false;
        l->items = items;
        l->cap = cap;
    }
    memcpy(item_at(l, at), item, l->size);
    l->n += at == l->n;
    return true;
}

void open_list_free(struct open_list *l)
{
    free(l->items);
    *l = (struct open_list){.size = l->size};
}
