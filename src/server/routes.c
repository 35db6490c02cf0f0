// The table of routes: it makes the dispatch, /openapi.json, /docs and docs/http.md.
#include "server/handlers.h"
#include "server/route.h"

#define LIMIT(most, usual)                                                                         \
    {                                                                                              \
        .name = "limit", .type = PARAM_INT, .min = 1, .max = most, .default_text = usual,          \
        .help = "At most so many"                                                                  \
    }
#define OFFSET                                                                                     \
    {                                                                                              \
        .name = "offset", .type = PARAM_INT, .min = 0, .max = INT32_MAX, .default_text = "0",      \
        .help = "Leave out so many first"                                                          \
    }
#define NUMBER(name_, required_, help_)                                                            \
    {                                                                                              \
        .name = name_, .type = PARAM_INT, .min = 1, .max = INT64_MAX, .required = required_,       \
        .help = help_                                                                              \
    }
#define ONLY_ASSET                                                                                 \
    {                                                                                              \
        .name = "asset", .help = "Only of this asset"                                              \
    }
#define ONLY_SENSOR                                                                                \
    {                                                                                              \
        .name = "sensor", .help = "Only of this sensor (asset/parameter)"                          \
    }

static const struct param_def anomaly_params[] = {
    LIMIT(1000, "50"),
    {.name = "cursor", .help = "The `next` of the answer before: goes on where it ended"},
    {.name = "from", .type = PARAM_TIME, .help = "Only episodes that end at this time or later"},
    {.name = "to", .type = PARAM_TIME, .help = "Only episodes that begin before this time"},
    ONLY_ASSET,
    ONLY_SENSOR,
    {.name = "kind",
     .type = PARAM_CHOICE,
     .choices = "spike|drift|dropout|level_shift|stuck|noise|seasonal|pattern|multivariate",
     .help = "Only of this kind"},
    {.name = "open", .type = PARAM_BOOL, .help = "Only those that go on"},
    NUMBER("incident", false, "Only of this incident"),
    {0}};

static const struct param_def anomaly_id[] = {
    {.name = "{id}", .type = PARAM_HEX_ID, .required = true, .help = "The anomaly's `id`"}, {0}};

static const struct param_def incident_params[] = {
    LIMIT(1000, "50"),
    NUMBER("cursor", false, "The `next` of the answer before: goes on where it ended"),
    {.name = "state",
     .type = PARAM_CHOICE,
     .choices = "open|acknowledged|resolved",
     .help = "Only in this state"},
    ONLY_ASSET,
    {.name = "active", .type = PARAM_BOOL, .help = "Only those that go on"},
    {0}};

static const struct param_def incident_id[] = {NUMBER("{id}", true, "The incident's number"), {0}};

static const struct param_def metrics_params[] = {{.name = "format",
                                                   .type = PARAM_CHOICE,
                                                   .choices = "json|prometheus",
                                                   .help = "Without it the Accept header decides"},
                                                  {0}};

static const struct param_def latest_params[] = {
    {.name = "sensor", .help = "Names, separated by commas; without it all, page by page"},
    ONLY_ASSET,
    LIMIT(10000, "1000"),
    OFFSET,
    {0}};

static const struct param_def history_params[] = {
    {.name = "sensor", .required = true, .help = "The sensor's full name (asset/parameter)"},
    {.name = "from",
     .type = PARAM_TIME,
     .help = "From this time on; an hour before `to` by default"},
    {.name = "to", .type = PARAM_TIME, .help = "Before this time; now by default"},
    {.name = "max_points",
     .type = PARAM_INT,
     .min = 1,
     .max = 100000,
     .default_text = "1000",
     .help = "At most so many points: longer ranges are rolled up by minute or hour"},
    {.name = "raw",
     .type = PARAM_BOOL,
     .help = "Readings as they came, cut at max_points (`more` tells)"},
    {.name = "columns",
     .type = PARAM_BOOL,
     .help = "Lists time_ms, value, min, max in place of points: for charts"},
    {0}};

static const struct param_def sensor_params[] = {
    {.name = "search", .help = "Only names that contain this"},
    ONLY_ASSET,
    {.name = "alarm", .type = PARAM_BOOL, .help = "Only those with an anomaly that goes on"},
    LIMIT(10000, "100"),
    OFFSET,
    {0}};

