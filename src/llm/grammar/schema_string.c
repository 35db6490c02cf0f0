// JSON Schema's strings: length, pattern, format.
#include "llm/grammar/schema_private.h"

#define DAY_OF_ANY "(0[1-9]|1[0-9]|2[0-8])"
#define DATE                                                                                       \
    "([0-9]{4}-((0[13578]|1[02])-(" DAY_OF_ANY "|29|30|31)|(0[469]|11)-(" DAY_OF_ANY "|29|30)|"    \
    "02-" DAY_OF_ANY ")|([0-9]{2}(0[48]|[2468][048]|[13579][26])|"                                 \
    "([02468][48]|[2468]0|[13579][26])00)-02-29)"
#define TIME                                                                                       \
    "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"                                     \
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
#define BYTE  "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define LABEL "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?"

static const struct {
    const char *name, *pattern;
} formats[] = {
    {"date", "^" DATE "$"},
    {"time", "^" TIME "$"},
    {"date-time", "^" DATE "T" TIME "$"},
    {"uuid", "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"},
    {"ipv4", "^" BYTE "\\." BYTE "\\." BYTE "\\." BYTE "$"},
    {"email", "^[A-Za-z0-9_+-]+(\\.[A-Za-z0-9_+-]+)*@" LABEL "(\\." LABEL ")+$"},
};

static enum err_code read_format(struct schema *s, const struct json_node *format,
                                 const struct pointer *at, struct str *pattern)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (format->type == JSON_STRING && str_is(format->text, formats[i].name)) {
            *pattern = str_of(formats[i].pattern);
            return ERR_OK;
        }
    return schema_fail(s, ERR_UNSUPPORTED, at, "format",
                       "known are date, time, date-time, uuid, ipv4, email");
}

enum err_code schema_string(struct schema *s, const struct json_node *node,
                            const struct pointer *at, const struct expr **out)
{
    const struct json_node *pattern = json_get(node, "pattern"), *format = json_get(node, "format");
    bool length = json_get(node, "minLength") || json_get(node, "maxLength");
    uint32_t least, most;
    enum err_code code = schema_count(s, node, "minLength", at, 0, &least);
    if (!code)
        code = schema_count(s, node, "maxLength", at, EXPR_NO_LIMIT, &most);
    if (code)
        return code;
    if (least > most)
        return schema_fail(s, ERR_INPUT, at, "minLength", "more than maxLength");
    if ((pattern != NULL) + (format != NULL) + length > 1)
        return schema_fail(s, ERR_UNSUPPORTED, at, pattern ? "pattern" : "format",
                           "only one of pattern, format and a length is supported");
    if (!pattern && !format) {
        *out = length ? schema_rule(
                            s, schema_quoted(s, expr_repeat(s->rules, schema_char(s), least, most)))
                      : expr_rule(s->rules, s->string);
        return ERR_OK;
    }
    struct str text = {NULL, 0};
    if (format && (code = read_format(s, format, at, &text)))
        return code;
    if (pattern && pattern->type != JSON_STRING)
        return schema_fail(s, ERR_INPUT, at, "pattern", "expected a regular expression");
    if (pattern)
        text = pattern->text;
    struct pointer there = {at, STR_LIT("pattern")};
    const struct expr *inside;
    if ((code = schema_pattern(s, text, &there, &inside)))
        return code;
    *out = schema_rule(s, schema_quoted(s, inside));
    return ERR_OK;
}
