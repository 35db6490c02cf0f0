// Reads adapters as they are written in settings and options.
#include "llm/adapter_choice.h"

#include <math.h>
#include <string.h>

static bool is_name(struct str s)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    for (size_t i = 0; i < s.n; i++)
        if (!memchr(letters, s.p[i], sizeof letters - 1))
            return false;
    return s.n > 0 && s.n < ADAPTER_NAME_BYTES;
}

enum err_code adapter_choice_read(struct str text, bool named, struct adapter_choice *out,
                                  struct err *err)
{
    struct str all = text = str_trim(text), name = {"", 0};
    const char *equals = named ? memchr(text.p, '=', text.n) : NULL;
    const char *form = named ? "NAME=FILE or NAME=FILE:SCALE" : "FILE or FILE:SCALE";
    double scale = 1;
    if (named && equals) {
        name = (struct str){text.p, (size_t)(equals - text.p)};
        text = (struct str){equals + 1, text.n - name.n - 1};
    }
    for (size_t i = text.n; i-- > 0;)
        if (text.p[i] == ':') {
            if (str_to_double((struct str){text.p + i + 1, text.n - i - 1}, &scale))
                text.n = i;
            break;
        }
    if ((named && !is_name(name)) || text.n == 0 || text.n >= ADAPTER_PATH_BYTES)
        return err_set(err, ERR_USAGE,
                       "the adapter \"%.*s\": %s expected, with a name of letters, digits, . _ -",
                       (int)(all.n < 200 ? all.n : 200), all.p, form);
    if (!isfinite(scale))
        return err_set(err, ERR_USAGE, "the adapter \"%.*s\": its scale is no number",
                       (int)(all.n < 200 ? all.n : 200), all.p);
    str_copy(out->name, sizeof out->name, name);
    str_copy(out->path, sizeof out->path, text);
    out->scale = (float)scale;
    return ERR_OK;
}

enum err_code adapter_choices_read(struct str text, struct adapter_choice *out, size_t most,
                                   size_t *count, struct err *err)
{
    *count = 0;
    text = str_trim(text);
    while (text.n) {
        const char *comma = memchr(text.p, ',', text.n);
        struct str one = {text.p, comma ? (size_t)(comma - text.p) : text.n};
        size_t used = one.n + (comma ? 1 : 0);
        text = (struct str){text.p + used, text.n - used};
        if (*count == most)
            return err_set(err, ERR_USAGE, "more than %zu adapters", most);
        enum err_code code = adapter_choice_read(one, true, &out[*count], err);
        if (code)
            return code;
        for (size_t i = 0; i < *count; i++)
            if (strcmp(out[i].name, out[*count].name) == 0)
                return err_set(err, ERR_USAGE, "the adapter %s is named twice", out[i].name);
        ++*count;
    }
    return ERR_OK;
}
