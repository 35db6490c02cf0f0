// Keys, host names and origins: what a request's headers must show.
#include "server/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"
#include "base/log.h"

enum { KEY_RANDOM_BYTES = 32, KEY_MIN_CHARS = 16, KEY_MAX_CHARS = 512 };

static void to_lower(char *z)
{
    for (; *z; z++)
        if (*z >= 'A' && *z <= 'Z')
            *z = (char)(*z - 'A' + 'a');
}

bool access_is_loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// True if "name" or "[v6]" is followed by a port.
static bool has_port(struct str host)
{
    const char *colon = memrchr(host.p, ':', host.n), *bracket = memrchr(host.p, ']', host.n);
    return colon && (!bracket || colon > bracket);
}

static enum err_code add_host(struct access *a, struct str name, int port, struct err *err)
{
    char *to = a->hosts[a->host_count];
    bool bare_v6 = name.n && name.p[0] != '[' && memchr(name.p, ':', name.n) &&
                   memchr(name.p, ':', name.n) != memrchr(name.p, ':', name.n);
    int n = bare_v6          ? snprintf(to, ACCESS_NAME_BYTES, "[%.*s]:%d", STR_ARG(name), port)
            : has_port(name) ? snprintf(to, ACCESS_NAME_BYTES, "%.*s", STR_ARG(name))
                             : snprintf(to, ACCESS_NAME_BYTES, "%.*s:%d", STR_ARG(name), port);
    if (a->host_count == ACCESS_NAMES_MAX - 1 || n >= ACCESS_NAME_BYTES)
        return err_set(err, ERR_LIMIT, "server.hosts: at most %d names of %d bytes",
                       ACCESS_NAMES_MAX - 8, ACCESS_NAME_BYTES - 8);
    to_lower(to);
    a->host_count++;
    return ERR_OK;
}

static enum err_code add_hosts(struct access *a, const struct settings *settings, int port,
                               struct err *err)
{
    static const char *const always[] = {"localhost", "127.0.0.1", "[::1]"};
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < sizeof always / sizeof *always; i++)
        code = add_host(a, str_of(always[i]), port, err);
    if (code == ERR_OK)
        code = add_host(a, str_of(settings_text(settings, "server.address")), port, err);
    struct str rest = str_of(settings_text(settings, "server.hosts"));
    while (code == ERR_OK && rest.n) {
        struct str name = str_trim(str_cut(&rest, ','));
        if (name.n)
            code = add_host(a, name, port, err);
    }
    return code;
}

static enum err_code add_origins(struct access *a, const struct settings *settings, struct err *err)
{
    struct str rest = str_of(settings_text(settings, "server.cors_origins"));
    while (rest.n) {
        struct str origin = str_trim(str_cut(&rest, ','));
        if (origin.n == 0)
            continue;
        if (!str_starts(origin, STR_LIT("http://")) && !str_starts(origin, STR_LIT("https://")))
            return err_set(err, ERR_INPUT,
                           "server.cors_origins: %.*s: http://name[:port] or https://name[:port] "
                           "expected",
                           STR_ARG(origin));
        if (a->origin_count == ACCESS_NAMES_MAX || origin.n >= ACCESS_NAME_BYTES)
            return err_set(err, ERR_LIMIT, "server.cors_origins: at most %d origins of %d bytes",
                           ACCESS_NAMES_MAX, ACCESS_NAME_BYTES - 1);
        str_copy(a->origins[a->origin_count], ACCESS_NAME_BYTES, origin);
        to_lower(a->origins[a->origin_count++]);
    }
    return ERR_OK;
}

static enum err_code take_key(struct access *a, struct str key, const char *where, struct err *err)
{
    if (key.n < KEY_MIN_CHARS || key.n > KEY_MAX_CHARS)
        return err_set(err, ERR_INPUT, "%s: a key of %d to %d characters expected, this has %zu",
                       where, KEY_MIN_CHARS, KEY_MAX_CHARS, key.n);
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] <= ' ' || key.p[i] > '~')
            return err_set(err, ERR_INPUT,
                           "%s: character %zu of the key is not visible ASCII, which headers need",
                           where, i + 1);
    crypto_hash_sha256(a->key_hash, (const unsigned char *)key.p, key.n);
    a->key_needed = true;
    return ERR_OK;
}

