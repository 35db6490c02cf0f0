// fettle relearn: makes a running plant forget what is normal and learn it anew.
#include "app/app.h"
#include "cli/ask.h"
#include "cli/command.h"

static struct {
    const char *asset, *span;
    bool all;
} opt;

static const struct option table[] = {
    {"asset", "NAME", "All sensors of this asset", OPTION_TEXT, &opt.asset},
    {"all", NULL, "All sensors", OPTION_FLAG, &opt.all},
    {"learn", "FROM..TO", "Learn from the stored readings of this time, not from now on",
     OPTION_TEXT, &opt.span},
    JSON_OPTION,
    SERVER_OPTIONS,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static void show(struct buf *out, const struct json_node *answer)
{
    long long sensors = json_get_int(answer, "sensors"),
              readings = json_get_int(answer, "readings");
    buf_printf(out, "%lld sensor%s learn%s anew", sensors, sensors == 1 ? "" : "s",
               sensors == 1 ? "s" : "");
    if (readings)
        buf_printf(out, " from %lld stored readings\n", readings);
    else
        buf_add_z(out, " from now on\n");
}

static enum err_code span_body(struct buf *out, struct err *err)
{
    int64_t from_us, to_us;
    struct json_out j;
    enum err_code code = app_span_parse(str_of(opt.span), &from_us, &to_us, err);
    if (code != ERR_OK)
        return err_prefix(err, "--learn");
    json_open(&j, out);
    json_object(&j);
    if (from_us != TIME_NONE)
        json_key_time(&j, "from", from_us);
    if (to_us != TIME_NONE)
        json_key_time(&j, "to", to_us);
    json_end(&j);
    return ERR_OK;
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    struct buf path = {0}, body = {0};
    if (operands->count + (opt.asset != NULL) + opt.all != 1)
        return err_set(err, ERR_USAGE, "one of SENSOR, --asset NAME and --all expected");
    buf_add_z(&path, "/api/v1/");
    if (opt.asset || operands->count) {
        buf_add_z(&path, opt.asset ? "assets/" : "sensors/");
        ask_escape(&path, opt.asset ? opt.asset : operands->items[0]);
        buf_add_char(&path, '/');
    }
    buf_add_z(&path, "relearn");
    enum err_code code = opt.span ? span_body(&body, err) : ERR_OK;
    if (code == ERR_OK && (path.failed || body.failed))
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
    if (code == ERR_OK)
        code = ask_server("POST", path.p, opt.span ? body.p : NULL, show, err);
    buf_free(&path);
    buf_free(&body);
    return code;
}

const struct command command_relearn = {
    .name = "relearn",
    .operands = "[SENSOR]",
    .summary = "Forget what is normal and learn it anew, after the plant has changed",
    .text =
        "The statistical detectors of the fettle that runs on the data folder forget what they\n"
        "learnt of a sensor (asset/parameter), an asset or the whole plant. With --learn they\n"
        "learn from stored readings of a time when all was well and alarm at once; without, they\n"
        "warm up first. Limits that are set are not touched.",
    .examples = "  fettle relearn wtf-pipe-1/flow\n"
                "  fettle relearn --asset wtf-pipe-1\n"
                "  fettle relearn --all --learn 2026-11-02..2026-11-09\n",
    .options = options,
    .run = run,
};
