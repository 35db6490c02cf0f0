// Reads GGUF models for training: their shape, and their weights as floats or frozen.
#ifndef FETTLE_TRAIN_MODEL_READ_H
#define FETTLE_TRAIN_MODEL_READ_H

#include "llm/gguf.h"
#include "nn/weights.h"

// For llama, qwen2, qwen3 and phi3. `context` is the longest document, 0 for the model's own;
// ERR_USAGE when it is more than that. `factors`, room for NN_FACTORS_MAX floats, gets the divisors
// of the frequencies where the file has them (Llama 3's; long-rope's for that context), and must
// outlive the shape. ERR_UNSUPPORTED names what cannot be trained here, ERR_INPUT the key that is
// missing.
enum { NN_FACTORS_MAX = 512 };
enum err_code model_read_shape(const struct gguf *g, uint32_t context, struct nn_shape *out,
                               float *factors, struct err *err);

// Fills weights of that shape: floats from any format; frozen ones point into the file, which must
// outlive them. ERR_INPUT names the tensor that is missing or of another shape.
enum err_code model_read_weights(const struct gguf *g, struct nn_weights *w, struct err *err);

#endif
