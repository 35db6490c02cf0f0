// fettle watch: finds what is wrong in a file or a stream, without a server or a database.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/watch.h"
#include "base/progress.h"
#include "cli/command.h"
#include "cli/interrupt.h"

enum { REFUSALS_SHOWN = 5 };

static struct {
    const char *asset, *learn;
    struct option_list ignore;
    bool all_columns, incidents;
} opt;

static const struct option table[] = {
    {"asset", "NAME", "Asset of the file's columns (default: after the file's name)", OPTION_TEXT,
     &opt.asset},
    {"ignore", "COLUMN", "A column that is no sensor; may be repeated", OPTION_LIST, &opt.ignore},
    {"all-columns", NULL, "Take columns named anomaly, changepoint, label as sensors too",
     OPTION_FLAG, &opt.all_columns},
    {"learn", "FROM..TO", "Readings of this time count as normal: learn from them first",
     OPTION_TEXT, &opt.learn},
    {"incidents", NULL, "Print incidents instead of anomalies", OPTION_FLAG, &opt.incidents},
    JSON_OPTION,
    SETTINGS_OPTIONS,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

struct screen {
    struct buf out;
    struct progress progress;
    bool colour, live, ending, failed;
    uint64_t refused;
};

static void flush(struct screen *s)
{
    progress_clear(&s->progress);
    s->failed = s->failed || cli_print(&s->out, NULL) != ERR_OK;
    buf_reset(&s->out);
}

static void add_span(struct buf *out, int64_t start_us, int64_t end_us)
{
    char from[TIME_TEXT_BYTES], to[TIME_TEXT_BYTES];
    time_to_text(start_us, from);
    time_to_text(end_us, to);
    buf_printf(out, "%.10s %.8s", from, from + 11);
    if (end_us == TIME_NONE)
        buf_add_z(out, " ...        ");
    else
        buf_printf(out, " to %.8s", to + 11);
}

static void anomaly_json(struct buf *out, const struct sensor *s, const struct anomaly *a,
                         enum change change)
{
    static const char *const changes[] = {"opened", "updated", "closed"};
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key_text(&j, "change", changes[change]);
    json_key_text(&j, "asset", s->asset_name);
    json_key_text(&j, "parameter", s->parameter);
    json_key_text(&j, "type", anomaly_kind_name(a->kind));
    json_key_text(&j, "side", side_name(a->side));
    json_key_text(&j, "severity", severity_name(a->severity));
    json_key_text(&j, "detector", a->detector);
    json_key_time(&j, "start", a->start_us);
    json_key_time(&j, "end", a->end_us);
    json_key_time(&j, "detected", a->detected_us);
    json_key_real(&j, "peak", a->peak);
    json_key_time(&j, "peak_time", a->peak_us);
    json_key_real(&j, "limit", a->limit);
    json_key_real(&j, "expected_low", a->expected_low);
    json_key_real(&j, "expected_high", a->expected_high);
    json_key_real(&j, "score", a->score);
    json_key_int(&j, "count", (int64_t)a->count);
    json_key_int(&j, "incident", (int64_t)a->incident);
    json_key_text(&j, "message", a->message);
    json_end(&j);
    buf_add_char(out, '\n');
}

static void note_ending(void *arg)
{
    struct screen *screen = arg;
    screen->ending = true;
}

// A file is over in a blink: each episode is one line, when it has ended. A stream is live: there
// the beginning is news, too. What is open at the end is told then.
static void show_anomaly(void *arg, const struct sensor *s, const struct anomaly *a,
                         enum change change)
{
    struct screen *screen = arg;
    bool still_open = change == CHANGE_UPDATED && screen->ending && a->end_us == TIME_NONE;
    if (opt.incidents || (change == CHANGE_UPDATED && !still_open))
        return;
    if (common_options.json) {
        anomaly_json(&screen->out, s, a, change);
        flush(screen);
        return;
    }
    if (change == CHANGE_OPENED && !screen->live)
        return;
    const char *colour = !screen->colour                    ? ""
                         : a->severity == SEVERITY_CRITICAL ? "\033[31m"
                                                            : "\033[33m";
    add_span(&screen->out, a->start_us, a->end_us);
    buf_printf(&screen->out, "  %s%-12s%s %s/%s: %s\n", colour, anomaly_kind_name(a->kind),
               screen->colour ? "\033[0m" : "", s->asset_name, s->parameter, a->message);
    flush(screen);
}

static void show_incident(void *arg, const char *asset, const struct incident *i,
                          enum change change)
{
    struct screen *screen = arg;
    bool wanted = change == CHANGE_CLOSED || (change == CHANGE_OPENED && screen->live) ||
                  (change == CHANGE_UPDATED && screen->ending);
    if (!opt.incidents || !wanted)
        return;
    if (common_options.json) {
        struct json_out j;
        json_open(&j, &screen->out);
        json_object(&j);
        json_key_int(&j, "id", (int64_t)i->id);
        json_key_text(&j, "asset", asset);
        json_key_text(&j, "severity", severity_name(i->severity));
        json_key_time(&j, "start", i->start_us);
        json_key_time(&j, "last", i->last_us);
        json_key_int(&j, "anomalies", (int64_t)i->anomaly_count);
        json_key_text(&j, "title", i->title);
        json_end(&j);
    } else {
        add_span(&screen->out, i->start_us, i->last_us);
        buf_printf(&screen->out, "  %-8s  %s (%llu anomalies)", severity_name(i->severity),
                   i->title, (unsigned long long)i->anomaly_count);
    }
    buf_add_char(&screen->out, '\n');
    flush(screen);
}

static void show_refused(void *arg, uint64_t line, const char *why)
{
    struct screen *screen = arg;
    progress_clear(&screen->progress);
    if (screen->refused++ < REFUSALS_SHOWN)
        fprintf(stderr, "line %llu refused: %s\n", (unsigned long long)line, why);
    else if (screen->refused == REFUSALS_SHOWN + 1)
        fprintf(stderr, "more lines were refused; the count is at the end\n");
}

static bool show_progress(void *arg, uint64_t done, uint64_t total)
{
    struct screen *screen = arg;
    screen->progress.total = total;
    if (total)
        progress_at(&screen->progress, done, NULL);
    return !cli_interrupted() && !screen->failed;
}

static void add_report(struct buf *out, const char *path, const struct watch_report *r)
{
    char from[TIME_TEXT_BYTES], to[TIME_TEXT_BYTES];
    buf_printf(out, "\n%s: %llu reading%s of %zu sensor%s on %zu asset%s", path,
               (unsigned long long)r->readings, r->readings == 1 ? "" : "s", r->sensors,
               r->sensors == 1 ? "" : "s", r->assets, r->assets == 1 ? "" : "s");
    if (r->first_us != TIME_NONE)
        buf_printf(out, ", %s to %s", time_to_text(r->first_us, from),
                   time_to_text(r->last_us, to));
    if (r->learnt)
        buf_printf(out, "; learnt from %llu of them first", (unsigned long long)r->learnt);
    if (r->refused)
        buf_printf(out, "; %llu refused", (unsigned long long)r->refused);
    buf_printf(out, "\n%llu anomal%s", (unsigned long long)r->anomalies,
               r->anomalies == 1 ? "y" : "ies");
    bool any = false;
    for (int k = 0; k < ANOMALY_KIND_COUNT; k++) {
        if (!r->by_kind[k])
            continue;
        buf_printf(out, "%s%llu %s", any ? ", " : " (", (unsigned long long)r->by_kind[k],
                   anomaly_kind_name((enum anomaly_kind)k));
        any = true;
    }
    buf_printf(out, "%s in %llu incident%s, %zu still open at the end; %.2f s\n", any ? ")" : "",
               (unsigned long long)r->incidents, r->incidents == 1 ? "" : "s", r->open, r->seconds);
}

static void report_json(struct buf *out, const char *path, const struct watch_report *r)
{
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key(&j, "summary");
    json_object(&j);
    json_key_text(&j, "input", path);
    json_key_int(&j, "readings", (int64_t)r->readings);
    json_key_int(&j, "refused", (int64_t)r->refused);
    json_key_int(&j, "learnt", (int64_t)r->learnt);
    json_key_int(&j, "sensors", (int64_t)r->sensors);
    json_key_int(&j, "assets", (int64_t)r->assets);
    json_key_time(&j, "first", r->first_us);
    json_key_time(&j, "last", r->last_us);
    json_key_int(&j, "anomalies", (int64_t)r->anomalies);
    json_key_int(&j, "open", (int64_t)r->open);
    json_key_int(&j, "incidents", (int64_t)r->incidents);
    json_key(&j, "by_type");
    json_object(&j);
    for (int k = 0; k < ANOMALY_KIND_COUNT; k++)
        if (r->by_kind[k])
            json_key_int(&j, anomaly_kind_name((enum anomaly_kind)k), (int64_t)r->by_kind[k]);
    json_end(&j);
    json_end(&j);
    json_end(&j);
    buf_add_char(out, '\n');
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    static const char *const labels[] = {"anomaly", "changepoint", "label", "is_anomaly"};
    const char *ignore[OPTION_LIST_MAX + 4];
    size_t ignored = 0;
    bool piped = operands->count == 0 && !isatty(STDIN_FILENO);
    if (operands->count != 1 && !piped)
        return err_set(err, ERR_USAGE, "one file expected (- reads standard input)");
    for (size_t i = 0; !opt.all_columns && i < sizeof labels / sizeof *labels; i++)
        ignore[ignored++] = labels[i];
    for (size_t i = 0; i < opt.ignore.count; i++)
        ignore[ignored++] = opt.ignore.items[i];
    const char *path = piped ? "-" : operands->items[0];
    struct screen screen = {.colour = cli_colour(), .live = strcmp(path, "-") == 0};
    progress_open(&screen.progress, "watching", 0);
    struct watch_options watch = {.path = path,
                                  .asset = opt.asset,
                                  .ignore = ignore,
                                  .ignore_count = ignored,
                                  .learns = opt.learn};
    if (opt.learn &&
        app_span_parse(str_of(opt.learn), &watch.learn_from_us, &watch.learn_to_us, err) != ERR_OK)
        return err_prefix(err, "--learn");
    cli_catch(SIGINT);
    struct watch_events events = {.anomaly = show_anomaly,
                                  .incident = show_incident,
                                  .refused = show_refused,
                                  .ending = note_ending,
                                  .progress = show_progress,
                                  .arg = &screen};
    struct watch_report report;
    struct app_sources from = *cli_sources();
    enum err_code code = app_watch(&from, &watch, &events, &report, err);
    progress_clear(&screen.progress);
    if (code == ERR_CANCELLED && cli_interrupted())
        code = ERR_OK;
    if (code == ERR_OK) {
        if (common_options.json)
            report_json(&screen.out, path, &report);
        else
            add_report(&screen.out, path, &report);
        code = cli_print(&screen.out, err);
    }
    buf_free(&screen.out);
    if (code == ERR_OK && report.readings == 0 && report.refused)
        code = err_set(err, ERR_INPUT,
                       "%s: nothing in it could be read as readings; CSV with its columns named in "
                       "the first line, JSON or InfluxDB line protocol is expected, as UTF-8",
                       path);
    return code;
}

const struct command command_watch = {
    .name = "watch",
    .operands = "[FILE]",
    .summary = "Find what is wrong in a file or a stream",
    .text =
        "Reads CSV (wide: a time column and a column a sensor; long: time, sensor, value), JSON,\n"
        "newline-delimited JSON or InfluxDB line protocol, as the file has it, and prints what\n"
        "is wrong, with a summary at the end. Needs no server and no database. With -, or\n"
        "without FILE in a pipe, it reads standard input and speaks as it finds.",
    .examples = "  fettle watch pump.csv\n"
                "  fettle watch --json pump.csv | jq .message\n"
                "  fettle watch --learn 2026-11-02..2026-11-03 pump.csv\n"
                "  tail -f pump.csv | fettle watch -\n"
                "  fettle watch --set rules.sensor.pump/Pressure.spike_high=1.5 pump.csv\n",
    .options = options,
    .run = run,
};
