// Asking a running fettle: finding it, one request, printing the answer.
#include "cli/ask.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

bool ask_find(struct client *out)
{
    const char *environment = getenv("FETTLE_API_KEY");
    const char *key = common_options.api_key ? common_options.api_key : environment;
    if (!client_find(common_options.data_dir, out))
        return false;
    if (key && *key)
        str_copy(out->key, sizeof out->key, str_of(key));
    return true;
}

static enum err_code print(const struct buf *answer, ask_show_fn *show, struct err *err)
{
    if (common_options.json)
        return cli_print(answer, err);
    struct arena *arena = arena_open(0);
    struct json_node *root;
    struct buf out = {0};
    enum err_code code = arena ? json_read(arena, buf_str(answer), "the answer", &root, err)
                               : err_set(err, ERR_NO_MEMORY, "out of memory");
    if (code == ERR_OK) {
        show(&out, root);
        code = cli_print(&out, err);
    }
    buf_free(&out);
    arena_close(&arena);
    return code;
}

enum err_code ask_server(const char *method, const char *path, const char *body, ask_show_fn *show,
                         struct err *err)
{
    struct client client;
    struct buf answer = {0};
    if (!ask_find(&client))
        return err_set(err, ERR_NOT_FOUND,
                       "no fettle runs on %s: start `fettle serve --data %s` first",
                       common_options.data_dir, common_options.data_dir);
    enum err_code code = client_request(&client, method, path, body, &answer, err);
    if (code == ERR_OK)
        code = print(&answer, show, err);
    buf_free(&answer);
    return code;
}

void ask_escape(struct buf *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 128 && (isalnum(*p) || strchr("-._~", *p)))
            buf_add_char(out, (char)*p);
        else
            buf_printf(out, "%%%02X", *p);
    }
}
