// Files: what is read, and that a replaced file is the old or the new one at every moment.
#include "test.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"

static char dir[] = "/tmp/fettle-file-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static const char *at(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static size_t entries(const char *path)
{
    size_t n = 0;
    DIR *d = opendir(path);
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void a_file_is_read_up_to_the_limit(void **state)
{
    (void)state;
    struct err err = {0};
    struct buf b = {0};
    assert_ok(file_replace(at("read"), "12345", 5, &err), err);
    buf_add_z(&b, "0");
    assert_ok(file_read(at("read"), 5, &b, &err), err);
    assert_string_equal(b.p, "012345");
    assert_int_equal(file_read(at("read"), 4, &b, &err), ERR_LIMIT);
    assert_int_equal(file_read(at("none"), 4, &b, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "/none: No such file"));
    assert_int_equal(file_read(dir, 4, &b, &err), ERR_IO);
    buf_free(&b);
}

static void a_new_file_is_private_and_a_replaced_one_keeps_its_mode(void **state)
{
    (void)state;
    struct err err = {0};
    struct stat st;
    assert_ok(file_replace(at("mode"), "a", 1, &err), err);
    assert_int_equal(stat(at("mode"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(chmod(at("mode"), 0644), 0);
    assert_ok(file_replace(at("mode"), "", 0, &err), err);
    assert_int_equal(stat(at("mode"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(st.st_size, 0);
}

static void replacing_in_a_missing_folder_names_it(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(file_replace(at("no/such"), "a", 1, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "/no/such"));
}

// The writer's content number k: k in every one of its words, of a length that depends on k.
enum { WORDS = 40000 };

static void replace_for_ever(const char *path)
{
    static uint32_t words[WORDS];
    for (uint32_t k = 1;; k++) {
        size_t n = WORDS / 2 + k % (WORDS / 2);
        for (size_t i = 0; i < n; i++)
            words[i] = k;
        words[0] = (uint32_t)n;
        if (file_replace(path, words, n * sizeof *words, NULL) != ERR_OK)
            _exit(1);
    }
}

static void a_kill_at_any_moment_leaves_the_old_or_the_new_file(void **state)
{
    (void)state;
    const char *cycles = getenv("FETTLE_TEST_KILLS");
    struct rng rng;
    rng_seed(&rng, 4);
    struct err err = {0};
    uint32_t seed[2] = {2, 0};
    char path[128];
    snprintf(path, sizeof path, "%s", at("killed"));
    assert_ok(file_replace(path, seed, sizeof seed, &err), err);
    for (int i = cycles ? atoi(cycles) : 60; i; i--) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            replace_for_ever(path);
        clock_sleep_us((int64_t)rng_below(&rng, 20000));
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        struct buf b = {0};
        assert_ok(file_read(path, sizeof(uint32_t) * WORDS, &b, &err), err);
        const uint32_t *words = (const uint32_t *)(const void *)b.p;
        assert_int_equal(b.n, words[0] * sizeof *words);
        for (size_t k = 2; k < words[0]; k++)
            assert_int_equal(words[k], words[1]);
        buf_free(&b);
    }
}

static void a_disk_that_takes_no_more_leaves_the_old_file_alone(void **state)
{
    (void)state;
    struct err err = {0};
    static char big[100000];
    memset(big, 'n', sizeof big);
    assert_int_equal(mkdir(at("full"), 0700), 0);
    assert_ok(file_replace(at("full/f"), "old", 3, &err), err);
    struct rlimit whole, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
    little = (struct rlimit){50000, whole.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    enum err_code code = file_replace(at("full/f"), big, sizeof big, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(code, ERR_IO);
    assert_non_null(strstr(err.text, "full/f: write: File too large"));
    struct buf b = {0};
    assert_ok(file_read(at("full/f"), 100, &b, &err), err);
    assert_string_equal(b.p, "old");
    assert_int_equal(entries(at("full")), 1); // the unfinished copy is gone
    buf_free(&b);
}

static void room_is_looked_for_where_the_file_will_be(void **state)
{
    (void)state;
    struct err err;
    assert_ok(file_check_room(at("new"), 1000, &err), err);
    assert_int_equal(file_check_room(at("new"), UINT64_C(1) << 60, &err), ERR_NO_SPACE);
    assert_non_null(strstr(err.text, "/new: 1152921504606.8 MB are needed there, "));
    assert_int_equal(file_check_room(at("none/new"), 1, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "/none: No such file"));
}

static void one_file_of_two_names_is_known(void **state)
{
    (void)state;
    struct err err;
    char a[128], b[128];
    snprintf(a, sizeof a, "%s", at("same-a"));
    snprintf(b, sizeof b, "%s", at("same-b"));
    assert_ok(file_replace(a, "x", 1, &err), err);
    assert_true(file_same(a, a));
    assert_false(file_same(a, b));
    assert_false(file_same(b, b));
    assert_int_equal(link(a, b), 0);
    assert_true(file_same(a, b));
    assert_int_equal(unlink(b), 0);
    assert_ok(file_replace(b, "x", 1, &err), err);
    assert_false(file_same(a, b));
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct err err = {0};
    struct stat st;
    assert_ok(file_make_dirs(at("a/b//c/"), &err), err);
    assert_ok(file_make_dirs(at("a/b"), &err), err);
    assert_true(file_is_dir(at("a/b/c")));
    assert_int_equal(stat(at("a/b"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_ok(file_replace(at("plain"), "", 0, &err), err);
    assert_int_equal(file_make_dirs(at("plain"), &err), ERR_CONFLICT);
    assert_int_not_equal(file_make_dirs(at("plain/below"), &err), ERR_OK);
    assert_int_equal(file_make_dirs("", &err), ERR_INPUT);
}

static void a_mapped_file_shows_its_bytes(void **state)
{
    (void)state;
    struct err err = {0};
    struct file_map map;
    assert_ok(file_replace(at("map"), "bytes", 5, &err), err);
    assert_ok(file_map_open(at("map"), &map, &err), err);
    assert_int_equal(map.n, 5);
    assert_memory_equal(map.p, "bytes", 5);
    file_map_close(&map);
    file_map_close(&map);
    assert_ok(file_replace(at("map"), "", 0, &err), err);
    assert_ok(file_map_open(at("map"), &map, &err), err);
    assert_int_equal(map.n, 0);
    file_map_close(&map);
    assert_int_equal(file_map_open(dir, &map, &err), ERR_INPUT);
    assert_int_equal(file_map_open(at("none"), &map, &err), ERR_NOT_FOUND);
    assert_false(file_exists(at("none")));
    assert_true(file_exists(at("map")));
}

static void what_a_killed_replacement_left_is_removed_and_nothing_else(void **state)
{
    (void)state;
    static const char *const stay[] = {"keep.yaml",       "keep.tmp-",   "keep.tmp-abc",
                                       "keep.tmp-ab_def", ".tmp-abcdef", "keep.tmp-abcdefg"};
    size_t count;
    struct err err;
    assert_int_equal(mkdir(at("left"), 0700), 0);
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) {
        char name[64];
        snprintf(name, sizeof name, "left/%s", stay[i]);
        assert_ok(file_replace(at(name), "x", 1, &err), err);
    }
    assert_int_equal(mkdir(at("left/folder.tmp-abcdef"), 0700), 0);
    assert_ok(file_replace(at("left/a.tmp-aB3xYz"), "x", 1, &err), err);
    assert_ok(file_replace(at("left/b.yaml.tmp-000000"), "x", 1, &err), err);
    assert_ok(file_remove_leftovers(at("left"), &count, &err), err);
    assert_int_equal(count, 2);
    assert_int_equal(entries(at("left")), sizeof stay / sizeof *stay + 1);
    assert_int_equal(file_remove_leftovers(at("nowhere"), &count, &err), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_up_to_the_limit),
        cmocka_unit_test(a_new_file_is_private_and_a_replaced_one_keeps_its_mode),
        cmocka_unit_test(replacing_in_a_missing_folder_names_it),
        cmocka_unit_test(a_kill_at_any_moment_leaves_the_old_or_the_new_file),
        cmocka_unit_test(a_disk_that_takes_no_more_leaves_the_old_file_alone),
        cmocka_unit_test(room_is_looked_for_where_the_file_will_be),
        cmocka_unit_test(one_file_of_two_names_is_known),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(what_a_killed_replacement_left_is_removed_and_nothing_else),
        cmocka_unit_test(a_mapped_file_shows_its_bytes),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