static enum err_code make_key_file(const char *path, struct err *err)
{
    unsigned char random[KEY_RANDOM_BYTES];
    char text[2 * KEY_RANDOM_BYTES + 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(text, sizeof text, random, sizeof random);
    strcat(text, "\n");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(err, errno, "%s: cannot make the API key", path);
    enum err_code code = file_write_all(fd, text, strlen(text), err);
    if (code == ERR_OK && fsync(fd) != 0)
        code = err_errno(err, errno, "%s: cannot make the API key", path);
    if (close(fd) != 0 && code == ERR_OK)
        code = err_errno(err, errno, "%s: cannot make the API key", path);
    if (code != ERR_OK)
        unlink(path);
    sodium_memzero(random, sizeof random);
    sodium_memzero(text, sizeof text);
    if (code == ERR_OK)
        log_info("server",
                 "a new API key is in %s (only you can read it): send it as \"X-API-Key: ...\" or "
                 "\"Authorization: Bearer ...\"",
                 path);
    return code;
}

static enum err_code read_key_file(struct access *a, const char *data_dir, struct err *err)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/api-key", data_dir) >= (int)sizeof path)
        return err_set(err, ERR_LIMIT, "%s: path too long", data_dir);
    enum err_code code = file_exists(path) ? ERR_OK : make_key_file(path, err);
    struct stat st;
    if (code == ERR_OK && lstat(path, &st) != 0)
        code = err_errno(err, errno, "%s", path);
    if (code == ERR_OK && (!S_ISREG(st.st_mode) || st.st_mode & 077))
        code = err_set(err, ERR_DENIED,
                       "%s can be read by others: chmod 600 it (or delete it: a new key is made)",
                       path);
    struct buf text = {0};
    if (code == ERR_OK)
        code = file_read(path, KEY_MAX_CHARS + 16, &text, err);
    if (code == ERR_OK)
        code = take_key(a, str_trim(buf_str(&text)), path, err);
    if (text.p)
        sodium_memzero(text.p, text.n);
    buf_free(&text);
    return code;
}

enum err_code access_open(struct access *a, const struct settings *settings, const char *data_dir,
                          int port, struct err *err)
{
    *a = (struct access){0};
    if (sodium_init() < 0)
        return err_set(err, ERR_INTERNAL, "libsodium does not start");
    enum err_code code = add_hosts(a, settings, port, err);
    if (code == ERR_OK)
        code = add_origins(a, settings, err);
    const char *key = settings_text(settings, "server.api_key");
    const char *address = settings_text(settings, "server.address");
    if (code == ERR_OK && key[0])
        code = take_key(a, str_of(key), "server.api_key", err);
    else if (code == ERR_OK && !access_is_loopback(address))
        code = read_key_file(a, data_dir, err);
    if (code != ERR_OK && !access_is_loopback(address))
        err_prefix(err, "%s is not a loopback address and needs an API key", address);
    return code;
}

bool access_host_allowed(const struct access *a, struct str host, const char *local, int port)
{
    char full[ACCESS_NAME_BYTES], own[ACCESS_NAME_BYTES];
    if (host.n == 0 || host.n + 4 > sizeof full || memchr(host.p, '\0', host.n))
        return false;
    snprintf(full, sizeof full, "%.*s%s", STR_ARG(host), has_port(host) ? "" : ":80");
    to_lower(full);
    for (size_t i = 0; i < a->host_count; i++)
        if (strcmp(a->hosts[i], full) == 0)
            return true;
    if (!local)
        return false;
    snprintf(own, sizeof own, strchr(local, ':') ? "[%s]:%d" : "%s:%d", local, port);
    return strcmp(own, full) == 0;
}

bool access_key_right(const struct access *a, const char *authorization, const char *api_key)
{
    if (!a->key_needed)
        return true;
    struct str key = str_of(api_key);
    if (!api_key && authorization) {
        struct str rest = str_of(authorization), scheme = str_cut(&rest, ' ');
        if (str_eq_nocase(scheme, STR_LIT("bearer")) || str_eq_nocase(scheme, STR_LIT("token")))
            key = str_trim(rest);
    }
    unsigned char hash[32];
    crypto_hash_sha256(hash, (const unsigned char *)(key.p ? key.p : ""), key.n);
    return sodium_memcmp(hash, a->key_hash, sizeof hash) == 0;
}

bool access_origin_listed(const struct access *a, struct str origin)
{
    for (size_t i = 0; i < a->origin_count; i++)
        if (str_eq_nocase(str_of(a->origins[i]), origin))
            return true;
    return false;
}

bool access_change_allowed(const struct access *a, const char *origin, const char *fetch_site,
                           const char *host)
{
    if (origin && access_origin_listed(a, str_of(origin)))
        return true;
    if (fetch_site && strcmp(fetch_site, "same-origin") != 0 && strcmp(fetch_site, "none") != 0)
        return false;
    if (!origin)
        return true;
    struct str name = str_of(origin);
    if (str_starts(name, STR_LIT("http://")))
        name = (struct str){name.p + 7, name.n - 7};
    else if (str_starts(name, STR_LIT("https://")))
        name = (struct str){name.p + 8, name.n - 8};
    else
        return false;
    return str_eq_nocase(name, str_of(host));
}
