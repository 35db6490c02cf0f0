// A decoder of the Llama family in training: loss and gradients of a batch of documents.
//
// One thread owns a decoder; its work's own threads compute within the calls below.
#ifndef FETTLE_NN_DECODER_H
#define FETTLE_NN_DECODER_H

#include "nn/weights.h"

struct nn_decoder;

struct nn_decoder_options {
    size_t rows;                // of a batch, at most
    bool training;              // gradients are wanted, so layers' values are kept
    struct nn_adapter *adapter; // learned in place of frozen weights; NULL: none
    bool recompute; // keep each layer's input alone and compute the rest again: less memory
};

// T rows: documents one after another, none longer than the context, each seeing itself alone.
struct nn_batch {
    size_t T;
    const int32_t *tokens;
    const int32_t *targets; // the token to predict at each row; -1: no loss there
    struct nn_segments segments;
};

// `k` and `w` must outlive it.
enum err_code nn_decoder_open(struct nn_work *k, struct nn_weights *w,
                              const struct nn_decoder_options *o, struct nn_decoder **out,
                              struct err *err);
void nn_decoder_close(struct nn_decoder **d);

// Bytes that a decoder of these options takes, beside its weights.
size_t nn_decoder_bytes(const struct nn_shape *s, const struct nn_decoder_options *o);

// The sum of the losses over rows with a target. With a `scale` that is not 0, adds scale times the
// sum's gradient to w->dw, or to the adapter's (only with options.training).
double nn_decoder_loss(struct nn_decoder *d, const struct nn_batch *b, float scale);

// The logits of every row: T x V.
void nn_decoder_logits(struct nn_decoder *d, const struct nn_batch *b, float *logits);

#endif
