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

#define SAMPLING_OF(S)                                                                             \
    {S, "-model", "text", "A loaded model, or MODEL:ADAPTER; without it the first one"},           \
        {S, "-stream", "boolean", "Server-sent events that end with [DONE]"},                      \
        {S, "-stream_options", "any", "include_usage: the last event tells the usage"},            \
        {S, "-max_tokens", "integer", "Of each choice"}, {S, "-n", "integer", "Choices"},          \
        {S, "-stop", "any", "A text or a list of up to 16 texts that end the answer"},             \
        {S, "-seed", "integer", "The same seed and request give the same answer"},                 \
        {S, "-temperature", "number", "0 to 2; 1 by default; 0: the most likely token"},           \
        {S, "-top_p", "number", "0 to 1"}, {S, "-top_k", "integer", "0: off"},                     \
        {S, "-min_p", "number", "0 to 1"}, {S, "-typical_p", "number", "0 to 1"},                  \
        {S, "-repetition_penalty", "number", "1: off"},                                            \
        {S, "-frequency_penalty", "number", "-2 to 2"},                                            \
        {S, "-presence_penalty", "number", "-2 to 2"},                                             \
        {S, "-lora", "[]any", "The adapter to use, as llama.cpp takes it: id and scale"},          \
        {S, "-lookup", "boolean", "false: do not guess tokens from the text"},                     \
    {                                                                                              \
        S, "-logit_bias", "{}number", "By token number, -100 to 100"                               \
    }

#define ANSWER_OF(S)                                                                               \
    {S, "id", "text", ""}, {S, "object", "text", ""},                                              \
        {S, "created", "integer", "Seconds since 1970"}, {S, "model", "text", ""},                 \
        {S, "system_fingerprint", "text", ""}, {S, "usage", "Usage", ""},                          \
    {                                                                                              \
        S, "timings", "Timings", "How long it took"                                                \
    }

#define FIELDS_OF_SENSOR_NOW(S)                                                                    \
    FIELDS_OF_SENSOR(S), {S, "quantity", "text", "What is measured, by the parameter's name"},     \
        {S, "time", "time?", "Of the newest reading"}, {S, "value", "number?", ""},                \
        {S, "low", "number?", "Band that is normal now"}, {S, "high", "number?", ""},              \
    {                                                                                              \
        S, "alarm", "text?", "Kind of an anomaly that goes on"                                     \
    }

