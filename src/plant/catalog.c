// The catalogue: entries in blocks that never move, found through a hash map under a lock.
#include "plant/catalog.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"

enum { BLOCK = 4096, DEFAULT_MAX_SENSORS = 1000000, MAX_BLOCKS = 4096 };

struct catalog {
    pthread_rwlock_t lock; // guards the maps
    struct map sensors, assets;
    struct sensor *_Atomic blocks[MAX_BLOCKS];
    char (*_Atomic asset_blocks[MAX_BLOCKS])[PLANT_NAME_BYTES];
    atomic_size_t sensor_count, asset_count; // entries below these are complete
    size_t max_sensors;
};

struct catalog *catalog_open(size_t max_sensors)
{
    struct catalog *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    if (pthread_rwlock_init(&c->lock, NULL) != 0) {
        free(c);
        return NULL;
    }
    c->max_sensors = max_sensors ? max_sensors : DEFAULT_MAX_SENSORS;
    if (c->max_sensors > (size_t)BLOCK * MAX_BLOCKS)
        c->max_sensors = (size_t)BLOCK * MAX_BLOCKS;
    return c;
}

void catalog_close(struct catalog **c)
{
    if (!*c)
        return;
    for (size_t i = 0; i < MAX_BLOCKS; i++) {
        free((*c)->blocks[i]);
        free((*c)->asset_blocks[i]);
    }
    map_free(&(*c)->sensors);
    map_free(&(*c)->assets);
    pthread_rwlock_destroy(&(*c)->lock);
    free(*c);
    *c = NULL;
}

static struct str full_key(char out[PLANT_FULL_NAME_BYTES], struct str asset, struct str parameter)
{
    int n = snprintf(out, PLANT_FULL_NAME_BYTES, "%.*s/%.*s", STR_ARG(asset), STR_ARG(parameter));
    return (struct str){out, n < 0 ? 0 : (size_t)n};
}

static bool find_key(const struct catalog *c, const struct map *m, struct str key, uint32_t *id)
{
    pthread_rwlock_rdlock((pthread_rwlock_t *)&c->lock);
    uint64_t *found = map_find(m, key);
    if (found)
        *id = (uint32_t)*found;
    pthread_rwlock_unlock((pthread_rwlock_t *)&c->lock);
    return found != NULL;
}

bool catalog_find(const struct catalog *c, struct str asset, struct str parameter, uint32_t *id)
{
    char key[PLANT_FULL_NAME_BYTES];
    if (asset.n >= PLANT_NAME_BYTES || parameter.n >= PLANT_NAME_BYTES)
        return false;
    return find_key(c, &c->sensors, full_key(key, asset, parameter), id);
}

bool catalog_find_full(const struct catalog *c, struct str full, uint32_t *id)
{
    return find_key(c, &c->sensors, full, id);
}

bool catalog_find_asset(const struct catalog *c, struct str name, uint32_t *asset)
{
    return find_key(c, &c->assets, name, asset);
}

// Both run under the write lock. They fill the entry first and count it last, because readers
// without the lock look only at entries below the count.
static bool add_asset(struct catalog *c, struct str name, uint32_t *asset)
{
    uint64_t *known = map_find(&c->assets, name);
    if (known) {
        *asset = (uint32_t)*known;
        return true;
    }
    size_t at = c->asset_count;
    char(*block)[PLANT_NAME_BYTES] = c->asset_blocks[at / BLOCK];
    if (!block) {
        block = calloc(BLOCK, sizeof *block);
        if (!block)
            return false;
        c->asset_blocks[at / BLOCK] = block;
    }
    str_copy(block[at % BLOCK], PLANT_NAME_BYTES, name);
    if (!map_put(&c->assets, name, at))
        return false;
    c->asset_count = at + 1;
    *asset = (uint32_t)at;
    return true;
}

