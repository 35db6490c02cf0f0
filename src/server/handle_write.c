// POST of readings: parsed on a server thread, answered after the durable commit.
//
// /api/v1/readings answers in fettle's own words; /write and /api/v2/write answer as InfluxDB 1 and
// 2 do, so that their clients (Telegraf) can send here.
#include <stdlib.h>
#include <string.h>

#include "app/delivery.h"
#include "server/handlers.h"

struct write {
    struct app_delivery delivery;
    struct app_ticket ticket;
    enum err_code code; // of parsing or of the commit
    struct err err;
};

static void write_free(struct exchange *x)
{
    struct write *w = x->work;
    app_delivery_free(&w->delivery);
    free(w);
    x->work = NULL;
}

// On the store's writer thread.
static void committed(struct app_ticket *ticket, enum err_code code, const struct err *err)
{
    struct exchange *x = ticket->arg;
    struct write *w = x->work;
    w->code = code;
    if (code != ERR_OK)
        w->err = *err;
    exchange_continue(x);
}

// Parses the body and hands the readings in; `finish` answers.
static void take_readings(struct exchange *x, enum ingest_format format, double precision_us,
                          void (*finish)(struct exchange *x))
{
    struct write *w = calloc(1, sizeof *w);
    if (!w) {
        reply_error(x, 503, "no_memory", NULL, "out of memory for the readings");
        return;
    }
    x->work = w;
    x->free_work = write_free;
    w->code =
        app_delivery_parse(x->app, format, buf_str(&x->body), precision_us, &w->delivery, &w->err);
    if (w->code != ERR_OK || w->delivery.count == 0) {
        finish(x);
        return;
    }
    w->ticket = (struct app_ticket){
        .readings = w->delivery.readings, .count = w->delivery.count, .done = committed, .arg = x};
    x->finish = finish;
    exchange_wait(x);
    // Once it is handed in, `w` belongs to the thread that commits.
    struct err err;
    enum err_code code = app_submit(x->app, &w->ticket, &err);
    if (code != ERR_OK) {
        w->code = code;
        w->err = err;
        exchange_continue(x);
    }
}

static enum ingest_format format_of(const struct exchange *x)
{
    static const struct {
        const char *type;
        enum ingest_format format;
    } types[] = {{"application/x-ndjson", INGEST_NDJSON},
                 {"application/ndjson", INGEST_NDJSON},
                 {"application/jsonl", INGEST_NDJSON},
                 {"application/vnd.influx.line", INGEST_LINE_PROTOCOL},
                 {"text/csv", INGEST_CSV}};
    const char *header = exchange_header(x, "Content-Type");
    struct str rest = str_of(header), media = str_trim(str_cut(&rest, ';'));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_eq_nocase(media, str_of(types[i].type)))
            return types[i].format;
    return INGEST_AUTO;
}

static double precision_of(const char *text)
{
    static const struct {
        const char *name;
        double us;
    } units[] = {{"ns", 1e-3}, {"n", 1e-3}, {"us", 1},   {"u", 1},
                 {"ms", 1e3},  {"s", 1e6},  {"m", 60e6}, {"h", 3600e6}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, text) == 0)
            return units[i].us;
    return 0;
}

static void write_refusals(struct json_out *j, const struct app_delivery *d)
{
    json_key_int(j, "refused_count", (int64_t)d->refused);
    json_key(j, "refused");
    json_array(j);
    for (size_t i = 0; i < d->refusal_count; i++) {
        json_object(j);
        json_key_int(j, "line", (int64_t)d->refusals[i].line);
        json_key_text(j, "reason", d->refusals[i].reason);
        json_end(j);
    }
    json_end(j);
}

static void finish_readings(struct exchange *x)
{
    const struct write *w = x->work;
    struct json_out j;
    if (w->code != ERR_OK) {
        reply_err(x, &w->err, NULL);
        return;
    }
    if (w->delivery.count == 0 && w->delivery.refused == 0) {
        reply_error(x, 400, "input", NULL, "the body holds no readings");
        return;
    }
    reply_json(x, &j);
    json_object(&j);
    json_key_int(&j, "accepted", (int64_t)w->delivery.count);
    json_key_int(&j, "stored", (int64_t)w->ticket.stored);
    json_key_int(&j, "duplicates", (int64_t)w->ticket.duplicates);
    write_refusals(&j, &w->delivery);
    if (w->delivery.count == 0) {
        const struct app_refusal *first = w->delivery.refusals;
        json_key(&j, "error");
        json_object(&j);
        json_key_text(&j, "code", "input");
        json_key_text(&j, "message", first ? first->reason : "no line could be read");
        json_end(&j);
        x->reply.status = 400;
    }
    json_end(&j);
}

void handle_readings_write(struct exchange *x)
{
    take_readings(x, format_of(x), precision_of(exchange_text(x, "precision")), finish_readings);
}

// What an InfluxDB client is told about what went wrong; "" when nothing did.
static void influx_message(const struct write *w, struct buf *out)
{
    const struct app_delivery *d = &w->delivery;
    if (w->code != ERR_OK)
        buf_add_z(out, w->err.text);
    else if (d->refused && d->count)
        buf_printf(out, "partial write: %llu dropped: ", (unsigned long long)d->refused);
    else if (d->refused)
        buf_add_z(out, "unable to parse: ");
    if (d->refusal_count && w->code == ERR_OK)
        buf_printf(out, "line %llu: %s", (unsigned long long)d->refusals[0].line,
                   d->refusals[0].reason);
}

static void finish_influx(struct exchange *x, bool version2)
{
    const struct write *w = x->work;
    struct buf message = {0};
    struct json_out j;
    influx_message(w, &message);
    if (message.n == 0 && !message.failed) {
        reply_empty(x, 204);
    } else {
        reply_json(x, &j);
        json_object(&j);
        if (version2) {
            json_key_text(&j, "code", w->code == ERR_OK ? "invalid" : err_name(w->code));
            json_key_text(&j, "message", message.p);
        } else {
            json_key_text(&j, "error", message.p);
        }
        json_end(&j);
        x->reply.status = w->code == ERR_OK ? 400 : err_http_status(w->code);
        if (x->reply.status == 503)
            x->reply.retry_after_s = 1;
    }
    buf_free(&message);
}

static void finish_influx1(struct exchange *x)
{
    finish_influx(x, false);
}

static void finish_influx2(struct exchange *x)
{
    finish_influx(x, true);
}

void handle_influx1_write(struct exchange *x)
{
    take_readings(x, INGEST_LINE_PROTOCOL, precision_of(exchange_text(x, "precision")),
                  finish_influx1);
}

void handle_influx2_write(struct exchange *x)
{
    take_readings(x, INGEST_LINE_PROTOCOL, precision_of(exchange_text(x, "precision")),
                  finish_influx2);
}
