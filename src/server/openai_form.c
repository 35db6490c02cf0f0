// What form an answer must have: a call of a tool, or JSON after a schema.
#include <string.h>

#include "server/openai_form.h"

// Which call the answer must be: one object of a tool's name and arguments, in the family's words.
static void write_call_schema(const struct openai_request *r, const char *arguments,
                              struct buf *out)
{
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key(&j, "anyOf");
    json_array(&j);
    for (const struct json_node *t = r->tools->first; t; t = t->next) {
        const struct json_node *function = json_get(t, "function");
        const struct json_node *parameters = openai_member(function, "parameters");
        if (r->tool_name && strcmp(json_get_text(function, "name"), r->tool_name) != 0)
            continue;
        json_object(&j);
        json_key_text(&j, "type", "object");
        json_key(&j, "properties");
        json_object(&j);
        json_key(&j, "name");
        json_object(&j);
        json_key_text(&j, "const", json_get_text(function, "name"));
        json_end(&j);
        json_key(&j, arguments);
        if (parameters)
            json_write(&j, parameters);
        else
            json_raw(&j, STR_LIT("{\"type\":\"object\"}"));
        json_end(&j);
        json_key(&j, "required");
        json_array(&j);
        json_text(&j, "name");
        json_text(&j, arguments);
        json_end(&j);
        json_key_bool(&j, "additionalProperties", false);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
}

// A call that must be made: its opening goes to the prompt's end, a grammar makes the rest.
static enum err_code force_call(struct openai_request *r, struct serving *s,
                                const struct chat_call_style *style, struct err *err)
{
    struct buf schema = {0};
    write_call_schema(r, style->arguments, &schema);
    enum err_code code = schema.failed
                             ? err_set(err, ERR_NO_MEMORY, "out of memory for the tools")
                             : serving_form_schema(s, buf_str(&schema), &r->serving.form, err);
    if (!code)
        code = tokenizer_encode(serving_tokenizer(s), str_of(style->open), TOKENIZE_SPECIAL,
                                &r->prompts[0].tokens, err);
    buf_free(&schema);
    return code;
}

static enum err_code follow_schema(struct openai_request *r, struct serving *s, struct err *err)
{
    struct buf text = {0};
    struct json_out j;
    if (r->json_object)
        return serving_form_schema(s, STR_LIT("{\"type\":\"object\"}"), &r->serving.form, err);
    json_open(&j, &text);
    json_write(&j, r->schema);
    enum err_code code = text.failed
                             ? err_set(err, ERR_NO_MEMORY, "out of memory for the schema")
                             : serving_form_schema(s, buf_str(&text), &r->serving.form, err);
    buf_free(&text);
    return code;
}

bool openai_constrain(struct exchange *x, struct openai_request *r, const struct app_model *m,
                      struct openai_choice *choices, size_t count)
{
    struct serving *s = app_model_serving(m);
    const struct chat_call_style *style = NULL;
    const char *field = "tools";
    enum err_code code = ERR_OK;
    struct err err;
    if (r->tool_choice != TOOLS_NONE) {
        style = chat_template_call_style(app_model_chat(m, NULL));
        r->serving.special = true;
    }
    for (size_t i = 0; i < count; i++) {
        choices[i].calls.style = style;
        choices[i].calls.forced = r->tool_choice == TOOLS_REQUIRED;
    }
    if (r->tool_choice == TOOLS_REQUIRED) {
        code = force_call(r, s, style, &err);
    } else if (r->schema || r->json_object) {
        field = "response_format";
        code = follow_schema(r, s, &err);
    }
    if (!code)
        return true;
    if (code == ERR_LIMIT || code == ERR_UNSUPPORTED)
        reply_error(x, 400, err_name(code), field, "%s: %s", field, err.text);
    else
        reply_err(x, &err, field);
    return false;
}
