// What a run was made with.
#include "nn/run_origin.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "kernels/cpu.h"

enum { GIT_SECONDS = 5, GIT_BYTES = 1 << 16, CPUINFO_BYTES = 1 << 20 };

// Starts git with its output on *out. A repository's own settings must not start programs, and
// looking must not write.
static bool start_git(pid_t *child, int *out)
{
    static char *const arguments[] = {"git",          "--no-optional-locks",
                                      "-c",           "core.fsmonitor=false",
                                      "status",       "--porcelain=v2",
                                      "--branch",     "--untracked-files=no",
                                      "--no-renames", NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_t actions;
    bool good = posix_spawn_file_actions_init(&actions) == 0;
    if (good) {
        good = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
               posix_spawn_file_actions_adddup2(&actions, ends[1], 1) == 0 &&
               posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
               posix_spawnp(child, "git", &actions, NULL, arguments, environ) == 0;
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (good)
        *out = ends[0];
    else
        close(ends[0]);
    return good;
}

// What it says, as far as there is room; false when the time is up first.
static bool read_all(int from, struct buf *text)
{
    int64_t until = clock_mono_us() + GIT_SECONDS * INT64_C(1000000);
    for (;;) {
        char piece[4096];
        int64_t left_ms = (until - clock_mono_us()) / 1000;
        struct pollfd p = {.fd = from, .events = POLLIN};
        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
            return false;
        ssize_t n = read(from, piece, sizeof piece);
        if (n <= 0)
            return n == 0;
        if (text->n < GIT_BYTES)
            buf_add(text, piece, (size_t)n);
    }
}

// Lines "# branch.oid COMMIT", other headers, and one for each changed file.
static void read_state(struct str text, struct run_origin *o)
{
    while (text.n) {
        struct str line = str_cut(&text, '\n'), rest = line;
        bool header = str_is(str_cut(&rest, ' '), "#");
        if (line.n && !header)
            o->changed = true;
        if (header && str_is(str_cut(&rest, ' '), "branch.oid") && !str_is(rest, "(initial)"))
            str_copy(o->commit, sizeof o->commit, rest);
    }
}

static void read_git(struct run_origin *o)
{
    pid_t child;
    int out, status;
    if (!start_git(&child, &out))
        return;
    struct buf text = {0};
    if (!read_all(out, &text))
        kill(child, SIGKILL);
    close(out);
    bool ended = waitpid(child, &status, 0) == child && WIFEXITED(status);
    if (ended && WEXITSTATUS(status) == 0 && !text.failed)
        read_state(buf_str(&text), o);
    buf_free(&text);
}

static void read_processor(struct run_origin *o)
{
    struct buf text = {0};
    struct str name = STR_LIT("unknown");
    (void)file_read("/proc/cpuinfo", CPUINFO_BYTES, &text, NULL);
    struct str rest = buf_str(&text);
    while (rest.n) {
        struct str value = str_cut(&rest, '\n'), key = str_cut(&value, ':');
        if (str_is(str_trim(key), "model name")) {
            name = str_trim(value);
            break;
        }
    }
    snprintf(o->processor, sizeof o->processor, "%.*s, %s", name.n > 64 ? 64 : (int)name.n, name.p,
             cpu_level_name(cpu_level()));
    buf_free(&text);
}

void run_origin_read(struct run_origin *out)
{
    *out = (struct run_origin){0};
    read_git(out);
    read_processor(out);
}

enum err_code run_origin_record(struct run_log *r, const struct run_origin *o, struct err *err)
{
    enum err_code code = run_log_tag(r, "fettle.version", FETTLE_VERSION, err);
    if (!code)
        code = run_log_tag(r, "processor", o->processor, err);
    if (!code && *o->commit)
        code = run_log_tag(r, "mlflow.source.git.commit", o->commit, err);
    if (!code && *o->commit)
        code = run_log_tag(r, "git.changed", o->changed ? "yes" : "no", err);
    return code;
}
