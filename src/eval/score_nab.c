// The scores of the Numenta Anomaly Benchmark.
#include "eval/score_nab.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static const struct {
    double tp, fp, fn;
} profiles[NAB_PROFILES] = {
    [NAB_STANDARD] = {1, 0.11, 1}, [NAB_LOW_FP] = {1, 0.22, 1}, [NAB_LOW_FN] = {1, 0.11, 2}};

enum { PROBATION_ROWS_MAX = 750 };

size_t nab_probation(size_t rows)
{
    size_t share = (size_t)floor(0.15 * (double)rows);
    return share < PROBATION_ROWS_MAX ? share : PROBATION_ROWS_MAX;
}

static double sigmoid(double y)
{
    return y > 3 ? -1 : 2 / (1 + exp(5 * y)) - 1;
}

// Walks the rows of a file, knowing which window they are in or behind.
struct walk {
    const struct nab_file *file;
    size_t row;
    size_t begun; // windows that began at or before `row`
    bool inside;  // the last of them is not over
};

// What a detection in the walk's row is worth (in a window: if no other of it is worth more).
static double weight(const struct walk *w, enum nab_profile profile)
{
    if (!w->begun)
        return -profiles[profile].fp;
    const struct nab_window *last = &w->file->windows[w->begun - 1];
    double length = (double)(last->last - last->first + 1);
    if (w->inside)
        return profiles[profile].tp * sigmoid(-(double)(last->last - w->row + 1) / length) /
               sigmoid(-1);
    return profiles[profile].fp * sigmoid((double)(w->row - last->last) / (length - 1));
}

static void walk_to(struct walk *w, size_t row)
{
    const struct nab_file *f = w->file;
    w->row = row;
    if (w->inside && row > f->windows[w->begun - 1].last)
        w->inside = false;
    if (!w->inside && w->begun < f->window_count && row >= f->windows[w->begun].first) {
        w->begun++;
        w->inside = true;
    }
}

struct scored {
    double score;
    double weight[NAB_PROFILES];
    size_t window; // SIZE_MAX: outside
    size_t order;
};

static int by_score(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static size_t collect(const struct nab_file *files, size_t count, struct scored *rows)
{
    size_t n = 0, first_window = 0;
    for (size_t f = 0; f < count; f++) {
        struct walk w = {.file = &files[f]};
        for (size_t i = 0; i < files[f].rows; i++) {
            walk_to(&w, i);
            if (i < nab_probation(files[f].rows))
                continue;
            struct scored *s = &rows[n];
            s->score = files[f].scores[i];
            s->window = w.inside ? first_window + w.begun - 1 : SIZE_MAX;
            s->order = n++;
            for (int p = 0; p < NAB_PROFILES; p++)
                s->weight[p] = weight(&w, (enum nab_profile)p);
        }
        first_window += files[f].window_count;
    }
    return n;
}

// Lowers the threshold from "nothing" through every score there is; `best` of each window so far.
static void sweep(const struct scored *rows, size_t n, enum nab_profile profile, double *best,
                  struct score_nab *out)
{
    double sum = 0;
    for (size_t i = 0; i < out->windows; i++) {
        best[i] = -profiles[profile].fn;
        sum += best[i];
    }
    out->raw[profile] = sum;
    out->threshold[profile] = NAB_THRESHOLD_NONE;
    for (size_t i = 0; i < n;) {
        double threshold = rows[i].score;
        for (; i < n && rows[i].score == threshold; i++) {
            double w = rows[i].weight[profile];
            if (rows[i].window == SIZE_MAX) {
                sum += w;
            } else if (w > best[rows[i].window]) {
                sum += w - best[rows[i].window];
                best[rows[i].window] = w;
            }
        }
        if (sum > out->raw[profile]) {
            out->raw[profile] = sum;
            out->threshold[profile] = threshold;
        }
    }
}

enum err_code score_nab(const struct nab_file *files, size_t count, struct score_nab *out,
                        struct err *err)
{
    size_t rows = 0;
    *out = (struct score_nab){0};
    for (size_t i = 0; i < count; i++) {
        rows += files[i].rows;
        out->windows += files[i].window_count;
    }
    struct scored *scored = calloc(rows + 1, sizeof *scored);
    double *best = calloc(out->windows + 1, sizeof *best);
    enum err_code code = ERR_OK;
    if (!scored || !best) {
        code = err_set(err, ERR_NO_MEMORY, "out of memory for %zu rows", rows);
        goto out;
    }
    size_t n = collect(files, count, scored);
    qsort(scored, n, sizeof *scored, by_score);
    for (int p = 0; p < NAB_PROFILES; p++) {
        sweep(scored, n, (enum nab_profile)p, best, out);
        double silent = -(double)out->windows * profiles[p].fn;
        double perfect = (double)out->windows * profiles[p].tp;
        out->normalised[p] = 100 * (out->raw[p] - silent) / (perfect - silent);
    }
out:
    free(scored);
    free(best);
    return code;
}

void score_nab_file(const struct nab_file *file, enum nab_profile profile, double threshold,
                    struct nab_file_score *out)
{
    struct walk w = {.file = file};
    size_t counted = 0; // windows whose best detection is in `raw`
    double best = 0;
    *out = (struct nab_file_score){.raw = 0 - (double)file->window_count * profiles[profile].fn};
    for (size_t i = 0; i < file->rows; i++) {
        walk_to(&w, i);
        if (i < nab_probation(file->rows) || file->scores[i] < threshold)
            continue;
        double value = weight(&w, profile);
        if (!w.inside) {
            out->raw += value;
            out->false_rows++;
        } else if (counted < w.begun) {
            out->raw += value + profiles[profile].fn;
            best = value;
            counted = w.begun;
            out->hits++;
        } else if (value > best) {
            out->raw += value - best;
            best = value;
        }
    }
}
