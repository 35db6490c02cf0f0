// Reads what happened in a window: its anomalies, incidents, and what came in.
#include <stdlib.h>
#include <string.h>

#include "app/summary.h"

enum { INCIDENTS_MAX = 1000 };

static enum err_code count_incidents(struct app *a, struct summary_facts *f, struct err *err)
{
    struct incident_filter filter = {.limit = INCIDENTS_MAX}; // the newest ones
    struct incident *list = calloc(INCIDENTS_MAX, sizeof *list);
    size_t count = 0;
    if (!list)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the incidents");
    enum err_code code = store_incidents(a->store, &filter, list, &count, err);
    f->incidents_opened = f->incidents_closed = f->incidents_active = 0;
    for (size_t i = 0; i < count; i++) {
        const struct incident *in = &list[i];
        f->incidents_active += in->active && in->start_us < f->to_us;
        f->incidents_opened += in->start_us >= f->from_us && in->start_us < f->to_us;
        f->incidents_closed += !in->active && in->last_us >= f->from_us && in->last_us < f->to_us;
    }
    free(list);
    return code;
}

static void count_readings(struct app *a, struct summary_counts *before, struct summary_facts *f)
{
    struct summary_counts now = {.accepted = atomic_load(&a->accepted),
                                 .missing = atomic_load(&a->missing)};
    pthread_mutex_lock(&a->snapshot_lock);
    now.late = a->detect_stats.late;
    pthread_mutex_unlock(&a->snapshot_lock);
    f->readings = (int64_t)(now.accepted - before->accepted);
    f->late = (int64_t)(now.late - before->late);
    f->missing = (int64_t)(now.missing - before->missing);
    *before = now;
}

enum err_code summary_window_read(struct app *a, int64_t from_us, int64_t to_us,
                                  struct summary_counts *before, struct summary_window *w,
                                  struct err *err)
{
    struct anomaly_filter filter = {
        .from_us = from_us, .to_us = to_us, .limit = SUMMARY_ANOMALIES_MAX};
    struct summary_facts *f = &w->facts;
    summary_facts_begin(f, from_us, to_us);
    f->sensors = (int64_t)catalog_sensor_count(a->catalog);
    f->assets = (int64_t)catalog_asset_count(a->catalog);
    if (before)
        count_readings(a, before, f);
    enum err_code code = store_anomalies(a->store, &filter, w->anomalies, &w->count, err);
    for (size_t i = 0; code == ERR_OK && i < w->count; i++) {
        const struct sensor *s = catalog_sensor(a->catalog, w->anomalies[i].sensor);
        if (s)
            summary_facts_add(f, s, &w->anomalies[i]);
    }
    f->more = w->count == SUMMARY_ANOMALIES_MAX;
    summary_facts_rank(f);
    return code == ERR_OK ? count_incidents(a, f, err) : code;
}