const struct schema_field schema_fields[] = {
    {"Error", "error", "ErrorDetail", ""},
    {"ErrorDetail", "code", "text", "Stable word for programs"},
    {"ErrorDetail", "message", "text", "What is wrong and what was expected"},
    {"ErrorDetail", "-field", "text", "The parameter, member or header that is wrong"},
    {"ErrorDetail", "-param", "text?", "The same under /v1, where OpenAI's clients look for it"},
    {"ErrorDetail", "-type", "text", "Under /v1: OpenAI's kind of error"},

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
    {"StatusDetect", "kept_back", "integer", "Findings since start that a verdict kept back"},
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
    {"Summary", "generated_by", "text", "facts, or llm_summarizer"},
    {"Summary", "model", "text", "The language model that wrote it; empty for facts"},
    {"Summary", "from", "time", ""},
    {"Summary", "to", "time", ""},
    {"Summaries", "summaries", "[]Summary", ""},
    {"Summaries", "count", "integer", ""},

    {"Metrics", "total_anomalies", "integer", "Of the latest 100"},
    {"Metrics", "anomalies_by_type", "{}integer", ""},
    {"Metrics", "anomalies_by_parameter", "{}integer", ""},
    {"Metrics", "last_update", "time", ""},
    {"Metrics", "models", "[]ModelMetrics", "Loaded language models"},
    {"ModelMetrics", "name", "text", ""},
    {"ModelMetrics", "serving", "Serving", ""},

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
    FIELDS_OF_SENSOR_NOW("Sensor"),
    FIELDS_OF_SENSOR_NOW("SensorDetail"),
    {"SensorDetail", "sensitivity", "number?", "As set: 1 usual, 2 alarms at half, 0 never"},
    {"SensorDetail", "learns_since", "time?", "When it was last told to learn anew"},
    {"SensorDetail", "patterns", "[]Pattern", "What verdicts keep back"},
    {"Pattern", "sensor", "text?", "Full name: asset/parameter"},
    {"Pattern", "detector", "text", ""},
    {"Pattern", "kind", "text", "Of the anomalies"},
    {"Pattern", "false_score", "number", "The largest that was called a false alarm"},
    {"Pattern", "above_score", "number", "Larger ones are told"},
    {"Pattern", "since", "time", "Of the first verdict"},
    {"Pattern", "incidents", "[]integer", "The newest that were called so"},
    {"Patterns", "patterns", "[]Pattern", ""},
    {"Patterns", "count", "integer", ""},
    {"PatternSelection", "-sensor", "text", "Only of this sensor"},
    {"PatternSelection", "-detector", "text", "Only of this detector"},
    {"PatternSelection", "-kind", "text", "Only of this kind"},
    {"PatternsReset", "reset", "integer", "Verdicts whose patterns are told again"},
    {"Span", "-from", "time", "Readings from this time on count as normal"},
    {"Span", "-to", "time", "Up to this one"},
    {"Relearnt", "sensors", "integer", "That learn anew"},
    {"Relearnt", "readings", "integer", "Learnt from; 0 without a span"},
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
    {"Question", "-query", "text", "The question; it or `context` must be there"},
    {"Question", "-context", "text", "The log, in any dialect"},
    {"Question", "-asset", "text", "Join what the plant knows of this asset"},
    {"Question", "-raw", "boolean", "The model reads the log as it is, not the facts in it"},
    {"Question", "-seed", "integer", "The same seed and request give the same answer"},
    {"Question", "-temperature", "number", "0 (default) to 2; 0: the most likely words"},
    {"Question", "-max_tokens", "integer", "256 by default"},
    {"Question", "-stream", "boolean", "As server-sent events"},
    {"Diagnosis", "diagnosis", "text", "In plain words"},
    {"Diagnosis", "kind", "text", "fault, normal, asks (something is missing) or unnamed"},
    {"Diagnosis", "cause", "Cause?", "The first of `causes`"},
    {"Diagnosis", "causes", "[]Cause", "That the text names"},
    {"Diagnosis", "confidence", "number?", "Probability of the words that decide"},
    {"Diagnosis", "evidence", "[]Evidence", "Facts that the text cites"},
    {"Diagnosis", "checks", "[]text", "What to do"},
    {"Diagnosis", "verified", "boolean", "Every number, name and time is in the evidence"},
    {"Diagnosis", "regenerated", "boolean", "A part was written anew from the evidence"},
    {"Diagnosis", "cut", "boolean", "max_tokens came before the end"},
    {"Diagnosis", "unsupported", "[]text", "Claims that the evidence lacks"},
    {"Diagnosis", "known", "text", "What was known beside the log"},
    {"Diagnosis", "left_out", "integer", "Facts that the model's context did not take"},
    {"Diagnosis", "asset", "text?", ""},
    {"Diagnosis", "model", "text", ""},
    {"Diagnosis", "seed", "integer", ""},
    {"Diagnosis", "speed", "DiagnosisSpeed", ""},
    {"Cause", "id", "text", ""},
    {"Cause", "title", "text", ""},
    {"Evidence", "key", "text", ""},
    {"Evidence", "text", "text", "The value as written"},
    {"Evidence", "value", "number?", "null: not a number"},
    {"Evidence", "unit", "text", ""},
    {"Evidence", "flag", "text", "What the log says beside it"},
    {"Evidence", "low", "number?", "Limit"},
    {"Evidence", "high", "number?", "Limit"},
    {"Evidence", "judgement", "text", "below, within, above, or empty without limits"},
    {"Evidence", "source", "text", "log or store"},
    {"Evidence", "line", "integer", "Of the log, from 1; 0: not from the log"},
    {"Evidence", "limits_source", "text?", "log, store, or table: what such instruments share"},
    {"DiagnosisSpeed", "prompt_tokens", "integer", "Of all attempts"},
    {"DiagnosisSpeed", "tokens", "integer", "Of all attempts"},
    {"DiagnosisSpeed", "tokens_per_s", "number?", ""},
    {"DiagnosisSpeed", "first_token_ms", "number", "From the request to the first token"},
    {"DiagnosisSpeed", "memory_bytes", "integer", "Resident, of the whole program"},
    {"OpenaiModels", "object", "text", "list"},
    {"OpenaiModels", "data", "[]OpenaiModel", ""},
    {"OpenaiModel", "id", "text", "What requests name as `model`"},
    {"OpenaiModel", "object", "text", "model"},
    {"OpenaiModel", "created", "integer", "Seconds since 1970"},
    {"OpenaiModel", "owned_by", "text", ""},
    {"OpenaiModel", "-parent", "text", "Of an adapter: its model"},
    SAMPLING_OF("ChatRequest"),
    {"ChatRequest", "messages", "[]ChatMessage", ""},
    {"ChatRequest", "-max_completion_tokens", "integer", "Of each choice"},
    {"ChatRequest", "-logprobs", "boolean", "Log probabilities of the tokens"},
    {"ChatRequest", "-top_logprobs", "integer", "0 to 20 most likely ones beside each"},
    {"ChatRequest", "-tools", "[]any", "Functions that the model may call"},
    {"ChatRequest", "-tool_choice", "any", "none, auto, required, or one function"},
    {"ChatRequest", "-response_format", "any", "text, json_object or json_schema"},
    {"ChatMessage", "role", "text", "system, developer, user, assistant or tool"},
    {"ChatMessage", "content", "any", "A text, parts of type text, or null beside tool_calls"},
    {"ChatMessage", "-tool_calls", "[]ToolCall", "Of an assistant's message"},
    {"ChatMessage", "-tool_call_id", "text", "Of a tool's message"},
    {"ChatMessage", "-refusal", "text?", "Always null"},
    {"ToolCall", "id", "text", ""},
    {"ToolCall", "type", "text", "function"},
    {"ToolCall", "function", "ToolFunction", ""},
    {"ToolFunction", "name", "text", ""},
    {"ToolFunction", "arguments", "text", "A JSON object as text"},
    ANSWER_OF("ChatCompletion"),
    {"ChatCompletion", "choices", "[]ChatChoice", ""},
    {"ChatChoice", "index", "integer", ""},
    {"ChatChoice", "message", "ChatMessage", ""},
    {"ChatChoice", "logprobs", "any", "null, or a list `content` of tokens"},
    {"ChatChoice", "finish_reason", "text", "stop, length or tool_calls"},
    SAMPLING_OF("CompletionRequest"),
    {"CompletionRequest", "prompt", "any", "A text, a list of token numbers, or a list of these"},
    {"CompletionRequest", "-logprobs", "integer", "0 to 20 most likely tokens beside each"},
    {"CompletionRequest", "-echo", "boolean", "Put the prompt before the text"},
    ANSWER_OF("Completion"),
    {"Completion", "choices", "[]CompletionChoice", ""},
    {"CompletionChoice", "index", "integer", ""},
    {"CompletionChoice", "text", "text", ""},
    {"CompletionChoice", "logprobs", "any", "null, or lists beside each other"},
    {"CompletionChoice", "finish_reason", "text", "stop or length"},
    {"EmbeddingRequest", "-model", "text", "A loaded encoder; without it the first model"},
    {"EmbeddingRequest", "input", "any", "A text, a list of tokens, or a list of up to 2048"},
    {"EmbeddingRequest", "-encoding_format", "text", "float, or base64 of 32-bit floats"},
    {"EmbeddingRequest", "-dimensions", "integer", "Only what the model gives"},
    {"Embeddings", "object", "text", "list"},
    {"Embeddings", "data", "[]Embedding", ""},
    {"Embeddings", "model", "text", ""},
    {"Embeddings", "usage", "EmbeddingUsage", ""},
    {"Embedding", "object", "text", "embedding"},
    {"Embedding", "index", "integer", "Place in the input"},
    {"Embedding", "embedding", "any", "Numbers, of length 1 together; or their base64"},
    {"EmbeddingUsage", "prompt_tokens", "integer", ""},
    {"EmbeddingUsage", "total_tokens", "integer", ""},
    {"Usage", "prompt_tokens", "integer", ""},
    {"Usage", "completion_tokens", "integer", ""},
    {"Usage", "total_tokens", "integer", ""},
    {"Usage", "prompt_tokens_details", "UsageDetails", ""},
    {"UsageDetails", "cached_tokens", "integer", "Of the prompt, not computed anew"},
    {"Timings", "queue_ms", "number", "Waited"},
    {"Timings", "first_token_ms", "number", "From the request to the first token"},
    {"Timings", "prompt_ms", "number", ""},
    {"Timings", "prompt_per_second", "number", "Tokens"},
    {"Timings", "predicted_ms", "number", ""},
    {"Timings", "predicted_per_second", "number", "Tokens"},
    {"Timings", "draft_n", "integer", "Tokens guessed from the text"},
    {"Timings", "draft_n_accepted", "integer", "Of these right"},
    {"Models", "models", "[]Model", "Loaded ones first"},
    {"Model", "name", "text", ""},
    {"Model", "file_bytes", "integer", ""},
    {"Model", "loaded", "boolean", ""},
    {"Model", "-error", "text", "Why it could not be loaded"},
    {"Model", "-loaded_at", "time", ""},
    {"Model", "-architecture", "text", ""},
    {"Model", "-parameters", "integer", ""},
    {"Model", "-context", "integer", "Tokens of a conversation at most"},
    {"Model", "-vocabulary", "integer", ""},
    {"Model", "-chat_template", "text?", "null: unknown, so only plain completions"},
    {"Model", "-adapters", "[]ModelAdapter", "That requests may choose: MODEL:ADAPTER"},
    {"Model", "-serving", "Serving", ""},
    {"ModelAdapter", "name", "text", ""},
    {"ModelAdapter", "scale", "number", ""},
    {"Serving", "active", "integer", "Answers being written"},
    {"Serving", "sessions", "integer", "Of these at most"},
    {"Serving", "waiting", "integer", ""},
    {"Serving", "queue", "integer", "Of these at most"},
    {"Serving", "requests", "integer", "Since loading"},
    {"Serving", "refused", "integer", "Because the queue was full"},
    {"Serving", "cancelled", "integer", ""},
    {"Serving", "failed", "integer", ""},
    {"Serving", "prompt_tokens", "integer", "Computed"},
    {"Serving", "cached_tokens", "integer", "Taken over from earlier prompts"},
    {"Serving", "tokens", "integer", "Written"},
    {"Serving", "guessed_tokens", "integer", "From the text, by prompt lookup"},
    {"Serving", "guessed_right_tokens", "integer", "Of these"},
    {"Serving", "steps", "integer", "Computed"},
    {"Serving", "prompt_per_second", "number", "Tokens, in the latest answer"},
    {"Serving", "tokens_per_second", "number", "Written, in the latest answer"},
    {"Serving", "first_token_ms", "number", "In the latest answer"},
    {"Serving", "first_token_mean_ms", "number", "Since loading"},
    {"Serving", "weight_bytes", "integer", ""},
    {"Serving", "session_bytes", "integer", "Of a full conversation"},
    {"Serving", "cache_bytes", "integer", "Of all conversations now"},
    {"Nothing", "-reason", "text", "Ignored"},
    {"ModelChanged", "name", "text", ""},
    {"ModelChanged", "loaded", "boolean", ""},
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
