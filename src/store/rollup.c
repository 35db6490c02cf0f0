// Adds readings to the roll-ups by the minute and by the hour.
#include <math.h>

#include "store/store_private.h"

int64_t bucket_start(int64_t time_us, int64_t width_us)
{
    int64_t rest = time_us % width_us;
    return time_us - (rest < 0 ? rest + width_us : rest);
}

void bucket_add_sums(struct bucket *b, uint64_t count, double sum, double min, double max)
{
    double total = b->sum + sum;
    b->lost += fabs(b->sum) >= fabs(sum) ? (b->sum - total) + sum : (sum - total) + b->sum;
    b->sum = total;
    b->min = b->count == 0 || min < b->min ? min : b->min;
    b->max = b->count == 0 || max > b->max ? max : b->max;
    b->count += count;
}

void bucket_add(struct bucket *b, double value)
{
    if (isfinite(value))
        bucket_add_sums(b, 1, value, value, value);
}

// Sums of huge values may leave the range of doubles: then what was lost is no number either.
double bucket_sum(const struct bucket *b)
{
    double sum = b->sum + b->lost;
    return isnan(sum) ? b->sum : sum;
}

static enum err_code put(struct conn *c, enum statement add, uint32_t sensor,
                         const struct bucket *b, struct err *err)
{
    if (b->count == 0)
        return ERR_OK;
    struct query q = query_open(c, add);
    query_bind_int(&q, sensor);
    query_bind_int(&q, b->start_us);
    query_bind_int(&q, (int64_t)b->count);
    query_bind_real(&q, bucket_sum(b));
    query_bind_real(&q, b->min);
    query_bind_real(&q, b->max);
    return query_run(&q, err);
}

static enum err_code add_to(struct conn *c, enum statement add, int64_t width_us, uint32_t sensor,
                            const struct item *items, size_t n, struct err *err)
{
    struct bucket b = {0};
    for (size_t i = 0; i < n; i++) {
        int64_t start_us = bucket_start(item_time(&items[i]), width_us);
        if (i == 0 || start_us != b.start_us) {
            enum err_code code = put(c, add, sensor, &b, err);
            if (code != ERR_OK)
                return code;
            b = (struct bucket){.start_us = start_us};
        }
        bucket_add(&b, items[i].value);
    }
    return put(c, add, sensor, &b, err);
}

enum err_code rollup_add(struct conn *c, uint32_t sensor, const struct item *items, size_t n,
                         struct err *err)
{
    enum err_code code = add_to(c, SQL_MINUTE_ADD, US_PER_MINUTE, sensor, items, n, err);
    if (code == ERR_OK)
        code = add_to(c, SQL_HOUR_ADD, US_PER_HOUR, sensor, items, n, err);
    return code;
}
