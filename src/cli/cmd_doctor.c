// fettle doctor: looks at the machine and the data folder, and says what could go wrong.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "app/app.h"
#include "base/file.h"
#include "cli/ask.h"
#include "cli/command.h"

static const struct option table[] = {JSON_OPTION, SERVER_OPTIONS, OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

enum health { GOOD, WARN, BAD };

struct report {
    struct buf out;
    struct json_out j;
    int bad, warnings;
};

static void say(struct report *r, enum health health, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void say(struct report *r, enum health health, const char *what, const char *fmt, ...)
{
    static const char *const names[] = {"good", "warning", "bad"};
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    r->bad += health == BAD;
    r->warnings += health == WARN;
    if (common_options.json) {
        json_object(&r->j);
        json_key_text(&r->j, "check", what);
        json_key_text(&r->j, "health", names[health]);
        json_key_text(&r->j, "message", text.p);
        json_end(&r->j);
    } else {
        buf_printf(&r->out, "%-8s %-9s %s\n", names[health], what, text.p);
    }
    buf_free(&text);
}

static void check_machine(struct report *r)
{
    struct sysinfo info;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (sysinfo(&info) != 0)
        return;
    double total = (double)info.totalram * info.mem_unit / (1 << 30);
    double free_gib = (double)(info.freeram + info.bufferram) * info.mem_unit / (1 << 30);
    say(r, total < 0.5 ? WARN : GOOD, "machine", "%ld cores, %.1f GiB of memory (%.1f GiB unused)",
        cores, total, free_gib);
}

static void check_clock(struct report *r)
{
    char text[TIME_TEXT_BYTES];
    int64_t now = clock_wall_us();
    bool odd = now < time_days_from_civil(2024, 1, 1) * US_PER_DAY;
    say(r, odd ? BAD : GOOD, "clock", "it is %s here%s", time_to_text(now, text),
        odd ? ": set the clock, readings are dated by it" : "");
}

// Shared memory of the write-ahead log does not work over a network.
static const char *network_filesystem(long type)
{
    switch ((unsigned long)type & 0xffffffff) {
    case 0x6969:
        return "NFS";
    case 0xff534d42:
    case 0xfe534d42:
        return "SMB";
    case 0x65735546:
        return "FUSE";
    default:
        return NULL;
    }
}

static void check_folder(struct report *r, const char *dir)
{
    struct statfs fs;
    struct statvfs room;
    if (!file_exists(dir)) {
        say(r, GOOD, "folder", "%s does not exist yet: it is made at the first start", dir);
        return;
    }
    if (access(dir, W_OK) != 0) {
        say(r, BAD, "folder", "%s cannot be written: %s", dir, strerror(errno));
        return;
    }
    if (statfs(dir, &fs) != 0 || statvfs(dir, &room) != 0) {
        say(r, BAD, "folder", "%s: %s", dir, strerror(errno));
        return;
    }
    const char *network = network_filesystem((long)fs.f_type);
    double gib = (double)room.f_bavail * (double)room.f_frsize / (1 << 30);
    say(r, network ? BAD : GOOD, "folder", "%s can be written%s%s%s", dir,
        network ? ", but lies on " : "", network ? network : "",
        network ? ": keep the database on a local disk" : "");
    say(r, gib < 0.1 ? BAD : gib < 1 ? WARN : GOOD, "disk", "%.1f GiB free", gib);
}

static void check_settings(struct report *r)
{
    struct settings *s = NULL;
    struct err err;
    if (app_settings_load(cli_sources(), &s, &err) == ERR_OK)
        say(r, GOOD, "settings", "all good");
    else
        say(r, BAD, "settings", "%s", err.text);
    settings_close(&s);
}

static void check_store(struct report *r)
{
    struct client client;
    if (ask_find(&client)) {
        struct buf answer = {0};
        struct err err;
        if (client_request(&client, "GET", "/health", NULL, &answer, &err) == ERR_OK)
            say(r, GOOD, "server", "answers at %s:%d", client.host, client.port);
        else
            say(r, BAD, "server", "runs but does not answer: %s", err.text);
        buf_free(&answer);
        return;
    }
    say(r, GOOD, "server", "none runs on this folder");
    if (!file_exists(common_options.data_dir))
        return;
    struct app_sources from = *cli_sources();
    from.offline = true;
    struct app *app = NULL;
    struct err err;
    if (app_open(&from, &app, &err) != ERR_OK) {
        say(r, BAD, "database", "%s", err.text);
        return;
    }
    struct store_stats stats;
    store_stats(app_store(app), &stats);
    say(r, GOOD, "database",
        "%s, %.1f MiB, %llu readings held raw; one connection writes and "
        "checkpoints, which keeps out of the WAL-reset bug of SQLite before "
        "3.51.3",
        stats.engine, (double)stats.database_bytes / (1 << 20), (unsigned long long)stats.readings);
    if (app_close(&app, &err) != ERR_OK)
        say(r, BAD, "database", "%s", err.text);
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    if (operands->count)
        return err_set(err, ERR_USAGE, "doctor takes no arguments");
    struct report r = {0};
    json_open(&r.j, &r.out);
    if (common_options.json)
        json_array(&r.j);
    say(&r, GOOD, "version", "fettle %s", FETTLE_VERSION);
    check_machine(&r);
    check_clock(&r);
    check_folder(&r, common_options.data_dir);
    check_settings(&r);
    check_store(&r);
    if (common_options.json) {
        json_end(&r.j);
        buf_add_char(&r.out, '\n');
    }
    enum err_code code = cli_print(&r.out, err);
    buf_free(&r.out);
    if (code == ERR_OK && r.bad)
        return err_set(err, ERR_CONFLICT, "%d thing(s) must be put right", r.bad);
    return code;
}

const struct command command_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "Look at machine, settings and data, and say what could go wrong",
    .text = "Changes nothing. Exit code 5 when something must be put right.",
    .examples = "  fettle doctor\n  fettle doctor --data /var/lib/fettle --json\n",
    .options = options,
    .run = run,
};