static const struct param_def sensor_name[] = {
    {.name = "{sensor}", .required = true, .help = "The sensor's full name, asset/parameter"}, {0}};

static const struct param_def asset_name[] = {
    {.name = "{asset}", .required = true, .help = "The asset's name"}, {0}};

static const struct param_def sensitivity_params[] = {ONLY_SENSOR, {0}};

static const struct param_def asset_params[] = {LIMIT(10000, "1000"), OFFSET, {0}};

static const struct param_def summaries_params[] = {LIMIT(500, "20"), {0}};

static const struct param_def write_params[] = {
    {.name = "precision",
     .type = PARAM_CHOICE,
     .choices = "ns|us|ms|s",
     .help = "Unit of the times in line protocol; ns by default"},
    {0}};

static const struct param_def influx1_params[] = {
    {.name = "precision",
     .type = PARAM_CHOICE,
     .choices = "ns|n|us|u|ms|s|m|h",
     .help = "Unit of the times; ns by default"},
    {.name = "db", .help = "Taken and ignored"},
    {.name = "rp", .help = "Taken and ignored"},
    {.name = "consistency", .help = "Taken and ignored"},
    {0}};

static const struct param_def influx2_params[] = {{.name = "precision",
                                                   .type = PARAM_CHOICE,
                                                   .choices = "ns|us|ms|s",
                                                   .help = "Unit of the times; ns by default"},
                                                  {.name = "org", .help = "Taken and ignored"},
                                                  {.name = "orgID", .help = "Taken and ignored"},
                                                  {.name = "bucket", .help = "Taken and ignored"},
                                                  {0}};

static const struct param_def events_params[] = {
    {.name = "sensors",
     .help = "Names, separated by commas (500 at most), or *: those whose newest values are sent, "
             "twice a second at most"},
    {0}};

static const struct param_def model_name[] = {
    {.name = "{name}", .required = true, .help = "The model's `name`"}, {0}};

#define GET(path_, role_, handle_, summary_, params_, reply_)                                      \
    {                                                                                              \
        .method = METHOD_GET, .role = ROLE_##role_, .path = path_, .handle = handle_,              \
        .summary = summary_, .params = params_, .reply_schema = reply_                             \
    }

#define DIAGNOSE(path_)                                                                            \
    {                                                                                              \
        .method = METHOD_POST, .role = ROLE_OPERATOR, .path = path_, .handle = handle_diagnose,    \
        .summary = "Explain a log: cause, evidence, what to check, every number checked. "         \
                   "\"stream\": true sends events: text (sentences as they are found supported), " \
                   "then diagnosis, or error",                                                     \
        .body = BODY_JSON, .body_schema = "Question", .reply_schema = "Diagnosis"                  \
    }

