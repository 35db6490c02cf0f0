// Log lines on stderr.
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"

static enum log_level threshold = LOG_INFO;
static bool as_json;
static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_set_level(enum log_level level)
{
    __atomic_store_n(&threshold, level, __ATOMIC_RELAXED);
}

void log_set_json(bool on)
{
    __atomic_store_n(&as_json, on, __ATOMIC_RELAXED);
}

bool log_level_from_text(const char *text, enum log_level *out)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_write(enum log_level level, const char *component, const char *fmt, ...)
{
    if (level > __atomic_load_n(&threshold, __ATOMIC_RELAXED))
        return;
    struct buf message = {0}, line = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&message, fmt, ap);
    va_end(ap);
    char time[TIME_TEXT_BYTES];
    time_to_text(clock_wall_us(), time);
    if (__atomic_load_n(&as_json, __ATOMIC_RELAXED)) {
        struct json_out j;
        json_open(&j, &line);
        json_object(&j);
        json_key_text(&j, "time", time);
        json_key_text(&j, "level", level_names[level]);
        json_key_text(&j, "component", component);
        json_key(&j, "message");
        json_str(&j, buf_str(&message));
        json_end(&j);
    } else {
        buf_printf(&line, "%s %-5s %s: ", time, level_names[level], component);
        // A message may carry text from outside: control characters must not reach the terminal.
        for (size_t i = 0; i < message.n; i++) {
            unsigned char c = (unsigned char)message.p[i];
            if (c < 0x20 || c == 0x7f)
                buf_printf(&line, "\\x%02x", c);
            else
                buf_add_char(&line, (char)c);
        }
    }
    buf_add_char(&line, '\n');
    // One write keeps lines of several threads whole. Nowhere is left to report a failure to.
    if (!line.failed && write(STDERR_FILENO, line.p, line.n) < 0) {
    }
    buf_free(&message);
    buf_free(&line);
}
