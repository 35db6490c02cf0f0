// Every fixed SQL statement of the store in one table; connections prepare them on first use.
#ifndef FETTLE_STORE_STATEMENTS_H
#define FETTLE_STORE_STATEMENTS_H

#define ROLLUP_STATEMENTS(X, NAME, table)                                                          \
    X(NAME##_ADD,                                                                                  \
      "INSERT INTO " table "(sensor, start_us, count, sum, min, max) VALUES(?, ?, ?, ?, ?, ?) "    \
      "ON CONFLICT(sensor, start_us) DO UPDATE SET count = count + excluded.count, "               \
      "sum = sum + excluded.sum, min = min(min, excluded.min), max = max(max, excluded.max)")      \
    X(NAME##_RANGE, "SELECT start_us, count, sum, min, max FROM " table                            \
                    " WHERE sensor = ? AND start_us >= ? AND start_us < ? ORDER BY start_us")      \
    X(NAME##_FIRST, "SELECT min(start_us) FROM " table " WHERE sensor = ?")                        \
    X(NAME##_LAST, "SELECT max(start_us) FROM " table " WHERE sensor = ?")                         \
    X(NAME##_RETIRE, "DELETE FROM " table " WHERE sensor = ?1 AND start_us < ?2 AND start_us < "   \
                     "coalesce((SELECT start_us FROM " table " WHERE sensor = ?1 "                 \
                     "ORDER BY start_us LIMIT 1 OFFSET ?3), ?2)")

#define STATEMENTS(X)                                                                              \
    X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                                              \
    X(BEGIN_READ, "BEGIN")                                                                         \
    X(COMMIT, "COMMIT")                                                                            \
    X(TALLY_GET, "SELECT seal_sequence, sealed_readings FROM tally")                               \
    X(TALLY_SEALED, "UPDATE tally SET seal_sequence = ?, sealed_readings = ?")                     \
    X(TALLY_RETIRED, "UPDATE tally SET sealed_readings = ?")                                       \
    X(SENSOR_ADD, "INSERT INTO sensor(id, asset, parameter, unit) VALUES(?, ?, ?, ?)")             \
    X(SENSOR_ALL, "SELECT id, asset, parameter, unit, sealed_journal FROM sensor ORDER BY id")     \
    X(SENSOR_SEALED, "UPDATE sensor SET sealed_journal = ? WHERE id = ?")                          \
    X(JOURNAL_ADD, "INSERT INTO journal(id, readings) VALUES(?, ?)")                               \
    X(JOURNAL_ALL, "SELECT id, readings FROM journal ORDER BY id")                                 \
    X(JOURNAL_TRIM, "DELETE FROM journal WHERE id < ? AND id <= "                                  \
                    "(SELECT max(id) FROM (SELECT id FROM journal ORDER BY id LIMIT 256))")        \
    X(CHUNK_ADD, "INSERT INTO chunk(sensor, first_us, last_us, count, readings) "                  \
                 "VALUES(?, ?, ?, ?, ?)")                                                          \
    X(CHUNK_DELETE, "DELETE FROM chunk WHERE id = ?")                                              \
    X(CHUNK_BYTES, "SELECT readings FROM chunk WHERE id = ?")                                      \
    X(CHUNK_AT, "SELECT id, first_us, last_us, count FROM chunk "                                  \
                "WHERE sensor = ? AND first_us <= ? ORDER BY first_us DESC LIMIT 1")               \
    X(CHUNK_AFTER, "SELECT id, first_us, last_us, count FROM chunk "                               \
                   "WHERE sensor = ? AND first_us > ? ORDER BY first_us LIMIT 1")                  \
    X(CHUNK_FROM, "SELECT id, first_us, last_us, count FROM chunk "                                \
                  "WHERE sensor = ? AND first_us >= ? AND first_us < ? ORDER BY first_us")         \
    X(CHUNK_FIRST, "SELECT min(first_us) FROM chunk")                                              \
    X(CHUNK_NEXT, "SELECT min(first_us) FROM chunk WHERE first_us >= ?")                           \
    X(CHUNK_SENSOR_LAST,                                                                           \
      "SELECT id, last_us FROM chunk WHERE sensor = ? ORDER BY first_us DESC LIMIT 1")             \
    X(CHUNK_LAST_TIME,                                                                             \
      "SELECT last_us FROM chunk WHERE sensor = ? ORDER BY first_us DESC LIMIT 1")                 \
    X(CHUNK_OLDER, "SELECT id, sensor, last_us, count FROM chunk "                                 \
                   "WHERE first_us < ?1 AND last_us < ?1 ORDER BY first_us LIMIT ?2")              \
    ROLLUP_STATEMENTS(X, MINUTE, "rollup_minute")                                                  \
    ROLLUP_STATEMENTS(X, HOUR, "rollup_hour")                                                      \
    X(ANOMALY_PUT,                                                                                 \
      "INSERT INTO anomaly(id, incident, sensor, kind, side, severity, detector, start_us, "       \
      "end_us, detected_us, peak_us, peak, limit_value, expected_low, expected_high, score, "      \
      "count, message) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "              \
      "ON CONFLICT(id) DO UPDATE SET incident = excluded.incident, sensor = excluded.sensor, "     \
      "kind = excluded.kind, side = excluded.side, severity = excluded.severity, "                 \
      "detector = excluded.detector, start_us = excluded.start_us, end_us = excluded.end_us, "     \
      "detected_us = excluded.detected_us, peak_us = excluded.peak_us, peak = excluded.peak, "     \
      "limit_value = excluded.limit_value, expected_low = excluded.expected_low, "                 \
      "expected_high = excluded.expected_high, score = excluded.score, count = excluded.count, "   \
      "message = excluded.message")                                                                \
    X(ANOMALY_COUNT, "SELECT count(*) FROM anomaly WHERE start_us >= ?")                           \
    X(ANOMALY_RETIRE,                                                                              \
      "DELETE FROM anomaly WHERE id IN (SELECT a.id FROM anomaly a "                               \
      "LEFT JOIN incident i ON i.id = a.incident WHERE a.start_us < ?1 AND a.end_us < ?1 "         \
      "AND (i.id IS NULL OR (i.state = 'resolved' AND i.active = 0)) LIMIT ?2)")                   \
    X(INCIDENT_PUT,                                                                                \
      "INSERT INTO incident(id, asset, state, severity, verdict, active, start_us, last_us, "      \
      "acknowledged_us, resolved_us, anomaly_count, kinds, title, note, cause) "                   \
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "                                       \
      "ON CONFLICT(id) DO UPDATE SET asset = excluded.asset, severity = excluded.severity, "       \
      "active = excluded.active, start_us = excluded.start_us, last_us = excluded.last_us, "       \
      "anomaly_count = excluded.anomaly_count, kinds = excluded.kinds, title = excluded.title")    \
    X(INCIDENT_EXISTS, "SELECT 1 FROM incident WHERE id = ?")                                      \
    X(INCIDENT_LAST, "SELECT max(id) FROM incident")                                               \
    X(INCIDENT_OPEN, "UPDATE incident SET state = 'open', acknowledged_us = NULL, "                \
                     "resolved_us = NULL WHERE id = ?")                                            \
    X(INCIDENT_ACKNOWLEDGE, "UPDATE incident SET state = 'acknowledged', resolved_us = NULL, "     \
                            "acknowledged_us = ? WHERE id = ?")                                    \
    X(INCIDENT_RESOLVE, "UPDATE incident SET state = 'resolved', resolved_us = ? WHERE id = ?")    \
    X(INCIDENT_VERDICT, "UPDATE incident SET verdict = ? WHERE id = ?")                            \
    X(INCIDENT_NOTE, "UPDATE incident SET note = ? WHERE id = ?")                                  \
    X(INCIDENT_CAUSE, "UPDATE incident SET cause = ? WHERE id = ?")                                \
    X(INCIDENT_RETIRE, "DELETE FROM incident WHERE id IN (SELECT id FROM incident "                \
                       "WHERE last_us < ? AND active = 0 LIMIT ?)")                                \
    X(DIAGNOSIS_PUT,                                                                               \
      "INSERT OR REPLACE INTO diagnosis(incident, closed, time_us, verified, generated_by, "       \
      "model, cause, title, text) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")                              \
    X(DIAGNOSIS_OF, "SELECT incident, closed, time_us, verified, generated_by, model, cause, "     \
                    "title, text FROM diagnosis WHERE incident = ? ORDER BY closed")               \
    X(DIAGNOSIS_DUE,                                                                               \
      "SELECT i.id FROM incident i WHERE i.id > (SELECT max(id) FROM incident) - ?3 "              \
      "AND (i.start_us < ?1 OR i.active = 0) AND i.last_us >= ?2 AND NOT EXISTS "                  \
      "(SELECT 1 FROM diagnosis d WHERE d.incident = i.id AND d.closed = (i.active = 0)) "         \
      "ORDER BY i.active DESC, i.id DESC LIMIT 1")                                                 \
    X(SUMMARY_PUT, "INSERT OR REPLACE INTO summary(id, time_us, from_us, to_us, generated_by, "    \
                   "text, model) VALUES(?, ?, ?, ?, ?, ?, ?)")                                     \
    X(SUMMARY_NEWEST, "SELECT id, time_us, from_us, to_us, generated_by, text, model FROM "        \
                      "summary ORDER BY time_us DESC, id DESC LIMIT ?")                            \
    X(SUMMARY_RETIRE, "DELETE FROM summary WHERE id IN (SELECT id FROM summary "                   \
                      "WHERE time_us < ? LIMIT ?)")                                                \
    X(STATE_PUT, "INSERT OR REPLACE INTO state(key, value) VALUES(?, ?)")                          \
    X(STATE_DELETE, "DELETE FROM state WHERE key = ?")                                             \
    X(STATE_GET, "SELECT value FROM state WHERE key = ?")

enum statement {
#define X(NAME, sql) SQL_##NAME,
    STATEMENTS(X)
#undef X
        STATEMENT_COUNT
};

#endif
