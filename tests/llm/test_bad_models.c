// Damaged and hostile model files, from loading to the first logits: refused or run, soon, no
// crash.
#include "test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/rng.h"
#include "llm/engine.h"
#include "llm/synth.h"

enum { EACH = 200, MOST_OF_KEY = 96, SPOTS = 256 };

static const double LIMIT_S = 0.1; // of processor time

static char path[64];
static struct buf file; // the model unharmed
static int fd = -1;

// A key with its value, or a tensor's line in the table.
struct spot {
    size_t at, n; // bytes of the file
};

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/fettle-bad-%d", (int)getpid());
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    if (fd >= 0)
        close(fd);
    unlink(path);
    buf_free(&file);
    return 0;
}

static size_t add_spots(struct spot *spots)
{
    struct gguf *g;
    struct err err;
    size_t n = 0;
    const char *first = file.p;
    assert_ok(gguf_open_bytes(file.p, file.n, path, &g, &err), err);
    for (size_t i = 0; i < gguf_key_count(g); i++) {
        const struct gguf_value *v = gguf_key_at(g, i);
        size_t at = (size_t)(v->key.p - first) - 8, end = (size_t)((const char *)v->end - first);
        spots[n++] = (struct spot){at, end - at < MOST_OF_KEY ? end - at : MOST_OF_KEY};
    }
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        size_t at = (size_t)(t->name.p - first) - 8; // length, name, dims, sizes, type, offset
        spots[n++] = (struct spot){at, 8 + t->name.n + 4 + 8 * t->dims + 4 + 8};
    }
    gguf_close(&g);
    assert_true(n < SPOTS);
    return n;
}

static void write_model(const char *like, const char *type)
{
    struct err err;
    struct synth s = {.like = like, .type = type, .seed = 7};
    assert_ok(synth_write(&s, path, &err), err);
    buf_free(&file);
    file = (struct buf){0};
    assert_ok(file_read(path, 1 << 24, &file, &err), err);
    if (fd >= 0)
        close(fd);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
}

// Overwrites 1 to 8 bytes by a number that is zero, small, huge or random.
static void damage(struct rng *rng, const struct spot *spot, unsigned char *to)
{
    static const uint64_t words[] = {0, 1, 2, 7, 0x7fffffff, 0xffffffff, 1ull << 40, UINT64_MAX};
    size_t at = rng_below(rng, spot->n), left = spot->n - at;
    uint64_t word = rng_below(rng, 3) ? words[rng_below(rng, 8)] : rng_u64(rng);
    static const size_t sizes[] = {1, 2, 4, 8};
    size_t n = sizes[rng_below(rng, 4)];
    memcpy(to + at, &word, n < left ? n : left);
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Loads what is at `path` and uses it. True when it could be loaded.
static bool use(struct err *err)
{
    struct engine *e;
    struct session *s;
    struct tokens ids = {0};
    const float *logits;
    float *embedding;
    err->text[0] = 0;
    double start = cpu_s();
    enum err_code code = engine_open(path, 1, &e, err);
    if (code && cpu_s() - start > LIMIT_S)
        fail_msg("refused after %g s: %s", cpu_s() - start, err->text);
    if (code) {
        assert_true(err->text[0]);
        return false;
    }
    tokenizer_encode(engine_tokenizer(e), STR_LIT("Pump 7 hums."), TOKENIZE_ENDS, &ids, err);
    if (session_open(e, &(struct session_options){.context = 8}, &s, err) == ERR_OK && ids.n)
        engine_feed(e, s, ids.p, ids.n < 8 ? ids.n : 8, &logits, err);
    session_close(&s);
    embedding = malloc(engine_model(e)->shape.C * sizeof *embedding);
    engine_embed(e, ids.p, ids.n, embedding, err);
    free(embedding);
    tokens_free(&ids);
    engine_close(&e);
    return true;
}

static void damage_all(const char *like, const char *type, int each, struct rng *rng)
{
    struct spot spots[SPOTS];
    struct err err;
    int refused = 0;
    write_model(like, type);
    size_t n = add_spots(spots);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < each; k++) {
            unsigned char bytes[512];
            assert_true(spots[i].n <= sizeof bytes);
            memcpy(bytes, file.p + spots[i].at, spots[i].n);
            damage(rng, &spots[i], bytes);
            assert_int_equal(pwrite(fd, bytes, spots[i].n, (off_t)spots[i].at), spots[i].n);
            refused += !use(&err);
            assert_int_equal(pwrite(fd, file.p + spots[i].at, spots[i].n, (off_t)spots[i].at),
                             spots[i].n);
        }
    assert_true(use(&err)); // the file is whole again
    printf("%s %s: %zu keys and tensors, %d of %zu files refused\n", like, type, n, refused,
           n * (size_t)each);
    assert_true(refused > (int)n * each / 4);
}

static void damaged_keys_and_tensors_are_refused_or_run(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5);
    damage_all("tiny-llama", "Q4_0", EACH, &rng);
    damage_all("tiny-phi3", "Q8_0", EACH / 8, &rng);
    damage_all("tiny-qwen2", "Q6_K", EACH / 8, &rng);
    damage_all("tiny-bert", "Q4_0", EACH / 8, &rng);
}

// Sets the u32 value of a key.
static void set_u32(const char *key, uint32_t value)
{
    char *at = memmem(file.p, file.n, key, strlen(key));
    assert_non_null(at);
    memcpy(at + strlen(key) + 4, &value, 4);
    struct err err;
    assert_ok(file_replace(path, file.p, file.n, &err), err);
}

static void absurd_shapes_are_named_by_their_key(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint32_t value;
    } wrong[] = {
        {"llama.block_count", 0},           {"llama.block_count", 0xffffffff},
        {"llama.block_count", 3},           {"llama.embedding_length", 0xffffffff},
        {"llama.embedding_length", 255},    {"llama.attention.head_count", 0},
        {"llama.attention.head_count", 7},  {"llama.attention.head_count_kv", 3},
        {"llama.attention.key_length", 31}, {"llama.feed_forward_length", 1u << 31},
        {"llama.feed_forward_length", 0},   {"llama.context_length", 0},
        {"llama.rope.dimension_count", 33}, {"llama.rope.dimension_count", 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err;
        write_model("tiny-llama", "Q4_0");
        set_u32(wrong[i].key, wrong[i].value);
        if (use(&err))
            fail_msg("%s = %u was taken", wrong[i].key, wrong[i].value);
        assert_non_null(strstr(err.text, path)); // and what is wrong in it
    }
}

static void a_cut_model_is_refused(void **state)
{
    (void)state;
    write_model("tiny-qwen3", "Q4_0");
    for (size_t n = 0; n < file.n; n += 1 + file.n / 300) {
        struct err err;
        assert_ok(file_replace(path, file.p, n, &err), err);
        if (use(&err))
            fail_msg("%zu of %zu bytes were taken", n, file.n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_keys_and_tensors_are_refused_or_run),
        cmocka_unit_test(absurd_shapes_are_named_by_their_key),
        cmocka_unit_test(a_cut_model_is_refused),
    };
    return cmocka_run_group_tests(tests, make_path, remove_file);
}
