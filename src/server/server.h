// The HTTP server: the API, the page and the metrics over a running plant.
//
// Handlers translate between HTTP and app/; they decide nothing about the plant.
#ifndef FETTLE_SERVER_SERVER_H
#define FETTLE_SERVER_SERVER_H

#include "app/app.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/settings.h"

struct server;

// server.*: address, port, keys, hosts, limits.
extern const struct setting_def server_settings[];

// Listens by the app's settings and serves at once. The app is borrowed and must outlive it.
// ERR_DENIED when the address is not loopback and no key is set; ERR_CONFLICT when the port is
// taken.
enum err_code server_open(struct app *app, struct server **out, struct err *err);

// Takes no more requests, finishes those under way (a few seconds at most), closes all.
void server_close(struct server **s);

const char *server_host(const struct server *s); // the address to connect to: "127.0.0.1"
int server_port(const struct server *s);         // the real one, also when 0 was asked for
const char *server_url(const struct server *s);  // "http://127.0.0.1:8000"

// The HTTP reference as Markdown, from the route table.
void server_docs(struct buf *out);

#endif
