// The running plant: what is handed in is stored, judged, told, and still there after a restart.
#include "rig.h"

#include <pthread.h>

static void what_is_submitted_is_stored_once(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    struct reading r = {.time_us = start_us, .value = 21.5, .sensor = id}, latest[1];
    size_t stored, duplicates;
    struct err err;
    assert_ok(app_submit_wait(a, &r, 1, &stored, &duplicates, &err), err);
    assert_int_equal(stored, 1);
    assert_ok(app_submit_wait(a, &r, 1, &stored, &duplicates, &err), err);
    assert_int_equal(stored, 0);
    assert_int_equal(duplicates, 1);
    app_latest(a, latest, 1);
    assert_true(latest[0].time_us == start_us && latest[0].value == 21.5);
    struct app_status status;
    app_status(a, &status);
    assert_int_equal(status.readings_accepted, 1);
    assert_int_equal(status.readings_duplicate, 1);
    stop(&a);
}

static void more_than_the_intake_holds_is_refused(void **state)
{
    (void)state;
    static const char *const sets[] = {"intake.queue=1024"};
    from.sets = sets;
    from.set_count = 1;
    struct app *a = start();
    struct reading *many = calloc(2000, sizeof *many);
    struct err err;
    assert_int_equal(app_submit_wait(a, many, 2000, NULL, NULL, &err), ERR_LIMIT);
    free(many);
    stop(&a);
}

struct told {
    pthread_mutex_t lock;
    int opened, incidents;
    struct app *app;
    bool stored_first;
};

static void listen(void *arg, const struct app_event *event)
{
    struct told *t = arg;
    struct anomaly an;
    struct err err;
    pthread_mutex_lock(&t->lock);
    if (event->type == EVENT_ANOMALY && event->change == CHANGE_OPENED) {
        t->opened++;
        t->stored_first = store_anomaly(app_store(t->app), event->anomaly->id, &an, &err) == ERR_OK;
    }
    t->incidents += event->type == EVENT_INCIDENT && event->change == CHANGE_OPENED;
    pthread_mutex_unlock(&t->lock);
}

static void a_spike_becomes_a_stored_anomaly_and_an_incident_and_is_told(void **state)
{
    (void)state;
    struct app *a = start();
    struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER, .app = a};
    struct err err;
    assert_ok(app_listen(a, listen, &told, &err), err);
    uint32_t id = temperature(a, "pipe");
    send(a, id, 0, 30, 21);
    send(a, id, 30, 3, 52);
    send(a, id, 33, 30, 21);
    struct anomaly found[10];
    assert_int_equal(wait_for_anomalies(a, found, 1), 1);
    assert_int_equal(found[0].kind, ANOMALY_SPIKE);
    assert_true(found[0].start_us == start_us + 30 * US_PER_SECOND);
    assert_true(found[0].peak == 52);
    // What is stored is told a moment later.
    bool both = false;
    for (int tries = 0; tries < 500 && !both; tries++) {
        clock_sleep_us(10 * US_PER_MS);
        pthread_mutex_lock(&told.lock);
        both = told.opened && told.incidents;
        pthread_mutex_unlock(&told.lock);
    }
    app_unlisten(a, listen, &told);
    assert_int_equal(told.opened, 1);
    assert_int_equal(told.incidents, 1);
    assert_true(told.stored_first);
    struct summary summary;
    assert_ok(app_summary(a, &summary, &err), err);
    assert_string_equal(summary.generated_by, "facts");
    stop(&a);
}

static void an_episode_that_goes_on_over_a_restart_is_one_anomaly(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    struct anomaly found[10];
    send(a, id, 0, 30, 21);
    send(a, id, 30, 10, 52);
    assert_true(wait_for_anomalies(a, found, 1) >= 1);
    stop(&a);
    a = start();
    id = temperature(a, "pipe");
    send(a, id, 40, 10, 52);
    send(a, id, 50, 30, 21);
    stop(&a);
    a = start();
    size_t count = anomalies_of(a, found, 10), spikes = 0;
    for (size_t i = 0; i < count; i++)
        spikes += found[i].kind == ANOMALY_SPIKE;
    assert_int_equal(spikes, 1);
    for (size_t i = 0; i < count; i++)
        if (found[i].kind == ANOMALY_SPIKE)
            assert_true(found[i].end_us == start_us + 49 * US_PER_SECOND);
    stop(&a);
}

static void what_was_accepted_is_judged_before_the_end(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    send(a, id, 0, 300, 21);
    send(a, id, 300, 20, 55);
    send(a, id, 320, 30, 21);
    stop(&a); // at once: the spike is in the queue to the detect stage at best
    a = start();
    struct anomaly found[10];
    assert_true(anomalies_of(a, found, 10) >= 1);
    stop(&a);
}

static void a_valid_change_of_settings_is_kept_and_a_wrong_one_changes_nothing(void **state)
{
    (void)state;
    struct app *a = start();
    const char *names[] = {"rules.kind.temperature.spike_high", "summary.every"};
    const char *good[] = {"48", "1m"}, *bad[] = {"50", "soon"};
    bool restart;
    struct err err;
    assert_ok(app_config_change(a, names, good, 2, &restart, &err), err);
    assert_false(restart);
    assert_int_equal(app_config_change(a, names, bad, 2, &restart, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "summary.every"));
    const struct settings *s = app_settings_hold(a);
    assert_true(settings_real(s, names[0]) == 48);
    app_settings_release(a, s);
    stop(&a);
    a = start();
    s = app_settings_hold(a);
    assert_true(settings_real(s, names[0]) == 48);
    assert_int_equal(settings_int(s, "summary.every"), US_PER_MINUTE);
    app_settings_release(a, s);
    stop(&a);
}

static void a_technicians_word_stays(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    struct anomaly found[10];
    send(a, id, 0, 30, 21);
    send(a, id, 30, 3, 52);
    send(a, id, 33, 30, 21);
    assert_int_equal(wait_for_anomalies(a, found, 1), 1);
    struct incident_edit edit = {.id = found[0].incident,
                                 .set_state = true,
                                 .state = INCIDENT_ACKNOWLEDGED,
                                 .set_note = true,
                                 .note = "on my way"};
    struct incident incident;
    struct err err;
    assert_ok(app_incident_edit(a, &edit, &incident, &err), err);
    assert_int_equal(incident.state, INCIDENT_ACKNOWLEDGED);
    assert_string_equal(incident.note, "on my way");
    send(a, id, 63, 3, 53); // the detector speaks again of the same incident
    assert_int_equal(wait_for_anomalies(a, found, 1) >= 1, true);
    stop(&a);
    a = start();
    assert_ok(store_incident(app_store(a), edit.id, &incident, &err), err);
    assert_int_equal(incident.state, INCIDENT_ACKNOWLEDGED);
    assert_string_equal(incident.note, "on my way");
    edit.id = 999;
    assert_int_equal(app_incident_edit(a, &edit, &incident, &err), ERR_NOT_FOUND);
    stop(&a);
}

#define app_test(f) cmocka_unit_test_setup_teardown(f, open_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        app_test(what_is_submitted_is_stored_once),
        app_test(more_than_the_intake_holds_is_refused),
        app_test(a_spike_becomes_a_stored_anomaly_and_an_incident_and_is_told),
        app_test(an_episode_that_goes_on_over_a_restart_is_one_anomaly),
        app_test(what_was_accepted_is_judged_before_the_end),
        app_test(a_valid_change_of_settings_is_kept_and_a_wrong_one_changes_nothing),
        app_test(a_technicians_word_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
