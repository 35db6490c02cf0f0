// Packed weights on disk: mapped when all fits, never when anything does not.
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/rng.h"
#include "llm/llm_tiny.h"
#include "llm/serving.h"
#include "llm/synth.h"

enum { TEXT = 8, PATH = 512, TRAILER_LEAST = 72 };

static char dir[64], model[PATH], folder[128];
static struct packed_folder packed = {folder, UINT64_MAX};

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/fettle-packed-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(model, sizeof model, "%s/model.gguf", dir);
    snprintf(folder, sizeof folder, "%s/data/packed", dir);
    packed = (struct packed_folder){folder, UINT64_MAX};
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void write_model_as(const char *path, const char *like, const char *type, uint64_t seed)
{
    struct synth s = {.like = like, .type = type, .seed = seed};
    struct err err;
    assert_ok(synth_write(&s, path, &err), err);
}

static void write_model(const char *type, uint64_t seed)
{
    write_model_as(model, "tiny-llama", type, seed);
}

// Loads `path` and takes the logits of a text. True: the weights were mapped.
static bool load_from(const char *path, const struct packed_folder *from, float logits[TINY_V])
{
    struct engine_options o = {.threads = 2};
    struct engine *e;
    struct err err;
    int32_t text[TEXT];
    tiny_text(text, TEXT, 5);
    if (from)
        o.packed = *from;
    assert_ok(engine_open_with(path, &o, &e, &err), err);
    struct session *s = tiny_session(e, 0, CACHE_F16);
    memcpy(logits, tiny_feed(e, s, text, TEXT), TINY_V * sizeof *logits);
    bool mapped = engine_model(e)->packed_mapped;
    session_close(&s);
    engine_close(&e);
    return mapped;
}

static bool load(const struct packed_folder *from, float logits[TINY_V])
{
    return load_from(model, from, logits);
}

static void assert_same(const float *a, const float *b)
{
    assert_memory_equal(a, b, TINY_V * sizeof *a);
}

// The folder's files that end with `end`: how many, and the last one's path.
static int files(const char *end, char path[PATH])
{
    DIR *d = opendir(folder);
    int count = 0;
    if (!d)
        return 0;
    for (struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, end) && ++count && path)
            snprintf(path, PATH, "%s/%.200s", folder, e->d_name);
    closedir(d);
    return count;
}

// The one packed file's bytes.
static struct buf take_file(char path[PATH])
{
    struct buf b = {0};
    struct err err;
    assert_int_equal(files(".packed", path), 1);
    assert_ok(file_read(path, SIZE_MAX, &b, &err), err);
    return b;
}

static ino_t inode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_ino;
}

// A file that does not fit is replaced by one that does, and the logits are right.
static void assert_not_used(const char *path, const void *bytes, size_t n, const float *expected)
{
    float logits[TINY_V];
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    ino_t before = inode_of(path);
    int keep = open(path, O_RDONLY); // so that its number is not given to the next
    assert_true(load(&packed, logits));
    assert_same(logits, expected);
    if (inode_of(path) == before)
        fail_msg("a file of %zu bytes that does not fit was used", n);
    close(keep);
}

static void a_later_load_maps_and_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const types[] = {"F32",  "F16",    "Q8_0", "Q4_0", "Q4_1",   "Q5_0",  "Q5_1",
                                        "Q2_K", "Q4_K_M", "Q6_K", "Q3_K", "IQ4_XS", "IQ4_NL"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        float plain[TINY_V], first[TINY_V], later[TINY_V];
        char path[PATH];
        write_model(types[i], 7);
        assert_false(load(NULL, plain));
        assert_true(load(&packed, first));
        assert_int_equal(files(".packed", path), 1);
        ino_t inode = inode_of(path);
        assert_true(load(&packed, later));
        assert_int_equal(inode_of(path), inode);
        assert_same(first, plain);
        assert_same(later, plain);
    }
    assert_int_equal(files(".tmp-", NULL), 0);
}

