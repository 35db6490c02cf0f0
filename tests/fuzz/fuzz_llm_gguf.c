// Fuzzes the GGUF loader: opens the bytes and reads everything the accessors give.
#include "llm/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct gguf *g;
    struct err err;
    if (gguf_open_bytes(data, n, "fuzz", &g, &err))
        return 0;
    volatile uint64_t sum = 0; // makes the compiler keep the reads
    for (size_t i = 0; i < gguf_key_count(g); i++) {
        const struct gguf_value *v = gguf_key_at(g, i);
        const unsigned char *at = v->p;
        for (uint64_t k = 0; k < v->count; k++) {
            if (v->element == GGUF_STRING)
                sum += gguf_next_string(&at).n;
            else if (v->element == GGUF_F32 || v->element == GGUF_F64)
                sum += gguf_element_f32(v, k) > 0;
            else
                sum += (uint64_t)gguf_element_i64(v, k);
        }
    }
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        float row[256];
        if (t->count >= t->format->block)
            t->format->dequantize(t->data, row, t->format->block);
        sum += t->data[0] + t->data[t->bytes - 1];
    }
    (void)sum;
    gguf_close(&g);
    return 0;
}
