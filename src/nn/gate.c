// SwiGLU, the gate of the feed-forward.
#include "kernels/rows.h"
#include "nn/layers.h"

enum { ROWS = 16 };

struct job {
    const float *both, *dy;
    float *changed, *y;
    size_t hidden;
};

static void forward(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = from; t < to; t++) {
        const float *gate = j->both + t * 2 * j->hidden;
        rows_gate(gate, gate + j->hidden, j->hidden, j->y + t * j->hidden);
    }
}

void nn_gate_forward(struct nn_work *k, const float *both, size_t T, size_t hidden, float *y)
{
    nn_split(k, T, ROWS, forward, &(struct job){.both = both, .y = y, .hidden = hidden});
}

static void backward(void *arg, unsigned thread, size_t from, size_t to)
{
    (void)thread;
    const struct job *j = arg;
    for (size_t t = from; t < to; t++) {
        float *gate = j->changed + t * 2 * j->hidden;
        rows_gate_back(j->dy + t * j->hidden, j->hidden, gate, gate + j->hidden,
                       j->y + t * j->hidden);
    }
}

void nn_gate_backward(struct nn_work *k, const float *dy, size_t T, size_t hidden, float *both,
                      float *y)
{
    nn_split(k, T, ROWS, backward,
             &(struct job){.dy = dy, .changed = both, .y = y, .hidden = hidden});
}
