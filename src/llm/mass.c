// What logits weigh together, without sorting or collecting them.
//
// Loops over LANES have no branches, so that compilers make vectors of them.
#include "llm/mass.h"

#include <math.h>
#include <string.h>

enum { LANES = 32 };
#define FARTHEST 87.0f // exp of its negative is still a normal float

float mass_top(const float *logits, uint32_t V)
{
    // Signed integers in the order of the floats: their maximum is taken many at a time.
    int32_t top = INT32_MIN;
    for (uint32_t i = 0; i < V; i++) {
        int32_t bits;
        memcpy(&bits, &logits[i], sizeof bits);
        bits ^= (int32_t)((uint32_t)(bits >> 31) >> 1);
        top = bits > top ? bits : top;
    }
    top ^= (int32_t)((uint32_t)(top >> 31) >> 1);
    float value;
    memcpy(&value, &top, sizeof value);
    return V ? value : -INFINITY;
}

struct lanes {
    float total[LANES], moment[LANES];
};

// exp(-distance) to about 2 units in the last place, for distances from 0 to 87.
static inline void weigh(const float distance[LANES], float weight[LANES])
{
    for (size_t k = 0; k < LANES; k++) {
        int32_t n = (int32_t)(distance[k] * 1.44269504f + 0.5f);
        float r = ((float)n * 0.693359375f - distance[k]) + (float)n * -2.12194440e-4f;
        float p = 1.0f / 720;
        p = p * r + 1.0f / 120;
        p = p * r + 1.0f / 24;
        p = p * r + 1.0f / 6;
        p = p * r + 0.5f;
        p = p * r + 1;
        p = p * r + 1;
        int32_t bits = (127 - n) * (1 << 23);
        float power;
        memcpy(&power, &bits, sizeof power);
        weight[k] = p * power;
    }
}

// Distances of LANES logits in units of the temperature, those too far cut, and their weights.
static inline void weigh_logits(const float *restrict x, float top, float temperature,
                                float distance[LANES], float weight[LANES])
{
    float near[LANES];
    for (size_t k = 0; k < LANES; k++) {
        float d = (top - x[k]) / temperature;
        near[k] = d < FARTHEST ? 1.0f : 0.0f;
        distance[k] = d < FARTHEST ? d : FARTHEST;
    }
    weigh(distance, weight);
    for (size_t k = 0; k < LANES; k++)
        weight[k] *= near[k];
}

static inline void add_lanes(const float *restrict x, float top, float temperature,
                             struct lanes *restrict l)
{
    float distance[LANES], weight[LANES];
    weigh_logits(x, top, temperature, distance, weight);
    for (size_t k = 0; k < LANES; k++)
        l->total[k] += weight[k];
    for (size_t k = 0; k < LANES; k++)
        l->moment[k] += weight[k] * distance[k];
}

static double sum(const float *x)
{
    double s = 0;
    for (size_t k = 0; k < LANES; k++)
        s += (double)x[k];
    return s;
}

// A piece of at most MASS_PIECE logits: floats add up a few numbers each.
static struct mass measure_piece(const float *logits, uint32_t n, float top, float temperature)
{
    struct lanes l = {0};
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        add_lanes(logits + i, top, temperature, &l);
    if (i < n) {
        float rest[LANES];
        for (size_t k = 0; k < LANES; k++)
            rest[k] = i + k < n ? logits[i + k] : -INFINITY;
        add_lanes(rest, top, temperature, &l);
    }
    return (struct mass){sum(l.total), sum(l.moment)};
}

static uint32_t piece_at(uint32_t from, uint32_t V)
{
    return V - from < MASS_PIECE ? V - from : MASS_PIECE;
}

void mass_measure(const float *logits, uint32_t V, float top, struct mass *m)
{
    *m = (struct mass){0};
    for (uint32_t from = 0; from < V; from += MASS_PIECE) {
        struct mass piece = measure_piece(logits + from, piece_at(from, V), top, 1);
        m->total += piece.total;
        m->moment += piece.moment;
    }
}

double mass_pieces(const float *logits, uint32_t V, float top, float temperature, double *totals)
{
    double total = 0;
    for (uint32_t from = 0; from < V; from += MASS_PIECE)
        total += totals[from / MASS_PIECE] =
            measure_piece(logits + from, piece_at(from, V), top, temperature).total;
    return total;
}
