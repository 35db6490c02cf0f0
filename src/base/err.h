// Error codes of every layer, with a message a user can act on.
//
// A function that can fail returns `enum err_code` (ERR_OK is 0) and, when it fails, fills the
// caller's `struct err` through err_set. The message names the place (file, line, byte, field) and
// what was expected. `err` may be NULL where the caller only wants the code.
#ifndef FETTLE_BASE_ERR_H
#define FETTLE_BASE_ERR_H

// X(NAME, name in JSON, exit code of the command line, HTTP status, what it means)
#define ERR_CODES(X)                                                                               \
    X(OK, "ok", 0, 200, "success")                                                                 \
    X(USAGE, "usage", 2, 400, "a wrong command line or request parameter")                         \
    X(INPUT, "input", 3, 400, "data that cannot be read as what it should be")                     \
    X(NOT_FOUND, "not_found", 4, 404, "a thing that is not there")                                 \
    X(CONFLICT, "conflict", 5, 409, "a thing that is in another state than the call needs")        \
    X(LIMIT, "limit", 6, 413, "more than a set limit allows")                                      \
    X(DENIED, "denied", 7, 403, "not permitted")                                                   \
    X(BUSY, "busy", 8, 503, "the queue is full, try again")                                        \
    X(IO, "io", 9, 500, "a file, disk or network failure")                                         \
    X(NO_SPACE, "no_space", 10, 507, "the disk is full")                                           \
    X(NO_MEMORY, "no_memory", 11, 503, "out of memory")                                            \
    X(CORRUPT, "corrupt", 12, 500, "stored data that is damaged")                                  \
    X(UNSUPPORTED, "unsupported", 13, 501,                                                         \
      "a valid request for something this build or machine cannot do")                             \
    X(CANCELLED, "cancelled", 14, 499, "stopped on request")                                       \
    X(INTERNAL, "internal", 70, 500, "a fault in fettle itself")

enum err_code {
#define X(NAME, name, exit_code, http, text) ERR_##NAME,
    ERR_CODES(X)
#undef X
        ERR_CODE_COUNT
};

enum { ERR_TEXT_BYTES = 512 };

struct err {
    enum err_code code;
    char text[ERR_TEXT_BYTES]; // one sentence, no trailing full stop or newline
};

// Records `code` with a printf message (cut, never overflowed) and returns `code`.
enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// Puts "prefix: " in front of the message that is there; returns the code that is there.
enum err_code err_prefix(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

// Records the code that `errnum` stands for (ENOSPC -> NO_SPACE, ENOENT -> NOT_FOUND, ENOMEM ->
// NO_MEMORY, EACCES -> DENIED, else IO) with "what: strerror".
enum err_code err_errno(struct err *err, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// "not_found" and so on: the stable lower-case name used in JSON.
const char *err_name(enum err_code code);
int err_exit_code(enum err_code code);
int err_http_status(enum err_code code);

#endif
