// The engine's probabilities against llama.cpp's, on random models that are written here.
//
// Golden files (tests/llm/golden/*.txt and tests/llm/golden/decided/*.txt, or those named on the
// command line) are made by bench/peers/make_agreement.sh: "model LIKE TYPE SEED [peaked]", "tokens
// ...", then for each position the most likely next tokens as id:probability. Peaked models decide
// as trained ones do, so there is no excuse for near ties.
#include "test.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "llm/engine.h"
#include "llm/synth.h"

enum { TOKENS = 512, FILES = 128 };

static int file_count;
static char **files;

struct tally {
    int positions, same_top, near_ties;
    double divergence;
    bool peaked;
};

// Kullback-Leibler divergence of ours from theirs over the tokens listed and the rest as one, in
// nats; the first listed is their most likely. Where they hold our choice within 10 % as likely as
// theirs, random weights have made a near tie, which tells nothing.
static void compare(struct str line, const float *logits, uint32_t V, struct tally *tally)
{
    uint32_t top = 0;
    double sum = 0, theirs_left = 1, ours_left = 1, divergence = 0;
    for (uint32_t i = 1; i < V; i++)
        top = logits[i] > logits[top] ? i : top;
    for (uint32_t i = 0; i < V; i++)
        sum += exp((double)logits[i] - (double)logits[top]);
    char text[1 << 14];
    assert_true(str_copy(text, sizeof text, line));
    char *p = strchr(text, ' ');
    double most = 0;
    bool same = false;
    while (p && *p) {
        uint32_t id = (uint32_t)strtoul(p, &p, 10);
        assert_int_equal(*p, ':');
        double theirs = strtod(p + 1, &p);
        double ours = exp((double)logits[id] - (double)logits[top]) / sum;
        same = same || (most == 0 && id == top);
        most = fmax(most, theirs);
        if (id == top && !same && theirs > 0.9 * most)
            tally->near_ties++;
        divergence += theirs * log(theirs / ours);
        theirs_left -= theirs;
        ours_left -= ours;
    }
    if (theirs_left > 1e-6 && ours_left > 0)
        divergence += theirs_left * log(theirs_left / ours_left);
    tally->same_top += same;
    tally->divergence += divergence;
    tally->positions++;
}

static struct tally check_text(struct str rest)
{
    char like[64], type[32], kind[32] = "", path[64];
    unsigned long seed;
    int32_t ids[TOKENS];
    size_t n = 0;
    struct str line = str_cut(&rest, '\n');
    while (line.n && line.p[0] == '#')
        line = str_cut(&rest, '\n');
    assert_true(sscanf(line.p, "model %63s %31s %lu%*[ ]%31[a-z]", like, type, &seed, kind) >= 3);
    line = str_cut(&rest, '\n');
    str_cut(&line, ' ');
    while (line.n) {
        int64_t id = -1;
        assert_true(n < TOKENS && str_to_i64(str_cut(&line, ' '), &id));
        ids[n++] = (int32_t)id;
    }
    snprintf(path, sizeof path, "/tmp/fettle-agreement-%d", (int)getpid());
    bool peaked = strcmp(kind, "peaked") == 0;
    struct synth synth = {.like = like, .type = type, .seed = seed, .peaked = peaked};
    struct engine *e;
    struct session *s;
    struct err err;
    struct tally tally = {.peaked = peaked};
    assert_ok(synth_write(&synth, path, &err), err);
    assert_ok(engine_open(path, 2, &e, &err), err);
    assert_ok(session_open(e, &(struct session_options){.context = TOKENS}, &s, &err), err);
    uint32_t V = engine_model(e)->shape.V;
    for (size_t i = 0; i < n; i += ENGINE_LOGITS) {
        struct step_token step[ENGINE_LOGITS];
        size_t now = n - i < ENGINE_LOGITS ? n - i : ENGINE_LOGITS;
        const float *logits;
        for (size_t k = 0; k < now; k++)
            step[k] = (struct step_token){ids[i + k], s, true};
        assert_ok(engine_step(e, step, now, &logits, &err), err);
        for (size_t k = 0; k < now; k++)
            compare(str_cut(&rest, '\n'), logits + k * V, V, &tally);
    }
    session_close(&s);
    engine_close(&e);
    unlink(path);
    return tally;
}

static void probabilities_agree_with_llama_cpp(void **state)
{
    (void)state;
    assert_true(file_count > 0);
    for (int i = 0; i < file_count; i++) {
        struct buf text = {0};
        struct err err;
        assert_ok(file_read(files[i], 1 << 26, &text, &err), err);
        struct tally t = check_text(buf_str(&text));
        double divergence = t.divergence / t.positions;
        printf("%-40s same most likely token at %d of %d (and %d near ties), mean divergence "
               "%.2e\n",
               files[i], t.same_top, t.positions, t.near_ties, divergence);
        int excused = t.peaked ? 0 : t.near_ties;
        if (!(divergence < 2e-3) || t.same_top + excused < t.positions - t.positions / 100)
            fail_msg("%s: too far from llama.cpp", files[i]);
        buf_free(&text);
    }
}

static int is_text(const struct dirent *d)
{
    return str_ends(str_of(d->d_name), STR_LIT(".txt"));
}

// All golden files when none was named.
static void list_files(const char *folder)
{
    struct dirent **names;
    static char *list[FILES], text[FILES][128];
    int n = scandir(folder, &names, is_text, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        assert_true(file_count < FILES);
        snprintf(text[file_count], sizeof text[0], "%s/%.80s", folder, names[i]->d_name);
        list[file_count] = text[file_count];
        file_count++;
        free(names[i]);
    }
    free(names);
    files = list;
}

int main(int argc, char **argv)
{
    file_count = argc - 1;
    files = argv + 1;
    if (argc == 1) {
        list_files("tests/llm/golden");
        list_files("tests/llm/golden/decided");
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probabilities_agree_with_llama_cpp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