static void mapped_weights_settle_in_memory_with_the_same_bits(void **state)
{
    (void)state;
    struct engine_options o = {.threads = 2, .packed = packed};
    struct engine *e;
    struct err err;
    int32_t text[TEXT];
    float plain[TINY_V];
    tiny_text(text, TEXT, 5);
    write_model("Q4_K_M", 8);
    load(NULL, plain);
    assert_ok(engine_open_with(model, &o, &e, &err), err);
    assert_true(engine_model(e)->packed_mapped);
    bool more = true;
    for (int i = 0; more; i++) {
        assert_in_range(i, 0, 1000);
        more = engine_settle(e, 10000); // neither whole pages nor whole matrices
        if (i % 3 && more)
            continue;
        struct session *s = tiny_session(e, 0, CACHE_F16);
        assert_same(tiny_feed(e, s, text, TEXT), plain);
        session_close(&s);
        assert_int_equal(engine_model(e)->packed_mapped, more);
    }
    assert_false(engine_settle(e, 10000));
    engine_close(&e);
    // Closed half done.
    assert_ok(engine_open_with(model, &o, &e, &err), err);
    assert_true(engine_settle(e, 10000));
    engine_close(&e);
}

static void a_worker_with_nothing_to_do_settles_the_weights(void **state)
{
    (void)state;
    float logits[TINY_V];
    struct err err;
    struct serving *s;
    write_model("Q4_0", 9);
    load(&packed, logits);
    struct serving_settings settings = {
        .threads = 2, .context = 64, .sessions = 1, .queue = 1, .packed = packed};
    assert_ok(serving_open(model, &settings, &s, &err), err);
    volatile const bool *mapped = &serving_model(s)->packed_mapped;
    assert_true(*mapped);
    for (int i = 0; i < 1000 && *mapped; i++)
        usleep(10000);
    assert_false(*mapped);
    serving_close(&s);
}

static void every_architecture_maps(void **state)
{
    (void)state;
    static const char *const likes[] = {"tiny-qwen2", "tiny-qwen3", "tiny-phi3"};
    for (size_t i = 0; i < sizeof likes / sizeof *likes; i++) {
        float plain[TINY_V], later[TINY_V];
        write_model_as(model, likes[i], "Q4_0", 7);
        load(NULL, plain);
        assert_true(load(&packed, later));
        assert_true(load(&packed, later));
        assert_same(later, plain);
    }
}

static void a_damaged_file_is_not_used(void **state)
{
    (void)state;
    float logits[TINY_V];
    char path[PATH];
    struct rng rng;
    rng_seed(&rng, 11);
    write_model("Q4_0", 7);
    load(&packed, logits);
    struct buf b = take_file(path);
    for (int i = 0; i < 100; i++) {
        // Bytes of the trailer (from the end), then any.
        size_t at = i < 50 ? b.n - 1 - (size_t)i : rng_below(&rng, b.n);
        b.p[at] ^= (char)(1 << rng_below(&rng, 8));
        assert_not_used(path, b.p, b.n, logits);
        buf_free(&b);
        b = take_file(path);
    }
    buf_free(&b);
}

