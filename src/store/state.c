// Small named values that survive a restart; store_state_put is the writer's (writer.c).
#include "store/store_private.h"

enum err_code store_state_get(struct store *s, const char *key, struct buf *out, struct err *err)
{
    struct conn *c;
    enum err_code code = reader_take(s, &c, err);
    if (code != ERR_OK)
        return code;
    struct query q = query_open(c, SQL_STATE_GET);
    query_bind_text(&q, key);
    if (query_row(&q))
        buf_add_str(out, query_blob(&q));
    code = query_end(&q, err);
    reader_give(s, c);
    if (code == ERR_OK && out->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for state %s", key);
    return code;
}
