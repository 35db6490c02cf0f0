// Parses a body of readings into memory, keeping the first refusals with their reasons.
#include "app/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "app/app_private.h"

struct parsing {
    struct app *app;
    struct app_delivery *d;
};

static enum err_code take(void *arg, const struct reading *readings, size_t count, struct err *err)
{
    struct parsing *p = arg;
    struct app_delivery *d = p->d;
    if (d->count + count > p->app->in_flight_limit)
        return err_set(err, ERR_LIMIT, "more than %zu readings at once: send them in smaller parts",
                       p->app->in_flight_limit);
    if (d->count + count > d->cap) {
        size_t cap = d->cap ? d->cap : 256;
        while (cap < d->count + count)
            cap *= 2;
        struct reading *more = realloc(d->readings, cap * sizeof *more);
        if (!more)
            return err_set(err, ERR_NO_MEMORY, "out of memory for %zu readings", cap);
        d->readings = more;
        d->cap = cap;
    }
    memcpy(d->readings + d->count, readings, count * sizeof *readings);
    d->count += count;
    return ERR_OK;
}

static void refuse(void *arg, uint64_t line, const char *why)
{
    struct app_delivery *d = ((struct parsing *)arg)->d;
    d->refused++;
    if (!d->refusals)
        d->refusals = calloc(DELIVERY_REFUSALS_MAX, sizeof *d->refusals);
    if (!d->refusals || d->refusal_count == DELIVERY_REFUSALS_MAX)
        return;
    struct app_refusal *r = &d->refusals[d->refusal_count++];
    r->line = line;
    str_copy(r->reason, sizeof r->reason, str_of(why));
}

enum err_code app_delivery_parse(struct app *a, enum ingest_format format, struct str body,
                                 double precision_us, struct app_delivery *d, struct err *err)
{
    struct parsing p = {a, d};
    struct ingest_sink sink = {
        .catalog = a->catalog, .readings = take, .refused = refuse, .arg = &p};
    struct ingest_counts counts = {0};
    app_intake_bounds(a, &sink.oldest_us, &sink.newest_us);
    enum err_code code =
        ingest_parse(format, body, app_now_us(a), precision_us, &sink, &counts, err);
    if (d->refused)
        app_count_refused(a, d->refused);
    return code;
}

void app_delivery_free(struct app_delivery *d)
{
    free(d->readings);
    free(d->refusals);
    *d = (struct app_delivery){0};
}
