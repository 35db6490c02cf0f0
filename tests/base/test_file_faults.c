// Replacing a file when each of its system calls fails in turn, and the order that survives a power
// cut: contents on disk before the name, the name on disk before success is reported.
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

// The calls of file_replace come here instead of into the C library. While `watching`, each is
// written down by a letter; number `fail_at` fails.
static bool watching;
static int calls, fail_at, fail_with;
static char trace[200];

static bool fails(char letter)
{
    if (!watching)
        return false;
    trace[calls] = letter;
    trace[++calls] = '\0';
    assert_true(calls + 1 < (int)sizeof trace);
    if (calls != fail_at)
        return false;
    errno = fail_with;
    return true;
}

int fsync(int fd)
{
    struct stat st;
    bool folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    return fails(folder ? 'D' : 'F') ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    return fails('R') ? -1 : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int fchmod(int fd, mode_t mode)
{
    return fails('M') ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

// Writes at most 10 bytes at once, so that short writes are seen to be gone on with.
ssize_t write(int fd, const void *bytes, size_t n)
{
    if (!watching)
        return syscall(SYS_write, fd, bytes, n);
    return fails('W') ? -1 : syscall(SYS_write, fd, bytes, n < 10 ? n : 10);
}

static char dir[] = "/tmp/fettle-faults-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/f", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static enum err_code replace(const char *text, int at, int with, struct err *err)
{
    fail_at = at;
    fail_with = with;
    calls = 0;
    trace[0] = '\0';
    watching = true;
    enum err_code code = file_replace(path, text, strlen(text), err);
    watching = false;
    return code;
}

static void assert_content(const char *expected)
{
    struct err err = {0};
    struct buf b = {0};
    assert_ok(file_read(path, 1000, &b, &err), err);
    assert_string_equal(b.p, expected);
    buf_free(&b);
    DIR *d = opendir(dir);
    assert_non_null(d);
    int entries = 0;
    while (readdir(d))
        entries++;
    closedir(d);
    assert_int_equal(entries, 3); // with . and .., and no temporary file
}

static const char old_text[] = "the old content", new_text[] = "the new content, somewhat longer";

static void contents_reach_the_disk_before_the_name_and_the_name_before_success(void **state)
{
    (void)state;
    struct err err = {0};
    assert_ok(replace(old_text, 0, 0, &err), err);
    assert_string_equal(trace, "WWFRD");
    assert_ok(replace(new_text, 0, 0, &err), err);
    assert_string_equal(trace, "WWWWMFRD"); // M: the mode of the file that is there
    assert_content(new_text);
}

static void a_failure_at_any_call_is_reported_and_mixes_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    assert_ok(replace(old_text, 0, 0, &err), err);
    assert_ok(replace(new_text, 0, 0, &err), err);
    int count = calls, renamed = (int)(strchr(trace, 'R') - trace) + 1;
    for (int at = 1; at <= count; at++) {
        assert_ok(replace(old_text, 0, 0, &err), err);
        assert_int_equal(replace(new_text, at, EIO, &err), ERR_IO);
        assert_non_null(strstr(err.text, dir));
        assert_content(at <= renamed ? old_text : new_text);
        assert_ok(replace(old_text, 0, 0, &err), err);
        assert_int_equal(replace(new_text, at, ENOSPC, &err), ERR_NO_SPACE);
        assert_content(at <= renamed ? old_text : new_text);
    }
}

static void an_interrupted_write_is_gone_on_with(void **state)
{
    (void)state;
    struct err err = {0};
    assert_ok(replace(new_text, 2, EINTR, &err), err);
    assert_content(new_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_reach_the_disk_before_the_name_and_the_name_before_success),
        cmocka_unit_test(a_failure_at_any_call_is_reported_and_mixes_nothing),
        cmocka_unit_test(an_interrupted_write_is_gone_on_with),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
