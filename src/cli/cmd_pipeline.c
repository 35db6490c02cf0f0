// fettle pipeline: shows the stages of a running plant and what flows through them.
#include "app/app.h"
#include "base/json_doc.h"
#include "cli/client.h"
#include "cli/command.h"

static const struct option table[] = {JSON_OPTION, SETTINGS_OPTIONS, OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static void add_stage(struct buf *out, const struct json_node *o)
{
    buf_printf(out, "%-9s %-8s %12lld %12lld %10.0f/s %10lld  %s\n", json_get_text(o, "name"),
               json_get_bool(o, "active") ? "active" : "-", (long long)json_get_int(o, "in"),
               (long long)json_get_int(o, "out"), json_get_number(o, "per_second"),
               (long long)json_get_int(o, "queued"), json_get_text(o, "note"));
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    struct client client;
    if (operands->count)
        return err_set(err, ERR_USAGE, "pipeline takes no arguments");
    if (!client_find(common_options.data_dir, &client))
        return err_set(err, ERR_NOT_FOUND,
                       "no fettle runs on %s: start `fettle serve --data %s` first",
                       common_options.data_dir, common_options.data_dir);
    struct buf answer = {0}, out = {0};
    enum err_code code = client_request(&client, "GET", "/api/v1/pipeline", NULL, &answer, err);
    struct arena *arena = arena_open(0);
    struct json_node *root;
    if (code == ERR_OK && !arena)
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
    if (code == ERR_OK && !common_options.json)
        code = json_read(arena, buf_str(&answer), "the answer", &root, err);
    if (code == ERR_OK && common_options.json) {
        code = cli_print(&answer, err);
    } else if (code == ERR_OK) {
        buf_printf(&out, "%-9s %-8s %12s %12s %12s %10s\n", "stage", "state", "in", "out", "rate",
                   "queued");
        const struct json_node *stages = json_get(root, "stages");
        for (const struct json_node *o = stages ? stages->first : NULL; o; o = o->next)
            add_stage(&out, o);
        code = cli_print(&out, err);
    }
    arena_close(&arena);
    buf_free(&answer);
    buf_free(&out);
    return code;
}

const struct command command_pipeline = {
    .name = "pipeline",
    .operands = "",
    .summary = "Show the stages and what flows through them",
    .text =
        "source -> intake -> store -> detect -> findings -> summary, with counts, rates and what\n"
        "waits in between, of the fettle that runs on the data folder.",
    .examples = "  fettle pipeline\n",
    .options = options,
    .run = run,
};
