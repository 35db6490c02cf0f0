// The tokens that cuts leave of a large vocabulary: the same as full sorts in doubles leave.
#include "test.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/rng.h"
#include "llm/candidates.h"
#include "llm/mass.h"

enum { V = 151937, CASES = 6 }; // not whole chunks

struct ranked {
    double key, p;
    int32_t id;
};

struct fixture {
    float *logits;
    struct candidate *out;
    struct ranked *ranked;
    bool *kept;
};

static int set_up(void **state)
{
    static struct fixture f;
    f.logits = malloc(V * sizeof *f.logits);
    f.out = malloc(V * sizeof *f.out);
    f.ranked = malloc(V * sizeof *f.ranked);
    f.kept = malloc(V * sizeof *f.kept);
    *state = &f;
    return f.logits && f.out && f.ranked && f.kept ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    free(f->logits);
    free(f->out);
    free(f->ranked);
    free(f->kept);
    return 0;
}

// Shapes that models give: sure, torn between a few, undecided, flat, heavy tails, mostly
// forbidden.
static void make_logits(float *logits, int shape)
{
    struct rng rng;
    rng_seed(&rng, (uint64_t)shape);
    static const float spread[CASES] = {2.5f, 2.5f, 2.0f, 0.01f, 0.7f, 3};
    for (int i = 0; i < V; i++) {
        double x = rng_normal(&rng) * (double)spread[shape];
        logits[i] = (float)(shape == 4 ? x * x * x : x);
        if (shape == 5 && rng_below(&rng, 1000))
            logits[i] = -INFINITY;
    }
    for (int i = 0; i < 8 && shape < 2; i++)
        logits[rng_below(&rng, V)] = (float)(shape ? 15 + rng_uniform(&rng) : 14 + i);
}

static int by_key(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->key != y->key ? (x->key < y->key ? -1 : 1) : x->id - y->id;
}

static double largest(const float *logits)
{
    double top = -INFINITY;
    for (int i = 0; i < V; i++)
        top = fmax(top, (double)logits[i]);
    return top;
}

// Ranks all tokens by logit, or by how far their surprise is from the entropy.
static void rank(struct fixture *f, bool typical)
{
    double top = largest(f->logits), sum = 0, entropy = 0;
    for (int i = 0; i < V; i++)
        sum += exp((double)f->logits[i] - top);
    for (int i = 0; i < V; i++) {
        double p = exp((double)f->logits[i] - top) / sum;
        f->ranked[i] = (struct ranked){-(double)f->logits[i], p, i};
        entropy -= p > 0 ? p * log(p) : 0;
    }
    for (int i = 0; i < V && typical; i++)
        f->ranked[i].key = f->ranked[i].p > 0 ? fabs(-log(f->ranked[i].p) - entropy) : INFINITY;
    qsort(f->ranked, V, sizeof *f->ranked, by_key);
}

// What was kept is what ranks first, as many as were kept; sums of probability are equal to a
// millionth, and at that a flat distribution's cut may be a token off.
static void check_kept(struct fixture *f, size_t n, double target)
{
    double mass = 0;
    assert_true(n > 0);
    for (int i = 0; i < V; i++)
        f->kept[i] = false;
    for (size_t i = 0; i < n; i++)
        f->kept[f->out[i].id] = true;
    for (size_t i = 0; i < n; i++) {
        // Equal to 1e-6 of a nat: which side of the entropy comes first is a matter of rounding.
        bool near = f->ranked[i].key > f->ranked[n - 1].key - 1e-6;
        assert_true(f->kept[f->ranked[i].id] || near);
        mass += f->ranked[i].p;
    }
    assert_true(mass > target - 1e-6);
    assert_true(mass - f->ranked[n - 1].p < target + 1e-6);
}

static void top_p_keeps_what_a_full_sort_keeps(void **state)
{
    struct fixture *f = *state;
    for (int shape = 0; shape < CASES; shape++) {
        make_logits(f->logits, shape);
        rank(f, false);
        for (int k = 0; k < 4; k++) {
            float top_p = (float[]){0.1f, 0.8f, 0.95f, 0.999f}[k];
            check_kept(f, candidates_top_p(f->logits, V, top_p, f->out), (double)top_p);
        }
    }
}

