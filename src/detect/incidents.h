// Incidents: anomalies of one asset that overlap, or follow each other within a set gap.
//
// An incident is active until the gap has passed by the engine's clock since its last anomaly
// ended. An asset can have several only when sensors with wrong clocks report on different times.
#ifndef FETTLE_DETECT_INCIDENTS_H
#define FETTLE_DETECT_INCIDENTS_H

#include "detect/timers.h"
#include "plant/catalog.h"
#include "plant/plant.h"

struct active_incident;

struct incidents {
    const struct catalog *catalog;
    struct timers *timers; // shared with the engine
    int64_t gap_us;
    uint64_t next_id;
    // Hears of every opening, change (`opened` and `closed` false) and closing.
    void (*tell)(void *arg, const struct incident *i, bool opened, bool closed);
    void *arg;

    struct active_incident *items; // a pool; places are index + 1
    size_t n, cap, active;
    uint32_t free;
    uint32_t *by_asset; // the first active incident of each asset, 0 for none
    size_t asset_cap;
};

// Timers of incidents carry this bit, and the incident's place below it.
#define INCIDENT_TIMER (UINT64_C(1) << 32)

void incidents_free(struct incidents *in);

// A new anomaly: joins the asset's incident or opens one, and sets a->incident. False when memory
// is out.
bool incidents_join(struct incidents *in, struct anomaly *a);

// The anomaly went on until `last_us`.
void incidents_extend(struct incidents *in, const struct anomaly *a, int64_t last_us);

// The anomaly is over; the engine's clock says `clock_us`. False when memory is out.
bool incidents_end(struct incidents *in, const struct anomaly *a, int64_t clock_us);

// A timer of the incident at `place` went off: closes it if that still holds, or, with `hold`,
// waits a second more. `*resolved` becomes its number if it was resolved a gap ago. False when
// memory is out.
bool incidents_timer(struct incidents *in, uint32_t place, int64_t when_us, bool hold,
                     uint64_t *resolved);

// A person says that the incident is over: it is closed and takes no more anomalies. Nothing
// happens to one that is not active. False when memory is out.
bool incidents_resolve(struct incidents *in, uint64_t id, int64_t clock_us);

// Takes up an incident that was active before a restart, and afterwards each of its open anomalies.
bool incidents_resume(struct incidents *in, const struct incident *stored, int64_t clock_us);
void incidents_resume_anomaly(struct incidents *in, const struct anomaly *a);

// The number of an active incident of the asset that `a` would join, 0 for none.
uint64_t incidents_find(const struct incidents *in, const struct anomaly *a);

size_t incidents_bytes(const struct incidents *in);

#endif
