// An adapter's matrices, for the step.
#ifndef FETTLE_LLM_ADAPTER_PRIVATE_H
#define FETTLE_LLM_ADAPTER_PRIVATE_H

#include "llm/adapter.h"

struct adapter {
    uint64_t number; // among the engine's, from 1
    size_t bytes;
    size_t places; // see model_matrix
    struct low_rank {
        uint32_t rank, rows, cols; // rank 0: not adapted
        float factor;
        float *a; // [rank][cols]
        float *b; // [rows][rank]
    } at[];
};

#endif
