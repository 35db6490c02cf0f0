// Readers: a few read-only connections, lent out, and snapshots that fit the heads.
#include "store/store_private.h"

enum err_code reader_take(struct store *s, struct conn **c, struct err *err)
{
    size_t at = 0;
    pthread_mutex_lock(&s->readers_lock);
    for (;;) {
        for (at = 0; at < STORE_READERS && s->reader_taken[at]; at++)
            ;
        if (at < STORE_READERS)
            break;
        pthread_cond_wait(&s->reader_free, &s->readers_lock);
    }
    s->reader_taken[at] = true;
    pthread_mutex_unlock(&s->readers_lock);
    *c = &s->readers[at];
    enum err_code code = (*c)->db ? ERR_OK : conn_open(*c, s->path, CONN_READ, err);
    if (code != ERR_OK)
        reader_give(s, *c);
    return code;
}

void reader_give(struct store *s, struct conn *c)
{
    pthread_mutex_lock(&s->readers_lock);
    s->reader_taken[c - s->readers] = false;
    pthread_cond_signal(&s->reader_free);
    pthread_mutex_unlock(&s->readers_lock);
}

static enum err_code begin(struct conn *c, uint64_t *seal_sequence, struct err *err)
{
    struct query q = query_open(c, SQL_BEGIN_READ);
    enum err_code code = query_run(&q, err);
    if (code != ERR_OK)
        return code;
    q = query_open(c, SQL_TALLY_GET); // the first look at the file takes the snapshot
    *seal_sequence = query_row(&q) ? (uint64_t)query_int(&q) : 0;
    return query_end(&q, err);
}

static void end(struct conn *c)
{
    if (!sqlite3_get_autocommit(c->db))
        conn_exec(c, "ROLLBACK", NULL); // nothing was written, nothing can be lost
}

enum err_code view_open(struct store *s, struct conn **c, struct err *err)
{
    enum err_code code = reader_take(s, c, err);
    if (code != ERR_OK)
        return code;
    // Between the commit of a seal and the moment when the heads show it, its readings are in both:
    // then look again.
    for (;;) {
        uint64_t seal_sequence;
        pthread_rwlock_rdlock(&s->table.lock);
        code = begin(*c, &seal_sequence, err);
        if (code == ERR_OK && seal_sequence == s->table.seal_sequence)
            return ERR_OK;
        pthread_rwlock_unlock(&s->table.lock);
        end(*c);
        if (code != ERR_OK) {
            reader_give(s, *c);
            return code;
        }
        clock_sleep_us(20);
    }
}

void view_unlock(struct store *s)
{
    pthread_rwlock_unlock(&s->table.lock);
}

void view_close(struct store *s, struct conn *c)
{
    end(c);
    reader_give(s, c);
}
