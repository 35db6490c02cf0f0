// The reference scores of NAB, reproduced on its files; skipped where those are not.
//
// nab_windowedGaussian_scores.tsv.gz beside the data is the windowed Gaussian at full precision;
// what the Python scorer (baselines/scripts/nab_score.py) makes of it stands here, for all 58 files
// and for the 41 without realTraffic and realTweets.
#include "test.h"

#include <string.h>
#include <zlib.h>

#include "data.h"
#include "eval/eval.h"
#include "eval/judge.h"
#include "eval/load.h"

enum { LINE_BYTES = 4 << 20, FILES_MAX = 64 };

static bool all_files(void)
{
    return data_count("nab/data/realTraffic") > 0;
}

struct corpus {
    size_t count;
    struct nab_file files[FILES_MAX];
    struct eval_series series[FILES_MAX];
    double *scores[FILES_MAX];
    struct nab_window *windows[FILES_MAX];
    char names[FILES_MAX][128];
};

static double *read_scores(char *text, size_t rows)
{
    double *scores = calloc(rows, sizeof *scores);
    assert_non_null(scores);
    for (size_t i = 0; i < rows; i++) {
        char *end;
        scores[i] = strtod(text, &end);
        assert_ptr_not_equal(end, text);
        text = end;
    }
    return scores;
}

// The files that are there, with the reference scores.
static void load(struct corpus *c)
{
    struct err err = {0};
    struct nab_labels *labels;
    char *line = malloc(LINE_BYTES);
    assert_non_null(line);
    assert_ok(nab_labels_open(data_path("nab/labels", "combined_windows.json"), &labels, &err),
              err);
    gzFile f = gzopen(data_path("baselines/refs", "nab_windowedGaussian_scores.tsv.gz"), "rb");
    assert_non_null(f);
    while (gzgets(f, line, LINE_BYTES)) {
        char *tab = strchr(line, '\t');
        assert_non_null(tab);
        *tab = '\0';
        size_t n = c->count;
        if (load_csv(data_path("nab/data", line), false, &c->series[n], &err) != ERR_OK)
            continue;
        struct nab_file *file = &c->files[n];
        snprintf(c->names[n], sizeof c->names[n], "%s", line);
        assert_ok(nab_labels_apply(labels, line, &c->series[n], &c->windows[n], &file->window_count,
                                   &err),
                  err);
        c->scores[n] = read_scores(tab + 1, c->series[n].rows);
        file->rows = c->series[n].rows;
        file->scores = c->scores[n];
        file->windows = c->windows[n];
        c->count++;
    }
    gzclose(f);
    nab_labels_close(&labels);
    free(line);
}

static void free_corpus(struct corpus *c)
{
    for (size_t i = 0; i < c->count; i++) {
        eval_series_close(&c->series[i]);
        free(c->scores[i]);
        free(c->windows[i]);
    }
}

static void check(const double *normalised, const double *raw, size_t windows)
{
    const double all[] = {40.1349, 23.9439, 47.7336}, some[] = {30.1421, 19.4619, 36.0368};
    const double all_raw[] = {-22.887091, -60.450241, -65.887091};
    const double some_raw[] = {-27.403891, -42.142546, -63.403891};
    assert_int_equal(windows, all_files() ? 116 : 69);
    for (int p = 0; p < NAB_PROFILES; p++) {
        assert_close(normalised[p], (all_files() ? all : some)[p], 0.00005);
        assert_close(raw[p], (all_files() ? all_raw : some_raw)[p], 0.0000005);
    }
}

static struct corpus corpus;

static int load_corpus(void **state)
{
    (void)state;
    load(&corpus);
    return 0;
}

static int close_corpus(void **state)
{
    (void)state;
    free_corpus(&corpus);
    return 0;
}

static void reference_scores_give_the_reference_figures(void **state)
{
    (void)state;
    struct score_nab out;
    struct err err = {0};
    assert_ok(score_nab(corpus.files, corpus.count, &out, &err), err);
    check(out.normalised, out.raw, out.windows);
    for (int p = 0; p < NAB_PROFILES; p++)
        assert_close(out.threshold[p], 1, 1e-12);
}

static void our_windowed_gaussian_gives_the_reference_figures(void **state)
{
    (void)state;
    struct eval_options options = {.folder = data_path("nab", ""), .detector = "windowed_gaussian"};
    struct eval_report r;
    struct err err = {0};
    assert_ok(eval_nab_run(&options, &r, &err), err);
    assert_int_equal(r.failed, 0);
    check(r.values, r.values + 4, (size_t)r.values[3]);
    eval_report_close(&r);
}

static void our_windowed_gaussian_gives_the_reference_scores(void **state)
{
    (void)state;
    const struct eval_detector *d;
    struct err err = {0};
    assert_ok(eval_detector_find("windowed_gaussian", EVAL_NAB, &d, &err), err);
    for (size_t i = 0; i < corpus.count; i++) {
        struct eval_marks m;
        assert_ok(eval_judge(d, &corpus.series[i], 0, 0, &m, &err), err);
        for (size_t k = 0; k < corpus.series[i].rows; k++)
            if (!(m.scores[k] - corpus.scores[i][k] < 1e-7 &&
                  m.scores[k] - corpus.scores[i][k] > -1e-7))
                fail_msg("%s row %zu: %.17g, expected %.17g", corpus.names[i], k + 1, m.scores[k],
                         corpus.scores[i][k]);
        eval_marks_close(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_scores_give_the_reference_figures),
        cmocka_unit_test(our_windowed_gaussian_gives_the_reference_figures),
        cmocka_unit_test(our_windowed_gaussian_gives_the_reference_scores),
    };
    // Other files than these have no known figures.
    bool known =
        data_count("nab/data/realKnownCause") == 7 &&
        data_count("nab/data/realAWSCloudwatch") == 17 && data_count("baselines/refs") > 0 &&
        (data_count("nab/data/realTraffic") == 0) == (data_count("nab/data/realTweets") == 0);
    return known ? cmocka_run_group_tests(tests, load_corpus, close_corpus) : TEST_SKIP;
}