static bool add_sensor(struct catalog *c, struct str key, struct str asset, struct str parameter,
                       struct str unit, uint32_t *id)
{
    size_t at = c->sensor_count;
    struct sensor *block = c->blocks[at / BLOCK];
    if (!block) {
        block = calloc(BLOCK, sizeof *block);
        if (!block)
            return false;
        c->blocks[at / BLOCK] = block;
    }
    struct sensor *s = &block[at % BLOCK];
    s->id = (uint32_t)at;
    s->quantity = quantity_guess(parameter);
    str_copy(s->asset_name, sizeof s->asset_name, asset);
    str_copy(s->parameter, sizeof s->parameter, parameter);
    str_copy(s->unit, sizeof s->unit, unit.n ? unit : str_of(quantity_unit(s->quantity)));
    if (!add_asset(c, asset, &s->asset) || !map_put(&c->sensors, key, at))
        return false;
    c->sensor_count = at + 1;
    *id = (uint32_t)at;
    return true;
}

static enum err_code bad_name(struct err *err, const char *what, struct str name)
{
    return err_set(err, ERR_INPUT,
                   "%s name \"%.*s\": 1 to %d bytes of UTF-8 without '/' or control characters "
                   "expected",
                   what, (int)(name.n < 80 ? name.n : 80), name.n ? name.p : "",
                   PLANT_NAME_BYTES - 1);
}

enum err_code catalog_intern(struct catalog *c, struct str asset, struct str parameter,
                             struct str unit, uint32_t *id, struct err *err)
{
    char text[PLANT_FULL_NAME_BYTES];
    if (!plant_name_valid(asset))
        return bad_name(err, "asset", asset);
    if (!plant_name_valid(parameter))
        return bad_name(err, "parameter", parameter);
    struct str key = full_key(text, asset, parameter);
    if (find_key(c, &c->sensors, key, id))
        return ERR_OK;
    pthread_rwlock_wrlock(&c->lock);
    enum err_code code = ERR_OK;
    uint64_t *known = map_find(&c->sensors, key);
    if (known)
        *id = (uint32_t)*known;
    else if (c->sensor_count >= c->max_sensors)
        code =
            err_set(err, ERR_LIMIT, "no room for sensor %.*s: the limit of %zu sensors is reached",
                    STR_ARG(key), c->max_sensors);
    else if (!add_sensor(c, key, asset, parameter, unit, id))
        code = err_set(err, ERR_NO_MEMORY, "out of memory for sensor %.*s", STR_ARG(key));
    pthread_rwlock_unlock(&c->lock);
    return code;
}

enum err_code catalog_intern_full(struct catalog *c, struct str full, struct str default_asset,
                                  struct str unit, uint32_t *id, struct err *err)
{
    if (full.n < PLANT_FULL_NAME_BYTES && find_key(c, &c->sensors, full, id))
        return ERR_OK;
    struct str rest = full, head = str_cut(&rest, '/');
    if (rest.p)
        return catalog_intern(c, head, rest, unit, id, err);
    return catalog_intern(c, default_asset, full, unit, id, err);
}

const struct sensor *catalog_sensor(const struct catalog *c, uint32_t id)
{
    if (id >= c->sensor_count)
        return NULL;
    return &c->blocks[id / BLOCK][id % BLOCK];
}

const char *catalog_asset_name(const struct catalog *c, uint32_t asset)
{
    if (asset >= c->asset_count)
        return NULL;
    return c->asset_blocks[asset / BLOCK][asset % BLOCK];
}

size_t catalog_sensor_count(const struct catalog *c)
{
    return c->sensor_count;
}

size_t catalog_asset_count(const struct catalog *c)
{
    return c->asset_count;
}

char *sensor_full_name(const struct sensor *s, char out[PLANT_FULL_NAME_BYTES])
{
    snprintf(out, PLANT_FULL_NAME_BYTES, "%s/%s", s->asset_name, s->parameter);
    return out;
}
