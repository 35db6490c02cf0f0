// Days' means, their usual spread, and the cumulative sums.
#include "detect/creep.h"

#include <math.h>

#include "base/clock.h"

static const float slack = 0.75f, bar = 6;      // of the sums, in deviations
static const float away = 3, back = 1.5f;       // an alarm begins beyond, and ends within
static const float jump = 6, jump_share = 0.5f; // in spreads, and of a day's own mean deviation
static const float memory_days = 60;
static const float least_spread = 0.05f; // of the mean step between readings
static const int64_t pause_us = 3 * US_PER_DAY;

static void begin_day(struct creep *c, int64_t time_us)
{
    c->day_us = time_us;
    c->sum = 0;
    c->step_sum = 0;
    c->off_sum = 0;
    c->readings = 0;
}

static void restart_sums(struct creep *c)
{
    c->rise = c->fall = 0;
    c->outside_days = 0;
}

// The first days are all the knowledge there is: their deviation is taken a little larger.
static void learn_first(struct creep *c, float mean)
{
    c->first[c->days] = mean;
    if (c->days + 1 < CREEP_LEARN_DAYS)
        return;
    float sum = 0, squares = 0;
    for (int i = 0; i < CREEP_LEARN_DAYS; i++)
        sum += c->first[i];
    c->usual = sum / CREEP_LEARN_DAYS;
    for (int i = 0; i < CREEP_LEARN_DAYS; i++)
        squares += (c->first[i] - c->usual) * (c->first[i] - c->usual);
    c->spread = 1.3f * sqrtf(squares / (CREEP_LEARN_DAYS - 1));
}

static void add_up(struct creep *c, float z, int64_t time_us)
{
    if (c->rise <= 0)
        c->rise_us = time_us - US_PER_DAY;
    if (c->fall <= 0)
        c->fall_us = time_us - US_PER_DAY;
    c->rise = fmaxf(0, c->rise + z - slack);
    c->fall = fmaxf(0, c->fall - z - slack);
}

// A calm day teaches its mean and its deviation.
static void learn(struct creep *c, float off)
{
    c->usual += off / memory_days;
    c->spread += (1.25f * fabsf(off) - c->spread) / memory_days;
}

static void judge_day(struct creep *c, float mean, float step, double sensitivity, int64_t time_us)
{
    float spread = c->spread + least_spread * step + 1e-6f * fabsf(c->base) + 1e-12f;
    // Where days are all alike their spread is tiny: a jump must show within the day, too.
    float moved = fabsf(mean - c->before), within = c->off_sum / (float)c->readings;
    if (moved > jump * spread && moved > jump_share * within) {
        c->usual += mean - c->before;
        restart_sums(c);
    }
    float z = (mean - c->usual) / spread;
    add_up(c, z, time_us);
    bool high = c->rise >= c->fall;
    float most = high ? c->rise : c->fall;
    c->mean = c->base + mean;
    c->low = c->base + c->usual - away * spread;
    c->high = c->base + c->usual + away * spread;
    if (c->outside_days) {
        c->outside_days++;
        bool is_back = fabsf(z) < back || high != c->high_side;
        if (is_back || c->outside_days > CREEP_ACCEPT_DAYS) {
            if (!is_back)
                c->usual = mean;
            restart_sums(c);
        }
    } else if ((double)most * sensitivity > (double)bar && fabsf(z) > away) {
        c->outside_days = 1;
        c->high_side = high;
    } else if (fabsf(z) < away) {
        learn(c, mean - c->usual);
    }
}

static void end_day(struct creep *c, double sensitivity, int64_t time_us)
{
    float mean = (float)(c->sum / c->readings), step = c->step_sum / (float)c->readings;
    if (c->days < CREEP_LEARN_DAYS)
        learn_first(c, mean);
    else
        judge_day(c, mean, step, sensitivity, time_us);
    c->before = mean;
    if (c->days < UINT32_MAX)
        c->days++;
}

bool creep_push(struct creep *c, int64_t time_us, double value, double sensitivity)
{
    float x = (float)value;
    bool judged = false;
    if (c->days == 0 && c->readings == 0) {
        c->base = c->last = x;
        begin_day(c, time_us);
    } else if (time_us - c->day_us >= US_PER_DAY && c->readings >= CREEP_DAY_READINGS) {
        judged = c->days >= CREEP_LEARN_DAYS;
        end_day(c, sensitivity, time_us);
        begin_day(c, time_us);
    } else if (time_us - c->day_us > pause_us) {
        begin_day(c, time_us); // too few readings in all that time
    }
    c->sum += value - (double)c->base;
    c->step_sum += fabsf(x - c->last);
    c->off_sum += fabsf(x - c->base - c->before);
    c->last = x;
    c->readings++;
    return judged;
}
