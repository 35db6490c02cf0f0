// What has begun and not ended: the latest word on each anomaly or incident, by its number.
#ifndef FETTLE_APP_OPEN_LIST_H
#define FETTLE_APP_OPEN_LIST_H

#include <stdbool.h>
#include <stddef.h>

// Items of `size` bytes that begin with their uint64_t number. Set `size`, zero the rest.
struct open_list {
    size_t size;
    void *items; // owned; open_list_free
    size_t n, cap;
};

// Keeps a copy of `item` in place of the one with its number, or drops that one when it is closed.
// False when memory is out.
bool open_list_keep(struct open_list *l, const void *item, bool closed);

void open_list_free(struct open_list *l);

#endif
