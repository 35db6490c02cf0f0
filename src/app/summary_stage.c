// The thread that writes: summaries on time, diagnoses of incidents as they come, behind everything
// else the plant does.
#include <sys/resource.h>

#include "app/incident_diagnose.h"
#include "app/summary.h"
#include "base/log.h"

enum { NICE = 10 };

// A few at a time, so that summaries stay on time.
static void diagnose_incidents(struct app *a)
{
    enum { AT_ONCE = 4 };
    bool more = true;
    for (int i = 0; more && i < AT_ONCE && !app_is_stopping(a); i++) {
        struct err err;
        if (incident_diagnose_next(a, &more, &err) != ERR_OK && !app_is_stopping(a) &&
            stage_note(&a->stages[STAGE_SUMMARY], "incidents: %s", err.text))
            log_error("incident", "not explained: %s", err.text);
    }
}

static void *summary_main(void *arg)
{
    struct app *a = arg;
    int64_t last = clock_mono_us();
    // Of this thread alone and of those it starts: a model that is loaded here computes behind
    // intake and detection.
    setpriority(PRIO_PROCESS, 0, NICE);
    while (app_sleep(a, US_PER_SECOND)) {
        diagnose_incidents(a);
        const struct settings *s = app_settings_hold(a);
        int64_t every = settings_int(s, "summary.every");
        app_settings_release(a, s);
        int64_t now = clock_mono_us();
        if (now - last < every)
            continue;
        struct summary summary;
        struct err err;
        last = now;
        if (app_write_summary(a, &summary, &err) != ERR_OK) {
            log_error("summary", "%s", err.text);
            stage_note(&a->stages[STAGE_SUMMARY], "%s", err.text);
        }
    }
    return NULL;
}

enum err_code summary_stage_start(struct app *a, struct err *err)
{
    if (pthread_create(&a->summary_thread, NULL, summary_main, a) != 0)
        return err_set(err, ERR_NO_MEMORY, "cannot start the summary thread");
    a->summary_running = true;
    a->stages[STAGE_SUMMARY].active = true;
    return ERR_OK;
}

void summary_stage_stop(struct app *a)
{
    if (a->summary_running)
        pthread_join(a->summary_thread, NULL);
    a->summary_running = false;
}