const struct route routes[] = {
    GET("/health", PUBLIC, handle_health, "Whether the server is up and able to store", NULL,
        "Health"),
    GET("/status", VIEWER, handle_status, "The plant's state, stage by stage", NULL, "Status"),
    GET("/anomalies", VIEWER, handle_anomalies, "What the detectors found, newest first",
        anomaly_params, "Anomalies"),
    GET("/summary", VIEWER, handle_summary, "What happened lately, in words", NULL, "Summary"),
    GET("/metrics", VIEWER, handle_metrics,
        "Prometheus text, or as JSON the counts of the latest 100 anomalies", metrics_params,
        "Metrics"),
    DIAGNOSE("/diagnose"),
    {.method = METHOD_POST,
     .role = ROLE_DEVICE,
     .path = "/api/v1/readings",
     .handle = handle_readings_write,
     .summary = "Send readings: a JSON array, newline-delimited JSON, InfluxDB line protocol or "
                "CSV. The answer follows the durable commit",
     .params = write_params,
     .body = BODY_READINGS,
     .body_schema = "Readings",
     .reply_schema = "Written"},
    GET("/api/v1/readings/latest", VIEWER, handle_latest, "The newest reading of each sensor",
        latest_params, "Latest"),
    GET("/api/v1/readings/history", VIEWER, handle_history,
        "What a sensor said over time, rolled up to fit", history_params, "History"),
    GET("/api/v1/sensors", VIEWER, handle_sensors, "The sensors, with value and normal band",
        sensor_params, "Sensors"),
    GET("/api/v1/sensors/{sensor}", VIEWER, handle_sensor,
        "One sensor, with how sensitive its detectors are and why", sensor_name, "SensorDetail"),
    {.method = METHOD_POST,
     .role = ROLE_ENGINEER,
     .path = "/api/v1/sensors/{sensor}/relearn",
     .handle = handle_relearn_sensor,
     .summary = "Forget what is normal for a sensor and learn it anew: from now on, or from the "
                "stored readings of a span",
     .params = sensor_name,
     .body = BODY_JSON,
     .body_optional = true,
     .body_schema = "Span",
     .reply_schema = "Relearnt"},
    {.method = METHOD_POST,
     .role = ROLE_ENGINEER,
     .path = "/api/v1/assets/{asset}/relearn",
     .handle = handle_relearn_asset,
     .summary = "The same for all sensors of an asset",
     .params = asset_name,
     .body = BODY_JSON,
     .body_optional = true,
     .body_schema = "Span",
     .reply_schema = "Relearnt"},
    {.method = METHOD_POST,
     .role = ROLE_ENGINEER,
     .path = "/api/v1/relearn",
     .handle = handle_relearn_plant,
     .summary = "The same for all sensors",
     .body = BODY_JSON,
     .body_optional = true,
     .body_schema = "Span",
     .reply_schema = "Relearnt"},
    DIAGNOSE("/api/v1/diagnose"),
    GET("/api/v1/sensitivity", VIEWER, handle_sensitivity,
        "Patterns that verdicts of \"false alarm\" keep back up to a score", sensitivity_params,
        "Patterns"),
    {.method = METHOD_POST,
     .role = ROLE_OPERATOR,
     .path = "/api/v1/sensitivity/reset",
     .handle = handle_sensitivity_reset,
     .summary = "Tell such patterns again (all, or those of a sensor, detector, kind); the "
                "verdicts stay",
     .body = BODY_JSON,
     .body_optional = true,
     .body_schema = "PatternSelection",
     .reply_schema = "PatternsReset"},
    GET("/api/v1/assets", VIEWER, handle_assets, "The assets, with their active incidents",
        asset_params, "Assets"),
    GET("/api/v1/anomalies", VIEWER, handle_anomalies, "What the detectors found, newest first",
        anomaly_params, "Anomalies"),
    GET("/api/v1/anomalies/{id}", VIEWER, handle_anomaly, "One anomaly", anomaly_id, "Anomaly"),
    GET("/api/v1/incidents", VIEWER, handle_incidents, "Incidents, newest first", incident_params,
        "Incidents"),
    GET("/api/v1/incidents/{id}", VIEWER, handle_incident, "One incident with its timeline",
        incident_id, "IncidentDetail"),
    {.method = METHOD_PATCH,
     .role = ROLE_OPERATOR,
     .path = "/api/v1/incidents/{id}",
     .handle = handle_incident_edit,
     .summary = "Change note, verdict, cause or state",
     .params = incident_id,
     .body = BODY_JSON,
     .body_schema = "IncidentEdit",
     .reply_schema = "IncidentDetail"},
    {.method = METHOD_POST,
     .role = ROLE_OPERATOR,
     .path = "/api/v1/incidents/{id}/acknowledge",
     .handle = handle_incident_acknowledge,
     .summary = "Say that someone has seen it",
     .params = incident_id,
     .body = BODY_JSON,
     .body_optional = true,
     .body_schema = "IncidentWords",
     .reply_schema = "IncidentDetail"},
    {.method = METHOD_POST,
     .role = ROLE_OPERATOR,
     .path = "/api/v1/incidents/{id}/resolve",
     .handle = handle_incident_resolve,
     .summary = "Say that it is over, and what it was",
     .params = incident_id,
     .body = BODY_JSON,
     .body_optional = true,
     .body_schema = "IncidentWords",
     .reply_schema = "IncidentDetail"},
    GET("/api/v1/summary", VIEWER, handle_summary, "What happened lately, in words", NULL,
        "Summary"),
    GET("/api/v1/summaries", VIEWER, handle_summaries, "Summaries, newest first", summaries_params,
        "Summaries"),
    GET("/api/v1/config", VIEWER, handle_config, "Every setting with its value and meaning", NULL,
        "Config"),
    {.method = METHOD_PATCH,
     .role = ROLE_ENGINEER,
     .path = "/api/v1/config",
     .handle = handle_config_change,
     .summary = "Change settings: all of them or, when one is wrong, none",
     .body = BODY_JSON,
     .body_schema = "ConfigChange",
     .reply_schema = "ConfigChanged"},
    GET("/api/v1/pipeline", VIEWER, handle_pipeline, "The stages with counts, queues and rates",
        NULL, "Pipeline"),
    GET("/api/v1/events", VIEWER, handle_events,
        "Server-sent events: readings, anomaly, incident, diagnosis, summary. Last-Event-ID goes "
        "on where a stream ended",
        events_params, "text/event-stream"),
    GET("/v1/models", VIEWER, handle_openai_models, "As OpenAI: the models that are loaded", NULL,
        "OpenaiModels"),
    {.method = METHOD_POST,
     .role = ROLE_OPERATOR,
     .path = "/v1/chat/completions",
     .handle = handle_chat_completions,
     .summary = "As OpenAI: goes on with a conversation; \"stream\": true sends it piece by piece",
     .body = BODY_JSON,
     .body_schema = "ChatRequest",
     .reply_schema = "ChatCompletion"},
    {.method = METHOD_POST,
     .role = ROLE_OPERATOR,
     .path = "/v1/completions",
     .handle = handle_completions,
     .summary = "As OpenAI: goes on with a text",
     .body = BODY_JSON,
     .body_schema = "CompletionRequest",
     .reply_schema = "Completion"},
    {.method = METHOD_POST,
     .role = ROLE_OPERATOR,
     .path = "/v1/embeddings",
     .handle = handle_embeddings,
     .summary = "As OpenAI: texts as points, by an encoder (bert)",
     .body = BODY_JSON,
     .body_schema = "EmbeddingRequest",
     .reply_schema = "Embeddings"},
    GET("/api/v1/models", VIEWER, handle_models,
        "The language models there are, with what the loaded ones are doing", NULL, "Models"),
    {.method = METHOD_POST,
     .role = ROLE_ENGINEER,
     .path = "/api/v1/models/{name}/load",
     .handle = handle_model_load,
     .summary = "Load a model; the answer comes when it is ready",
     .params = model_name,
     .body = BODY_JSON,
     .body_optional = true,
     .body_schema = "Nothing",
     .reply_schema = "ModelChanged"},
    {.method = METHOD_POST,
     .role = ROLE_ENGINEER,
     .path = "/api/v1/models/{name}/unload",
     .handle = handle_model_unload,
     .summary = "Unload a model: its answers end, its memory is given back",
     .params = model_name,
     .body = BODY_JSON,
     .body_optional = true,
     .body_schema = "Nothing",
     .reply_schema = "ModelChanged"},
    {.method = METHOD_POST,
     .role = ROLE_DEVICE,
     .path = "/write",
     .handle = handle_influx1_write,
     .summary = "As InfluxDB 1: line protocol from Telegraf's outputs.influxdb",
     .params = influx1_params,
     .body = BODY_READINGS,
     .body_schema = "LineProtocol",
     .reply_schema = ""},
    {.method = METHOD_POST,
     .role = ROLE_DEVICE,
     .path = "/api/v2/write",
     .handle = handle_influx2_write,
     .summary = "As InfluxDB 2: line protocol from Telegraf's outputs.influxdb_v2",
     .params = influx2_params,
     .body = BODY_READINGS,
     .body_schema = "LineProtocol",
     .reply_schema = ""},
    GET("/openapi.json", PUBLIC, handle_openapi, "This table as OpenAPI 3.1", NULL,
        "application/json"),
    GET("/docs", PUBLIC, handle_docs_page, "This table as a page", NULL, "text/html"),
    {0}};
