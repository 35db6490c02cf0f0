// The schema, as the steps that lead to it; the number of steps taken is its version.
#include <string.h>

#include "store/store_private.h"

#define ROLLUP_TABLE(name)                                                                         \
    "CREATE TABLE " name "(sensor INTEGER NOT NULL, start_us INTEGER NOT NULL, "                   \
    "count INTEGER NOT NULL, sum REAL, min REAL, max REAL, "                                       \
    "PRIMARY KEY(sensor, start_us)) WITHOUT ROWID;"

// Never change a step that was released: add one.
const struct migration store_migrations[] = {
    {"create the database",
     "CREATE TABLE sensor(id INTEGER PRIMARY KEY, asset TEXT NOT NULL, parameter TEXT NOT NULL, "
     "unit TEXT NOT NULL, sealed_journal INTEGER NOT NULL DEFAULT 0);"

     "CREATE TABLE journal(id INTEGER PRIMARY KEY, readings BLOB NOT NULL);"

     "CREATE TABLE chunk(id INTEGER PRIMARY KEY, sensor INTEGER NOT NULL, "
     "first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, count INTEGER NOT NULL, "
     "readings BLOB NOT NULL);"
     "CREATE INDEX chunk_by_sensor ON chunk(sensor, first_us, last_us, count);"
     "CREATE INDEX chunk_by_time ON chunk(first_us, last_us);"

     ROLLUP_TABLE("rollup_minute") ROLLUP_TABLE("rollup_hour")

         "CREATE TABLE tally(seal_sequence INTEGER NOT NULL, "
         "sealed_readings INTEGER NOT NULL);"
         "INSERT INTO tally VALUES(0, 0);"

         "CREATE TABLE anomaly(id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, "
         "sensor INTEGER NOT NULL, kind TEXT NOT NULL, side TEXT NOT NULL, severity TEXT NOT NULL, "
         "detector TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, "
         "detected_us INTEGER, peak_us INTEGER, peak REAL, limit_value REAL, expected_low REAL, "
         "expected_high REAL, score REAL, count INTEGER NOT NULL, message TEXT NOT NULL);"
         "CREATE INDEX anomaly_by_start ON anomaly(start_us, id);"
         "CREATE INDEX anomaly_by_incident ON anomaly(incident, start_us);"
         "CREATE INDEX anomaly_open ON anomaly(start_us, id) WHERE end_us IS NULL;"

         "CREATE TABLE incident(id INTEGER PRIMARY KEY, asset TEXT NOT NULL, state TEXT NOT NULL, "
         "severity TEXT NOT NULL, verdict TEXT NOT NULL, active INTEGER NOT NULL, "
         "start_us INTEGER NOT NULL, last_us INTEGER NOT NULL, acknowledged_us INTEGER, "
         "resolved_us INTEGER, anomaly_count INTEGER NOT NULL, kinds INTEGER NOT NULL, "
         "title TEXT NOT NULL, note TEXT NOT NULL, cause TEXT NOT NULL);"
         "CREATE INDEX incident_by_last ON incident(last_us);"
         "CREATE INDEX incident_active ON incident(id) WHERE active = 1;"

         "CREATE TABLE summary(id INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, "
         "from_us INTEGER NOT NULL, to_us INTEGER NOT NULL, generated_by TEXT NOT NULL, "
         "text TEXT NOT NULL);"
         "CREATE INDEX summary_by_time ON summary(time_us, id);"

         "CREATE TABLE state(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"},
    {"say which model wrote a summary",
     "ALTER TABLE summary ADD COLUMN model TEXT NOT NULL DEFAULT '';"},
    {"keep the diagnoses of incidents",
     "CREATE TABLE diagnosis(incident INTEGER NOT NULL, closed INTEGER NOT NULL, "
     "time_us INTEGER NOT NULL, verified INTEGER NOT NULL, generated_by TEXT NOT NULL, "
     "model TEXT NOT NULL, cause TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, "
     "PRIMARY KEY(incident, closed)) WITHOUT ROWID;"
     "CREATE TRIGGER diagnosis_goes AFTER DELETE ON incident "
     "BEGIN DELETE FROM diagnosis WHERE incident = old.id; END;"},
};

const size_t store_migration_count = sizeof store_migrations / sizeof *store_migrations;

static enum err_code read_int(struct conn *c, const char *sql, int64_t *out, bool *found,
                              struct err *err)
{
    struct query q = query_text(c, sql);
    *found = query_row(&q);
    if (*found)
        *out = query_int(&q);
    return query_end(&q, err);
}

static enum err_code read_version(struct conn *c, int64_t *version, struct err *err)
{
    int64_t tables = 0, meta = 0;
    bool found;
    *version = 0;
    enum err_code code = read_int(c, "SELECT count(*) FROM sqlite_schema", &tables, &found, err);
    if (code == ERR_OK)
        code = read_int(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'", &meta, &found,
                        err);
    if (code != ERR_OK || (tables == 0 && meta == 0))
        return code;
    if (meta)
        code = read_int(c, "SELECT value FROM meta WHERE key = 'schema_version'", version, &found,
                        err);
    if (code == ERR_OK && (!meta || !found))
        code = err_set(err, ERR_CONFLICT, "%s is the database of another program", c->path);
    return code;
}

static enum err_code check_version(struct conn *c, size_t count, int64_t *version, struct err *err)
{
    enum err_code code = read_version(c, version, err);
    if (code == ERR_OK && *version > (int64_t)count)
        code = err_set(err, ERR_UNSUPPORTED,
                       "%s has version %lld, written by a newer fettle; this one knows versions "
                       "up to %zu",
                       c->path, (long long)*version, count);
    return code;
}

enum err_code store_check_version(struct conn *c, struct err *err)
{
    int64_t version = 0;
    enum err_code code = check_version(c, store_migration_count, &version, err);
    if (code == ERR_OK && version == 0)
        code = err_set(err, ERR_CONFLICT, "%s holds no fettle database", c->path);
    return code;
}

static enum err_code take_step(struct conn *c, const struct migration *step, size_t version,
                               struct err *err)
{
    char number[192];
    snprintf(number, sizeof number,
             "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
             "INSERT OR REPLACE INTO meta VALUES('schema_version', %zu); COMMIT;",
             version);
    enum err_code code = conn_exec(c, "BEGIN IMMEDIATE", err);
    if (code == ERR_OK)
        code = conn_exec(c, step->sql, err);
    if (code == ERR_OK)
        code = conn_exec(c, number, err);
    if (code != ERR_OK) {
        if (!sqlite3_get_autocommit(c->db))
            conn_exec(c, "ROLLBACK", NULL);
        err_prefix(err, "cannot bring the database to version %zu (%s)", version, step->what);
    }
    return code;
}

enum err_code store_migrate(struct conn *c, const struct migration *steps, size_t count,
                            struct err *err)
{
    int64_t version;
    enum err_code code = check_version(c, count, &version, err);
    for (; code == ERR_OK && version < (int64_t)count; version++)
        code = take_step(c, &steps[version], (size_t)version + 1, err);
    return code;
}
