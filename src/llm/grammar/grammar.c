// Makes grammars from texts.
#include "llm/grammar/grammar.h"

#include "llm/grammar/automaton.h"
#include "llm/grammar/gbnf.h"
#include "llm/grammar/schema.h"

static enum err_code check_text(struct str text, const char *where, struct err *err)
{
    if (text.n > GRAMMAR_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "%s: %zu bytes, at most %d are allowed", where, text.n,
                       GRAMMAR_TEXT_MAX);
    return ERR_OK;
}

static enum err_code compile(const struct rules *r, const char *root, const char *where,
                             struct grammar **out, struct err *err)
{
    const uint64_t *start = map_find(&r->names, str_of(root));
    if (r->failed || !start)
        return err_set(err, ERR_LIMIT, "%s: too large: more than %d rules, or out of memory", where,
                       RULES_MAX);
    return automaton_compile(r, (uint32_t)*start, where, out, err);
}

enum err_code grammar_from_gbnf(struct str text, const char *where, struct grammar **out,
                                struct err *err)
{
    *out = NULL;
    struct rules rules = {0};
    enum err_code code = check_text(text, where, err);
    if (!code)
        code = rules_open(&rules, err);
    if (!code)
        code = gbnf_read(&rules, text, where, err);
    if (!code)
        code = compile(&rules, "root", where, out, err);
    rules_close(&rules);
    return code;
}

enum err_code grammar_from_schema(struct str schema, struct grammar **out, struct err *err)
{
    *out = NULL;
    struct rules rules = {0};
    enum err_code code = check_text(schema, "schema", err);
    if (!code)
        code = rules_open(&rules, err);
    if (!code)
        code = schema_read(&rules, schema, err);
    if (!code)
        code = compile(&rules, "root", "schema", out, err);
    rules_close(&rules);
    return code;
}

enum err_code grammar_from_any_object(struct grammar **out, struct err *err)
{
    return grammar_from_schema(STR_LIT("{\"type\": \"object\"}"), out, err);
}
