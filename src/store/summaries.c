// Summaries in the database.
#include "store/store_private.h"

enum err_code summary_put(struct conn *c, const struct summary *su, struct err *err)
{
    struct query q = query_open(c, SQL_SUMMARY_PUT);
    query_bind_time(&q, su->id ? (int64_t)su->id : TIME_NONE); // NULL: the next number
    query_bind_int(&q, su->time_us);
    query_bind_int(&q, su->from_us);
    query_bind_int(&q, su->to_us);
    query_bind_text(&q, su->generated_by);
    query_bind_text(&q, su->text);
    query_bind_text(&q, su->model);
    return query_run(&q, err);
}

enum err_code store_summaries(struct store *s, size_t limit, struct summary *out, size_t *count,
                              struct err *err)
{
    struct conn *c;
    *count = 0;
    enum err_code code = reader_take(s, &c, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_open(c, SQL_SUMMARY_NEWEST);
    query_bind_int(&q, (int64_t)limit);
    while (*count < limit && query_row(&q)) {
        struct summary *su = &out[(*count)++];
        su->id = (uint64_t)query_int(&q);
        su->time_us = query_int(&q);
        su->from_us = query_int(&q);
        su->to_us = query_int(&q);
        query_copy_text(&q, su->generated_by, sizeof su->generated_by);
        query_copy_text(&q, su->text, sizeof su->text);
        query_copy_text(&q, su->model, sizeof su->model);
    }
    code = query_end(&q, err);
    reader_give(s, c);
    return code;
}
