// Forms that come again and again: their grammars and token masks are kept between requests.
#include <stdlib.h>
#include <string.h>

#include "llm/serving_private.h"

// A form's masks grow to so much at most.
enum { MASKS_BYTES = 16 << 20 };

enum err_code serving_trie(struct serving *s, struct err *err)
{
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&s->forms_lock);
    if (!s->trie)
        code = token_trie_open(engine_tokenizer(s->engine), engine_model(s->engine)->shape.V,
                               &s->trie, err);
    pthread_mutex_unlock(&s->forms_lock);
    return code;
}

static void form_free(struct form *f)
{
    grammar_masks_close(&f->masks);
    grammar_close(&f->grammar);
    buf_free(&f->text);
    free(f);
}

// A form's text; `where` names a grammar's in errors, NULL: a schema.
struct form_source {
    struct str text;
    const char *where;
};

static enum err_code form_make(struct serving *s, struct form_source from, struct form **out,
                               struct err *err)
{
    struct form *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    f->serving = s;
    f->holders = 1;
    f->gbnf = from.where;
    buf_add_str(&f->text, from.text);
    enum err_code code = from.where ? grammar_from_gbnf(from.text, from.where, &f->grammar, err)
                                    : grammar_from_schema(from.text, &f->grammar, err);
    if (!code)
        code = serving_trie(s, err);
    if (!code)
        code = grammar_masks_open(f->grammar, s->trie, MASKS_BYTES, &f->masks, err);
    if (!code && f->text.failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    if (code)
        form_free(f);
    else
        *out = f;
    return code;
}

// ---- under forms_lock: the newest come first ----

static struct form *find(struct serving *s, struct form_source from)
{
    for (struct form **at = &s->forms; *at; at = &(*at)->next) {
        struct form *f = *at;
        if (f->gbnf == (from.where != NULL) && str_eq(buf_str(&f->text), from.text)) {
            *at = f->next;
            f->next = s->forms;
            s->forms = f;
            f->holders++;
            return f;
        }
    }
    return NULL;
}

// Lets go of the oldest ones that nobody holds, beyond SERVING_FORMS_KEPT.
static void trim(struct serving *s)
{
    size_t count = 0;
    for (struct form **at = &s->forms; *at;) {
        struct form *f = *at;
        if (++count <= SERVING_FORMS_KEPT || f->holders) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        form_free(f);
    }
}

static enum err_code take(struct serving *s, struct form_source from, struct form **out,
                          struct err *err)
{
    struct form *made = NULL;
    pthread_mutex_lock(&s->forms_lock);
    *out = find(s, from);
    pthread_mutex_unlock(&s->forms_lock);
    if (*out)
        return ERR_OK;
    enum err_code code = form_make(s, from, &made, err);
    if (code)
        return code;
    pthread_mutex_lock(&s->forms_lock);
    *out = find(s, from); // another may have been quicker
    if (!*out) {
        made->next = s->forms;
        *out = s->forms = made;
        made = NULL;
        trim(s);
    }
    pthread_mutex_unlock(&s->forms_lock);
    if (made)
        form_free(made);
    return ERR_OK;
}

enum err_code serving_form_schema(struct serving *s, struct str schema, struct form **out,
                                  struct err *err)
{
    return take(s, (struct form_source){schema, NULL}, out, err);
}

enum err_code serving_form_gbnf(struct serving *s, struct str text, const char *where,
                                struct form **out, struct err *err)
{
    return take(s, (struct form_source){text, where}, out, err);
}

void form_hold(struct form *f)
{
    pthread_mutex_lock(&f->serving->forms_lock);
    f->holders++;
    pthread_mutex_unlock(&f->serving->forms_lock);
}

void form_release(struct form **form)
{
    struct form *f = *form;
    if (!f)
        return;
    struct serving *s = f->serving;
    *form = NULL;
    pthread_mutex_lock(&s->forms_lock);
    f->holders--;
    trim(s);
    pthread_mutex_unlock(&s->forms_lock);
}

void serving_forms_close(struct serving *s)
{
    while (s->forms) {
        struct form *f = s->forms;
        s->forms = f->next;
        form_free(f);
    }
}
