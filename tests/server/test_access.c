// Keys, host names and origins.
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "server/access.h"
#include "server/server.h"

static const struct setting_def *const tables[] = {server_settings};

// Access by settings "name=value" (NULL ends), in an empty data folder.
static enum err_code open_access(struct access *a, const char *dir, const char *const *pairs,
                                 struct err *err)
{
    struct settings *s = settings_open(tables, 1);
    assert_non_null(s);
    for (; *pairs; pairs++)
        assert_int_equal(settings_set_pair(s, *pairs, NULL), ERR_OK);
    enum err_code code = access_open(a, s, dir, 8000, err);
    settings_close(&s);
    return code;
}

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/fettle-access-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/api-key", dir);
    unlink(path);
    return rmdir(dir);
}

static bool host_ok(const struct access *a, const char *host)
{
    return access_host_allowed(a, str_of(host), NULL, 8000);
}

static void only_known_names_with_the_right_port_are_hosts(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    const char *const none[] = {NULL};
    assert_ok(open_access(&a, dir, none, &err), err);
    static const char *const good[] = {"localhost:8000", "127.0.0.1:8000", "[::1]:8000",
                                       "LocalHost:8000"};
    static const char *const bad[] = {"",
                                      "localhost",
                                      "localhost:80",
                                      "localhost:8001",
                                      "evil.example:8000",
                                      "localhost.evil.example:8000",
                                      "127.0.0.1.evil:8000",
                                      "localhost:8000:8000",
                                      " localhost:8000",
                                      "localhost:8000 ",
                                      "0.0.0.0:8000",
                                      "[::1]",
                                      "[::1",
                                      ":8000"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(host_ok(&a, good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(host_ok(&a, bad[i]));
    char longest[600];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(host_ok(&a, longest));
}

static void further_hosts_come_from_the_settings(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    const char *const pairs[] = {"server.hosts=plant.example, rig.example:9000,pump:80", NULL};
    assert_ok(open_access(&a, dir, pairs, &err), err);
    assert_true(host_ok(&a, "plant.example:8000"));
    assert_true(host_ok(&a, "rig.example:9000"));
    assert_true(host_ok(&a, "pump"));
    assert_false(host_ok(&a, "rig.example:8000"));
    assert_false(host_ok(&a, "plant.example"));
}

static void the_address_that_was_dialled_is_a_host_but_no_other_number(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    const char *const none[] = {NULL};
    assert_ok(open_access(&a, dir, none, &err), err);
    assert_true(access_host_allowed(&a, STR_LIT("10.0.0.7:8000"), "10.0.0.7", 8000));
    assert_true(access_host_allowed(&a, STR_LIT("[fd00::7]:8000"), "fd00::7", 8000));
    assert_false(access_host_allowed(&a, STR_LIT("10.0.0.8:8000"), "10.0.0.7", 8000));
    assert_false(access_host_allowed(&a, STR_LIT("10.0.0.7:80"), "10.0.0.7", 8000));
}

static void loopback_needs_no_key(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    static const char *const addresses[] = {"server.address=127.0.0.1", "server.address=::1",
                                            "server.address=127.1.2.3"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        const char *const pairs[] = {addresses[i], NULL};
        assert_ok(open_access(&a, dir, pairs, &err), err);
        assert_false(a.key_needed);
        assert_true(access_key_right(&a, NULL, NULL));
    }
    assert_false(access_is_loopback("0.0.0.0"));
    assert_false(access_is_loopback("10.127.0.1"));
    assert_false(access_is_loopback("::"));
    assert_false(access_is_loopback("plant.example"));
}

static void another_address_makes_a_key_that_only_the_owner_can_read(void **state)
{
    (void)state;
    struct access a, again;
    struct err err;
    char path[128], header[256];
    struct stat st;
    struct buf key = {0};
    const char *const pairs[] = {"server.address=0.0.0.0", NULL};
    assert_ok(open_access(&a, dir, pairs, &err), err);
    assert_true(a.key_needed);
    snprintf(path, sizeof path, "%s/api-key", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(file_read(path, 1000, &key, &err), err);
    assert_int_equal(key.n, 65); // 256 bits in hexadecimal and a newline
    key.p[64] = '\0';
    snprintf(header, sizeof header, "Bearer %s", key.p);
    assert_true(access_key_right(&a, NULL, key.p));
    assert_true(access_key_right(&a, header, NULL));
    // The next start uses the same one.
    assert_ok(open_access(&again, dir, pairs, &err), err);
    assert_true(access_key_right(&again, NULL, key.p));
    key.p[10] ^= 1;
    assert_false(access_key_right(&a, NULL, key.p));
    buf_free(&key);
}

static void a_key_file_that_others_can_read_refuses_the_start(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    char path[128];
    const char *const pairs[] = {"server.address=0.0.0.0", NULL};
    snprintf(path, sizeof path, "%s/api-key", dir);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(fd, "0123456789abcdef0123\n", 21), 21);
    fchmod(fd, 0644);
    close(fd);
    assert_int_equal(open_access(&a, dir, pairs, &err), ERR_DENIED);
    assert_non_null(strstr(err.text, "api-key"));
    unlink(path);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_int_equal(open_access(&a, dir, pairs, &err), ERR_DENIED);
    unlink(path);
}

static void a_weak_key_is_refused(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    const char *const short_key[] = {"server.api_key=secret", NULL};
    assert_int_equal(open_access(&a, dir, short_key, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "server.api_key"));
    const char *const blank[] = {"server.api_key=a key with blanks in it", NULL};
    assert_int_equal(open_access(&a, dir, blank, &err), ERR_INPUT);
}

static void keys_are_read_from_both_headers(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    const char *const pairs[] = {"server.api_key=0123456789abcdef", NULL};
    assert_ok(open_access(&a, dir, pairs, &err), err);
    assert_true(access_key_right(&a, NULL, "0123456789abcdef"));
    assert_true(access_key_right(&a, "Bearer 0123456789abcdef", NULL));
    assert_true(access_key_right(&a, "bearer  0123456789abcdef", NULL));
    assert_true(access_key_right(&a, "Token 0123456789abcdef", NULL));
    static const char *const bad[] = {"Bearer",
                                      "Bearer ",
                                      "Bearer 0123456789abcde",
                                      "Bearer 0123456789abcdef0",
                                      "Basic 0123456789abcdef",
                                      "0123456789abcdef",
                                      ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(access_key_right(&a, bad[i], NULL));
    assert_false(access_key_right(&a, NULL, NULL));
    assert_false(access_key_right(&a, NULL, ""));
}

static void changes_from_other_sites_are_refused(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    const char *const pairs[] = {"server.cors_origins=https://scada.example", NULL};
    assert_ok(open_access(&a, dir, pairs, &err), err);
    static const struct {
        const char *origin, *site;
        bool allowed;
    } cases[] = {
        {NULL, NULL, true}, // no browser
        {"http://localhost:8000", "same-origin", true},
        {"http://localhost:8000", NULL, true},
        {"https://localhost:8000", NULL, true}, // behind a proxy that speaks TLS
        {NULL, "same-origin", true},
        {NULL, "none", true},
        {"https://scada.example", "cross-site", true}, // listed
        {"http://evil.example", "cross-site", false},
        {"http://evil.example", NULL, false},
        {"http://localhost:9000", NULL, false},
        {"http://localhost:8000.evil.example", NULL, false},
        {"null", NULL, false},
        {"", NULL, false},
        {NULL, "cross-site", false},
        {NULL, "same-site", false},
        {"http://localhost:8000", "cross-site", false},
        {"ftp://localhost:8000", NULL, false},
        {"http://scada.example", "cross-site", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            access_change_allowed(&a, cases[i].origin, cases[i].site, "localhost:8000"),
            cases[i].allowed);
}

static void an_origin_without_a_scheme_refuses_the_start(void **state)
{
    (void)state;
    struct access a;
    struct err err;
    const char *const pairs[] = {"server.cors_origins=*", NULL};
    assert_int_equal(open_access(&a, dir, pairs, &err), ERR_INPUT);
    assert_non_null(strstr(err.text, "server.cors_origins"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_known_names_with_the_right_port_are_hosts),
        cmocka_unit_test(further_hosts_come_from_the_settings),
        cmocka_unit_test(the_address_that_was_dialled_is_a_host_but_no_other_number),
        cmocka_unit_test(loopback_needs_no_key),
        cmocka_unit_test(another_address_makes_a_key_that_only_the_owner_can_read),
        cmocka_unit_test(a_key_file_that_others_can_read_refuses_the_start),
        cmocka_unit_test(a_weak_key_is_refused),
        cmocka_unit_test(keys_are_read_from_both_headers),
        cmocka_unit_test(changes_from_other_sites_are_refused),
        cmocka_unit_test(an_origin_without_a_scheme_refuses_the_start),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
