// The table of shapes, and its translation to JSON Schema.
#include "server/schema.h"

#include <stdio.h>
#include <string.h>

#define WORDS_OF_INCIDENT(S)                                                                       \
    {S, "-note", "text", "What the technician says"}, {S, "-cause", "text", "What it was"},        \
    {                                                                                              \
        S, "-verdict", "text", "none, true_fault or false_alarm"                                   \
    }

#define FIELDS_OF_INCIDENT(S)                                                                      \
    {S, "id", "integer", "1, 2, 3... in the order of opening"}, {S, "asset", "text?", ""},         \
        {S, "title", "text", "One line for people"},                                               \
        {S, "state", "text", "open, acknowledged or resolved: what people made of it"},            \
        {S, "severity", "text", "info, warning or critical: the highest of its anomalies"},        \
        {S, "active", "boolean", "Something of it still goes on"}, {S, "start", "time", ""},       \
        {S, "last", "time?", "Latest sign of it"}, {S, "anomaly_count", "integer", ""},            \
        {S, "kinds", "[]text", "Kinds of its anomalies"}, {S, "acknowledged", "time?", "When"},    \
        {S, "resolved", "time?", "When"},                                                          \
        {S, "verdict", "text", "none, true_fault or false_alarm"},                                 \
        {S, "cause", "text", "What it was, in the technician's words"},                            \
    {                                                                                              \
        S, "note", "text", "The technician's words"                                                \
    }

#define FIELDS_OF_SENSOR(S)                                                                        \
    {S, "sensor", "text?", "Full name: asset/parameter"}, {S, "asset", "text?", ""},               \
        {S, "parameter", "text?", ""},                                                             \
    {                                                                                              \
        S, "unit", "text?", "\"\" when unknown"                                                    \
    }

