// Rows of an asset's sensors, and how far they must depart to alarm.
#include "detect/asset_watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double lively_share = 0.1; // of the first rows in which a sensor must have changed
static const double forget_days = 14;   // in which the largest excursion counts half
static const double over_past = 1.5;    // an alarm needs so much more than past excursions
// The least ratio that alarms: at first, up to the end of the first day, later. A plant's first day
// shows excursions that nothing can be compared with.
static const double needed_first = 1.5, needed_first_day = 3, needed_later = 2;
enum { FIRST_ROWS = 2000, REST_ROWS = 20 };

struct member {
    uint32_t sensor;
    uint32_t changes; // among the first rows
    uint32_t rests;   // among the first rows; then, in a row
    double value;     // NaN: none yet
    bool in_row;
    bool rests_at_times; // known: takes no part
    signed char dim;     // place among those judged; -1: none
};

struct asset_watch {
    struct member *members;
    int member_count, member_cap;
    uint32_t rows, look_rows; // seen; seen since it was last open who takes part
    int64_t begun_us, row_us;
    struct drift_t2 *t2; // NULL while it is not known who takes part
    int dims;
    unsigned char by_dim[DRIFT_T2_DIMS_MAX];
    double bar;     // largest past excursion, slowly forgotten
    int64_t bar_us; // when it was last forgotten by
    double top;     // of the excursion that goes on; 0: none
    bool excused;
};

struct asset_watch *asset_watch_open(void)
{
    return calloc(1, sizeof(struct asset_watch));
}

void asset_watch_close(struct asset_watch **w)
{
    if (!*w)
        return;
    drift_t2_close(&(*w)->t2);
    free((*w)->members);
    free(*w);
    *w = NULL;
}

size_t asset_watch_bytes(const struct asset_watch *w)
{
    return sizeof *w + (size_t)w->member_cap * sizeof *w->members +
           (w->t2 ? drift_t2_bytes(w->t2) : 0);
}

void asset_watch_relearn(struct asset_watch *w)
{
    drift_t2_close(&w->t2);
    free(w->members);
    *w = (struct asset_watch){0};
}

void asset_watch_excuse(struct asset_watch *w)
{
    w->excused = true;
}

bool asset_watch_is_excused(const struct asset_watch *w)
{
    return w->excused;
}

void asset_watch_accept(struct asset_watch *w)
{
    if (w->t2)
        drift_t2_accept(w->t2);
}

static struct member *find_member(struct asset_watch *w, uint32_t sensor)
{
    for (int i = 0; i < w->member_count; i++)
        if (w->members[i].sensor == sensor)
            return &w->members[i];
    if (w->t2 || w->member_count == ASSET_SENSORS_MAX)
        return NULL;
    if (w->member_count == w->member_cap) {
        int cap = w->member_cap + 3;
        struct member *members = realloc(w->members, (size_t)cap * sizeof *members);
        if (!members)
            return NULL; // it takes no part for now
        w->members = members;
        w->member_cap = cap;
    }
    struct member *m = &w->members[w->member_count++];
    *m = (struct member){.sensor = sensor, .value = (double)NAN, .dim = -1};
    return m;
}

static void look_again(struct asset_watch *w)
{
    drift_t2_close(&w->t2);
    for (int i = 0; i < w->member_count; i++) {
        struct member *m = &w->members[i];
        m->rests_at_times |= m->rests >= REST_ROWS;
        m->changes = m->rests = 0;
        m->dim = -1;
    }
    w->look_rows = 0;
    w->top = 0;
}

// Of those that changed often and never rested, the liveliest.
static void choose(struct asset_watch *w)
{
    w->dims = 0;
    while (w->dims < DRIFT_T2_DIMS_MAX) {
        int best = -1;
        for (int i = 0; i < w->member_count; i++) {
            const struct member *m = &w->members[i];
            bool able = m->dim < 0 && m->rests == 0 && !m->rests_at_times &&
                        m->changes >= lively_share * ASSET_LOOK_ROWS;
            if (able && (best < 0 || m->changes > w->members[best].changes))
                best = i;
        }
        if (best < 0)
            break;
        w->by_dim[w->dims] = (unsigned char)best;
        w->members[best].dim = (signed char)w->dims++;
    }
    if (w->dims >= 2)
        w->t2 = drift_t2_open(w->dims);
    if (w->t2)
        return;
    look_again(w);
}

static void close_excursion(struct asset_watch *w)
{
    if (!w->excused && w->top > w->bar)
        w->bar = w->top;
    w->top = 0;
    w->excused = false;
}

static double needed(struct asset_watch *w)
{
    double days = (double)(w->row_us - w->bar_us) / (double)US_PER_DAY;
    if (days > 0) {
        w->bar *= exp2(-days / forget_days);
        w->bar_us = w->row_us;
    }
    double least = w->rows < FIRST_ROWS                   ? needed_first
                   : w->row_us - w->begun_us < US_PER_DAY ? needed_first_day
                                                          : needed_later;
    return fmax(least, over_past * w->bar);
}

static bool judge_row(struct asset_watch *w, struct asset_row *out)
{
    double row[DRIFT_T2_DIMS_MAX];
    struct drift_t2_result r;
    for (int k = 0; k < w->dims; k++)
        row[k] = w->members[w->by_dim[k]].value;
    drift_t2_push(w->t2, row, &r);
    if (!r.ready)
        return false;
    const struct member *worst = &w->members[w->by_dim[r.worst]];
    if (r.ratio <= 1)
        close_excursion(w);
    *out = (struct asset_row){
        .time_us = w->row_us,
        .sensor = worst->sensor,
        .value = worst->value,
        .expected_low = r.expected - r.margin,
        .expected_high = r.expected + r.margin,
        .ratio = r.ratio,
        .needed = needed(w),
        .excursion = r.ratio > 1,
    };
    if (out->excursion)
        w->top = fmax(w->top, r.ratio);
    return true;
}

static void end_row(struct asset_watch *w)
{
    for (int i = 0; i < w->member_count; i++)
        w->members[i].in_row = false;
    if (w->rows < UINT32_MAX)
        w->rows++;
    if (!w->t2 && ++w->look_rows >= ASSET_LOOK_ROWS)
        choose(w);
}

bool asset_watch_push(struct asset_watch *w, uint32_t sensor, int64_t time_us, double value,
                      struct asset_row *out)
{
    struct member *m = find_member(w, sensor);
    if (!m)
        return false;
    if (w->rows == 0 && w->begun_us == 0)
        w->begun_us = w->bar_us = time_us;
    bool judged = false;
    if (m->in_row) {
        judged = w->t2 && judge_row(w, out);
        end_row(w);
    }
    m->in_row = true;
    w->row_us = time_us;
    if (value == 0) {
        if (++m->rests == REST_ROWS && m->dim >= 0)
            look_again(w);
        return judged;
    }
    if (m->dim >= 0)
        m->rests = 0;
    m->changes += value != m->value && !isnan(m->value);
    m->value = value;
    return judged;
}
