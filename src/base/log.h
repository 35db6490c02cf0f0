// The program's log: lines on stderr, as text or JSON, thread-safe.
#ifndef FETTLE_BASE_LOG_H
#define FETTLE_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level); // default LOG_INFO
void log_set_json(bool on);
bool log_level_from_text(const char *text, enum log_level *out);

// One line. `component` is the folder or stage that speaks.
void log_write(enum log_level level, const char *component, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(component, ...) log_write(LOG_ERROR, component, __VA_ARGS__)
#define log_warn(component, ...)  log_write(LOG_WARN, component, __VA_ARGS__)
#define log_info(component, ...)  log_write(LOG_INFO, component, __VA_ARGS__)
#define log_debug(component, ...) log_write(LOG_DEBUG, component, __VA_ARGS__)

#endif
