// Detector "multivariate": the sensors of an asset no longer fit each other and their level.
//
// It judges rows of an asset (asset_watch.h), not readings of a sensor; its anomaly lies on the
// sensor that departs most. What another detector can explain, on any sensor of the asset, it
// leaves to that one.
#include "detect/multivariate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/words.h"

enum { ACCEPT_ROWS = 3600 };
static const int64_t after_cause_us = 5 * US_PER_MINUTE;

struct asset_state {
    struct asset_watch *watch;
    struct sensor_state *alarmed; // where the open episode lies; NULL: none
    int64_t explained_us;         // when another detector last had an open episode on the asset
    int64_t start_us;
    uint64_t rows; // of the episode
};

void multivariate_free(struct multivariate *m)
{
    for (size_t i = 0; i < m->n; i++)
        asset_watch_close(&m->assets[i].watch);
    free(m->assets);
    *m = (struct multivariate){0};
}

size_t multivariate_bytes(const struct multivariate *m)
{
    size_t bytes = m->n * sizeof *m->assets;
    for (size_t i = 0; i < m->n; i++)
        bytes += m->assets[i].watch ? asset_watch_bytes(m->assets[i].watch) : 0;
    return bytes;
}

static struct asset_state *find_asset(struct multivariate *m, uint32_t asset)
{
    if (asset >= m->n) {
        size_t n = m->n ? m->n * 2 : 16;
        while (n <= asset)
            n *= 2;
        struct asset_state *assets = realloc(m->assets, n * sizeof *assets);
        if (!assets)
            return NULL;
        memset(assets + m->n, 0, (n - m->n) * sizeof *assets);
        m->assets = assets;
        m->n = n;
    }
    struct asset_state *a = &m->assets[asset];
    if (!a->watch) {
        a->watch = asset_watch_open();
        a->explained_us = INT64_MIN / 2;
    }
    return a->watch ? a : NULL;
}

static void end_episode(struct detect *d, struct asset_state *a)
{
    if (a->alarmed)
        engine_end_episode(d, a->alarmed, DETECTOR_INDEX_multivariate);
    a->alarmed = NULL;
}

static void describe(const struct asset_state *a, const struct asset_row *row, struct finding *f)
{
    bool high = row->value > row->expected_high, low = row->value < row->expected_low;
    f->kind = ANOMALY_MULTIVARIATE;
    f->side = high ? SIDE_HIGH : low ? SIDE_LOW : SIDE_NONE;
    f->severity = SEVERITY_WARNING;
    f->start_us = a->start_us;
    f->detected_us = f->peak_us = row->time_us;
    f->count = a->rows;
    f->peak = row->value;
    f->excess = row->ratio;
    f->limit = (double)NAN;
    f->score = row->ratio / (row->ratio + 2);
    f->expected_low = row->expected_low;
    f->expected_high = row->expected_high;
}

static void judge(struct detect *d, struct asset_state *a, const struct asset_row *row)
{
    struct sensor_state *worst = sensor_states_find(&d->sensors, row->sensor);
    double sensitivity = worst->rules->sensitivity;
    if (!row->excursion || row->time_us - a->explained_us < after_cause_us) {
        if (row->excursion)
            asset_watch_excuse(a->watch);
        end_episode(d, a);
        return;
    }
    bool begins =
        !a->alarmed && !asset_watch_is_excused(a->watch) && row->ratio * sensitivity > row->needed;
    if (begins) {
        a->alarmed = worst;
        a->start_us = row->time_us;
        a->rows = 0;
    }
    if (!a->alarmed)
        return;
    if (++a->rows > ACCEPT_ROWS) {
        asset_watch_accept(a->watch);
        end_episode(d, a);
        return;
    }
    struct finding f;
    engine_begin_finding(&f);
    describe(a, row, &f);
    if (!begins) // it stays the episode that it was
        f.side = engine_episode_side(d, a->alarmed, DETECTOR_INDEX_multivariate);
    if (row->sensor != a->alarmed->sensor->id)
        f.excess = 0; // another sensor's value is no peak of this one
    engine_take(d, a->alarmed, DETECTOR_INDEX_multivariate, JUDGED_OUTSIDE, &f, row->time_us);
}

bool multivariate_push(struct detect *d, struct sensor_state *s, const struct sample *sample)
{
    struct asset_state *a = find_asset(&d->multivariate, s->sensor->asset);
    struct asset_row row;
    if (!a)
        return false;
    for (size_t i = 0; i < DETECTOR_COUNT; i++)
        // What takes days explains nothing that happens now.
        if (s->episode[i] && i != DETECTOR_INDEX_multivariate && i != DETECTOR_INDEX_creep)
            a->explained_us = sample->time_us;
    if (asset_watch_push(a->watch, s->sensor->id, sample->time_us, sample->value, &row))
        judge(d, a, &row);
    return true;
}

bool multivariate_learn(struct detect *d, struct sensor_state *s, const struct sample *sample)
{
    struct asset_state *a = find_asset(&d->multivariate, s->sensor->asset);
    struct asset_row row;
    if (a)
        asset_watch_push(a->watch, s->sensor->id, sample->time_us, sample->value, &row);
    return a != NULL;
}

void multivariate_relearn(struct detect *d, uint32_t asset)
{
    struct multivariate *m = &d->multivariate;
    if (asset >= m->n || !m->assets[asset].watch)
        return;
    end_episode(d, &m->assets[asset]);
    asset_watch_relearn(m->assets[asset].watch);
}

static void say(const struct anomaly *a, const struct sensor *sensor, char out[PLANT_MESSAGE_BYTES])
{
    char value[WORDS_BYTES], usual[WORDS_BYTES], duration[WORDS_BYTES];
    bool lasted = a->end_us != TIME_NONE && a->end_us > a->start_us;
    snprintf(value, sizeof value, "%.4g%s%s", a->peak, sensor->unit[0] ? " " : "", sensor->unit);
    snprintf(out, PLANT_MESSAGE_BYTES, "%.60s %s does not fit the other sensors%s%s, expected %s",
             sensor->parameter, value, lasted ? " for " : "",
             lasted ? words_duration(a->end_us - a->start_us, duration) : "",
             words_band(a->expected_low, a->expected_high, sensor->unit, usual));
}

const struct detector detector_multivariate = {
    .name = "multivariate",
    .learns = true,
    .say = say,
};