const struct schema_field schema_fields[] = {
    {"Error", "error", "ErrorDetail", ""},
    {"ErrorDetail", "code", "text", "Stable word for programs"},
    {"ErrorDetail", "message", "text", "What is wrong and what was expected"},
    {"ErrorDetail", "-field", "text", "The parameter, member or header that is wrong"},

    {"Health", "status", "text", "ok, or degraded (with status 503)"},
    {"Health", "-reason", "text", "What is wrong"},
    {"Health", "version", "text", ""},

    {"Status", "sensor_active", "boolean", "A reading came within the last 10 s"},
    {"Status", "detector_active", "boolean", ""},
    {"Status", "llm_active", "boolean", ""},
    {"Status", "api_active", "boolean", ""},
    {"Status", "last_reading_time", "time?", "Time of the newest reading"},
    {"Status", "anomaly_count_24h", "integer", ""},
    {"Status", "version", "text", ""},
    {"Status", "now", "time", "The plant's clock: simulated or replayed time runs otherwise"},
    {"Status", "started", "time", ""},
    {"Status", "uptime_seconds", "integer", ""},
    {"Status", "assets", "integer", ""},
    {"Status", "sensors", "integer", ""},
    {"Status", "readings", "StatusReadings", "Since start"},
    {"Status", "store", "StatusStore", ""},
    {"Status", "detect", "StatusDetect", ""},
    {"Status", "stages", "[]Stage", ""},
    {"StatusReadings", "accepted", "integer", ""},
    {"StatusReadings", "duplicate", "integer", "Were stored before"},
    {"StatusReadings", "refused", "integer", ""},
    {"StatusStore", "engine", "text", ""},
    {"StatusStore", "readings", "integer", "Held as they came"},
    {"StatusStore", "bytes", "integer", "Size on disk"},
    {"StatusStore", "commits", "integer", "Since start"},
    {"StatusStore", "commit_ms_mean", "number", ""},
    {"StatusStore", "commit_ms_max", "number", ""},
    {"StatusStore", "oldest", "time?", ""},
    {"StatusStore", "newest", "time?", ""},
    {"StatusStore", "read_only", "boolean", "The disk failed"},
    {"StatusStore", "disk_full", "boolean", ""},
    {"StatusDetect", "readings", "integer", "Judged"},
    {"StatusDetect", "late", "integer", "Too late to be judged"},
    {"StatusDetect", "anomalies", "integer", "Found since start"},
    {"StatusDetect", "incidents", "integer", "Opened since start"},
    {"StatusDetect", "open_anomalies", "integer", ""},
    {"StatusDetect", "active_incidents", "integer", ""},
    {"StatusDetect", "watermark", "time?", "How far in time it has come"},
    {"Stage", "name", "text", ""},
    {"Stage", "input", "text", ""},
    {"Stage", "output", "text", ""},
    {"Stage", "active", "boolean", ""},
    {"Stage", "in", "integer", "Items since start"},
    {"Stage", "out", "integer", "Items since start"},
    {"Stage", "queued", "integer", "Items that wait"},
    {"Stage", "queue_limit", "integer", "0: none"},
    {"Stage", "per_second", "number", "Items in, over the last seconds"},
    {"Stage", "last", "time?", "When the last item came"},
    {"Stage", "note", "text", "What is wrong; \"\" when nothing is"},
    {"Pipeline", "stages", "[]Stage", ""},

    {"Anomalies", "anomalies", "[]Anomaly", ""},
    {"Anomalies", "count", "integer", "In this answer"},
    {"Anomalies", "next", "text?", "The `cursor` of the next page; null: no more"},
    {"Anomaly", "id", "text", "16 hexadecimal digits; the same whenever the same data is judged"},
    {"Anomaly", "type", "text", "spike, drift, dropout..."},
    {"Anomaly", "timestamp", "time", "Start of the episode"},
    {"Anomaly", "sensor_id", "text?", "The asset"},
    FIELDS_OF_SENSOR("Anomaly"),
    {"Anomaly", "value", "number?", "The value farthest outside; null for a dropout"},
    {"Anomaly", "message", "text", "One line for people"},
    {"Anomaly", "severity", "text", "info, warning or critical"},
    {"Anomaly", "side", "text", "high, low or none"},
    {"Anomaly", "detector", "text", ""},
    {"Anomaly", "open", "boolean", "It goes on"},
    {"Anomaly", "start", "time", ""},
    {"Anomaly", "end", "time?", "null while it goes on"},
    {"Anomaly", "detected", "time?", "When it was raised, in event time"},
    {"Anomaly", "peak_time", "time?", ""},
    {"Anomaly", "limit", "number?", "The limit that was crossed"},
    {"Anomaly", "expected_low", "number?", ""},
    {"Anomaly", "expected_high", "number?", ""},
    {"Anomaly", "score", "number?", "0 to 1; 1 for rules"},
    {"Anomaly", "count", "integer", "Readings outside"},
    {"Anomaly", "incident", "integer?", ""},

    {"Incidents", "incidents", "[]Incident", ""},
    {"Incidents", "count", "integer", "In this answer"},
    {"Incidents", "next", "integer?", "The `cursor` of the next page; null: no more"},
    FIELDS_OF_INCIDENT("Incident"),
    FIELDS_OF_INCIDENT("IncidentDetail"),
    {"IncidentDetail", "anomalies", "[]Anomaly", "Oldest first; the latest 500"},
    WORDS_OF_INCIDENT("IncidentWords"),
    WORDS_OF_INCIDENT("IncidentEdit"),
    {"IncidentEdit", "-state", "text", "open, acknowledged or resolved"},

    {"Summary", "id", "integer", ""},
    {"Summary", "summary", "text", ""},
    {"Summary", "timestamp", "time", ""},
    {"Summary", "generated_by", "text", "facts, or the model that wrote it"},
    {"Summary", "from", "time", ""},
    {"Summary", "to", "time", ""},
    {"Summaries", "summaries", "[]Summary", ""},
    {"Summaries", "count", "integer", ""},

    {"Metrics", "total_anomalies", "integer", "Of the latest 100"},
    {"Metrics", "anomalies_by_type", "{}integer", ""},
    {"Metrics", "anomalies_by_parameter", "{}integer", ""},
    {"Metrics", "last_update", "time", ""},

    {"Readings", "sensor", "text", "asset/parameter; or the asset, with `parameter` beside it"},
    {"Readings", "-parameter", "text", ""},
    {"Readings", "value", "number?", "null: a time without a value"},
    {"Readings", "-time", "any", "RFC 3339, or s/ms/us/ns since 1970; now by default"},
    {"Readings", "-unit", "text", ""},
    {"Readings", "-quality", "text", "good, missing or suspect"},
    {"Written", "accepted", "integer", "Readings that could be read"},
    {"Written", "stored", "integer", "Of these, new ones"},
    {"Written", "duplicates", "integer", "Of these, stored before (same sensor, same time)"},
    {"Written", "refused_count", "integer", "Lines that could not be read"},
    {"Written", "refused", "[]Refusal", "The first 100 of them"},
    {"Written", "-error", "ErrorDetail", "When nothing could be read (status 400)"},
    {"Refusal", "line", "integer", "From 1; the element's number in a JSON array"},
    {"Refusal", "reason", "text", ""},

    FIELDS_OF_SENSOR("Reading"),
    {"Reading", "time", "time?", "null: no reading yet"},
    {"Reading", "value", "number?", ""},
    {"Reading", "quality", "text?", "good, missing or suspect"},
    {"Latest", "readings", "[]Reading", ""},
    {"Latest", "count", "integer", "In this answer"},
    {"Latest", "sensors", "integer", "In the plant"},
    FIELDS_OF_SENSOR("History"),
    {"History", "from", "time", ""},
    {"History", "to", "time", ""},
    {"History", "rollup", "text", "raw, minute or hour"},
    {"History", "bucket_seconds", "number", "Width of a point; 0 for raw"},
    {"History", "more", "boolean", "Raw points were cut at max_points"},
    {"History", "low", "number?", "Band that is normal now"},
    {"History", "high", "number?", ""},
    {"History", "count", "integer", "Points"},
    {"History", "-points", "[]Point", "Oldest first"},
    {"History", "-columns", "Columns", "In place of points"},
    {"Point", "time", "time", "Of the reading, or the start of the bucket"},
    {"Point", "value", "number?", "The reading, or the mean"},
    {"Point", "-min", "number?", ""},
    {"Point", "-max", "number?", ""},
    {"Point", "-count", "integer", "Readings in the bucket"},
    {"Columns", "time_ms", "[]integer", "Milliseconds since 1970"},
    {"Columns", "value", "[]number?", ""},
    {"Columns", "-min", "[]number?", ""},
    {"Columns", "-max", "[]number?", ""},

    {"Sensors", "sensors", "[]Sensor", ""},
    {"Sensors", "count", "integer", "In this answer"},
    {"Sensors", "total", "integer", "That match"},
    FIELDS_OF_SENSOR("Sensor"),
    {"Sensor", "quantity", "text", "What is measured, by the parameter's name"},
    {"Sensor", "time", "time?", "Of the newest reading"},
    {"Sensor", "value", "number?", ""},
    {"Sensor", "low", "number?", "Band that is normal now"},
    {"Sensor", "high", "number?", ""},
    {"Sensor", "alarm", "text?", "Kind of an anomaly that goes on"},
    {"Assets", "assets", "[]Asset", ""},
    {"Assets", "total", "integer", "In the plant"},
    {"Asset", "asset", "text", ""},
    {"Asset", "sensors", "integer", ""},
    {"Asset", "last_reading_time", "time?", ""},
    {"Asset", "active_incidents", "integer", "That go on and are not resolved"},
    {"Asset", "severity", "text?", "The highest of these"},

    {"Config", "settings", "[]Setting", ""},
    {"Setting", "name", "text", ""},
    {"Setting", "value", "any", "Durations in seconds, sizes in bytes"},
    {"Setting", "text", "text?", "As one writes it"},
    {"Setting", "source", "text", "Where the value comes from"},
    {"Setting", "type", "text", ""},
    {"Setting", "default", "text?", ""},
    {"Setting", "unit", "text?", "Or the choices, separated by |"},
    {"Setting", "min", "number?", ""},
    {"Setting", "max", "number?", ""},
    {"Setting", "help", "text", ""},
    {"Setting", "reloadable", "boolean", "Takes effect without a restart"},
    {"ConfigChanged", "changed", "integer", "Settings"},
    {"ConfigChanged", "restart_needed", "boolean", "Some take effect with the next start"},
    {0}};

