// A resolved incident is closed: what comes after it is a new one, and its end is told as it is
// stored.
#include "rig.h"

#include <pthread.h>

static struct incident resolve(struct app *a, uint64_t id)
{
    struct incident_edit edit = {.id = id,
                                 .set_state = true,
                                 .state = INCIDENT_RESOLVED,
                                 .set_note = true,
                                 .note = "valve shut"};
    struct incident now;
    struct err err;
    assert_ok(app_incident_edit(a, &edit, &now, &err), err);
    return now;
}

static struct incident stored(struct app *a, uint64_t id)
{
    struct incident in;
    struct err err;
    assert_ok(store_incident(app_store(a), id, &in, &err), err);
    return in;
}

static void resolving_ends_what_is_open_at_once(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    struct anomaly found[10];
    send(a, id, 0, 30, 21);
    send(a, id, 30, 10, 52);
    settle(a);
    assert_int_equal(anomalies_of(a, found, 10), 1);
    assert_true(found[0].end_us == TIME_NONE);
    struct incident now = resolve(a, found[0].incident);
    assert_false(now.active);
    assert_int_equal(anomalies_of(a, found, 10), 1);
    assert_false(found[0].end_us == TIME_NONE);
    stop(&a);
}

static void what_goes_on_comes_again_in_a_new_incident(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    struct anomaly found[10];
    send(a, id, 0, 30, 21);
    send(a, id, 30, 10, 52);
    settle(a);
    resolve(a, 1);
    send(a, id, 40, 500, 52);
    settle(a);
    assert_int_equal(anomalies_of(a, found, 10), 2);
    assert_int_equal(found[0].incident, 2);
    assert_int_equal(found[1].incident, 1);
    assert_non_null(strstr(found[0].message, "goes on after incident 1 was resolved"));
    struct incident old = stored(a, 1), new = stored(a, 2);
    assert_int_equal(old.state, INCIDENT_RESOLVED);
    assert_int_equal(old.anomaly_count, 1);
    assert_false(old.active);
    assert_int_equal(new.state, INCIDENT_OPEN);
    assert_true(new.active);
    stop(&a);
}

struct heard {
    pthread_mutex_t lock;
    bool closed;
    struct incident last;
};

static void listen(void *arg, const struct app_event *event)
{
    struct heard *h = arg;
    pthread_mutex_lock(&h->lock);
    if (event->type == EVENT_INCIDENT && event->change == CHANGE_CLOSED) {
        h->closed = true;
        h->last = *event->incident;
    }
    pthread_mutex_unlock(&h->lock);
}

static void what_people_said_is_in_what_is_told(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    struct heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct err err;
    assert_ok(app_listen(a, listen, &heard, &err), err);
    send(a, id, 0, 30, 21);
    send(a, id, 30, 10, 52);
    settle(a);
    resolve(a, 1);
    settle(a);
    app_unlisten(a, listen, &heard);
    assert_true(heard.closed);
    assert_int_equal(heard.last.state, INCIDENT_RESOLVED);
    assert_string_equal(heard.last.note, "valve shut");
    stop(&a);
}

static void a_resolved_one_stays_closed_over_a_restart(void **state)
{
    (void)state;
    struct app *a = start();
    uint32_t id = temperature(a, "pipe");
    struct anomaly found[10];
    send(a, id, 0, 30, 21);
    send(a, id, 30, 10, 52);
    settle(a);
    resolve(a, 1);
    stop(&a);
    a = start();
    send(a, id, 40, 500, 52);
    settle(a);
    size_t count = anomalies_of(a, found, 10);
    for (size_t i = 0; i < count; i++)
        assert_true(found[i].end_us != TIME_NONE || found[i].incident == 2);
    assert_false(stored(a, 1).active);
    assert_true(stored(a, 2).active);
    stop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(resolving_ends_what_is_open_at_once, open_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_goes_on_comes_again_in_a_new_incident, open_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_people_said_is_in_what_is_told, open_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_resolved_one_stays_closed_over_a_restart, open_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
