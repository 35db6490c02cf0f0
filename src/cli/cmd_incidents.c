// fettle incidents: lists them, and records what a technician says.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "cli/ask.h"
#include "cli/command.h"

static struct {
    int64_t limit;
    const char *state, *note, *verdict, *cause;
} opt = {.limit = 20};

static const struct option table[] = {
    {"state", "STATE", "Only open, acknowledged or resolved ones", OPTION_TEXT, &opt.state},
    {"limit", "N", "At most that many, newest first (default 20)", OPTION_INT, &opt.limit},
    {"note", "TEXT", "With ack and resolve: what you saw or did", OPTION_TEXT, &opt.note},
    {"verdict", "WORD", "With ack and resolve: true_fault or false_alarm", OPTION_TEXT,
     &opt.verdict},
    {"cause", "TEXT", "With ack and resolve: what it was", OPTION_TEXT, &opt.cause},
    JSON_OPTION,
    SERVER_OPTIONS,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static void add_diagnosis(struct buf *out, const struct json_node *d)
{
    const char *model = json_get_text(d, "model");
    buf_printf(out, "      when it %s: %s\n", json_get_text(d, "moment"),
               json_get_text(d, "diagnosis"));
    if (model[0])
        buf_printf(out, "        by %s%s\n", model,
                   json_get_bool(d, "verified") ? ", checked against the facts" : ", NOT verified");
    else
        buf_add_z(out, "        by the facts alone\n");
}

static void add_incident(struct buf *out, const struct json_node *o, bool colour)
{
    const char *severity = json_get_text(o, "severity");
    bool loud = strcmp(severity, "critical") == 0 && strcmp(json_get_text(o, "state"), "open") == 0;
    buf_printf(out, "%s%4lld  %-20.20s  %-12s  %-8s  %s%s%s\n", colour && loud ? "\033[31m" : "",
               (long long)json_get_int(o, "id"), json_get_text(o, "start"),
               json_get_text(o, "state"), severity, json_get_text(o, "title"),
               json_get_bool(o, "active") ? "  (still active)" : "",
               colour && loud ? "\033[0m" : "");
    if (json_get_text(o, "note")[0])
        buf_printf(out, "      note: %s\n", json_get_text(o, "note"));
    if (strcmp(json_get_text(o, "verdict"), "none") != 0 && json_get_text(o, "verdict")[0])
        buf_printf(out, "      verdict: %s%s%s\n", json_get_text(o, "verdict"),
                   json_get_text(o, "cause")[0] ? ", " : "", json_get_text(o, "cause"));
    const struct json_node *diagnoses = json_get(o, "diagnoses");
    for (const struct json_node *d = diagnoses ? diagnoses->first : NULL; d; d = d->next)
        add_diagnosis(out, d);
}

static void show(struct buf *out, const struct json_node *answer)
{
    const struct json_node *list = json_get(answer, "incidents");
    bool colour = cli_colour();
    for (const struct json_node *one = list ? list->first : answer; one; one = one->next)
        add_incident(out, one, colour);
    if (list && list->count == 0)
        buf_add_z(out, "no incidents\n");
}

static void edit_body(struct buf *out)
{
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    if (opt.note)
        json_key_text(&j, "note", opt.note);
    if (opt.verdict)
        json_key_text(&j, "verdict", opt.verdict);
    if (opt.cause)
        json_key_text(&j, "cause", opt.cause);
    json_end(&j);
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    const char *verb = operands->count ? operands->items[0] : "list";
    char path[128];
    if (strcmp(verb, "list") == 0 && operands->count <= 1) {
        enum incident_state state;
        if (opt.state && !incident_state_from_name(str_of(opt.state), &state))
            return err_set(err, ERR_USAGE, "--state %s: open, acknowledged or resolved expected",
                           opt.state);
        snprintf(path, sizeof path, "/api/v1/incidents?limit=%lld%s%s", (long long)opt.limit,
                 opt.state ? "&state=" : "", opt.state ? opt.state : "");
        return ask_server("GET", path, NULL, show, err);
    }
    uint64_t id;
    if (operands->count != 2 || !str_to_u64(str_of(operands->items[1]), &id))
        return err_set(err, ERR_USAGE, "list, show N, ack N or resolve N expected");
    bool resolve = strcmp(verb, "resolve") == 0;
    if (strcmp(verb, "show") == 0) {
        snprintf(path, sizeof path, "/api/v1/incidents/%llu", (unsigned long long)id);
        return ask_server("GET", path, NULL, show, err);
    }
    if (!resolve && strcmp(verb, "ack") != 0)
        return err_set(err, ERR_USAGE, "%s: list, show, ack or resolve expected", verb);
    snprintf(path, sizeof path, "/api/v1/incidents/%llu/%s", (unsigned long long)id,
             resolve ? "resolve" : "acknowledge");
    struct buf body = {0};
    edit_body(&body);
    enum err_code code = body.failed ? err_set(err, ERR_NO_MEMORY, "out of memory")
                                     : ask_server("POST", path, body.p, show, err);
    buf_free(&body);
    return code;
}

const struct command command_incidents = {
    .name = "incidents",
    .operands = "[list | show N | ack N | resolve N]",
    .summary = "List incidents, acknowledge and resolve them",
    .text =
        "Speaks with the fettle that runs on the data folder. An acknowledged incident stays in\n"
        "view; a resolved one is over. The verdict says whether it was a true fault or a false\n"
        "alarm.",
    .examples = "  fettle incidents\n"
                "  fettle incidents ack 7 --note \"on my way\"\n"
                "  fettle incidents resolve 7 --verdict true_fault --cause \"valve stuck\"\n",
    .options = options,
    .run = run,
};
