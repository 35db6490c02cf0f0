// Error codes, their names, exit codes and HTTP statuses.
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_code;
    int http;
} codes[] = {
#define X(NAME, name, exit_code, http, text) {name, exit_code, http},
    ERR_CODES(X)
#undef X
};

// Writes message and suffix, cut at the end of the text.
static void put_text(struct err *err, const char *fmt, va_list ap, const char *suffix)
{
    char text[ERR_TEXT_BYTES];
    int n = vsnprintf(text, sizeof text, fmt, ap);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    size_t more = strlen(suffix);
    if (more > sizeof text - 1 - used)
        more = sizeof text - 1 - used;
    memcpy(text + used, suffix, more);
    text[used + more] = '\0';
    memcpy(err->text, text, used + more + 1);
}

enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    if (err) {
        err->code = code;
        va_list ap;
        va_start(ap, fmt);
        put_text(err, fmt, ap, "");
        va_end(ap);
    }
    return code;
}

enum err_code err_prefix(struct err *err, const char *fmt, ...)
{
    if (!err)
        return ERR_INTERNAL;
    char suffix[ERR_TEXT_BYTES + 2];
    snprintf(suffix, sizeof suffix, ": %s", err->text);
    va_list ap;
    va_start(ap, fmt);
    put_text(err, fmt, ap, suffix);
    va_end(ap);
    return err->code;
}

enum err_code err_errno(struct err *err, int errnum, const char *fmt, ...)
{
    enum err_code code = ERR_IO;
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        code = ERR_NO_SPACE;
        break;
    case ENOENT:
        code = ERR_NOT_FOUND;
        break;
    case ENOMEM:
        code = ERR_NO_MEMORY;
        break;
    case EACCES:
    case EPERM:
        code = ERR_DENIED;
        break;
    default:
        break;
    }
    if (err) {
        char suffix[160];
        char text[128];
        err->code = code;
        snprintf(suffix, sizeof suffix, ": %s", strerror_r(errnum, text, sizeof text));
        va_list ap;
        va_start(ap, fmt);
        put_text(err, fmt, ap, suffix);
        va_end(ap);
    }
    return code;
}

const char *err_name(enum err_code code)
{
    return (unsigned)code < ERR_CODE_COUNT ? codes[code].name : "unknown";
}

int err_exit_code(enum err_code code)
{
    return (unsigned)code < ERR_CODE_COUNT ? codes[code].exit_code : 70;
}

int err_http_status(enum err_code code)
{
    return (unsigned)code < ERR_CODE_COUNT ? codes[code].http : 500;
}
