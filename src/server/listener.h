// Who waits for an answer that takes long: a request to be answered whole, or a stream of events
// that are sent as they come.
//
// The functions that take a void pointer are callbacks for the worker that computes the answer;
// they take the listener and may run under that worker's lock.
#ifndef FETTLE_SERVER_LISTENER_H
#define FETTLE_SERVER_LISTENER_H

#include "server/server_private.h"

struct listener {
    struct MHD_Connection *mhd;
    int fd;
    struct exchange *exchange; // of a whole answer; a stream outlives it
    // Of a stream.
    struct buf out; // what `fill` formatted and is not sent yet
    size_t out_at;
    bool ended; // `fill` formatted the last of it
    bool (*fill)(void *owner);
    void (*close)(void *owner);
    void *owner;
};

void listener_open(struct listener *l, struct exchange *x);
void listener_free(struct listener *l);

// While an answer is computed nobody reads from the connection: only the socket tells that its
// client has gone, whatever else came before that.
bool listener_is_there(void *listener);

void listener_wait(void *listener); // a whole answer is not ready: the exchange waits...
void listener_continue(void *listener);

void listener_suspend(void *listener); // the same for a stream
void listener_resume(void *listener);

// Answers with a stream of events. `fill` empties l->out by buf_reset and formats what is new into
// it; false: nothing is, and the stream has been suspended. `close` ends the owner.
void listener_stream(struct listener *l, struct exchange *x, void *owner, bool (*fill)(void *owner),
                     void (*close)(void *owner));

#endif