static void a_file_that_was_cut_or_is_too_long_is_not_used(void **state)
{
    (void)state;
    float logits[TINY_V];
    char path[PATH];
    write_model("Q4_0", 7);
    load(&packed, logits);
    struct buf b = take_file(path);
    const size_t sizes[] = {0,       1,       4095,   4096, b.n / 2, b.n - TRAILER_LEAST - 8,
                            b.n - 9, b.n - 8, b.n - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_not_used(path, b.p, sizes[i], logits);
    buf_add(&b, "12345678", 8);
    assert_not_used(path, b.p, b.n, logits);
    memset(b.p, 0, b.n);
    assert_not_used(path, b.p, b.n - 8, logits);
    buf_free(&b);
}

// As after a power cut: the whole length, but parts never reached the disk.
static void a_file_with_holes_is_not_used(void **state)
{
    (void)state;
    float logits[TINY_V];
    char path[PATH];
    write_model("Q8_0", 7);
    load(&packed, logits);
    struct buf b = take_file(path);
    for (size_t at = 0; at + 4096 < b.n; at += 16 * 4096) {
        struct buf torn = {0};
        buf_add(&torn, b.p, b.n);
        assert_non_null(torn.p);
        memset(torn.p + at, 0, 4096);
        assert_not_used(path, torn.p, torn.n, logits);
        buf_free(&torn);
    }
    buf_free(&b);
}

static void another_models_file_is_not_used(void **state)
{
    (void)state;
    char other[PATH], path[PATH];
    float logits[TINY_V], others[TINY_V];
    snprintf(other, sizeof other, "%s/other.gguf", dir);
    write_model("Q4_0", 7);
    write_model_as(other, "tiny-llama", "Q4_0", 8);
    load(NULL, logits);
    assert_true(load_from(other, &packed, others));
    struct buf b = take_file(path);
    unlink(path);
    load(&packed, others);
    assert_int_equal(files(".packed", path), 1);
    assert_not_used(path, b.p, b.n, logits);
    buf_free(&b);
}

static void a_model_that_changed_is_packed_anew(void **state)
{
    (void)state;
    float before[TINY_V], after[TINY_V], plain[TINY_V];
    struct stat st;
    write_model("Q4_0", 7);
    assert_int_equal(stat(model, &st), 0);
    load(&packed, before);
    // Other weights under the same name, size and time of change.
    write_model("Q4_0", 8);
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, model, times, 0), 0);
    load(NULL, plain);
    assert_true(load(&packed, after));
    assert_same(after, plain);
    assert_true(memcmp(before, after, sizeof before) != 0);
    assert_int_equal(files(".packed", NULL), 1);
}

static void where_nothing_can_be_written_weights_are_in_memory(void **state)
{
    (void)state;
    float logits[TINY_V], plain[TINY_V];
    char in_a_file[PATH];
    write_model("Q4_0", 7);
    load(NULL, plain);
    snprintf(in_a_file, sizeof in_a_file, "%.300s/packed", model);
    const struct packed_folder nowhere[] = {
        {in_a_file, UINT64_MAX}, {"/proc/fettle", UINT64_MAX}, {folder, 0}, {folder, 4096}};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        assert_false(load(&nowhere[i], logits));
        assert_same(logits, plain);
    }
    assert_int_equal(files(".packed", NULL), 0);
}

static void on_a_full_disk_weights_are_in_memory(void **state)
{
    (void)state;
    float logits[TINY_V], plain[TINY_V];
    struct rlimit before, none;
    write_model("Q4_0", 7);
    load(NULL, plain);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t most = 0; most < 20000; most += 4999) {
        none.rlim_cur = most;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        assert_false(load(&packed, logits));
        assert_same(logits, plain);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(files(".packed", NULL), 0);
    assert_int_equal(files(".tmp-", NULL), 0);
    assert_true(load(&packed, logits));
}

