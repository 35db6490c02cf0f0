// fettle sensitivity: lists what verdicts of "false alarm" keep back, and takes it back.
#include "app/app.h"
#include "cli/ask.h"
#include "cli/command.h"

static struct {
    const char *detector, *kind;
    bool reset;
} opt;

static const struct option table[] = {
    {"reset", NULL, "Tell them again: all, or those of SENSOR, --detector, --kind", OPTION_FLAG,
     &opt.reset},
    {"detector", "NAME", "With --reset: only of this detector", OPTION_TEXT, &opt.detector},
    {"kind", "KIND", "With --reset: only of this kind of anomaly", OPTION_TEXT, &opt.kind},
    JSON_OPTION,
    SERVER_OPTIONS,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static void show_patterns(struct buf *out, const struct json_node *answer)
{
    const struct json_node *list = json_get(answer, "patterns");
    if (list && list->count)
        buf_printf(out, "%-30s %-13s %-13s %-18s %s\n", "sensor", "detector", "kind",
                   "told above score", "called false");
    else
        buf_add_z(out, "nothing is kept back\n");
    for (const struct json_node *p = list ? list->first : NULL; p; p = p->next) {
        const struct json_node *incidents = json_get(p, "incidents");
        buf_printf(out, "%-30s %-13s %-13s %-18.3f incident", json_get_text(p, "sensor"),
                   json_get_text(p, "detector"), json_get_text(p, "kind"),
                   json_get_number(p, "above_score"));
        for (const struct json_node *i = incidents ? incidents->first : NULL; i; i = i->next)
            buf_printf(out, "%s %.0f", i == incidents->first ? "" : ",", i->number);
        buf_printf(out, " (score %.3f), since %.10s\n", json_get_number(p, "false_score"),
                   json_get_text(p, "since"));
    }
}

static void show_reset(struct buf *out, const struct json_node *answer)
{
    long long count = json_get_int(answer, "reset");
    buf_printf(out, "%lld verdict%s no longer keep%s anything back\n", count, count == 1 ? "" : "s",
               count == 1 ? "s" : "");
}

static enum err_code reset(const char *sensor, struct err *err)
{
    struct buf body = {0};
    struct json_out j;
    json_open(&j, &body);
    json_object(&j);
    if (sensor)
        json_key_text(&j, "sensor", sensor);
    if (opt.detector)
        json_key_text(&j, "detector", opt.detector);
    if (opt.kind)
        json_key_text(&j, "kind", opt.kind);
    json_end(&j);
    enum err_code code =
        body.failed ? err_set(err, ERR_NO_MEMORY, "out of memory")
                    : ask_server("POST", "/api/v1/sensitivity/reset", body.p, show_reset, err);
    buf_free(&body);
    return code;
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    const char *sensor = operands->count ? operands->items[0] : NULL;
    struct buf path = {0};
    if (operands->count > 1)
        return err_set(err, ERR_USAGE, "one sensor at most expected");
    if (opt.reset)
        return reset(sensor, err);
    if (opt.detector || opt.kind)
        return err_set(err, ERR_USAGE, "--detector and --kind go with --reset");
    buf_add_z(&path, "/api/v1/sensitivity");
    if (sensor) {
        buf_add_z(&path, "?sensor=");
        ask_escape(&path, sensor);
    }
    enum err_code code = path.failed ? err_set(err, ERR_NO_MEMORY, "out of memory")
                                     : ask_server("GET", path.p, NULL, show_patterns, err);
    buf_free(&path);
    return code;
}

const struct command command_sensitivity = {
    .name = "sensitivity",
    .operands = "[SENSOR]",
    .summary = "Show what verdicts of \"false alarm\" keep back, or take that back",
    .text =
        "A verdict of false_alarm on an incident keeps its patterns (what one detector finds, of\n"
        "one kind, on one sensor) back up to a quarter above the size it had. Changing the\n"
        "verdict takes that back, and so does --reset, which leaves the verdicts as they are.",
    .examples = "  fettle sensitivity\n"
                "  fettle sensitivity --reset wtf-pipe-1/flow\n"
                "  fettle sensitivity --reset --detector noise\n",
    .options = options,
    .run = run,
};
