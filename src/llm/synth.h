// Writes models of real shapes with random weights: what tests and benches run on.
#ifndef FETTLE_LLM_SYNTH_H
#define FETTLE_LLM_SYNTH_H

#include "base/err.h"
#include "llm/gguf.h"

struct synth {
    const char *like; // "Qwen2.5-1.5B", "tiny-llama": see synth_shape_name
    // Rows that do not fit a format's blocks get the one that llama.cpp takes instead.
    const char *type; // a weight format's name, or "Q4_K_M": Q4_K with some Q6_K as llama.cpp mixes
    uint64_t seed;
    const struct gguf *vocabulary; // tokens are copied from there; NULL: single bytes and fillers
    // The head leans towards one token for each input, so that the most likely token is seldom a
    // near tie, as in trained models. Not for encoders.
    bool peaked;
};

// The same arguments give the same bytes. ERR_NOT_FOUND for an unknown shape or type.
enum err_code synth_write(const struct synth *s, const char *path, struct err *err);

struct synth_adapter {
    const struct gguf *base; // the model it adapts
    uint32_t rank;
    float alpha;
    uint64_t seed;
};

// A random LoRA adapter (halves) for all matrices of the layers and an untied output.
enum err_code synth_adapter_write(const struct synth_adapter *s, const char *path, struct err *err);

const char *synth_shape_name(size_t i);         // NULL past the last
const char *synth_shape_arch(const char *name); // NULL: no such shape

#endif
