// Tells everyone who listens what was found, after it was stored.
#include "app/app_private.h"

enum err_code app_listen(struct app *a, app_listen_fn *fn, void *arg, struct err *err)
{
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&a->listeners_lock);
    if (a->listener_count == MAX_LISTENERS) {
        code = err_set(err, ERR_BUSY, "%d listeners are connected already", MAX_LISTENERS);
    } else {
        a->listeners[a->listener_count].fn = fn;
        a->listeners[a->listener_count].arg = arg;
        a->listener_count++;
    }
    pthread_mutex_unlock(&a->listeners_lock);
    return code;
}

void app_unlisten(struct app *a, app_listen_fn *fn, void *arg)
{
    pthread_mutex_lock(&a->listeners_lock);
    for (size_t i = 0; i < a->listener_count; i++) {
        if (a->listeners[i].fn == fn && a->listeners[i].arg == arg) {
            a->listeners[i] = a->listeners[--a->listener_count];
            break;
        }
    }
    pthread_mutex_unlock(&a->listeners_lock);
}

void app_publish(struct app *a, struct app_event *event)
{
    pthread_mutex_lock(&a->listeners_lock);
    event->sequence = ++a->event_sequence;
    for (size_t i = 0; i < a->listener_count; i++)
        a->listeners[i].fn(a->listeners[i].arg, event);
    pthread_mutex_unlock(&a->listeners_lock);
}