static void while_another_program_writes_weights_are_in_memory(void **state)
{
    (void)state;
    float logits[TINY_V], plain[TINY_V];
    char path[PATH];
    write_model("Q4_0", 7);
    load(NULL, plain);
    assert_true(load(&packed, logits));
    assert_int_equal(files(".packed", path), 1);
    unlink(path);
    snprintf(path, sizeof path, "%.300s/lock", folder);
    int fd = open(path, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_false(load(&packed, logits));
    assert_same(logits, plain);
    close(fd);
    assert_true(load(&packed, logits));
}

// Children exit with 0 when their logits are the expected ones.
static pid_t load_in_child(const float *expected)
{
    pid_t pid = fork();
    if (pid == 0) {
        float logits[TINY_V];
        load(&packed, logits);
        _exit(memcmp(logits, expected, sizeof logits) != 0);
    }
    return pid;
}

static void programs_that_load_at_once_agree(void **state)
{
    (void)state;
    float plain[TINY_V], logits[TINY_V];
    char path[PATH];
    write_model("Q4_K_M", 7);
    load(NULL, plain);
    for (int round = 0; round < 5; round++) {
        pid_t children[4];
        for (int i = 0; i < 4; i++)
            children[i] = load_in_child(plain);
        for (int i = 0; i < 4; i++) {
            int status;
            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_int_equal(status, 0);
        }
        assert_true(load(&packed, logits));
        assert_same(logits, plain);
        assert_int_equal(files(".packed", path), 1);
        unlink(path);
    }
}

static void a_killed_load_leaves_nothing_that_matters(void **state)
{
    (void)state;
    float plain[TINY_V], logits[TINY_V];
    char path[PATH];
    struct rng rng;
    rng_seed(&rng, 3);
    write_model("Q8_0", 7);
    load(NULL, plain);
    int unfinished = 0;
    for (int round = 0; round < 60; round++) {
        pid_t child = load_in_child(plain);
        usleep((useconds_t)rng_below(&rng, 3000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        unfinished += files(".tmp-", NULL);
        assert_true(load(&packed, logits));
        assert_same(logits, plain);
        if (files(".packed", path) == 1)
            unlink(path);
    }
    assert_true(load(&packed, logits));
    assert_int_equal(files(".tmp-", NULL), 0);
    print_message("          %d kills left an unfinished file\n", unfinished);
}

static void the_least_recently_loaded_goes_first(void **state)
{
    (void)state;
    char path[3][PATH], name[PATH];
    float logits[TINY_V];
    struct stat st;
    for (int i = 0; i < 3; i++) {
        snprintf(path[i], PATH, "%s/%c.gguf", dir, 'a' + i);
        write_model_as(path[i], "tiny-llama", "Q4_0", 7);
    }
    assert_true(load_from(path[0], &packed, logits));
    files(".packed", name);
    assert_int_equal(stat(name, &st), 0);
    struct packed_folder two = {folder, 2 * (uint64_t)st.st_size};
    usleep(20000);
    assert_true(load_from(path[1], &two, logits));
    usleep(20000);
    assert_true(load_from(path[0], &two, logits)); // now b is the one
    assert_int_equal(files(".packed", NULL), 2);
    assert_true(load_from(path[2], &two, logits));
    assert_int_equal(files(".packed", NULL), 2);
    assert_int_equal(files("a.gguf", NULL), 1);
    assert_int_equal(files("b.gguf", NULL), 0);
    assert_int_equal(files("c.gguf", NULL), 1);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_later_load_maps_and_gives_the_same_bits),
        IN_A_FOLDER(mapped_weights_settle_in_memory_with_the_same_bits),
        IN_A_FOLDER(a_worker_with_nothing_to_do_settles_the_weights),
        IN_A_FOLDER(every_architecture_maps),
        IN_A_FOLDER(a_damaged_file_is_not_used),
        IN_A_FOLDER(a_file_that_was_cut_or_is_too_long_is_not_used),
        IN_A_FOLDER(a_file_with_holes_is_not_used),
        IN_A_FOLDER(another_models_file_is_not_used),
        IN_A_FOLDER(a_model_that_changed_is_packed_anew),
        IN_A_FOLDER(where_nothing_can_be_written_weights_are_in_memory),
        IN_A_FOLDER(on_a_full_disk_weights_are_in_memory),
        IN_A_FOLDER(while_another_program_writes_weights_are_in_memory),
        IN_A_FOLDER(programs_that_load_at_once_agree),
        IN_A_FOLDER(a_killed_load_leaves_nothing_that_matters),
        IN_A_FOLDER(the_least_recently_loaded_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
