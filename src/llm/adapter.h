// Low-rank adapters (LoRA) from GGUF files: what is added to a model's weights, chosen by session.
//
// To every adapted matrix W (rows x cols) belong A (rank x cols) and B (rows x rank), and the
// product becomes W x + scale * alpha / rank * B (A x) (Hu et al., 2021). The base stays as it is,
// so that sessions with different adapters, or none, run in the same step.
//
// The files are llama.cpp's: general.type "adapter", adapter.type "lora", adapter.lora.alpha (0 or
// absent: the factor is `scale` alone), tensors NAME.lora_a and NAME.lora_b.
#ifndef FETTLE_LLM_ADAPTER_H
#define FETTLE_LLM_ADAPTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { ADAPTER_RANK_MAX = 256 };

struct engine;
struct adapter;

// `scale` multiplies the adapter; 1 is as trained. ERR_INPUT names a key or tensor that is missing
// or does not fit the engine's model, ERR_UNSUPPORTED one that is known but not applied here (token
// embeddings, activated LoRA), ERR_CORRUPT weights that are no numbers.
enum err_code adapter_open(struct engine *e, const char *path, float scale, struct adapter **out,
                           struct err *err);
void adapter_close(struct adapter **a); // after the sessions that use it

size_t adapter_bytes(const struct adapter *a); // of memory

#endif
