// The store's settings: group commit, the queue, what is kept how long.
#include "base/settings.h"

#include <math.h>

#include "store/store_private.h"

const struct setting_def store_settings[] = {
    {"store.group_commit", "10ms", NULL,
     "How long a batch may wait for others to be committed with it", 0, 1e6, SETTING_DURATION,
     SETTING_RELOADABLE},
    {"store.queue", "1048576", "readings", "Readings that may wait to be stored", 1024, 67108864,
     SETTING_INT, 0},
    {"store.check_time", "2s", NULL,
     "Time for looking for damage when the program was not stopped cleanly before", 0, 3600e6,
     SETTING_DURATION, 0},
    {"store.retain_readings", "30d", NULL,
     "How long readings are kept, counted from the newest (0: for ever)", 0, INFINITY,
     SETTING_DURATION, SETTING_RELOADABLE},
    {"store.retain_bytes", "0", NULL,
     "Size of the database above which the oldest readings go (0: none)", 0, INFINITY,
     SETTING_BYTES, SETTING_RELOADABLE},
    {"store.retain_rollup_minute", "90d", NULL, "How long roll-ups by the minute are kept", 0,
     INFINITY, SETTING_DURATION, SETTING_RELOADABLE},
    {"store.retain_rollup_hour", "1826d", NULL, "How long roll-ups by the hour are kept", 0,
     INFINITY, SETTING_DURATION, SETTING_RELOADABLE},
    {"store.retain_anomalies", "24h", NULL,
     "How long anomalies are kept that belong to no unresolved incident", 0, INFINITY,
     SETTING_DURATION, SETTING_RELOADABLE},
    {"store.retain_incidents", "365d", NULL, "How long incidents are kept after they ended", 0,
     INFINITY, SETTING_DURATION, SETTING_RELOADABLE},
    {"store.retain_summaries", "30d", NULL, "How long summaries are kept", 0, INFINITY,
     SETTING_DURATION, SETTING_RELOADABLE},
    {0}};

void store_take_settings(struct store *s, const struct settings *settings)
{
    struct retention r = {
        .readings_us = settings_int(settings, "store.retain_readings"),
        .bytes = settings_int(settings, "store.retain_bytes"),
        .minutes_us = settings_int(settings, "store.retain_rollup_minute"),
        .hours_us = settings_int(settings, "store.retain_rollup_hour"),
        .anomalies_us = settings_int(settings, "store.retain_anomalies"),
        .incidents_us = settings_int(settings, "store.retain_incidents"),
        .summaries_us = settings_int(settings, "store.retain_summaries"),
    };
    pthread_mutex_lock(&s->lock);
    s->window_us = settings_int(settings, "store.group_commit");
    s->retention = r;
    pthread_mutex_unlock(&s->lock);
}

enum err_code store_reload(struct store *s, const struct settings *settings, struct err *err)
{
    (void)err;
    store_take_settings(s, settings);
    return ERR_OK;
}
