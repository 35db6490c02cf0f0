// Replaying recorded files as a source of the running plant.
#include <stdlib.h>
#include <string.h>

#include "app/app_private.h"
#include "base/file.h"
#include "base/log.h"
#include "ingest/csv_replay.h"

// A commit a block would be a wait for the disk a block: blocks are gathered, as fast as possible
// until the buffer is full, at a pace for a moment only.
enum { GATHER_READINGS = 32768 };
static const int64_t gather_us = 50 * US_PER_MS;

struct replay {
    char **paths;
    size_t count;
    struct pace *pace;
    bool paced;
    struct reading *gathered;
    size_t gathered_count;
    int64_t handed_in_us;
};

static enum err_code hand_in_gathered(struct app *a, struct err *err)
{
    struct replay *r = a->replay;
    size_t count = r->gathered_count;
    r->gathered_count = 0;
    r->handed_in_us = clock_mono_us();
    if (count == 0 || source_submit(a, r->gathered, count))
        return ERR_OK;
    return err_set(err, ERR_CANCELLED, "stopping");
}

static enum err_code hand_in(void *arg, const struct reading *readings, size_t count,
                             struct err *err)
{
    struct app *a = arg;
    struct replay *r = a->replay;
    enum err_code code = ERR_OK;
    while (code == ERR_OK && count) {
        size_t room = GATHER_READINGS - r->gathered_count, some = count < room ? count : room;
        memcpy(r->gathered + r->gathered_count, readings, some * sizeof *readings);
        r->gathered_count += some;
        readings += some;
        count -= some;
        if (r->gathered_count == GATHER_READINGS ||
            (r->paced && clock_mono_us() - r->handed_in_us > gather_us))
            code = hand_in_gathered(a, err);
    }
    return code;
}

static void refuse(void *arg, uint64_t line, const char *why)
{
    app_count_refused(arg, 1);
    log_warn("replay", "line %llu: %s", (unsigned long long)line, why);
}

static void *replay_main(void *arg)
{
    struct app *a = arg;
    struct replay *r = a->replay;
    for (size_t i = 0; i < r->count && !app_is_stopping(a); i++) {
        struct ingest_sink sink = {
            .catalog = a->catalog, .readings = hand_in, .refused = refuse, .arg = a};
        struct csv_replay_options options = {.pace = r->pace};
        struct ingest_counts counts = {0};
        struct err err;
        enum err_code code = csv_replay_file(r->paths[i], &options, &sink, &counts, &err);
        if (code == ERR_OK)
            code = hand_in_gathered(a, &err);
        if (code == ERR_OK)
            log_info("replay", "%s: %llu readings, %llu refused", r->paths[i],
                     (unsigned long long)counts.accepted, (unsigned long long)counts.refused);
        else if (code != ERR_CANCELLED)
            log_error("replay", "%s: %s", r->paths[i], err.text);
    }
    a->stages[STAGE_SOURCE].active = false;
    return NULL;
}

enum err_code app_start_replay(struct app *a, const char *const *paths, size_t count, double speed,
                               struct err *err)
{
    if (a->source_running)
        return err_set(err, ERR_CONFLICT, "a source runs already");
    if (!(speed >= 0) || speed > 1e9)
        return err_set(err, ERR_USAGE, "speed %g: 0 to 1000000000 expected", speed);
    for (size_t i = 0; i < count; i++)
        if (!file_exists(paths[i]))
            return err_set(err, ERR_NOT_FOUND, "%s: no such file", paths[i]);
    struct replay *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the replay");
    a->replay = r;
    r->paths = calloc(count, sizeof *r->paths);
    r->pace = pace_open(&(struct pace_options){.speed = speed});
    r->paced = speed > 0;
    r->gathered = calloc(GATHER_READINGS, sizeof *r->gathered);
    bool ok = r->paths && r->pace && r->gathered;
    for (; ok && r->count < count; r->count++)
        ok = (r->paths[r->count] = strdup(paths[r->count])) != NULL;
    enum err_code code = ok ? ERR_OK : err_set(err, ERR_NO_MEMORY, "out of memory for the replay");
    if (code == ERR_OK) {
        atomic_store(&a->clock_mode, CLOCK_REPLAY);
        a->stages[STAGE_SOURCE].name = "replay";
        a->stages[STAGE_SOURCE].active = true;
        a->source_running = pthread_create(&a->source_thread, NULL, replay_main, a) == 0;
        if (!a->source_running)
            code = err_set(err, ERR_NO_MEMORY, "cannot start the replay thread");
    }
    if (code != ERR_OK)
        replay_stop(a);
    return code;
}

void replay_stop(struct app *a)
{
    struct replay *r = a->replay;
    if (!r)
        return;
    if (r->pace)
        pace_cancel(r->pace);
    if (a->source_running)
        pthread_join(a->source_thread, NULL);
    a->source_running = false;
    for (size_t i = 0; i < r->count; i++)
        free(r->paths[i]);
    free(r->paths);
    pace_close(&r->pace);
    free(r->gathered);
    free(r);
    a->replay = NULL;
}
