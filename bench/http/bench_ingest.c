// Sends batches of readings to a running fettle over HTTP and prints how many a second it takes.
//
//     build/bench/bench_ingest PORT [FORMAT [BATCH [SENSORS [SECONDS [CONNECTIONS [RATE]]]]]]
//
// FORMAT: json, ndjson or line. Every reading is new (its own time), and counts when the server
// has answered, which it does after the durable commit. RATE bounds readings a second (0: none).
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

enum { TIME_DIGITS = 16, HEAD_BYTES = 256, ANSWER_BYTES = 65536 };

struct plan {
    int port;
    const char *format;
    size_t batch, sensors;
    double seconds, rate;
    int connections;
};

struct sender {
    const struct plan *plan;
    int index;
    uint64_t accepted;
    double worst_s;
    const char *failed;
};

// One body whose times are patched in place for every batch.
struct body {
    struct buf text;
    size_t *time_at;
};

static bool body_make(struct body *b, const struct plan *p, int connection)
{
    bool json = strcmp(p->format, "json") == 0, line = strcmp(p->format, "line") == 0;
    b->time_at = calloc(p->batch, sizeof *b->time_at);
    if (json)
        buf_add_char(&b->text, '[');
    for (size_t i = 0; b->time_at && i < p->batch; i++) {
        double value = 20 + (double)(i % 97) / 8;
        size_t sensor = i % p->sensors;
        if (line)
            buf_printf(&b->text, "bench,asset=bench-%d-%zu temperature=%g ", connection, sensor,
                       value);
        else
            buf_printf(&b->text,
                       "%s{\"sensor\":\"bench-%d-%zu/temperature\",\"value\":%g,\"time\":",
                       json && i ? "," : "", connection, sensor, value);
        b->time_at[i] = b->text.n;
        buf_add_z(&b->text, "0000000000000000");
        buf_add_z(&b->text, line ? "000\n" : json ? "}" : "}\n"); // line protocol: nanoseconds
    }
    if (json)
        buf_add_char(&b->text, ']');
    return b->time_at && !b->text.failed;
}

static void body_date(struct body *b, const struct plan *p, int64_t round)
{
    // Microseconds; every round of all sensors one second on, from a fixed past day.
    int64_t start = INT64_C(1700000000000000);
    for (size_t i = 0; i < p->batch; i++) {
        size_t n = (size_t)round * p->batch + i;
        int64_t t = start + (int64_t)(n / p->sensors) * US_PER_SECOND;
        char *to = b->text.p + b->time_at[i];
        for (int d = TIME_DIGITS - 1; d >= 0; d--, t /= 10)
            to[d] = (char)('0' + t % 10);
    }
}

static int connect_port(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

// Reads one answer with a Content-Length; its status, or 0 when the connection broke.
static int read_answer(int fd, char *text, size_t cap)
{
    size_t n = 0, need = 0;
    while (n + 1 < cap) {
        ssize_t got = recv(fd, text + n, cap - 1 - n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        n += (size_t)got;
        text[n] = '\0';
        char *end = strstr(text, "\r\n\r\n");
        if (!end)
            continue;
        if (!need) {
            char *length = strcasestr(text, "content-length:");
            need = (size_t)(end + 4 - text) + (length ? strtoul(length + 15, NULL, 10) : 0);
        }
        if (n >= need)
            return atoi(text + 9);
    }
    return 0;
}

static void *send_main(void *arg)
{
    struct sender *s = arg;
    const struct plan *p = s->plan;
    struct body body = {0};
    char *answer = malloc(ANSWER_BYTES), head[HEAD_BYTES];
    int fd = connect_port(p->port);
    if (!answer || fd < 0 || !body_make(&body, p, s->index)) {
        s->failed = "cannot connect";
        return NULL;
    }
    const char *type = strcmp(p->format, "json") == 0     ? "application/json"
                       : strcmp(p->format, "ndjson") == 0 ? "application/x-ndjson"
                                                          : "text/plain";
    int head_n = snprintf(head, sizeof head,
                          "POST /api/v1/readings HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                          "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                          p->port, type, body.text.n);
    int64_t start = clock_mono_us(), now = start;
    for (int64_t round = 0; now - start < (int64_t)(p->seconds * 1e6); round++) {
        body_date(&body, p, round);
        int64_t sent = clock_mono_us();
        if (file_write_all(fd, head, (size_t)head_n, NULL) != ERR_OK ||
            file_write_all(fd, body.text.p, body.text.n, NULL) != ERR_OK) {
            s->failed = "the connection broke";
            break;
        }
        int status = read_answer(fd, answer, ANSWER_BYTES);
        now = clock_mono_us();
        if (status == 429 || status == 503) {
            clock_sleep_us(5 * US_PER_MS);
            round--;
            continue;
        }
        if (status != 200) {
            fprintf(stderr, "status %d: %.300s\n", status, answer);
            s->failed = "the server refused";
            break;
        }
        double took = (double)(now - sent) / 1e6;
        s->worst_s = took > s->worst_s ? took : s->worst_s;
        s->accepted += p->batch;
        double due = p->rate > 0 ? (double)s->accepted * p->connections / p->rate * 1e6 : 0;
        if (due > (double)(now - start))
            clock_sleep_us((int64_t)due - (now - start));
    }
    close(fd);
    free(answer);
    free(body.time_at);
    buf_free(&body.text);
    return NULL;
}

int main(int argc, char **argv)
{
    struct plan p = {.port = argc > 1 ? atoi(argv[1]) : 8000,
                     .format = argc > 2 ? argv[2] : "json",
                     .batch = argc > 3 ? strtoul(argv[3], NULL, 10) : 5000,
                     .sensors = argc > 4 ? strtoul(argv[4], NULL, 10) : 1000,
                     .seconds = argc > 5 ? atof(argv[5]) : 10,
                     .connections = argc > 6 ? atoi(argv[6]) : 2,
                     .rate = argc > 7 ? atof(argv[7]) : 0};
    enum { CONNECTIONS_MAX = 64 };
    struct sender senders[CONNECTIONS_MAX] = {0};
    pthread_t threads[CONNECTIONS_MAX];
    if (p.connections < 1 || p.connections > CONNECTIONS_MAX || !p.batch || !p.sensors)
        return 2;
    int64_t start = clock_mono_us();
    for (int i = 0; i < p.connections; i++) {
        senders[i] = (struct sender){.plan = &p, .index = i};
        if (pthread_create(&threads[i], NULL, send_main, &senders[i]) != 0)
            return 1;
    }
    uint64_t accepted = 0;
    double worst = 0;
    int failed = 0;
    for (int i = 0; i < p.connections; i++) {
        pthread_join(threads[i], NULL);
        accepted += senders[i].accepted;
        worst = senders[i].worst_s > worst ? senders[i].worst_s : worst;
        if (senders[i].failed) {
            fprintf(stderr, "sender %d: %s\n", i, senders[i].failed);
            failed = 1;
        }
    }
    double seconds = (double)(clock_mono_us() - start) / 1e6;
    printf("%s: %.0f readings/s durable (%llu in %.1f s, batches of %zu, %zu sensors, %d "
           "connections, slowest answer %.1f ms)\n",
           p.format, (double)accepted / seconds, (unsigned long long)accepted, seconds, p.batch,
           p.sensors * (size_t)p.connections, p.connections, worst * 1e3);
    return failed;
}
