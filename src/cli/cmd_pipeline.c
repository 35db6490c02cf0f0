// fettle pipeline: shows the stages of a running plant and what flows through them.
#include "cli/ask.h"
#include "cli/command.h"

static const struct option table[] = {JSON_OPTION, SERVER_OPTIONS, OPTIONS_END};

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

static void show(struct buf *out, const struct json_node *answer)
{
    const struct json_node *stages = json_get(answer, "stages");
    buf_printf(out, "%-9s %-8s %12s %12s %12s %10s\n", "stage", "state", "in", "out", "rate",
               "queued");
    for (const struct json_node *o = stages ? stages->first : NULL; o; o = o->next)
        add_stage(out, o);
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    if (operands->count)
        return err_set(err, ERR_USAGE, "pipeline takes no arguments");
    return ask_server("GET", "/api/v1/pipeline", NULL, show, err);
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