static void write_plain(struct json_out *j, const char *type)
{
    json_key_text(j, "type",
                  strcmp(type, "text") == 0 || strcmp(type, "time") == 0 ? "string" : type);
    if (strcmp(type, "time") == 0)
        json_key_text(j, "format", "date-time");
}

static bool is_plain(const char *type)
{
    static const char *const plain[] = {"text", "integer", "number", "boolean", "time"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(type, plain[i]) == 0)
            return true;
    return false;
}

void schema_write_type(struct json_out *j, const char *type)
{
    char name[64], ref[96];
    size_t n = strlen(type);
    bool list = strncmp(type, "[]", 2) == 0, map = strncmp(type, "{}", 2) == 0;
    json_object(j);
    if (list || map) {
        json_key_text(j, "type", list ? "array" : "object");
        json_key(j, list ? "items" : "additionalProperties");
        schema_write_type(j, type + 2);
    } else if (n && type[n - 1] == '?') {
        str_copy(name, sizeof name, (struct str){type, n - 1});
        json_key(j, "anyOf");
        json_array(j);
        schema_write_type(j, name);
        json_object(j);
        json_key_text(j, "type", "null");
        json_end(j);
        json_end(j);
    } else if (is_plain(type)) {
        write_plain(j, type);
    } else if (strcmp(type, "any") != 0) {
        snprintf(ref, sizeof ref, "#/components/schemas/%s", type);
        json_key_text(j, "$ref", ref);
    }
    json_end(j);
}

static void write_field(struct json_out *j, const struct schema_field *f)
{
    json_key(j, f->name[0] == '-' ? f->name + 1 : f->name);
    if (f->help[0] == '\0') {
        schema_write_type(j, f->type);
        return;
    }
    // In OpenAPI 3.1 allOf keeps a description beside a reference readable for all tools.
    json_object(j);
    json_key_text(j, "description", f->help);
    json_key(j, "allOf");
    json_array(j);
    schema_write_type(j, f->type);
    json_end(j);
    json_end(j);
}

static const struct schema_field *write_object(struct json_out *j, const struct schema_field *f)
{
    const struct schema_field *first = f;
    json_key(j, first->schema);
    json_object(j);
    json_key_text(j, "type", "object");
    json_key(j, "properties");
    json_object(j);
    for (; f->schema && strcmp(f->schema, first->schema) == 0; f++)
        write_field(j, f);
    json_end(j);
    json_key(j, "required");
    json_array(j);
    for (const struct schema_field *r = first; r < f; r++)
        if (r->name[0] != '-')
            json_text(j, r->name);
    json_end(j);
    json_end(j);
    return f;
}

void schema_write_all(struct json_out *j)
{
    json_object(j);
    for (const struct schema_field *f = schema_fields; f->schema;)
        f = write_object(j, f);
    json_end(j);
}
