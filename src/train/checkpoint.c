// Checkpoints of a run.
#include "train/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "llm/gguf_write.h"

enum { BLOCKS = 3 }; // weights, first moment, second moment

static const char *const blocks[BLOCKS] = {"w", "m", "v"};

static float *block_of(const struct nn_weights *w, int i)
{
    float *const all[BLOCKS] = {w->w, w->m, w->v};
    return all[i];
}

// What must be the same when a run goes on; the rest may change.
static bool binds(const char *name)
{
    static const char *const others[] = {
        "model.name",       "model.format",           "train.threads",  "train.recompute",
        "train.eval_every", "train.checkpoint_every", "train.patience", "train.stop"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0)
            return false;
    return true;
}

static void add_setting(void *arg, const struct setting_def *def, const char *name,
                        const char *text, const char *source)
{
    (void)def;
    (void)source;
    if (binds(name))
        buf_printf(arg, "%s: %s\n", name, text);
}

static void write_number(struct gguf_writer *w, const char *key, uint64_t v)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    gguf_write_string(w, key, str_of(text));
}

static void write_keys(struct gguf_writer *w, const struct checkpoint *c, const struct buf *bound)
{
    struct buf best = {0};
    gguf_write_string(w, "general.architecture", STR_LIT("fettle-checkpoint"));
    write_number(w, "fettle.step", c->step);
    write_number(w, "fettle.tokens", c->tokens);
    write_number(w, "fettle.epoch", c->place.epoch);
    write_number(w, "fettle.document", c->place.document);
    write_number(w, "fettle.evals_since_best", c->evals_since_best);
    buf_add_double(&best, c->best_eval_loss);
    gguf_write_string(w, "fettle.best_eval_loss", buf_str(&best));
    gguf_write_string(w, "fettle.run_id", str_of(c->run_id));
    gguf_write_string(w, "fettle.settings", buf_str(bound));
    buf_free(&best);
}

enum err_code checkpoint_write(const char *path, const struct checkpoint *c,
                               const struct nn_weights *w, const struct settings *s,
                               struct err *err)
{
    struct gguf_writer *f;
    enum err_code code = gguf_write_open(path, &f, err);
    if (code)
        return code;
    struct buf bound = {0};
    settings_each(s, add_setting, &bound);
    write_keys(f, c, &bound);
    buf_free(&bound);
    for (int i = 0; i < BLOCKS; i++)
        gguf_write_tensor(f, blocks[i], quant_format_of(QUANT_F32), (uint64_t[]){w->n}, 1);
    for (int i = 0; i < BLOCKS; i++)
        gguf_write_data(f, block_of(w, i), w->n * sizeof(float));
    return gguf_write_finish(&f, err);
}

static enum err_code read_number(const struct gguf *g, const char *key, uint64_t *out,
                                 struct err *err)
{
    struct str text;
    enum err_code code = gguf_string(g, key, &text, err);
    if (!code && !str_to_u64(text, out))
        code = err_set(err, ERR_INPUT, "%s: key '%s' is no number", gguf_name(g), key);
    return code;
}

static enum err_code read_keys(const struct gguf *g, struct checkpoint *c, struct err *err)
{
    struct str best, id;
    enum err_code code;
    if ((code = read_number(g, "fettle.step", &c->step, err)) ||
        (code = read_number(g, "fettle.tokens", &c->tokens, err)) ||
        (code = read_number(g, "fettle.epoch", &c->place.epoch, err)) ||
        (code = read_number(g, "fettle.document", &c->place.document, err)) ||
        (code = read_number(g, "fettle.evals_since_best", &c->evals_since_best, err)) ||
        (code = gguf_string(g, "fettle.best_eval_loss", &best, err)) ||
        (code = gguf_string(g, "fettle.run_id", &id, err)))
        return code;
    if (!str_to_reading(best, &c->best_eval_loss))
        return err_set(err, ERR_INPUT, "%s: key 'fettle.best_eval_loss' is no number",
                       gguf_name(g));
    str_copy(c->run_id, sizeof c->run_id, id);
    return ERR_OK;
}

struct comparison {
    const struct gguf *g;
    struct str then; // lines "NAME: TEXT"
    enum err_code code;
    struct err *err;
};

// What the checkpoint says of a setting; one that it does not know had its default.
static struct str text_then(struct str then, const struct setting_def *def, const char *name)
{
    while (then.n) {
        struct str text = str_cut(&then, '\n'), key = str_cut(&text, ':');
        if (str_is(key, name))
            return str_trim(text);
    }
    return str_of(def->default_text ? def->default_text : "");
}

static void compare_setting(void *arg, const struct setting_def *def, const char *name,
                            const char *text, const char *source)
{
    (void)source;
    struct comparison *c = arg;
    if (c->code || !binds(name))
        return;
    struct str then = text_then(c->then, def, name);
    if (!str_eq(then, str_trim(str_of(text))))
        c->code = err_set(c->err, ERR_CONFLICT,
                          "%s was made with '%s: %.*s', the settings say '%s: %s' now",
                          gguf_name(c->g), name, STR_ARG(then), name, text);
}

static enum err_code same_settings(const struct gguf *g, const struct settings *s, struct err *err)
{
    struct comparison c = {.g = g, .err = err};
    enum err_code code = gguf_string(g, "fettle.settings", &c.then, err);
    if (code)
        return code;
    settings_each(s, compare_setting, &c);
    return c.code;
}

static enum err_code read_block(const struct gguf *g, const struct nn_weights *w, int i,
                                struct err *err)
{
    const struct gguf_tensor *t = gguf_find_tensor(g, blocks[i]);
    if (!t || t->format->type != QUANT_F32 || t->count != w->n)
        return err_set(err, ERR_INPUT, "%s: tensor '%s' of %zu floats is missing", gguf_name(g),
                       blocks[i], w->n);
    memcpy(block_of(w, i), t->data, w->n * sizeof(float));
    return ERR_OK;
}

enum err_code checkpoint_read(const char *path, struct checkpoint *c, struct nn_weights *w,
                              const struct settings *s, struct err *err)
{
    struct gguf *g;
    if (!file_exists(path))
        return err_set(err, ERR_NOT_FOUND, "%s: no checkpoint is there to go on from", path);
    enum err_code code = gguf_open(path, &g, err);
    if (code)
        return code;
    *c = (struct checkpoint){0};
    code = read_keys(g, c, err);
    if (!code)
        code = same_settings(g, s, err);
    for (int i = 0; i < BLOCKS && !code; i++)
        code = read_block(g, w, i, err);
    gguf_close(&g);
    return code;
}
