// One body of readings that a surface received: parsed, ready to be submitted, with what was
// refused.
#ifndef FETTLE_APP_DELIVERY_H
#define FETTLE_APP_DELIVERY_H

#include "app/app.h"
#include "ingest/ingest.h"

enum { DELIVERY_REFUSALS_MAX = 100, DELIVERY_REASON_BYTES = 160 };

struct app_refusal {
    uint64_t line; // from 1; the element's number in a JSON array
    char reason[DELIVERY_REASON_BYTES];
};

// Zero-initialise to start.
struct app_delivery {
    struct reading *readings; // owned
    size_t count, cap;
    struct app_refusal *refusals; // owned; the first ones
    size_t refusal_count;         // of them
    uint64_t refused;             // in all
};

// Parses `body`; `precision_us` as for ingest_parse. What can be read is in d->readings even when
// other lines were refused; those are counted in the app's status. ERR_INPUT when the body as a
// whole makes no sense, ERR_LIMIT when it holds more readings than the intake takes at once.
enum err_code app_delivery_parse(struct app *a, enum ingest_format format, struct str body,
                                 double precision_us, struct app_delivery *d, struct err *err);

void app_delivery_free(struct app_delivery *d); // frees and zeroes

#endif
