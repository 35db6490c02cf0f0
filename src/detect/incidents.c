// Gathers anomalies into incidents: which one, how grave, what it is called, when it is over.
#include "detect/incidents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plant/kind_words.h"

struct active_incident {
    struct incident incident;
    uint32_t next;         // of the same asset, or the next free one
    uint32_t open;         // anomalies that go on
    uint32_t first_sensor; // UINT32_MAX: not known any more
    bool resolved;         // closed by a person; kept until the gap has passed
    int64_t over_us;       // when its timer goes off; INT64_MAX while anomalies go on
};

void incidents_free(struct incidents *in)
{
    free(in->items);
    free(in->by_asset);
    in->items = NULL;
    in->by_asset = NULL;
}

size_t incidents_bytes(const struct incidents *in)
{
    return in->cap * sizeof *in->items + in->asset_cap * sizeof *in->by_asset;
}

static uint32_t *first_of(struct incidents *in, uint32_t asset)
{
    if (asset >= in->asset_cap) {
        size_t cap = in->asset_cap ? in->asset_cap : 64;
        while (cap <= asset)
            cap *= 2;
        uint32_t *by_asset = realloc(in->by_asset, cap * sizeof *by_asset);
        if (!by_asset)
            return NULL;
        memset(by_asset + in->asset_cap, 0, (cap - in->asset_cap) * sizeof *by_asset);
        in->by_asset = by_asset;
        in->asset_cap = cap;
    }
    return &in->by_asset[asset];
}

static struct active_incident *add(struct incidents *in, uint32_t asset)
{
    uint32_t *first = first_of(in, asset), place = in->free;
    if (!first)
        return NULL;
    if (place) {
        in->free = in->items[place - 1].next;
    } else {
        if (in->n == in->cap) {
            size_t cap = in->cap ? in->cap * 2 : 8;
            struct active_incident *items = realloc(in->items, cap * sizeof *items);
            if (!items)
                return NULL;
            in->items = items;
            in->cap = cap;
        }
        place = (uint32_t)++in->n;
    }
    struct active_incident *i = &in->items[place - 1];
    *i = (struct active_incident){.next = *first, .first_sensor = UINT32_MAX, .over_us = INT64_MAX};
    *first = place;
    in->active++;
    return i;
}

static void drop(struct incidents *in, struct active_incident *i)
{
    uint32_t place = (uint32_t)(i - in->items) + 1;
    uint32_t *at = &in->by_asset[i->incident.asset];
    while (*at != place)
        at = &in->items[*at - 1].next;
    *at = i->next;
    i->next = in->free;
    i->over_us = INT64_MAX;
    in->free = place;
    in->active -= !i->resolved;
}

static struct active_incident *find_id(const struct incidents *in, uint32_t asset, uint64_t id)
{
    uint32_t place = asset < in->asset_cap ? in->by_asset[asset] : 0;
    while (place && in->items[place - 1].incident.id != id)
        place = in->items[place - 1].next;
    return place ? &in->items[place - 1] : NULL;
}

static struct active_incident *find_near(const struct incidents *in, uint32_t asset,
                                         const struct anomaly *a)
{
    uint32_t place = asset < in->asset_cap ? in->by_asset[asset] : 0;
    for (; place; place = in->items[place - 1].next) {
        struct active_incident *i = &in->items[place - 1];
        bool follows = i->open || a->start_us - i->incident.last_us <= in->gap_us;
        bool precedes = i->incident.start_us - a->detected_us > in->gap_us;
        if (follows && !precedes && !i->resolved)
            return i;
    }
    return NULL;
}

uint64_t incidents_find(const struct incidents *in, const struct anomaly *a)
{
    const struct active_incident *i =
        find_near(in, catalog_sensor(in->catalog, a->sensor)->asset, a);
    return i ? i->incident.id : 0;
}

// Adds "temperature spike" to "pipe-1: pressure drift", once.
static void add_to_title(struct incident *i, const struct sensor *sensor, enum anomaly_kind kind)
{
    char part[PLANT_NAME_BYTES + 32], more[] = " and more";
    snprintf(part, sizeof part, "%s %s", sensor->parameter, anomaly_kind_words(kind));
    size_t n = strlen(i->title), part_n = strlen(part);
    if (n == 0) {
        snprintf(i->title, sizeof i->title, "%s: %s", sensor->asset_name, part);
        return;
    }
    for (char *p = strstr(i->title, part); p; p = strstr(p + 1, part))
        if (p >= i->title + 2 && p[-1] == ' ' && (p[part_n] == ',' || p[part_n] == '\0'))
            return;
    if (n >= sizeof more && strcmp(i->title + n - strlen(more), more) == 0)
        return;
    if (n + 2 + part_n + sizeof more < sizeof i->title)
        snprintf(i->title + n, sizeof i->title - n, ", %s", part);
    else
        snprintf(i->title + n, sizeof i->title - n, "%s", more);
}

