// fettle serve: runs the plant with its HTTP server until it is told to stop.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/client.h"
#include "cli/command.h"
#include "llm/serving.h"
#include "server/server.h"

static struct {
    bool demo, replay, json_log;
    double speed;
    int64_t assets, seed;
    const char *log_level, *model;
    struct option_list adapters;
} opt = {.speed = -1, .assets = 6, .seed = 1};

static const struct option table[] = {
    {"demo", NULL, "Simulate a water plant, with faults", OPTION_FLAG, &opt.demo},
    {"assets", "N", "Pipes of the demo plant (default 6)", OPTION_INT, &opt.assets},
    {"seed", "N", "Seed of the demo plant: same seed, same plant (default 1)", OPTION_INT,
     &opt.seed},
    {"replay", NULL, "Replay the CSV files named, one after the other", OPTION_FLAG, &opt.replay},
    {"speed", "N", "Times real time: 60 runs an hour a minute; 0 replays as fast as possible",
     OPTION_REAL, &opt.speed},
    {"model|m", "FILE", "Language model to serve, a GGUF file (as --set llm.model=FILE)",
     OPTION_TEXT, &opt.model},
    {"adapter", "NAME=FILE[:SCALE]",
     "LoRA adapter of that model that requests may choose as MODEL:NAME; may be repeated",
     OPTION_LIST, &opt.adapters},
    {"log", "LEVEL", "error, warn, info (default) or debug", OPTION_TEXT, &opt.log_level},
    {"log-json", NULL, "Log lines as JSON", OPTION_FLAG, &opt.json_log},
    SETTINGS_OPTIONS,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

// A wrong file is told at once, not after the plant has started.
static enum err_code set_model(struct err *err)
{
    static char pair[4096];
    struct option_list *sets = &common_options.sets;
    if (!file_exists(opt.model))
        return err_set(err, ERR_NOT_FOUND, "--model %s: no such file", opt.model);
    bool has_folder = strchr(opt.model, '/');
    if (sets->count == OPTION_LIST_MAX ||
        snprintf(pair, sizeof pair, "llm.model=%s%s", has_folder ? "" : "./", opt.model) >=
            (int)sizeof pair)
        return err_set(err, ERR_LIMIT, "--model %s: too long", opt.model);
    sets->items[sets->count++] = pair;
    return ERR_OK;
}

// As --set llm.adapters=...
static enum err_code set_adapters(struct err *err)
{
    static char pair[16384];
    struct adapter_choice read[SERVING_ADAPTERS_MAX];
    struct option_list *sets = &common_options.sets;
    size_t count, n = (size_t)snprintf(pair, sizeof pair, "llm.adapters=");
    const size_t start = n;
    for (size_t i = 0; i < opt.adapters.count && n < sizeof pair; i++)
        n += (size_t)snprintf(pair + n, sizeof pair - n, "%s%s", i ? "," : "",
                              opt.adapters.items[i]);
    if (sets->count == OPTION_LIST_MAX || n >= sizeof pair)
        return err_set(err, ERR_LIMIT, "--adapter: too many or too long");
    if (adapter_choices_read(str_of(pair + start), read, SERVING_ADAPTERS_MAX, &count, err))
        return err_prefix(err, "--adapter");
    for (size_t i = 0; i < count; i++)
        if (!file_exists(read[i].path))
            return err_set(err, ERR_NOT_FOUND, "--adapter %s: no such file", read[i].path);
    sets->items[sets->count++] = pair;
    return ERR_OK;
}

static enum err_code check_options(const struct option_list *operands, struct err *err)
{
    enum log_level level;
    if (opt.log_level && !log_level_from_text(opt.log_level, &level))
        return err_set(err, ERR_USAGE, "--log %s: error, warn, info or debug expected",
                       opt.log_level);
    if (opt.log_level)
        log_set_level(level);
    log_set_json(opt.json_log);
    if (operands->count && !opt.replay)
        return err_set(err, ERR_USAGE, "%s: files are given with --replay", operands->items[0]);
    if (opt.replay && operands->count == 0)
        return err_set(err, ERR_USAGE, "--replay needs the names of CSV files");
    if (opt.replay && opt.demo)
        return err_set(err, ERR_USAGE, "--demo and --replay exclude each other");
    if (opt.demo && (opt.assets < 1 || opt.assets > 100000))
        return err_set(err, ERR_USAGE, "--assets %lld: 1 to 100000 expected",
                       (long long)opt.assets);
    if (opt.demo && opt.speed == 0)
        return err_set(err, ERR_USAGE, "--speed 0 is for --replay: the demo needs a pace");
    enum err_code code = opt.model ? set_model(err) : ERR_OK;
    return !code && opt.adapters.count ? set_adapters(err) : code;
}

// Waits for SIGTERM or SIGINT; SIGHUP reads the settings again.
static void wait_for_stop(struct app *app, const sigset_t *signals)
{
    for (;;) {
        int sig = 0;
        if (sigwait(signals, &sig) != 0 || sig == SIGTERM || sig == SIGINT)
            return;
        struct err err;
        if (app_config_reload(app, &err) == ERR_OK)
            log_info("serve", "settings read again");
        else
            log_error("serve", "settings stay as they were: %s", err.text);
    }
}

static enum err_code start_source(struct app *app, const struct option_list *operands,
                                  struct err *err)
{
    if (opt.demo)
        return app_start_demo(app, (size_t)opt.assets, opt.speed < 0 ? 1 : opt.speed,
                              (uint64_t)opt.seed, err);
    if (opt.replay)
        return app_start_replay(app, operands->items, operands->count,
                                opt.speed < 0 ? 1 : opt.speed, err);
    return ERR_OK;
}

// A drain that hangs must not keep the machine from shutting down.
static void *give_up_in_time(void *arg)
{
    (void)arg;
    clock_sleep_us(10 * US_PER_SECOND);
    log_error("serve", "could not drain within 10 s");
    _exit(err_exit_code(ERR_BUSY));
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    enum err_code code = check_options(operands, err);
    if (code != ERR_OK)
        return code;
    // Blocked before any thread starts, so that only wait_for_stop gets them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    struct app *app = NULL;
    struct server *server = NULL;
    code = app_open(cli_sources(), &app, err);
    if (code == ERR_OK)
        code = server_open(app, &server, err);
    if (code == ERR_OK)
        code =
            client_announce(common_options.data_dir, server_host(server), server_port(server), err);
    if (code == ERR_OK)
        code = start_source(app, operands, err);
    if (code == ERR_OK) {
        log_info("serve", "fettle %s is at %s (data in %s; Ctrl-C stops)", FETTLE_VERSION,
                 server_url(server), common_options.data_dir);
        wait_for_stop(app, &signals);
        log_info("serve", "stopping: finishing what was accepted");
        pthread_t watchdog;
        if (pthread_create(&watchdog, NULL, give_up_in_time, NULL) == 0)
            pthread_detach(watchdog);
    }
    client_withdraw(common_options.data_dir);
    server_close(&server);
    enum err_code closed = app_close(&app, code == ERR_OK ? err : NULL);
    if (code == ERR_OK && closed == ERR_OK)
        log_info("serve", "stopped");
    return code == ERR_OK ? closed : code;
}

const struct command command_serve = {
    .name = "serve",
    .operands = "[FILE...]",
    .summary = "Watch a plant and serve the page and the API",
    .text =
        "Takes readings over HTTP (JSON, newline-delimited JSON, InfluxDB line protocol), from\n"
        "the built-in demo plant, or from CSV files; detects, stores, and shows everything at\n"
        "http://127.0.0.1:8000. SIGHUP reads the settings again; SIGTERM and Ctrl-C finish what\n"
        "was accepted and stop.",
    .examples = "  fettle serve --demo                       # a plant to look at\n"
                "  fettle serve --demo --speed 60            # an hour a minute\n"
                "  fettle serve                              # send to /api/v1/readings\n"
                "  fettle serve --replay --speed 0 day.csv   # judge a recorded day\n"
                "  fettle serve --demo --model model.gguf    # with a language model, also at /v1\n"
                "  fettle serve --set server.port=9000 --data /var/lib/fettle\n",
    .options = options,
    .run = run,
};
