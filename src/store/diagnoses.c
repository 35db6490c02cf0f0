// Diagnoses of incidents in the database.
#include "store/store_private.h"

enum { NEWEST_INCIDENTS = 500 }; // of these one may be due

enum err_code diagnosis_put(struct conn *c, const struct incident_diagnosis *d, struct err *err)
{
    struct query q = query_open(c, SQL_DIAGNOSIS_PUT);
    query_bind_int(&q, (int64_t)d->incident);
    query_bind_int(&q, d->closed);
    query_bind_int(&q, d->time_us);
    query_bind_int(&q, d->verified);
    query_bind_text(&q, d->generated_by);
    query_bind_text(&q, d->model);
    query_bind_text(&q, d->cause);
    query_bind_text(&q, d->title);
    query_bind_text(&q, d->text);
    return query_run(&q, err);
}

enum err_code store_diagnoses(struct store *s, uint64_t incident, struct incident_diagnosis out[2],
                              size_t *count, struct err *err)
{
    struct conn *c;
    *count = 0;
    enum err_code code = reader_take(s, &c, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_open(c, SQL_DIAGNOSIS_OF);
    query_bind_int(&q, (int64_t)incident);
    while (*count < 2 && query_row(&q)) {
        struct incident_diagnosis *d = &out[(*count)++];
        *d = (struct incident_diagnosis){.incident = (uint64_t)query_int(&q)};
        d->closed = query_int(&q) != 0;
        d->time_us = query_int(&q);
        d->verified = query_int(&q) != 0;
        query_copy_text(&q, d->generated_by, sizeof d->generated_by);
        query_copy_text(&q, d->model, sizeof d->model);
        query_copy_text(&q, d->cause, sizeof d->cause);
        query_copy_text(&q, d->title, sizeof d->title);
        query_copy_text(&q, d->text, sizeof d->text);
    }
    code = query_end(&q, err);
    reader_give(s, c);
    return code;
}

enum err_code store_diagnosis_due(struct store *s, int64_t opened_us, int64_t since_us,
                                  uint64_t *incident, struct err *err)
{
    struct conn *c;
    *incident = 0;
    enum err_code code = reader_take(s, &c, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_open(c, SQL_DIAGNOSIS_DUE);
    query_bind_int(&q, opened_us);
    query_bind_int(&q, since_us);
    query_bind_int(&q, NEWEST_INCIDENTS);
    if (query_row(&q))
        *incident = (uint64_t)query_int(&q);
    code = query_end(&q, err);
    reader_give(s, c);
    return code;
}