static void tell(struct incidents *in, const struct active_incident *i, bool opened)
{
    in->tell(in->arg, &i->incident, opened, false);
}

bool incidents_join(struct incidents *in, struct anomaly *a)
{
    const struct sensor *sensor = catalog_sensor(in->catalog, a->sensor);
    struct active_incident *i = find_near(in, sensor->asset, a);
    bool opened = !i;
    if (opened) {
        i = add(in, sensor->asset);
        if (!i)
            return false;
        i->first_sensor = a->sensor;
        i->incident = (struct incident){.id = in->next_id++,
                                        .asset = sensor->asset,
                                        .active = true,
                                        .start_us = a->start_us,
                                        .last_us = a->detected_us,
                                        .acknowledged_us = TIME_NONE,
                                        .resolved_us = TIME_NONE};
    }
    struct incident *x = &i->incident;
    a->incident = x->id;
    i->open++;
    i->over_us = INT64_MAX;
    x->anomaly_count++;
    x->kinds |= 1u << a->kind;
    if (a->start_us < x->start_us)
        x->start_us = a->start_us;
    if (a->detected_us > x->last_us)
        x->last_us = a->detected_us;
    if (a->severity > x->severity)
        x->severity = a->severity;
    if (i->first_sensor != a->sensor && i->first_sensor != UINT32_MAX)
        x->severity = SEVERITY_CRITICAL;
    add_to_title(x, sensor, a->kind);
    tell(in, i, opened);
    return true;
}

static bool wait_until(struct incidents *in, struct active_incident *i, int64_t over_us)
{
    i->over_us = over_us;
    return timers_put(in->timers, over_us, INCIDENT_TIMER | (uint64_t)(i - in->items + 1));
}

static bool wait_for_gap(struct incidents *in, struct active_incident *i, int64_t clock_us)
{
    int64_t last = i->incident.last_us > clock_us ? i->incident.last_us : clock_us;
    return wait_until(in, i, last + in->gap_us + 1);
}

static struct active_incident *update(struct incidents *in, const struct anomaly *a,
                                      int64_t last_us)
{
    struct active_incident *i =
        find_id(in, catalog_sensor(in->catalog, a->sensor)->asset, a->incident);
    if (!i)
        return NULL;
    if (last_us > i->incident.last_us)
        i->incident.last_us = last_us;
    if (a->severity > i->incident.severity)
        i->incident.severity = a->severity;
    tell(in, i, false);
    return i;
}

void incidents_extend(struct incidents *in, const struct anomaly *a, int64_t last_us)
{
    update(in, a, last_us);
}

bool incidents_end(struct incidents *in, const struct anomaly *a, int64_t clock_us)
{
    struct active_incident *i = update(in, a, a->end_us);
    return !i || --i->open > 0 || wait_for_gap(in, i, clock_us);
}

bool incidents_timer(struct incidents *in, uint32_t place, int64_t when_us, bool hold,
                     uint64_t *resolved)
{
    struct active_incident *i = &in->items[place - 1];
    if (i->over_us != when_us)
        return true; // an anomaly came meanwhile
    if (hold)
        return wait_until(in, i, when_us + US_PER_SECOND);
    if (i->resolved) {
        *resolved = i->incident.id;
    } else {
        i->incident.active = false;
        in->tell(in->arg, &i->incident, false, true);
    }
    drop(in, i);
    return true;
}

bool incidents_resolve(struct incidents *in, uint64_t id, int64_t clock_us)
{
    struct active_incident *i = in->items, *end = in->items + in->n;
    while (i < end && !(i->incident.id == id && i->incident.active))
        i++;
    if (i == end)
        return true;
    i->resolved = true;
    in->active--;
    i->incident.active = false;
    in->tell(in->arg, &i->incident, false, true);
    return wait_for_gap(in, i, clock_us);
}

bool incidents_resume(struct incidents *in, const struct incident *stored, int64_t clock_us)
{
    struct active_incident *i = add(in, stored->asset);
    if (!i)
        return false;
    i->incident = *stored;
    i->incident.active = true;
    if (stored->id >= in->next_id)
        in->next_id = stored->id + 1;
    return wait_for_gap(in, i, clock_us);
}

void incidents_resume_anomaly(struct incidents *in, const struct anomaly *a)
{
    struct active_incident *i =
        find_id(in, catalog_sensor(in->catalog, a->sensor)->asset, a->incident);
    if (!i)
        return;
    i->open++;
    i->over_us = INT64_MAX;
    if (i->first_sensor == UINT32_MAX)
        i->first_sensor = a->sensor;
}