static void typical_p_keeps_what_a_full_sort_keeps(void **state)
{
    struct fixture *f = *state;
    for (int shape = 0; shape < CASES; shape++) {
        make_logits(f->logits, shape);
        rank(f, true);
        for (int k = 0; k < 4; k++) {
            float p = (float[]){0.1f, 0.8f, 0.95f, 0.999f}[k];
            check_kept(f, candidates_typical(f->logits, V, p, f->out), (double)p);
        }
    }
}

static void top_k_keeps_exactly_the_first_of_a_full_sort(void **state)
{
    struct fixture *f = *state;
    for (int shape = 0; shape < CASES; shape++) {
        make_logits(f->logits, shape);
        for (int i = 0; i < V; i += 3) // ties, zeros of both signs among them
            f->logits[i] = truncf(f->logits[i]);
        rank(f, false);
        int possible = 0;
        while (possible < V && f->ranked[possible].key < INFINITY)
            possible++;
        for (int k = 1; k < V; k = k * 5 + 1) {
            size_t n = candidates_top_k(f->logits, V, (uint32_t)k, f->out);
            assert_int_equal(n, k < possible ? k : possible);
            for (int i = 0; i < V; i++)
                f->kept[i] = false;
            for (size_t i = 0; i < n; i++)
                f->kept[f->out[i].id] = true;
            for (size_t i = 0; i < n; i++)
                assert_true(f->kept[f->ranked[i].id]);
        }
    }
}

static void min_p_keeps_those_likely_enough(void **state)
{
    struct fixture *f = *state;
    for (int shape = 0; shape < CASES; shape++) {
        make_logits(f->logits, shape);
        double top = largest(f->logits);
        for (int k = 0; k < 3; k++) {
            float min_p = (float[]){1, 0.05f, 1e-6f}[k];
            size_t n = candidates_min_p(f->logits, V, min_p, f->out), at = 0;
            for (int i = 0; i < V; i++) {
                double ratio = exp((double)f->logits[i] - top);
                if (at < n && f->out[at].id == i)
                    at++, assert_true(ratio > (double)min_p * (1 - 1e-12));
                else
                    assert_true(ratio < (double)min_p * (1 + 1e-12));
            }
            assert_int_equal(at, n);
        }
    }
}

static void masses_are_sums_of_exponentials(void **state)
{
    struct fixture *f = *state;
    for (int shape = 0; shape < CASES; shape++) {
        make_logits(f->logits, shape);
        double top = largest(f->logits), total = 0, moment = 0;
        for (int i = 0; i < V; i++) {
            double p = exp((double)f->logits[i] - top);
            total += p;
            moment += p > 0 ? p * (top - (double)f->logits[i]) : 0;
        }
        struct mass m;
        assert_true((double)mass_top(f->logits, V) == top);
        mass_measure(f->logits, V, (float)top, &m);
        assert_true(fabs(m.total / total - 1) < 3e-7);
        assert_true(fabs(m.moment / moment - 1) < 3e-7);
    }
}

static void pieces_are_sums_of_exponentials_at_their_temperature(void **state)
{
    static const float temperatures[] = {1e-40f, 0.01f, 0.7f, 100};
    static double totals[V / MASS_PIECE + 1];
    struct fixture *f = *state;
    for (int shape = 0; shape < CASES; shape++)
        for (int t = 0; t < 4; t++) {
            make_logits(f->logits, shape);
            double top = largest(f->logits), total = 0;
            double found = mass_pieces(f->logits, V, (float)top, temperatures[t], totals);
            for (int i = 0; i < V; i++)
                total += exp(((double)f->logits[i] - top) / (double)temperatures[t]);
            assert_true(fabs(found / total - 1) < 3e-7);
            for (int from = 0; from < V; from += MASS_PIECE) {
                double piece = 0;
                for (int i = from; i < V && i < from + MASS_PIECE; i++)
                    piece += exp(((double)f->logits[i] - top) / (double)temperatures[t]);
                assert_true(fabs(totals[from / MASS_PIECE] - piece) < 3e-7 * total);
                assert_true(piece > 1e-30 || totals[from / MASS_PIECE] < 1e-30);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_p_keeps_what_a_full_sort_keeps),
        cmocka_unit_test(typical_p_keeps_what_a_full_sort_keeps),
        cmocka_unit_test(top_k_keeps_exactly_the_first_of_a_full_sort),
        cmocka_unit_test(min_p_keeps_those_likely_enough),
        cmocka_unit_test(masses_are_sums_of_exponentials),
        cmocka_unit_test(pieces_are_sums_of_exponentials_at_their_temperature),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
