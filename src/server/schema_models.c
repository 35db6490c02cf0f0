// Shapes of what is asked of language models, by OpenAI's API and by fettle's own.
#include "server/schema.h"

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

const struct schema_field schema_models[] = {
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
    {0}};
